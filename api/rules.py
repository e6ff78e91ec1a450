"""The rules that carry a date, over REST: every row with its regime, its parameter, when it holds and its source."""

import flask
import msgspec
from marshmallow import fields

from api import auth
from api.pages import json_response
from api.rest import Call, Operation
from api.schemas import Answer, Day, Request
from domain import rules


class RuleRow(Answer):
    """One parameter of a rule under a regime, for a time; `verified` when it was checked against its source."""

    rule = fields.String(required=True)
    parameter = fields.String(required=True)
    regime = fields.String(required=True)
    value = fields.Integer(required=True)
    unit = fields.String(required=True)
    valid_from = fields.Date(required=True)
    valid_to = fields.Date(required=True, allow_none=True)
    source = fields.String(required=True)
    verified = fields.Boolean(required=True)


class RuleRows(Answer):
    """Every row."""

    items = fields.List(fields.Nested(RuleRow), required=True)
    next = fields.String(required=True, allow_none=True)


class RulesQuery(Request):
    """Which rows."""

    on = Day(metadata={"description": "Only the rows that hold on that day, which may lie ahead."})


def operations() -> list[Operation]:
    """The one operation."""
    return [
        Operation(
            method="GET",
            path="/v1/rules",
            name="list_rules",
            summary="The parameters of the rules, with their dates and sources",
            tag="codebook",
            scope=auth.CODEBOOK,
            query=RulesQuery,
            answers={200: RuleRows},
            handler=_list,
        )
    ]


def _list(call: Call) -> flask.Response:
    day = call.query.get("on")
    rows = [row for row in rules.rows() if day is None or rules.holds(row, day)]
    return json_response(msgspec.json.encode({"items": rows, "next": None}), 200)
