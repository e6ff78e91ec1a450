"""Statistics over REST: a table's cells, the records behind a cell, and what differs between two moments.

The paths, names and bodies are PxWebApi v2's; the list of the tables is in `api.catalogue`.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from itertools import product
from math import prod
from typing import Any, NamedTuple

import flask
import msgspec
from marshmallow import fields, validate

from api import auth, jsonstat
from api.moments import Moment, resolve
from api.pages import Cursor, covered, following, json_response, page_of, start_of
from api.problems import NotYet, Unprocessable, language
from api.rest import Call, Operation
from api.schemas import Answer, AsOf, Day, Digits, Filters, Id, Request, Text
from api.schemas import Moment as MomentQuery
from domain import codebook
from domain.cells import UNKNOWN, Cell, cells
from domain.codebook import Codebook
from domain.ledgers import Ledger
from domain.tables import TABLES, TIMES, Table
from domain.time import rfc3339

MAX_CELLS = 150_000
JSON_STAT, CSV = "json-stat2", "csv"
PERIODS = {"year": "[0-9]{4}", "month": "[0-9]{4}M(0[1-9]|1[0-2])"}


class DataQuery(MomentQuery):
    """Of which time, and in which format. A dimension without `valuecodes` is summed over."""

    output_format = fields.String(
        data_key="outputFormat", load_default=JSON_STAT, validate=validate.OneOf([JSON_STAT, CSV])
    )
    lang = fields.String(validate=validate.OneOf(codebook.LANGUAGES))
    min_position = Digits(validate=validate.Range(0, 2**53))


class DifferencesQuery(Request):
    """Between which two moments. A dimension without `valuecodes` is summed over."""

    from_ = AsOf(limit=40, data_key="from", required=True, metadata={"description": "The one, as `as_of` has it."})
    to = AsOf(limit=40, required=True, metadata={"description": "The other, as `as_of` has it."})
    on = Day(metadata={"description": "What had happened by the end of that Oslo day, at both."})


class Member(Answer):
    """A record behind a cell, and its part of the number in it."""

    noun = fields.String(required=True)
    record = Id(required=True)
    n = fields.Integer(required=True)


class DifferenceSide(Answer):
    """A cell at one of the moments: its number, or why there is none."""

    value = fields.Integer(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True, validate=validate.OneOf([*jsonstat.SYMBOLS]))


class Difference(Answer):
    """A cell that is not the same at the two moments."""

    codes = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    from_ = fields.Nested(DifferenceSide, data_key="from", required=True)
    to = fields.Nested(DifferenceSide, required=True)


MemberPage, DifferencePage = page_of(Member), page_of(Difference)


def operations() -> list[Operation]:
    """Each table's own operations: their query members are its dimensions."""
    return [operation for table in TABLES.values() for operation in _operations(table)]


def _operations(table: Table) -> list[Operation]:
    path, name = f"/v1/tables/{table.id}", table.id.replace("-", "_")
    shared: dict[str, Any] = {"method": "GET", "tag": "tables"}
    listed = ", ".join(f"`{dimension.id}`" for dimension in table.dimensions)
    return [
        Operation(
            **shared,
            path=f"{path}/data",
            name=f"get_{name}",
            summary=table.summary,
            description=f"By {listed}. A cell is a number, not recorded (`..`) or not applicable (`.`).",
            scope=auth.TABLES,
            query=_query(DataQuery, table),
            answers={200: {"application/json": jsonstat.Dataset, "text/csv": {"type": "string"}}},
            headers=("Position", "Content-Language"),
            refusals=(NotYet,),
            handler=partial(_data, table),
        ),
        Operation(
            **shared,
            path=f"{path}/members",
            name=f"list_{name}_members",
            summary=f"The records behind a cell of {table.id}",
            scope=auth.READ,
            query=_query(Filters, table, one_of_each=True),
            answers={200: MemberPage},
            headers=("Position",),
            refusals=(NotYet,),
            handler=partial(_members, table),
        ),
        Operation(
            **shared,
            path=f"{path}/differences",
            name=f"get_{name}_differences",
            summary=f"The cells of {table.id} that differ between two moments",
            scope=auth.TABLES,
            query=_query(DifferencesQuery, table),
            answers={200: DifferencePage},
            refusals=(NotYet,),
            handler=partial(_differences, table),
        ),
    ]


def _query(base: type[Request], table: Table, one_of_each: bool = False) -> type[Request]:
    """The query of a table; `one_of_each` asks for one code of each dimension that cannot be summed over."""
    members = {
        valuecodes(dimension.id): Text(
            limit=4_000,
            required=one_of_each and not dimension.summable,
            metadata={"description": f"Codes of `{dimension.id}` with commas between them, or `*` for all."},
        )
        for dimension in table.dimensions
    }
    return type(f"{base.__name__}Of{table.id.title().replace('-', '')}", (base,), members)


def valuecodes(dimension: str) -> str:
    """The query member that names codes of a dimension."""
    return f"valuecodes[{dimension}]"


class Known(NamedTuple):
    """A table's sums over the dimensions asked for, as of a moment."""

    position: int
    day: date
    recording_from: date | None
    sums: Mapping[tuple[str, ...], int]

    def years(self, asked: Sequence[str]) -> list[str]:
        """The years the table is of."""
        return jsonstat.years(asked, self.sums, self.recording_from, self.day)

    def cells(self, table: Table, book: Codebook, chosen: Mapping[str, Sequence[str]]) -> list[Cell]:
        """The cells of the codes chosen."""
        return list(cells(self.sums, chosen, self.recording_from, self.day, partial(table.excluded, book)))


def known(
    call: Call, table: Table, book: Codebook, asked: Sequence[str], moment: Moment, min_position: int | None = None
) -> Known:
    """What the ledger knows of a table."""
    ledger = call.ledger
    position = covered(ledger, table.view, moment, min_position)
    sums = ledger.views.cells(table.view, position, moment.day, table.columns(asked))
    opened = ledger.records.get(Ledger, ledger.records.ledger, as_of=position) if position else None
    return Known(position, moment.day, opened.recording_from if opened else None, table.read(book, asked, sums))


def _data(table: Table, call: Call) -> flask.Response:
    query, book = call.query, codebook.load()
    moment = resolve(query, call.ledger.records, call.services.clock())
    asked = _asked(table, query)
    found = known(call, table, book, asked, moment, query.get("min_position"))
    chosen = _chosen(table, book, query, asked, [found])
    numbers = found.cells(table, book, chosen)
    lang = query.get("lang") or language()
    if query["output_format"] == CSV:
        answer = flask.Response(jsonstat.csv_text(chosen, numbers), mimetype="text/csv")
    else:
        body = jsonstat.dataset(table, book, chosen, numbers, lang, about(call, found))
        answer = json_response(msgspec.json.encode(body), 200)
    answer.headers["Position"] = str(found.position)
    answer.headers["Content-Language"] = lang
    return answer


def about(call: Call, found: Known) -> dict[str, Any]:
    """What a table's answer says of itself."""
    return {
        "ledger": call.ledger.number,
        "synthetic": call.ledger.synthetic,
        "source": "live",
        "position": found.position,
        "on": found.day,
        "recording_from": found.recording_from,
        "retrieved": rfc3339(call.services.clock()),
    }


def _asked(table: Table, query: Mapping[str, Any]) -> list[str]:
    """The dimensions in full: those named, and those never summed over; the table's own choice when none is named."""
    named = {dimension.id for dimension in table.dimensions if valuecodes(dimension.id) in query} or {*table.shown}
    return [each.id for each in table.dimensions if each.id in named or not each.summable]


def _chosen(
    table: Table, book: Codebook, query: Mapping[str, Any], asked: Sequence[str], found: Sequence[Known]
) -> dict[str, list[str]]:
    """The codes of each dimension asked for. Raises Unprocessable for a code that is not there, and for too many."""
    years = sorted({year for each in found for year in each.years(asked)})
    day = max(each.day for each in found)
    chosen = {}
    for dimension in asked:
        there = jsonstat.codes(book, table[dimension], years, day)
        wanted = query.get(valuecodes(dimension), "*")
        chosen[dimension] = there if wanted == "*" else _codes(dimension, wanted, there)
    if prod(map(len, chosen.values())) > MAX_CELLS:
        raise Unprocessable([("/query", f"asks for more than {MAX_CELLS} cells; name fewer codes")])
    return chosen


def _codes(dimension: str, wanted: str, there: Sequence[str]) -> list[str]:
    codes = list(dict.fromkeys(wanted.split(",")))
    unknown = [code for code in codes if code not in there]
    if unknown:
        pointer = f"/query/{valuecodes(dimension)}"
        raise Unprocessable([(pointer, "has a code that is not there") for _ in unknown[:10]])
    return codes


def _members(table: Table, call: Call) -> flask.Response:
    ledger, query, book = call.ledger, call.query, codebook.load()
    wanted = {each.id: query[valuecodes(each.id)] for each in table.dimensions if valuecodes(each.id) in query}
    among = [
        table.among(book, dimension, _cell_codes(table, book, dimension, codes))
        for dimension, codes in wanted.items()
        if codes != "*" or not table[dimension].summable
    ]
    filters = {"table": table.id, **wanted}
    position, day, after = start_of(ledger, table.view, query, filters, call.services.clock())
    page = ledger.views.members(table.view, position, day, among, after or 0, query["limit"])
    more = None if page.next is None else following(Cursor(position, day, page.next), filters)
    answer = json_response(msgspec.json.encode({"items": Member(many=True).dump(page.rows), "next": more}), 200)
    answer.headers["Position"] = str(position)
    return answer


def _cell_codes(table: Table, book: Codebook, dimension: str, wanted: str) -> list[str]:
    """The codes of a cell's dimension. Of time any period will do: it has no members if nothing is in it."""
    pointer = f"/query/{valuecodes(dimension)}"
    if dimension in TIMES:
        codes = wanted.split(",")
        if not all(code == UNKNOWN or re.fullmatch(PERIODS[dimension], code, re.ASCII) for code in codes):
            raise Unprocessable([(pointer, "has a code that is not there")])
        return codes
    codes = _codes(dimension, wanted, jsonstat.codes(book, table[dimension], (), date.min))
    if len(codes) > 1 and not table[dimension].summable:
        raise Unprocessable([(pointer, "has more than one code, and what they count cannot be added")])
    return codes


def _differences(table: Table, call: Call) -> flask.Response:
    query, book, records, now = call.query, codebook.load(), call.ledger.records, call.services.clock()
    asked = _asked(table, query)
    before, after = (
        known(call, table, book, asked, resolve({"on": query.get("on"), member: query[name]}, records, now, member))
        for name, member in (("from_", "from"), ("to", "to"))
    )
    chosen = _chosen(table, book, query, asked, [before, after])
    sides = zip(before.cells(table, book, chosen), after.cells(table, book, chosen), strict=True)
    items = [
        {"codes": dict(zip(chosen, place, strict=True)), "from_": was, "to": became}
        for place, (was, became) in zip(product(*chosen.values()), sides, strict=True)
        if was != became
    ]
    return json_response(msgspec.json.encode({"items": Difference(many=True).dump(items), "next": None}), 200)
