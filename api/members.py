"""Schemas made from the types of events and records (`domain.members`): bodies and queries, details and rows.

What is sent is bounded and refuses what it does not know; what is told is neither.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final, get_args, get_origin
from uuid import UUID

import msgspec
from marshmallow import fields, validate

from api.schemas import (
    TEXT_LIMIT,
    Answer,
    Code,
    CommandBody,
    Count,
    Day,
    Detail,
    Flag,
    Id,
    IdOrUnknown,
    ListRow,
    Number,
    OneToFive,
    Pattern,
    Request,
    Text,
    Unit,
)
from domain import members
from domain.aggregate import Aggregate
from domain.degrees import Experienced, Promised
from domain.events import Count as CountType
from domain.events import Event, Rating
from domain.events import IdOrUnknown as IdOrUnknownType
from domain.events import Unit as UnitType
from domain.history import Step

_SEVERAL, _NUMBER = 100, 100_000
"""How many values, and how great a number, a sender may give in one member unless its type says otherwise."""

_ASKED: Final[dict[Any, Callable[..., Any]]] = {
    CountType: Count,
    Rating: OneToFive,
    IdOrUnknownType: IdOrUnknown,
    UnitType: Unit,
    UUID: Id,
    date: Day,
    bool: Flag,
}
_SHOWN: Final[dict[Any, Callable[..., Any]]] = {
    CountType: Count,
    Rating: OneToFive,
    IdOrUnknownType: IdOrUnknown,
    UnitType: fields.String,
    UUID: Id,
    date: fields.Date,
    bool: fields.Boolean,
    int: fields.Integer,
    str: fields.String,
}


def body_of(kind: type[Aggregate], event: type[Event]) -> type[CommandBody]:
    """The body of the command that records an event of that kind of record: the event's own members."""
    shared = event in (Promised, Experienced)
    return _body(event, CommandBody, event.__name__ if shared else f"{kind.__name__}{event.__name__}")


def narrowed(
    base: type[Request],
    kind: type[Aggregate],
    names: Iterable[str],
    more: Mapping[str, fields.Field[Any]],
) -> type[Request]:
    """The query of a list: the base's, and what the list may be narrowed to, some of its members and more."""
    types = members.types(kind)
    own = {name: _asked(types[name], allow_none=False) for name in names}
    return type(f"{kind.__name__}{base.__name__}", (base,), {"__doc__": base.__doc__, **own, **more})


@cache
def _body(struct: Any, base: type[Request], name: str) -> type[Any]:
    """A schema of what is sent. Of several values there are at least as many as in what is taken to be said."""
    own: dict[str, fields.Field[Any]] = {}
    defaults = {each.name: each.default for each in msgspec.structs.fields(struct)}
    for member, hint in members.fields(struct).items():
        marks, default = members.read(hint).marks, defaults[member]
        if "found" in marks:
            continue
        if "needed" in marks:
            own[member] = _asked(hint, least=1, required=True, allow_none=False)
        elif default is msgspec.NODEFAULT:
            own[member] = _asked(hint, least=1, required=True)
        elif isinstance(default, tuple):
            own[member] = _asked(hint, least=len(default), load_default=lambda default=default: [*default])
        else:
            own[member] = _asked(hint, load_default=dict if isinstance(default, msgspec.Struct) else default)
    return type(name, (base,), {"__doc__": struct.__doc__, **own})


def _asked(hint: Any, least: int = 0, **kwargs: Any) -> fields.Field[Any]:
    """The field of a member that is sent: bounded."""
    kind, marks, optional = members.read(hint)
    kwargs = {**_described(marks), "allow_none": optional, **kwargs}
    if kind in _ASKED:
        plain: fields.Field[Any] = _ASKED[kind](**kwargs)
        return plain
    if "codes" in marks:
        return Code(marks["codes"], **kwargs)
    if get_origin(kind) is tuple:
        inner = Code(marks["several"]) if "several" in marks else _asked(get_args(kind)[0])
        return fields.List(inner, validate=validate.Length(least, marks.get("most", _SEVERAL)), **kwargs)
    if kind is int:
        return Number(validate=validate.Range(marks.get("ge", 0), marks.get("most", _NUMBER)), **kwargs)
    if "one_of" in marks:
        return fields.String(validate=validate.OneOf(marks["one_of"]), **kwargs)
    if kind is str and "pattern" in marks:
        return Pattern(marks["pattern"], **kwargs)
    if kind is str:
        return Text(least=least or None, limit=marks.get("most", TEXT_LIMIT), **kwargs)
    return fields.Nested(_body(kind, Request, kind.__name__), **kwargs)


def detail_of(kind: type[Aggregate]) -> type[Detail]:
    """A record as its effective history tells it."""
    types = members.types(kind)
    heard = [name for event in members.own(kind.hears) for name in members.fields(event)]
    own = {name: _shown(types[name]) for name in dict.fromkeys((*heard, *kind.in_lists, *kind.in_detail))}
    return type(f"{kind.__name__}Detail", (Detail,), {"__doc__": kind.__doc__, **own})


def row_of(kind: type[Aggregate]) -> type[ListRow]:
    """A record in a list; of a number that is not known, why is in the detail."""
    types = members.types(kind)
    own = {name: _in_row(types[name]) for name in kind.in_lists}
    return type(f"{kind.__name__}Row", (ListRow,), {"__doc__": f"In a list. {kind.__doc__}", **own})


def _in_row(hint: Any) -> fields.Field[Any]:
    kind, marks, _ = members.read(hint)
    if kind in members.NUMBERS:
        return fields.Integer(required=True, allow_none=True, **_described(marks))
    return _shown(hint)


def _shown(hint: Any, **kwargs: Any) -> fields.Field[Any]:
    """The field of a member that is told: always there, and unbounded, for what senders may give adds up."""
    kind, marks, optional = members.read(hint)
    kwargs = {**_described(marks), "required": True, "allow_none": optional, **kwargs}
    if "codes" in marks:
        return Code(marks["codes"], **kwargs)
    if "one_of" in marks:
        return fields.String(validate=validate.OneOf(marks["one_of"]), **kwargs)
    if kind in _SHOWN:
        plain: fields.Field[Any] = _SHOWN[kind](**kwargs)
        return plain
    if get_origin(kind) is tuple:
        return fields.List(Code(marks["several"]) if "several" in marks else _shown(get_args(kind)[0]), **kwargs)
    return fields.Nested(_told(marks["event"]) if kind is Step else _answer(kind), **kwargs)


@cache
def _answer(struct: Any) -> type[Answer]:
    """A part of an answer. An event in it is told as its own members: a hearing's `Statement` has `submitted_by`."""
    own: dict[str, fields.Field[Any]] = {}
    for member, hint in members.fields(struct).items():
        kind = members.read(hint).kind
        if isinstance(kind, type) and issubclass(kind, Event):
            own |= _of_event(kind, member)
        else:
            own[member] = _shown(hint)
    return type(f"{struct.__name__}Shown", (Answer,), {"__doc__": struct.__doc__, **own})


@cache
def _told(event: Any) -> type[Answer]:
    """An event of the record, as it holds now."""
    when = {
        "event_id": Id(required=True),
        "occurred_from": fields.Date(required=True, allow_none=True, attribute="starts"),
        "occurred_to": fields.Date(required=True, allow_none=True, attribute="event.meta.occurred_to"),
    }
    return type(f"{event.__name__}Shown", (Answer,), {"__doc__": event.__doc__, **when, **_of_event(event, "event")})


def _of_event(event: type[Event], at: str) -> dict[str, fields.Field[Any]]:
    return {name: _shown(hint, attribute=f"{at}.{name}") for name, hint in members.fields(event).items()}


def _described(marks: Mapping[str, Any]) -> dict[str, Any]:
    return {"metadata": {"description": marks["description"]}} if "description" in marks else {}
