"""Random bodies of any command, made from its schema: mostly what may be recorded, and on demand what may not."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from api.schemas import (
    MISSING_CODES,
    Code,
    Count,
    Day,
    Id,
    IdOrUnknown,
    Interval,
    Number,
    OneToFive,
    Pattern,
    Request,
    Unit,
)
from domain import codebook
from domain.participants import EXTERNAL_IDS
from tests.features.random_events import REFERRED

Known = Callable[[str], Sequence[str]]
"""The records of a noun that there are."""


class Bodies:
    """Bodies at random; `known` says which records they may name."""

    def __init__(self, random: Random, known: Known) -> None:
        self.random, self._known = random, known
        self._own = [str(UUID(int=random.getrandbits(128), version=4)) for _ in range(4)]

    def of(self, schema: type[Request], today: date) -> dict[str, Any]:
        """A body of a command, of what may have happened until today."""
        members = {}
        for name, field in schema._declared_fields.items():
            if name != "deviations" and (field.required or self.random.random() < 0.5):
                members[field.data_key or name] = self._value(name, field, today)
        if {"list", "code"} <= members.keys():
            members["code"] = self.random.choice([*codebook.load().lists[members["list"]].codes])
        return members

    def spoilt(self, body: dict[str, Any], today: date) -> dict[str, Any]:
        """The same, with one thing in it that is never recorded."""
        wrong = {
            "occurred": {"from": None, "to": str(today + timedelta(days=self.random.randint(1, 400)))},
            "basis": "hearsay",
            "extra": True,
            "performed_by": {"role": "coordinator", "unit": "Å"},
            "deviations": [{"rule": "none.such"}],
        }
        for name in REFERRED.keys() & body.keys():
            wrong[name] = [unknown := str(UUID(int=self.random.getrandbits(128), version=4))]
            if not isinstance(body[name], list):
                wrong[name] = unknown
        name = self.random.choice(sorted(wrong))
        return {**body, name: wrong[name]}

    def _value(self, name: str, field: Any, today: date) -> Any:
        random = self.random
        if field.allow_none and random.random() < 0.3:
            return None
        if isinstance(field, Id | IdOrUnknown):
            return self._id(name, field)
        if name in EXTERNAL_IDS:
            # Few numbers, so that two records come to claim the same.
            return str(random.randint(1, 60)).zfill(EXTERNAL_IDS[name])
        match field:
            case Day():
                return str(today + timedelta(days=random.choice((-400, -90, -30, -3, -1, 0, 0, 14, 200))))
            case Number() | OneToFive():
                return random.randint(1, 5)
            case Count():
                return random.choice(MISSING_CODES) if random.random() < 0.2 else random.randint(0, 9)
            case Unit():
                return random.choice(("bolig", "skole", "unknown"))
            case Code():
                return random.choice(field.validate.choices)
            case fields.Nested() if field.schema.__class__ is Interval:
                return self._interval(today)
            case fields.Nested():
                return self.of(type(field.schema), today)
            case fields.List():
                least = (getattr(field.validate, "min", None) or 0) if field.validate else 0
                return self._several(name, field.inner, random.randint(least, max(least, 2)), today)
            case Pattern():
                return "s:310-314" if name == "seed_line" else random.choice(("nb", "unknown"))
            case fields.String(validate=validate.OneOf()):
                return random.choice(field.validate.choices)
            case fields.String():
                return random.choice(("Et ord.", "Ei lita setning om noko.", "التدخين ممنوع"))
        raise TypeError(f"no value for {name}: {field}")

    def _several(self, name: str, inner: Any, n: int, today: date) -> list[Any]:
        found = [self._value(name, inner, today) for _ in range(n)]
        return [each for at, each in enumerate(found) if each is not None and each not in found[:at]]

    def _id(self, name: str, field: Any) -> str | None:
        there = self._known(REFERRED[name]) if name in REFERRED else self._own
        if isinstance(field, IdOrUnknown):
            there = [*there, "unknown"]
        return self.random.choice(there) if there else None

    def _interval(self, today: date) -> dict[str, str | None]:
        ends = today - timedelta(days=self.random.choice((0, 0, 0, 1, 3, 20, 90, 400)))
        starts = ends - timedelta(days=self.random.choice((0, 0, 0, 1, 20)))
        return {
            "from": None if self.random.random() < 0.1 else str(starts),
            "to": None if self.random.random() < 0.1 else str(ends),
        }
