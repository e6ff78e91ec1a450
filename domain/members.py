"""What a record shows of itself: the members of the events it hears, and those it works out.

Bodies, details, list rows and columns are made from the types of events and records. To add a member: give its event a
field with a default. If the record `hears` that event, the detail shows it; else declare it on the record, set it in
`apply`, and name it in `in_detail`. Name it in `in_lists` for lists, too. Then `make generate`, and `medvirkning
rebuild` where there is data.

`hears` is for members that each stand alone, so that an event that does not say one does not unsay it. What belongs
together (a decision and its reason) is set together in `apply`.
"""

import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from domain.degrees import Experienced, Promised
from domain.events import NOT_RECORDED, Count, Event, IdOrUnknown, Rating, Unit

NUMBERS = (Count, Rating)
"""The types of numbers that may be missing for a reason."""

_WHOLE = (*NUMBERS, IdOrUnknown, Unit)

_SILENT = (NOT_RECORDED, None, ())
_OF_THE_RECORD = frozenset({"meta", "participant"})
"""What no record hears: the envelope, and whose it is, which never changes."""


@cache
def fields(struct: type[Any]) -> dict[str, Any]:
    """The fields of an event, struct or named tuple: name → type, with its marks. Not the envelope."""
    names = getattr(struct, "__struct_fields__", None) or struct._fields
    hints = get_type_hints(struct, include_extras=True)
    return {name: hints[name] for name in names if name != "meta"}


def own(events: Iterable[type[Event]]) -> list[type[Event]]:
    """Without promises and experiences of participation, which say nothing of the record itself."""
    return [event for event in events if event not in (Promised, Experienced)]


@cache
def heard(kind: Any, event: type[Event]) -> tuple[str, ...]:
    """The fields a kind of record takes over from an event: those of the classes it hears."""
    found = [name for each in own(kind.hears) if issubclass(event, each) for name in each.__struct_fields__]
    return tuple(dict.fromkeys(name for name in found if name not in _OF_THE_RECORD))


def hear(record: Any, event: Event) -> None:
    """Takes over every member the event says anything of; one that does not say does not unsay."""
    kind: Any = type(record)
    for name in heard(kind, type(event)):
        value = getattr(event, name)
        if value not in _SILENT:
            setattr(record, name, value)


def blanks(events: Iterable[type[Event]]) -> dict[str, Any]:
    """What is known of each member before any event has told it."""
    found: dict[str, Any] = {}
    for event in own(events):
        for each in msgspec.structs.fields(event):
            if each.name not in _OF_THE_RECORD:
                # A default may speak for a sender who does not; of a record nobody has spoken.
                blank = each.default if each.default in (*_SILENT, "unknown") else NOT_RECORDED
                found.setdefault(each.name, blank)
    return found


@cache
def types(kind: type[Any]) -> dict[str, Any]:
    """The type of every member a record has: what it declares, what it works out, and what it hears.

    A heard member that is declared on the record as well, for code that reads it, has the same type in both places.
    """
    found: dict[str, Any] = {}
    for event in own(kind.hears):
        found = fields(event) | found
    for base in reversed(kind.__mro__):
        found |= inspect.get_annotations(base)
        for name, value in vars(base).items():
            if get := getattr(value, "fget", None) or getattr(value, "func", None):
                told = msgspec.Meta(description=inspect.getdoc(get))
                found[name] = Annotated[inspect.get_annotations(get).get("return"), told]
    return found


def told(event: type[Event]) -> Any:
    """Marks a step of the record that is shown as the event of that class that it is."""
    return msgspec.Meta(extra={"event": event})


class Read(NamedTuple):
    """A member's type, taken apart: what it is, what its marks say, and whether it may be null."""

    kind: Any
    marks: Mapping[str, Any] = MappingProxyType({})
    optional: bool = False


def read(hint: Any) -> Read:
    """Takes a type apart; the house's own are whole."""
    if hint in _WHOLE:
        return Read(hint)
    if get_origin(hint) is Annotated:
        inner = read(get_args(hint)[0])
        marks = dict(inner.marks)
        for meta in hint.__metadata__:
            marks |= meta.extra or {}
            marks |= {"pattern": meta.pattern} if meta.pattern else meta.extra_json_schema or {}
            marks |= {"ge": meta.ge} if meta.ge is not None else {}
            marks |= {"description": meta.description} if meta.description else {}
        return inner._replace(marks=marks)
    if get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
        inner = read(Union[tuple(each for each in get_args(hint) if each is not NoneType)])  # noqa: UP007
        return Read(inner.kind, inner.marks, optional=True)
    return Read(hint)
