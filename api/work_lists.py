"""Work lists over REST: what is due, and how long it has been, on any day."""

from typing import Any

import flask
import msgspec
from marshmallow import fields, validate

from api import auth
from api.moments import resolve
from api.pages import covered, json_response, list_page, page_of
from api.problems import NotYet
from api.rest import Call, Operation
from api.schemas import Answer, Code, Digits, Filters, Id, Moment
from domain import codebook, errors

VIEW = "duties"


class WorkList(Answer):
    """A work list, and how much of it is due on the reference day or before it."""

    kind = Code("duties", required=True)
    labels = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    due = fields.Integer(required=True)
    overdue = fields.Integer(required=True, metadata={"description": "Of those, how many were due before the day."})


class WorkLists(Answer):
    """Every work list."""

    on = fields.Date(required=True)
    items = fields.List(fields.Nested(WorkList), required=True)
    next = fields.String(required=True, allow_none=True)


class WorkItem(Answer):
    """Something a record owes. `days_overdue` is negative while its day is still ahead."""

    noun = fields.String(required=True)
    record = Id(required=True)
    participant = Id(required=True, allow_none=True)
    due_on = fields.Date(required=True)
    days_overdue = fields.Integer(required=True)


class WorkListIndexQuery(Moment):
    """Which day the lists are of."""

    min_position = Filters._declared_fields["min_position"]


class WorkListQuery(Filters):
    """Which day a list is of, and how far ahead of it to look."""

    within = Digits(
        load_default=0,
        validate=validate.Range(0, 3_660),
        metadata={"description": "Also what falls due within so many days after the reference day."},
    )
    participant = Id(metadata={"description": "Only what is owed to that participant."})


def operations() -> list[Operation]:
    """The index and the lists."""
    shared: dict[str, Any] = {"method": "GET", "tag": "work-lists", "scope": auth.READ, "refusals": (NotYet,)}
    return [
        Operation(
            **shared,
            path="/v1/work-lists",
            name="list_work_lists",
            summary="Every work list, with how much is due",
            query=WorkListIndexQuery,
            answers={200: WorkLists},
            headers=("Position",),
            handler=_index,
        ),
        Operation(
            **shared,
            path="/v1/work-lists/{list}",
            name="get_work_list",
            summary="What is due of one kind, longest overdue first",
            query=WorkListQuery,
            answers={200: page_of(WorkItem)},
            headers=("Position",),
            handler=_list,
        ),
    ]


def _index(call: Call) -> flask.Response:
    ledger, query = call.ledger, call.query
    moment = resolve(query, ledger.records, call.services.clock())
    position = covered(ledger, VIEW, moment, query.get("min_position"))
    kinds = codebook.load().lists["duties"].codes
    counts = ledger.views.counts(VIEW, position, moment.day, tuple(kinds))
    items = [{"kind": kind, "labels": code.shown()["labels"], **counts[kind]} for kind, code in kinds.items()]
    answer = json_response(msgspec.json.encode({"on": moment.day, "items": items, "next": None}), 200)
    answer.headers["Position"] = str(position)
    return answer


def _list(call: Call) -> flask.Response:
    kind = call.path["list"]
    if not codebook.load().known("duties", kind):
        raise errors.NotFound("there is no such work list; /v1/work-lists names them all")
    narrowed = {name: call.query[name] for name in ("within", "participant") if name in call.query}
    return list_page(call, VIEW, WorkItem(many=True), {"kind": kind, **narrowed})
