"""The event feed: CloudEvents 1.0 in ledger order, never with text: in pages, by long poll, or as a stream.

Events about persons are personal data: only a system with an agreement reads them.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import flask
import msgspec
from marshmallow import fields, validate

from api import auth
from api.pages import own_members
from api.problems import Unprocessable
from api.rest import Call, Operation
from api.schemas import Answer, Digits, Pattern, Request
from api.waits import Crowded
from domain.history import Recorded
from domain.time import rfc3339

BATCH = "application/cloudevents-batch+json"
STREAM = "text/event-stream"
STREAM_SECONDS = 60.0
"""How long a stream lasts; the reader then comes back, with the id of the last event it had."""

BEAT_SECONDS = 1.0
"""How often a silent stream looks whether it is still wanted and allowed."""

SCAN = 2_000
"""Events read at most for one page, so that a rare `type` cannot make a request long; the page is then short."""


class FeedQuery(Request):
    """Where to read on from, and what to read."""

    after = Digits(
        load_default=0,
        validate=validate.Range(0, 2**53),
        metadata={"description": "The position of the last event already read; 0 from the start."},
    )
    limit = Digits(load_default=100, validate=validate.Range(1, 200))
    wait = Digits(
        load_default=0,
        validate=validate.Range(0, 60),
        metadata={"description": "Seconds to wait for news where there is none; the server may wait less."},
    )
    type = Pattern(
        r"^[a-z_]{1,60}\.[a-z_]{1,60}\.v[0-9]{1,4}$",
        metadata={"description": "Only events of that type, such as `meeting.held.v1`."},
    )


class CloudEvent(Answer):
    """One event (CloudEvents 1.0). `sequence` is its ledger position, zero-padded."""

    specversion = fields.String(required=True, validate=validate.OneOf(["1.0"]))
    id = fields.UUID(required=True)
    source = fields.String(required=True, metadata={"format": "uri"})
    type = fields.String(required=True)
    subject = fields.UUID(required=True)
    time = fields.String(required=True, metadata={"format": "date-time"})
    sequence = fields.String(required=True, metadata={"pattern": "^[0-9]{20}$"})
    datacontenttype = fields.String(required=True)
    data = fields.Dict(required=True)


def operations() -> list[Operation]:
    """The feed's one operation."""
    return [
        Operation(
            method="GET",
            path="/v1/events",
            name="list_events",
            summary="The event feed: a page, a long poll or a stream",
            description=(
                "`Link: rel=next` and `Position` say where to read on; an empty page means no news, with `wait` for "
                "so long. `Accept: text/event-stream` opens a stream of a minute that begins after `Last-Event-ID` "
                "or `after`. Events about persons come only to a system with an agreement (`feed:persons`)."
            ),
            tag="events",
            scope=auth.FEED,
            query=FeedQuery,
            answers={200: {BATCH: CloudEvent(many=True), STREAM: {"type": "string"}}},
            headers=("Position", "Link"),
            refusals=(Crowded,),
            handler=_feed,
        )
    ]


def cloud_event(recorded: Recorded, ledger: Any) -> dict[str, Any]:
    """The event for the feed: codes, dates and counts; no text, no reasons, no claims of the source."""
    meta = recorded.event.meta
    data = _told(own_members(recorded.event))
    if "replacement" in data:
        data["replacement"] = _told(data["replacement"])
    return {
        "specversion": "1.0",
        "id": str(recorded.event_id),
        "source": f"urn:uuid:{ledger}",
        "type": f"{recorded.name}.v{recorded.event.SCHEMA_VERSION}",
        "subject": str(recorded.stream_id),
        "time": rfc3339(recorded.recorded_at),
        "sequence": f"{recorded.position:020d}",
        "datacontenttype": "application/json",
        "data": {
            "version": recorded.version,
            "occurred": {"from": meta.occurred_from, "to": meta.occurred_to},
            "basis": meta.basis,
            "deviations": [deviation.rule for deviation in meta.deviations],
            **data,
        },
    }


def _told(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that say something; sealed text, which is not read here, looks like one that says nothing."""
    return {name: value for name, value in members.items() if value is not None}


class Page(NamedTuple):
    """Events, with their positions, and how far the ledger was read for them."""

    events: list[tuple[int, dict[str, Any]]]
    reached: int


def _feed(call: Call) -> flask.Response:
    records, after = call.ledger.records, _after(call)
    if after > (head := records.head()):
        raise Unprocessable([("/query/after", f"is past the ledger's head, {head}")])
    if flask.request.accept_mimetypes.best_match([BATCH, STREAM]) == STREAM:
        return _streamed(call, after)
    page = _page(call, after)
    if not page.events and call.query["wait"]:
        with call.ledger.waits.seat():
            page = _news(call, page.reached, min(call.query["wait"], call.ledger.waits.longest))
    answer = flask.Response(msgspec.json.encode([event for _, event in page.events]), mimetype=BATCH)
    answer.headers["Position"] = str(page.reached)
    following = {**flask.request.args, "after": page.reached}
    answer.headers["Link"] = f'</v1/events?{urlencode(following)}>; rel="next"'
    return answer


def _after(call: Call) -> int:
    last = flask.request.headers.get("Last-Event-ID", "")
    return int(last) if last.isascii() and last.isdecimal() and len(last) <= 18 else int(call.query["after"])


def _page(call: Call, after: int) -> Page:
    """The next events the grant may read, as far as one page looks."""
    records, limit, wanted = call.ledger.records, call.query["limit"], call.query.get("type")
    persons, head = auth.may(call.granted, auth.PERSONS), records.head()
    found: list[tuple[int, dict[str, Any]]] = []
    reached = after
    while len(found) < limit and reached < min(head, after + SCAN):
        for recorded in records.page(reached, min(limit, SCAN)):
            reached = recorded.position
            if persons or not records.kind(recorded.name.partition(".")[0]).personal:
                event = cloud_event(recorded, records.ledger)
                if wanted is None or event["type"] == wanted:
                    found.append((reached, event))
            if len(found) == limit:
                break
    return Page(found, reached)


def _news(call: Call, after: int, seconds: float) -> Page:
    """The first page with an event on it, or the last that was looked at in so many seconds."""
    records, until = call.ledger.records, time.monotonic() + seconds
    page = Page([], after)
    while not page.events and (left := until - time.monotonic()) > 0 and not call.ledger.waits.stopping.is_set():
        if records.wait(page.reached, min(left, BEAT_SECONDS)):
            page = _page(call, page.reached)
    return page


def _streamed(call: Call, after: int) -> flask.Response:
    call.ledger.waits.take()
    answer = flask.Response(_stream(call, after, auth.bearer()), mimetype=STREAM)
    answer.call_on_close(call.ledger.waits.leave)
    answer.headers["Position"] = str(after)
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _stream(call: Call, after: int, token: str) -> Iterator[bytes]:
    """Events as they come, for a minute, as long as the token holds. An id without data moves the reader's place on."""
    until = time.monotonic() + STREAM_SECONDS
    yield b"retry: 1000\n\n"
    while time.monotonic() < until and not call.ledger.waits.stopping.is_set():
        page = _news(call, after, BEAT_SECONDS)
        grant = call.services.tokens.authenticate(token, call.services.clock())
        if grant is None or grant.scopes != call.granted.scopes:
            return
        for position, event in page.events:
            yield b"id: %d\nevent: %b\ndata: %b\n\n" % (position, event["type"].encode(), msgspec.json.encode(event))
        if page.reached > after and (not page.events or page.events[-1][0] < page.reached):
            yield b"id: %d\n\n" % page.reached
        elif not page.events:
            yield b":\n\n"
        after = page.reached
