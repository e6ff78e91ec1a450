"""Schemas made from the types of events and records, so that a member is declared once (`domain.members`)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final, get_args, get_origin
from uuid import UUID

import msgspec
from marshmallow import fields, validate

from api.schemas import (
    TEXT_LIMIT,
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
"""How many values, and how great a number, one member may have unless its type says otherwise."""

_PLAIN: Final[dict[Any, Callable[..., Any]]] = {
    CountType: Count,
    Rating: OneToFive,
    date: Day,
    UUID: Id,
    IdOrUnknownType: IdOrUnknown,
    UnitType: Unit,
    bool: Flag,
}


def body_of(kind: type[Aggregate], event: type[Event]) -> type[CommandBody]:
    """The body of the command that records an event of that kind of record: the event's own members."""
    shared = event in (Promised, Experienced)
    return _schema(event, CommandBody, event.__name__ if shared else f"{kind.__name__}{event.__name__}")


@cache
def _schema(struct: Any, base: type[Any], name: str) -> type[Any]:
    own: dict[str, fields.Field[Any]] = {}
    defaults = _defaults(struct)
    for member, hint in members.fields(struct).items():
        kind, marks, _ = members.read(hint)
        if isinstance(kind, type) and issubclass(kind, Event):
            own |= _of_event(kind, member)
        elif "found" not in marks:
            own[member] = _given(hint, msgspec.NODEFAULT if "needed" in marks else defaults[member])
    return type(name, (base,), {"__doc__": struct.__doc__, **own})


def _defaults(struct: Any) -> dict[str, Any]:
    if issubclass(struct, msgspec.Struct):
        return {each.name: each.default for each in msgspec.structs.fields(struct)}
    return dict.fromkeys(struct._fields, msgspec.NODEFAULT)


def _given(hint: Any, default: Any) -> fields.Field[Any]:
    """The field of a member of a body. Of several values there is at least as many as nobody saying any would give."""
    if default is msgspec.NODEFAULT:
        return _field(hint, least=1, required=True)
    if isinstance(default, tuple):
        return _field(hint, least=len(default), load_default=lambda: [*default])
    return _field(hint, load_default=dict if isinstance(default, msgspec.Struct) else default)


def _of_event(event: type[Event], at: str) -> dict[str, fields.Field[Any]]:
    """The members of an event that is part of what is told."""
    return {name: _field(hint, required=True, attribute=f"{at}.{name}") for name, hint in members.fields(event).items()}


def detail_of(kind: type[Aggregate]) -> type[Detail]:
    """A record as its effective history tells it."""
    types = members.types(kind)
    heard = [name for event in members.own(kind.hears) for name in members.fields(event)]
    names = dict.fromkeys((*heard, *kind.in_lists, *kind.in_detail))
    own = {name: _field(types[name], required=True) for name in names}
    return type(f"{kind.__name__}Detail", (Detail,), {"__doc__": kind.__doc__, **own})


def row_of(kind: type[Aggregate]) -> type[ListRow]:
    """A record in a list; of a number that is not known, why is in the detail."""
    types = members.types(kind)
    own = {
        name: fields.Integer(required=True, allow_none=True)
        if types[name] in members.NUMBERS
        else _field(types[name], required=True)
        for name in kind.in_lists
    }
    return type(f"{kind.__name__}Row", (ListRow,), {"__doc__": f"In a list. {kind.__doc__}", **own})


def narrowed(
    base: type[Request],
    kind: type[Aggregate],
    names: Iterable[str],
    more: Mapping[str, fields.Field[Any]],
) -> type[Request]:
    """The query of a list: the base's, and what the list may be narrowed to, some of its members and more."""
    types = members.types(kind)
    own = {name: _field(types[name], allow_none=False) for name in names}
    return type(f"{kind.__name__}{base.__name__}", (base,), {"__doc__": base.__doc__, **own, **more})


def _field(hint: Any, least: int = 0, **kwargs: Any) -> fields.Field[Any]:
    """The field of a member of that type."""
    kind, marks, optional = members.read(hint)
    if optional:
        kwargs = {"allow_none": True, **kwargs}
    if kind in _PLAIN:
        plain: fields.Field[Any] = _PLAIN[kind](**kwargs)
        return plain
    if "codes" in marks:
        return Code(marks["codes"], **kwargs)
    if get_origin(kind) is tuple:
        [item, _] = get_args(kind)
        inner = Code(marks["several"]) if "several" in marks else _field(item)
        return fields.List(inner, validate=validate.Length(least, marks.get("most", _SEVERAL)), **kwargs)
    if kind is int and "ge" in marks:
        return Number(validate=validate.Range(marks["ge"], marks.get("most", _NUMBER)), **kwargs)
    if kind is int:
        return fields.Integer(**kwargs)
    if "one_of" in marks:
        return fields.String(validate=validate.OneOf(marks["one_of"]), **kwargs)
    if kind is str and "pattern" in marks:
        return Pattern(marks["pattern"], **kwargs)
    if kind is str:
        return Text(least=least or None, limit=marks.get("most", TEXT_LIMIT), **kwargs)
    if kind is Step:
        return fields.Nested(_told(marks["event"]), **kwargs)
    return fields.Nested(_schema(kind, Request, kind.__name__), **kwargs)


@cache
def _told(event: Any) -> type[Request]:
    """An event of the record, as it holds now."""
    when = {
        "event_id": Id(required=True),
        "occurred_from": Day(required=True, allow_none=True, attribute="starts"),
        "occurred_to": Day(required=True, allow_none=True, attribute="event.meta.occurred_to"),
    }
    return type(f"{event.__name__}Told", (Request,), {"__doc__": event.__doc__, **when, **_of_event(event, "event")})
