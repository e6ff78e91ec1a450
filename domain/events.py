"""What every event carries, and how an event says which of its fields are personal text.

An event class is frozen, typed and named in the past tense of the field's language. Its stored name, its fields
and their meaning are a contract for as long as the ledger stands: add fields with
defaults, never change one.
"""

from datetime import date
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal
from uuid import UUID

import msgspec

MISSING = frozenset({"unknown", "not_asked", "not_recorded", "declined"})
"""Why a value is not there (codebook list `missing`); never a blank that later reads as no."""

NOT_RECORDED: Final = "not_recorded"
"""What nobody said is not recorded; the default of most members."""

Missing = Literal["unknown", "not_asked", "not_recorded", "declined"]
Count = Annotated[int, msgspec.Meta(ge=0)] | Missing
"""A number of persons or things, or the reason why it is not known."""

Rating = Annotated[int, msgspec.Meta(ge=1, le=5)] | Missing
"""From 1 (least) to 5 (most), or the reason why it is not known."""

Unit = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": r"^[a-z0-9][a-z0-9_.-]{0,63}$"})]
"""A municipal unit's id, or a code of `missing`. The API sees to its form: the log would judge it at each reading."""

IdOrUnknown = Annotated[str, msgspec.Meta(pattern="^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|unknown)$")]
"""The id of another record, or `unknown`."""

SeedLine = Annotated[str, msgspec.Meta(pattern="^s:[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$")]
"""The line or lines of the 2009 note an entry was made from, such as `s:310-314`."""


def codes(list_id: str) -> Any:
    """Marks a field whose value is a code of that codebook list, or of `missing`."""
    return msgspec.Meta(extra={"codes": list_id})


def several(list_id: str, most: int = 50) -> Any:
    """Marks a tuple whose values are codes of that list, or of `missing`; `most` is how many a sender may give."""
    return msgspec.Meta(extra={"several": list_id, "most": most})


def most(n: int) -> Any:
    """Marks how much of it a sender may give: a text's characters, a tuple's values, a number. Binds no reader."""
    return msgspec.Meta(extra={"most": n})


def one_of(*values: str) -> Any:
    """Marks a string that is one of these."""
    return msgspec.Meta(extra={"one_of": values})


def about(description: str) -> Any:
    """Says in the contract what a member means beyond its name."""
    return msgspec.Meta(description=description)


FOUND: Final = msgspec.Meta(extra={"found": True})
"""Marks a field the ledger finds itself; no sender gives it."""

NEEDED: Final = msgspec.Meta(extra={"needed": True})
"""Marks what every sender gives, though an event read without its parts lacks it."""


def text(data_class: str) -> Any:
    """Marks a field of personal text: it is sealed in a part of that data class, apart from the skeleton."""
    return msgspec.Meta(extra={"data_class": data_class})


def persons(data_class: str) -> Any:
    """Marks a tuple of `Person`: each is sealed in a part of that data class under that person's own key."""
    return msgspec.Meta(extra={"persons": data_class})


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A participant among several in one event. An event read without its parts names none of them."""

    participant: UUID


Casework = Annotated[str | None, text("casework")]
Identity = Annotated[str | None, text("identity")]
Special = Annotated[str | None, text("special")]
Voice = Annotated[str | None, text("voice")]


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who recorded an event, with the role and unit they had at that time (seed: OpenCRVS' lesson, L40)."""

    id: str
    role: Annotated[str, codes("roles")]
    unit: Unit


class Performer(msgspec.Struct, frozen=True, gc=False):
    """The role and unit of who did it; often not the one who recorded it."""

    role: Annotated[str, codes("roles")] = "unknown"
    unit: Unit = "unknown"


class Deviation(msgspec.Struct, frozen=True):
    """A rule an event departs from, or that it makes an earlier event depart from (`event_id`)."""

    rule: Annotated[str, codes("rules")]
    reason: str | None = None
    event_id: UUID | None = None


class Meta(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The envelope: all of it but `recorded_at`, which is the ledger's own.

    `occurred_from` and `occurred_to` are Oslo days, inclusive; an open `occurred_to` counts as the day of recording.
    """

    occurred_from: date | None = None
    occurred_to: date | None = None
    recorded_by: Actor
    performed_by: Performer = Performer()
    basis: Annotated[str, codes("bases")] = "unknown"
    source_system: str | None = None
    source_ref: str | None = None
    source_recorded_at: str | None = None
    correlation_id: str | None = None
    causation_id: UUID | None = None
    deviations: tuple[Deviation, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of every event. A part field's default is None: an event read without its parts is whole but silent."""

    NAME: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1

    meta: Meta

    def data_class(self, declared: str, field: str) -> str:
        """The data class a text field is sealed under; a class overrides it where the level decides."""
        return declared


class Corrected(Event, frozen=True, kw_only=True):
    """Replaces one event of the same record, whole. Stored as `<noun>.corrected`."""

    NAME: ClassVar[str] = "corrected"

    target: UUID
    replacement: Event
    reason: Casework = None


class Retracted(Event, frozen=True, kw_only=True):
    """Takes one event of the same record back: it did not happen. Stored as `<noun>.retracted`."""

    NAME: ClassVar[str] = "retracted"

    target: UUID
    reason: Casework = None


def text_fields(event: type[Event]) -> dict[str, str]:
    """The event's personal text: field name → declared data class."""
    return _marked(event, "data_class")


def person_fields(event: type[Event]) -> dict[str, str]:
    """The event's fields of several participants: field name → data class."""
    return _marked(event, "persons")


def code_fields(event: type[msgspec.Struct]) -> dict[str, str]:
    """The event's own coded fields: field name → codebook list."""
    return _marked(event, "codes")


def lists_of_codes(event: type[msgspec.Struct]) -> dict[str, str]:
    """The event's own fields of several codes: field name → codebook list."""
    return _marked(event, "several")


@cache
def _marked(struct: type[msgspec.Struct], mark: str) -> dict[str, str]:
    found = {}
    for field in msgspec.inspect.type_info(struct).fields:  # type: ignore[attr-defined]
        extra = getattr(field.type, "extra", None) or {}
        if mark in extra:
            found[field.name] = extra[mark]
    return found
