"""Answers of many: pages with a cursor that pins position and day, and the entries of a history."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import flask
import msgspec
from marshmallow import Schema, fields

from api.differences import DifferencesQuery
from api.moments import Moment, resolve
from api.problems import NotYet, Unprocessable
from api.rest import Call
from api.schemas import Answer, Code, Deviation, Filters, Id, Interval, Paging
from api.services import LedgerServices
from domain.codebook import Codebook
from domain.events import Corrected, Event, Retracted
from domain.history import Recorded, Step
from domain.time import rfc3339

WAIT_SECONDS = 3.0
"""How long an answer waits for a view to come as far as was asked, before 503."""


class Cursor(NamedTuple):
    """Where a list stopped: the position and day it is of, and the last row's place."""

    position: int
    day: date
    after: int


class ListDifferences(DifferencesQuery, Paging):
    """Between which two moments, and which page."""


def page_of(row: type[Schema]) -> type[Schema]:
    """The schema of a page of such rows."""
    name = f"{row.__name__}Page"
    members = {
        "items": fields.List(fields.Nested(row), required=True),
        "next": fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "Relative URL of the next page, or null."},
        ),
    }
    return type(name, (Answer,), members)


def start_of(
    ledger: LedgerServices, view: str, query: Mapping[str, Any], filters: Mapping[str, Any], now: int
) -> tuple[int, date, int | None]:
    """The position and day a page is of, and the place it begins after: the cursor's, or the moment's."""
    if "cursor" not in query:
        moment = resolve(query, ledger.records, now)
        return covered(ledger, view, moment, query.get("min_position")), moment.day, None
    if query.keys() & {"as_of", "on", "min_position"}:
        raise Unprocessable([("/query/cursor", "a cursor has its own as_of, on and position")])
    return cursor_of(query["cursor"], _bound(filters), ledger.records.head())


def following(
    cursor: Cursor, filters: Mapping[str, Any], pinned: Sequence[str] = ("as_of", "on", "min_position")
) -> str:
    """The relative URL of the page after this one; what the cursor pins is not asked again."""
    asked = {**flask.request.args, "cursor": cursor_text(cursor, _bound(filters))}
    for member in pinned:
        asked.pop(member, None)
    return f"{flask.request.path}?{urlencode(asked)}"


def _bound(filters: Mapping[str, Any]) -> dict[str, Any]:
    return {**filters, "path": flask.request.path}


def cursor_text(cursor: Cursor, filters: Mapping[str, Any]) -> str:
    """The cursor as an opaque string, bound to the list and the filters it was made under."""
    return base64.urlsafe_b64encode(msgspec.json.encode([*cursor, _digest(filters)])).decode().rstrip("=")


def cursor_of(text: str, filters: Mapping[str, Any], head: int) -> Cursor:
    """The cursor again. Raises Unprocessable when it is not one of ours, or was made under other filters."""
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        position, day, after, digest = msgspec.json.decode(
            base64.b64decode(padded, altchars=b"-_", validate=True), type=tuple[int, date, int, str]
        )
        cursor = Cursor(position, day, after)
    except ValueError as error:
        raise Unprocessable([("/query/cursor", "is not a cursor this list gave")]) from error
    if digest != _digest(filters) or not 0 <= cursor.position <= head or not 0 <= cursor.after < 2**53:
        raise Unprocessable([("/query/cursor", "was given for another list or other filters")])
    return cursor


def _digest(filters: Mapping[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(sorted(filters.items()))).hexdigest()[:16]


def covered(ledger: LedgerServices, view: str, moment: Moment, min_position: int | None) -> int:
    """The position the view answers at: the moment's, or where it stands, at least `min_position`.

    Waits a bounded time for the view to come that far, then raises NotYet.
    """
    wanted = max(moment.position or 0, min_position or 0)
    if min_position is not None and min_position > ledger.records.head():
        raise Unprocessable([("/query/min_position", "is past the ledger's head")])
    if wanted and ledger.views.position(view) < wanted:
        with ledger.waits.seat():
            if not ledger.views.wait(view, wanted, WAIT_SECONDS):
                raise NotYet(f"position {wanted} is not in the answer yet; ask again")
    return ledger.views.position(view) if moment.position is None else moment.position


def list_page(call: Call, view: str, rows: Schema, where: Mapping[str, Any] | None = None) -> flask.Response:
    """A page of a view's rows, and where the next is.

    The query's own members narrow it, unless `where` says in the view's own terms what they come to.
    """
    ledger, query = call.ledger, call.query
    filters = {name: value for name, value in query.items() if name not in Filters._declared_fields}
    position, day, after = start_of(ledger, view, query, filters, call.services.clock())
    page = ledger.views.rows(view, position, day, filters if where is None else where, after, query["limit"])
    more = None if page.next is None else following(Cursor(position, day, page.next), filters)
    answer = json_response(msgspec.json.encode({"items": rows.dump(page.rows), "next": more}), 200)
    answer.headers["Position"] = str(position)
    return answer


def differences_page(call: Call, view: str, row: type[Schema]) -> flask.Response:
    """A page of the records whose row of a view, narrowed by the query, is another at `to` than at `from`."""
    ledger, query, now = call.ledger, call.query, call.services.clock()
    filters = {name: value for name, value in query.items() if name not in ListDifferences._declared_fields}
    del filters["from"]
    since = resolve(query, ledger.records, now, "from")
    first = covered(ledger, view, since, query.get("min_position"))
    if "cursor" in query:
        if "to" in query:
            raise Unprocessable([("/query/cursor", "a cursor has its own to")])
        position, day, after = cursor_of(query["cursor"], _bound(filters), ledger.records.head())
    else:
        until = resolve(query, ledger.records, now, "to")
        position, day, after = covered(ledger, view, until, query.get("min_position")), until.day, None
    page = ledger.views.differences(view, ((first, since.day), (position, day)), filters, after, query["limit"])
    pinned = ("to", "min_position")
    more = None if page.next is None else following(Cursor(position, day, page.next), filters, pinned)
    items = difference_of(row)(many=True).dump(page.rows)
    answer = json_response(msgspec.json.encode({"items": items, "next": more}), 200)
    answer.headers["Position"] = str(position)
    return answer


@cache
def difference_of(row: type[Schema]) -> type[Schema]:
    """The schema of a record whose row differs between two moments; null where it was not in the list."""
    side: dict[str, Any] = {"required": True, "allow_none": True}
    members = {
        "id": Id(required=True),
        "before": fields.Nested(row, data_key="from", **side),
        "after": fields.Nested(row, data_key="to", **side),
    }
    return type(f"{row.__name__}Difference", (Answer,), members)


def json_response(body: bytes, status: int) -> flask.Response:
    """An answer in JSON."""
    return flask.Response(body, status=status, mimetype="application/json")


class RecordedBy(Answer):
    """Who recorded an event, with the role and unit they had then."""

    id = fields.String(required=True)
    role = Code("roles", required=True)
    unit = fields.String(required=True)


class PerformedBy(Answer):
    """The role and unit of who did it."""

    role = Code("roles", required=True)
    unit = fields.String(required=True)


class Entry(Answer):
    """One event as it was recorded: its place, its envelope, not what it says."""

    event_id = Id(required=True)
    type = fields.String(required=True)
    schema_version = fields.Integer(required=True)
    version = fields.Integer(required=True)
    position = fields.Integer(required=True)
    recorded_at = fields.String(required=True, metadata={"format": "date-time"})
    occurred = fields.Nested(Interval, required=True)
    recorded_by = fields.Nested(RecordedBy, required=True)
    performed_by = fields.Nested(PerformedBy, required=True)
    basis = Code("bases", required=True)
    source_system = fields.String(required=True, allow_none=True)
    source_recorded_at = fields.String(required=True, allow_none=True)
    correlation_id = fields.String(required=True, allow_none=True)


class HistoryEntry(Entry):
    """One event of a record as it was recorded, and whether it still holds."""

    deviations = fields.List(fields.Nested(Deviation), required=True)
    function = Code("functions", required=True, allow_none=True)
    effective = fields.Boolean(
        required=True, metadata={"description": "Part of the effective history as this very entry."}
    )
    data = fields.Dict(required=True, metadata={"description": "The event's own members, text included."})


def history_entries(
    history: Sequence[Recorded], effective: Mapping[UUID, Step], book: Codebook
) -> list[dict[str, Any]]:
    """What HistoryEntry shows of each event, given the effective steps by the original's id."""
    classes = book.lists["event-classes"].codes
    last_word = {each.event.target: each.event_id for each in history if isinstance(each.event, Corrected | Retracted)}
    entries = []
    for each in history:
        match each.event:
            case Retracted(target=target):
                holds = last_word[target] == each.event_id
            case Corrected(target=target, replacement=replacement):
                holds = target in effective and effective[target].event is replacement
            case event:
                holds = each.event_id in effective and effective[each.event_id].event is event
        known = classes.get(each.name)
        entries.append({**_entry(each, holds), "function": known.function if known else None})
    return entries


def _entry(recorded: Recorded, holds: bool) -> dict[str, Any]:
    event, meta = recorded.event, recorded.event.meta
    return {
        "event_id": recorded.event_id,
        "type": recorded.name,
        "schema_version": event.SCHEMA_VERSION,
        "version": recorded.version,
        "position": recorded.position,
        "recorded_at": rfc3339(recorded.recorded_at),
        "occurred": {"from_": meta.occurred_from, "to": meta.occurred_to},
        "recorded_by": meta.recorded_by,
        "performed_by": meta.performed_by,
        "basis": meta.basis,
        "source_system": meta.source_system,
        "source_recorded_at": meta.source_recorded_at,
        "correlation_id": meta.correlation_id,
        "deviations": meta.deviations,
        "effective": holds,
        "data": own_members(event),
    }


def own_members(event: Event) -> dict[str, Any]:
    """The event's members without its envelope, as JSON values."""
    members: dict[str, Any] = msgspec.to_builtins(event)
    members.pop("meta")
    replacement = members.get("replacement")
    if isinstance(event, Corrected) and replacement:
        meta = replacement.pop("meta")
        replacement["occurred"] = {"from": meta["occurred_from"], "to": meta["occurred_to"]}
        replacement["performed_by"], replacement["basis"] = meta["performed_by"], meta["basis"]
    return members
