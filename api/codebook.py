"""The codebook over REST: every code list, with labels in nb, nn and en."""

from typing import Any

import flask
import msgspec
from marshmallow import fields

from api import auth
from api.pages import json_response
from api.rest import Call, Operation
from api.schemas import Answer
from domain import codebook, errors


class CodebookList(Answer):
    """A code list, without its codes."""

    id = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    codes = fields.Integer(required=True, metadata={"description": "How many codes it has."})


class CodebookIndex(Answer):
    """Every code list of the codebook."""

    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(CodebookList), required=True)
    next = fields.String(required=True, allow_none=True)


class CodebookCode(Answer):
    """One code; members beside these depend on the list."""

    code = fields.String(required=True)
    labels = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class CodebookCodes(Answer):
    """One code list with its codes."""

    version = fields.Integer(required=True)
    id = fields.String(required=True)
    title = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    codes = fields.List(fields.Nested(CodebookCode), required=True)


def operations() -> list[Operation]:
    """The codebook's two operations."""
    shared: dict[str, Any] = {"method": "GET", "tag": "codebook", "scope": auth.CODEBOOK}
    return [
        Operation(
            **shared,
            path="/v1/codebook",
            name="list_codebook",
            summary="Every code list",
            answers={200: CodebookIndex},
            handler=_index,
        ),
        Operation(
            **shared,
            path="/v1/codebook/{list}",
            name="get_codebook_list",
            summary="One code list, with labels in bokmål, nynorsk and English",
            answers={200: CodebookCodes},
            handler=_list,
        ),
    ]


def _index(call: Call) -> flask.Response:
    book = codebook.load()
    items = [{"id": each.id, "title": each.title, "codes": len(each.codes)} for each in book.lists.values()]
    return json_response(msgspec.json.encode({"version": book.version, "items": items, "next": None}), 200)


def _list(call: Call) -> flask.Response:
    book = codebook.load()
    found = book.lists.get(call.path["list"])
    if found is None:
        raise errors.NotFound("the codebook has no such list; /v1/codebook names them all")
    body = {
        "version": book.version,
        "id": found.id,
        "title": found.title,
        "codes": [code.shown() for code in found.codes.values()],
    }
    return json_response(msgspec.json.encode(body), 200)
