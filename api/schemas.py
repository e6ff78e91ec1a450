"""Fields and schemas every feature's schemas are made of. Requests refuse unknown members; answers may grow."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import INCLUDE, RAISE, Schema, ValidationError, fields, validate

from domain import codebook
from domain.events import MISSING

MISSING_CODES = sorted(MISSING)
TEXT_LIMIT = 20_000
"""Characters of text in one member; minutes of a long meeting are about half of it."""

UNIT_PATTERN = "^[a-z0-9][a-z0-9_.-]{0,63}$"
UUID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
DAY_PATTERN = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


class Text(fields.String):
    """Text, normalised to NFC. Refuses U+0000 and lone surrogates, which no store keeps faithfully."""

    def __init__(self, *, least: int | None = None, limit: int = TEXT_LIMIT, **kwargs: Any) -> None:
        metadata = {"pattern": "^[^\\u0000]*$", **kwargs.pop("metadata", {})}
        super().__init__(validate=validate.Length(least, limit), metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            raise ValidationError("has a character that is not text (U+0000 or a lone surrogate)")
        return unicodedata.normalize("NFC", text)


class Code(fields.String):
    """A code of a codebook list, or the reason why there is none (list `missing`)."""

    def __init__(self, list_id: str, **kwargs: Any) -> None:
        known = codebook.load().lists[list_id].codes
        choices = [*known, *(code for code in MISSING_CODES if code not in known)]
        told = kwargs.pop("metadata", {}).get("description", "")
        metadata = {"description": f"{told} Codebook list `{list_id}`.".lstrip()}
        super().__init__(validate=validate.OneOf(choices), metadata=metadata, **kwargs)


class Pattern(fields.String):
    """A string of a fixed form."""

    def __init__(self, pattern: str, **kwargs: Any) -> None:
        metadata = {"pattern": pattern, **kwargs.pop("metadata", {})}
        super().__init__(validate=validate.Regexp(re.compile(pattern + r"\Z", re.ASCII)), metadata=metadata, **kwargs)


class Unit(Pattern):
    """A municipal unit's id, or the reason why it is not known."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(UNIT_PATTERN, **kwargs)


class Count(fields.Field[int | str]):
    """A count from 0 up, or the reason why there is none (list `missing`)."""

    CONTRACT = {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 2**53 - 1}, {"enum": MISSING_CODES}]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53:
            return value
        if isinstance(value, str) and value in MISSING:
            return value
        raise ValidationError(f"is neither a count from 0 up nor one of {', '.join(MISSING_CODES)}")


class OneToFive(fields.Field[int | str]):
    """From 1 (least) to 5 (most), or why there is none."""

    CONTRACT = {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 5}, {"enum": MISSING_CODES}]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 5:
            return value
        if isinstance(value, str) and value in MISSING:
            return value
        raise ValidationError("is neither 1 to 5 nor a code of the list `missing`")


class Number(fields.Integer):
    """A whole number, given as a JSON number."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str | bool):
            raise ValidationError("is not a whole number")
        return int(super()._deserialize(value, attr, data, **kwargs))


class Flag(fields.Boolean):
    """True or false, as JSON has them: neither a number nor a word that is taken for one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("is neither true nor false")
        return value


class Digits(fields.Integer):
    """A whole number from 0 up in a query: digits and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not re.fullmatch("[0-9]{1,18}", value, re.ASCII):
            raise ValidationError("is not a whole number from 0 up")
        return int(value)


class Day(fields.Date):
    """An Oslo day, `YYYY-MM-DD`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(DAY_PATTERN, value, re.ASCII):
            raise ValidationError("is not a day, YYYY-MM-DD")
        return super()._deserialize(value, attr, data, **kwargs)


class Id(fields.UUID):
    """A record's or event's id: a UUID in its usual form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(UUID_PATTERN, value, re.ASCII | re.IGNORECASE):
            raise ValidationError("is not a UUID")
        return super()._deserialize(value, attr, data, **kwargs)


class IdOrUnknown(fields.Field[str]):
    """The id of a record, or `unknown`."""

    CONTRACT = {"anyOf": [{"type": "string", "format": "uuid"}, {"const": "unknown"}]}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return "unknown" if value == "unknown" else str(Id().deserialize(value, attr, data, **kwargs))


class Request(Schema):
    """Base of everything a client sends."""

    class Meta:
        """Unknown members are refused."""

        unknown = RAISE


class Answer(Schema):
    """Base of everything the server answers."""

    class Meta:
        """Answers may grow."""

        unknown = INCLUDE


class Interval(Request):
    """When it happened: Oslo days, inclusive; null is an open end."""

    from_ = Day(data_key="from", required=True, allow_none=True)
    to = Day(required=True, allow_none=True)


class Performer(Request):
    """The role and unit of who did it."""

    role = Code("roles", load_default="unknown")
    unit = Unit(load_default="unknown")


class AcknowledgedDeviation(Request):
    """A rule the sender knows is broken, because that is what happened."""

    rule = Code("rules", required=True)
    reason = Text(limit=2_000, allow_none=True, load_default=None)


class CommandBody(Request):
    """The members of every command, beside its own."""

    occurred = fields.Nested(Interval, required=True)
    performed_by = fields.Nested(Performer, load_default=lambda: {"role": "unknown", "unit": "unknown"})
    basis = Code("bases", load_default="unknown")
    deviations = fields.List(fields.Nested(AcknowledgedDeviation), load_default=list, validate=validate.Length(max=20))


ENVELOPE = frozenset(CommandBody._declared_fields)
"""The members of a command body that belong to the envelope, not to the event."""


class Deviation(Answer):
    """A rule the record departs from, the event that does, and the reason if one was given."""

    rule = Code("rules", required=True)
    event_id = Id(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class Degrees(Answer):
    """The degree of participation, three times; `evidence` are the events that show the documented one."""

    intended = Code("degrees", required=True)
    documented = fields.String(
        required=True, metadata={"description": "Codebook list `degrees`, or `none` where no event shows one."}
    )
    experienced = Code("degrees", required=True)
    evidence = fields.List(Id(), required=True)


class Detail(Answer):
    """The members of every record, beside its own."""

    id = Id(required=True)
    version = fields.Integer(required=True)
    position = fields.Integer(required=True, metadata={"description": "Ledger position of its last event."})
    retracted = fields.Boolean(required=True)
    deviations = fields.List(fields.Nested(Deviation), required=True)
    degrees = fields.Nested(Degrees, required=True)


class ListRow(Answer):
    """The members of every list row, beside its own. Rows hold codes, dates and counts, never text."""

    id = Id(required=True)
    version = fields.Integer(required=True)
    deviations = fields.Integer(required=True, metadata={"description": "Rules the record departs from."})


class AsOf(Text):
    """A position, an Oslo day or an instant."""

    CONTRACT = {
        "anyOf": [
            {"type": "string", "pattern": "^[0-9]{1,18}$"},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "date-time"},
        ]
    }


class Known(Request):
    """Which time an answer is of: what the ledger knew then."""

    as_of = AsOf(
        limit=40,
        metadata={
            "description": "What the ledger knew: a position, an Oslo day (its end; today means now) or an "
            "RFC 3339 instant. Not in the future."
        },
    )


class Moment(Known):
    """Which time an answer is of: what the ledger knew then, and what had happened by then."""

    on = Day(metadata={"description": "What had happened by the end of that Oslo day. Not in the future."})
    codebook = Digits(
        validate=validate.Range(1, codebook.VERSION),
        metadata={"description": "The version of the codebook to classify by; the ledger's own if none is given."},
    )


class Paging(Request):
    """Which page of a list, and how long."""

    limit = Digits(load_default=50, validate=validate.Range(1, 200))
    cursor = Text(limit=500, metadata={"description": "The opaque cursor of a page's `next`."})
    min_position = Digits(
        validate=validate.Range(0, 2**53),
        metadata={"description": "Wait, for a bounded time, until the answer covers this position."},
    )


class Filters(Moment, Paging):
    """The query members of every list, beside its own filters."""


def faults(error: ValidationError, prefix: str = "") -> list[tuple[str, str]]:
    """What is wrong, as (JSON pointer, message)."""
    return _pointers(error.messages, prefix)


def _pointers(messages: Mapping[Any, Any] | list[Any], prefix: str) -> list[tuple[str, str]]:
    if isinstance(messages, list):
        return [(prefix, str(message)) for message in messages]
    found = []
    for member, inner in messages.items():
        escaped = str(member).replace("~", "~0").replace("/", "~1")
        pointer = prefix if member == "_schema" else f"{prefix}/{escaped}"
        found += _pointers(inner if isinstance(inner, Mapping | list) else [inner], pointer)
    return found
