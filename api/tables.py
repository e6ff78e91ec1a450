"""Statistics over REST in the form of PxWebApi v2: a table's cells as JSON-stat 2.0 or CSV."""

from collections.abc import Sequence
from math import prod

import flask
import msgspec
from marshmallow import fields, validate

from api import auth, jsonstat
from api.moments import resolve
from api.pages import covered
from api.problems import NotYet, Unprocessable, language
from api.rest import Call, Operation
from api.schemas import Digits, Moment, Text
from domain import codebook
from domain.cells import cells
from domain.ledgers import Ledger
from domain.time import rfc3339

TABLE = "participation-events"
MAX_CELLS = 150_000
JSON_STAT, CSV = "json-stat2", "csv"
DEFAULT = ("record", "level", "year")
"""The dimensions shown in full when none is asked for."""


def _valuecodes(dimension: str) -> fields.String:
    return Text(
        limit=4_000,
        data_key=f"valuecodes[{dimension}]",
        metadata={"description": f"Codes of `{dimension}` with commas between them, or `*` for all."},
    )


class TableQuery(Moment):
    """Which cells, of which time, in which format. A dimension without `valuecodes` is summed over."""

    record = _valuecodes("record")
    form = _valuecodes("form")
    arena = _valuecodes("arena")
    phase = _valuecodes("phase")
    level = _valuecodes("level")
    year = _valuecodes("year")
    output_format = fields.String(
        data_key="outputFormat", load_default=JSON_STAT, validate=validate.OneOf([JSON_STAT, CSV])
    )
    lang = fields.String(validate=validate.OneOf(["nb", "nn", "en"]))
    min_position = Digits(validate=validate.Range(0, 2**53))


DIMENSIONS = tuple(name for name in TableQuery._declared_fields if name in jsonstat.TITLES)


def operations() -> list[Operation]:
    """The table's one operation."""
    return [
        Operation(
            method="GET",
            path=f"/v1/tables/{TABLE}/data",
            name="get_participation_events",
            summary="How often people took part, and where",
            description=(
                "Counts a held meeting and a raised input once each, by the form, arena, phase and level they "
                "happened in. A cell is a number, not recorded (`..`) or not applicable (`.`)."
            ),
            tag="tables",
            scope=auth.TABLES,
            query=TableQuery,
            answers={200: {"application/json": jsonstat.Dataset, "text/csv": {"type": "string"}}},
            headers=("Position", "Content-Language"),
            refusals=(NotYet,),
            handler=_data,
        )
    ]


def _data(call: Call) -> flask.Response:
    ledger, query = call.ledger, call.query
    moment = resolve(query, ledger.records, call.services.clock())
    position = covered(ledger, TABLE, moment, query.get("min_position"))
    asked = [name for name in DIMENSIONS if name in query] or list(DEFAULT)
    sums = ledger.views.cells(TABLE, position, moment.day, asked)
    opened = ledger.records.get(Ledger, ledger.records.ledger, as_of=position) if position else None
    recording_from = opened.recording_from if opened else None
    years = jsonstat.years(sums, asked, recording_from, moment.day)
    chosen = {name: _chosen(name, query.get(name, "*"), years) for name in asked}
    if prod(map(len, chosen.values())) > MAX_CELLS:
        raise Unprocessable([("/query", f"asks for more than {MAX_CELLS} cells; name fewer codes")])
    found = list(cells(sums, chosen, recording_from, moment.day, codebook.load()))
    lang = query.get("lang") or language()
    if query["output_format"] == CSV:
        answer = flask.Response(jsonstat.csv_text(chosen, found), mimetype="text/csv")
    else:
        about = {
            "ledger": ledger.number,
            "synthetic": ledger.synthetic,
            "source": "live",
            "position": position,
            "on": moment.day,
            "recording_from": recording_from,
            "retrieved": rfc3339(call.services.clock()),
        }
        answer = flask.Response(
            msgspec.json.encode(jsonstat.dataset(chosen, found, lang, about)), mimetype="application/json"
        )
    answer.headers["Position"] = str(position)
    answer.headers["Content-Language"] = lang
    return answer


def _chosen(dimension: str, wanted: str, years: Sequence[str]) -> list[str]:
    known = jsonstat.codes(dimension, years)
    if wanted == "*":
        return known
    codes = list(dict.fromkeys(wanted.split(",")))
    unknown = [code for code in codes if code not in known]
    if unknown:
        pointer = f"/query/valuecodes[{dimension}]"
        raise Unprocessable([(pointer, "has a code that is not there") for code in unknown[:10]])
    return codes
