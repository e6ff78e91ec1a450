"""Whether the server lives, is ready, and how its views are doing."""

from typing import Any

import flask
import msgspec
from marshmallow import fields, validate

from api import auth, problems
from api.pages import json_response
from api.rest import Call, Operation
from api.schemas import Answer
from domain import errors
from domain.time import rfc3339

CLOCK_TOLERANCE = 60_000_000
"""Microseconds a ledger's head may be ahead of the clock before it alarms."""


class Live(Answer):
    """The server answers."""

    status = fields.String(required=True)


class ViewHealth(Answer):
    """One view: how far it has come, and why it stopped, if it did."""

    view = fields.String(required=True)
    position = fields.Integer(required=True)
    lag = fields.Integer(required=True, metadata={"description": "Events recorded and not in the view yet."})
    error = fields.String(required=True, allow_none=True)


class FrontendHealth(Answer):
    """A frontend that is installed: whether it was loaded, and why not."""

    name = fields.String(required=True)
    distribution = fields.String(required=True)
    version = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["loaded", "not_allowed", "failed"]))
    error = fields.String(required=True, allow_none=True)


class Health(Answer):
    """The ledger of the token."""

    status = fields.String(required=True, metadata={"description": "`ok`, or `degraded` with the reasons."})
    reasons = fields.List(fields.String(), required=True)
    ledger = fields.String(required=True)
    head = fields.Integer(required=True)
    clock = fields.String(required=True, metadata={"format": "date-time"})
    views = fields.List(fields.Nested(ViewHealth), required=True)
    frontends = fields.List(fields.Nested(FrontendHealth), required=True)


class ProblemType(Answer):
    """What a problem's `type` means."""

    type = fields.String(required=True)
    status = fields.Integer(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


def operations() -> list[Operation]:
    """Liveness and readiness for anybody; the views for those who run the server."""
    shared: dict[str, Any] = {"method": "GET", "tag": "health"}
    return [
        Operation(
            **shared,
            path="/health/live",
            name="get_liveness",
            summary="The server answers",
            scope=None,
            answers={200: Live},
            handler=lambda call: _status("live"),
        ),
        Operation(
            **shared,
            path="/health/ready",
            name="get_readiness",
            summary="The stores can be reached",
            scope=None,
            answers={200: Live},
            refusals=(problems.Unavailable,),
            handler=_ready,
        ),
        Operation(
            **shared,
            path="/health",
            name="get_health",
            summary="The ledger's head, its views, their positions and lag",
            scope=auth.HEALTH,
            answers={200: Health},
            handler=_health,
        ),
        Operation(
            **shared,
            path="/problems/{slug}",
            name="get_problem",
            summary="What a problem's type means, in three languages",
            scope=None,
            answers={200: ProblemType},
            handler=_problem,
        ),
    ]


def _status(word: str) -> flask.Response:
    return json_response(msgspec.json.encode({"status": word}), 200)


def _ready(call: Call) -> flask.Response:
    call.services.ready()
    return _status("ready")


def _health(call: Call) -> flask.Response:
    ledger, now = call.ledger, call.services.clock()
    head = ledger.records.head()
    views = [{**view, "lag": head - view["position"]} for view in ledger.views.status()]
    reasons = [f"view {view['view']} has stopped" for view in views if view["error"]]
    if head and not ledger.synthetic and ledger.records.page(head - 1, 1)[0].recorded_at > now + CLOCK_TOLERANCE:
        reasons.append("the ledger's head is more than 60 s ahead of the clock")
    frontends = flask.current_app.extensions.get("frontends", ())
    reasons += [f"the frontend {each.name} ({each.distribution}) has not loaded" for each in frontends if each.error]
    body = {
        "status": "degraded" if reasons else "ok",
        "reasons": reasons,
        "ledger": ledger.number,
        "head": head,
        "clock": rfc3339(now),
        "views": views,
        "frontends": frontends,
    }
    return json_response(msgspec.json.encode(Health().dump(body)), 200)


def _problem(call: Call) -> flask.Response:
    found = problems.explain(call.path["slug"])
    if found is None:
        raise errors.NotFound("there is no such problem type")
    return json_response(msgspec.json.encode(found), 200)
