"""Random events of every noun, made from the event classes themselves; nobody has to name a noun here."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec

from domain import codebook
from domain.events import MISSING, Event, Meta, Person
from domain.participants import EXTERNAL_IDS
from tests.features.histories import BY

types = msgspec.inspect
REASONS = sorted(MISSING)
REFERRED = {
    "participant": "participant",
    "tenancy": "tenancy",
    "source": "meeting",
    "meeting": "meeting",
    "hearing": "hearing",
    "register": "register",
    "body": "body",
    "input": "input",
    "inputs": "input",
}
"""Members that name a record of a noun."""

Known = Callable[[str], Sequence[UUID]]
"""The records of a noun that there are."""


class Events:
    """Events at random. `today` is the day they are told on; `known` says which records they may name."""

    def __init__(self, random: Random, known: Known) -> None:
        self.random, self._known = random, known

    def of(self, event: type[Event], today: date) -> Event:
        """An event of a class, as it may have happened until today."""
        members = {}
        for field in types.type_info(event).fields:  # type: ignore[attr-defined]
            if field.name == "meta":
                continue
            required = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
            if required or self.random.random() < 0.6:
                members[field.encode_name] = self._value(field.name, field.type, today, None)
        return msgspec.convert({"meta": msgspec.to_builtins(self._meta(today)), **members}, event)

    def _meta(self, today: date) -> Meta:
        ends: date | None = today - timedelta(days=self.random.choice((0, 0, 1, 3, 9, 40, 200, 400)))
        starts: date | None = ends
        if self.random.random() < 0.25:
            starts = ends - timedelta(days=self.random.choice((1, 20, 90))) if ends else None
        if self.random.random() < 0.08:
            starts = None
        if self.random.random() < 0.08:
            ends = None
        return Meta(occurred_from=starts, occurred_to=ends, recorded_by=BY)

    def _value(self, name: str, kind: Any, today: date, extra: Any) -> Any:
        if isinstance(kind, types.Metadata):
            return self._value(name, kind.type, today, {**(extra or {}), **(kind.extra or {})})
        if name in REFERRED:
            return self._reference(name, kind)
        chance = self.random
        match kind:
            case types.UnionType():
                return self._value(name, chance.choice(kind.types), today, extra)
            case types.NoneType():
                return None
            case types.StrType() if extra and "codes" in extra:
                codes = list(codebook.load().lists[extra["codes"]].codes)
                return chance.choice(REASONS) if chance.random() < 0.15 else chance.choice(codes)
            case types.StrType(pattern=str(pattern)):
                return "s:32" if pattern.startswith("^s:") else "unknown"
            case types.StrType() if name in EXTERNAL_IDS:
                return str(chance.getrandbits(30)).zfill(EXTERNAL_IDS[name])
            case types.StrType():
                return chance.choice(("bolig", "skole", "unknown"))
            case types.IntType():
                return chance.randint(kind.ge or 0, min(kind.le or 9, (kind.ge or 0) + 9))
            case types.BoolType():
                return chance.random() < 0.5
            case types.DateType():
                return (today + timedelta(days=chance.randint(-300, 300))).isoformat()
            case types.UUIDType():
                # One of two: what the record itself has named before is named again.
                return str(UUID(int=chance.getrandbits(1), version=4))
            case types.LiteralType():
                return chance.choice(kind.values)
            case types.VarTupleType() if extra and "several" in extra:
                return chance.sample([*codebook.load().lists[extra["several"]].codes], chance.randint(0, 2))
            case types.VarTupleType():
                return [self._value(name, kind.item_type, today, extra) for _ in range(chance.randint(0, 2))]
            case types.StructType():
                return self._struct(kind, today)
        raise TypeError(f"no value for {name}: {kind}")

    def _struct(self, kind: Any, today: date) -> dict[str, Any]:
        members = {field.encode_name: self._value(field.name, field.type, today, None) for field in kind.fields}
        if {"list", "code"} <= members.keys():
            members["list"] = self.random.choice(("genders", "age-bands"))
            members["code"] = self.random.choice(list(codebook.load().lists[members["list"]].codes))
        return members

    def _reference(self, name: str, kind: Any) -> Any:
        there = [str(record) for record in self._known(REFERRED[name])]
        match kind:
            case types.VarTupleType(item_type=types.StructType(cls=inner)) if issubclass(inner, Person):
                return []
            case types.VarTupleType():
                return self.random.sample(there, min(len(there), self.random.randint(0, 2)))
        optional = isinstance(kind, types.UnionType)
        if optional and (not there or self.random.random() < 0.3):
            return None
        if name in ("tenancy", "source") and (not there or self.random.random() < 0.3):
            return "unknown"
        return self.random.choice(there) if there else str(UUID(int=1, version=4))
