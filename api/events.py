"""The event feed: pages of CloudEvents 1.0 in the JSON batch format, in ledger order, never with text."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import flask
import msgspec
from marshmallow import fields, validate

from api import auth
from api.pages import own_members
from api.problems import Unprocessable
from api.rest import Call, Operation
from api.schemas import Answer, Digits, Pattern, Request
from domain.history import Recorded
from domain.time import rfc3339

BATCH = "application/cloudevents-batch+json"
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
            summary="The event feed, a page at a time",
            description="`Link: rel=next` and `Position` say where to read on; an empty page means no news.",
            tag="events",
            scope=auth.FEED,
            query=FeedQuery,
            answers={200: {BATCH: CloudEvent(many=True)}},
            headers=("Position", "Link"),
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


def _feed(call: Call) -> flask.Response:
    records, after, limit = call.ledger.records, call.query["after"], call.query["limit"]
    head = records.head()
    if after > head:
        raise Unprocessable([("/query/after", f"is past the ledger's head, {head}")])
    wanted = call.query.get("type")
    found: list[dict[str, Any]] = []
    reached = after
    while len(found) < limit and reached < min(head, after + SCAN):
        for recorded in records.page(reached, min(limit, SCAN)):
            reached = recorded.position
            event = cloud_event(recorded, records.ledger)
            if wanted is None or event["type"] == wanted:
                found.append(event)
            if len(found) == limit:
                break
    answer = flask.Response(msgspec.json.encode(found), mimetype=BATCH)
    answer.headers["Position"] = str(reached)
    following = {**flask.request.args, "after": reached}
    answer.headers["Link"] = f'</v1/events?{urlencode(following)}>; rel="next"'
    return answer
