"""The statistics tables as PxWebApi v2 lists them: the tables, what each is of, and their code lists."""

from collections.abc import Mapping
from typing import Any

import flask
import msgspec
from marshmallow import fields, validate

from api import auth, jsonstat
from api.moments import resolve
from api.pages import json_response
from api.problems import language
from api.rest import Call, Operation
from api.schemas import Answer, Digits, Request
from api.schemas import Moment as MomentQuery
from api.tables import about, known
from domain import codebook, errors
from domain.codebook import Codebook
from domain.tables import TABLES, Table
from domain.time import rfc3339

_UNITS = {"year": "Annual", "month": "Monthly"}


class LanguageQuery(Request):
    """In which language."""

    lang = fields.String(validate=validate.OneOf(codebook.LANGUAGES))


class TablesQuery(LanguageQuery):
    """Which page of the tables."""

    page_number = Digits(data_key="pageNumber", load_default=1, validate=validate.Range(1, 10_000))
    page_size = Digits(data_key="pageSize", load_default=100, validate=validate.Range(1, 1_000))


class MetadataQuery(MomentQuery, LanguageQuery):
    """Of which time, and in which language."""


class Link(Answer):
    """Where something related is."""

    rel = fields.String(required=True)
    hreflang = fields.String(required=True)
    href = fields.String(required=True)


class TableEntry(Answer):
    """A table in the list of tables."""

    type = fields.String(required=True)
    id = fields.String(required=True)
    label = fields.String(required=True)
    updated = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    first_period = fields.String(required=True, data_key="firstPeriod")
    last_period = fields.String(required=True, data_key="lastPeriod")
    category = fields.String(required=True)
    variable_names = fields.List(fields.String(), required=True, data_key="variableNames")
    source = fields.String(required=True)
    time_unit = fields.String(required=True, data_key="timeUnit", validate=validate.OneOf([*_UNITS.values()]))
    links = fields.List(fields.Nested(Link), required=True)


class TableAlone(TableEntry):
    """One table."""

    language = fields.String(required=True)


class PageInfo(Answer):
    """Which page of how many."""

    number = fields.Integer(required=True, data_key="pageNumber")
    size = fields.Integer(required=True, data_key="pageSize")
    elements = fields.Integer(required=True, data_key="totalElements")
    pages = fields.Integer(required=True, data_key="totalPages")


class TableList(Answer):
    """The tables."""

    language = fields.String(required=True)
    tables = fields.List(fields.Nested(TableEntry), required=True)
    page = fields.Nested(PageInfo, required=True)


class CodelistValue(Answer):
    """A code of a dimension; it stands for itself."""

    code = fields.String(required=True)
    label = fields.String(required=True)
    value_map = fields.List(fields.String(), required=True, data_key="valueMap")


class Codelist(Answer):
    """The codes of a dimension."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    language = fields.String(required=True)
    languages = fields.List(fields.String(), required=True)
    type = fields.String(required=True)
    values = fields.List(fields.Nested(CodelistValue), required=True)
    links = fields.List(fields.Nested(Link), required=True)


def operations() -> list[Operation]:
    """The operations that say which tables there are."""
    shared: dict[str, Any] = {
        "method": "GET",
        "tag": "tables",
        "scope": auth.TABLES,
        "headers": ("Content-Language",),
    }
    return [
        Operation(
            **shared,
            path="/v1/tables",
            name="list_tables",
            summary="The statistics tables",
            query=TablesQuery,
            answers={200: TableList},
            handler=_tables,
        ),
        Operation(
            **shared,
            path="/v1/tables/{table}",
            name="get_table",
            summary="One statistics table",
            query=LanguageQuery,
            answers={200: TableAlone},
            handler=_table,
        ),
        Operation(
            **shared,
            path="/v1/tables/{table}/metadata",
            name="get_table_metadata",
            summary="The dimensions of a table and their codes, as JSON-stat without cells",
            query=MetadataQuery,
            answers={200: jsonstat.Dataset},
            handler=_metadata,
        ),
        Operation(
            **shared,
            path="/v1/codelists/{codelist}",
            name="get_codelist",
            summary="The codes of a dimension",
            query=LanguageQuery,
            answers={200: Codelist},
            handler=_codelist,
        ),
    ]


def _tables(call: Call) -> flask.Response:
    lang, size, number = _language(call), call.query["page_size"], call.query["page_number"]
    shown = [*TABLES.values()][(number - 1) * size : number * size]
    page = {"number": number, "size": size, "elements": len(TABLES), "pages": -(-len(TABLES) // size)}
    entries = [_entry(call, table, codebook.load(), lang) for table in shown]
    return _answer(TableList().dump({"language": lang, "tables": entries, "page": page}), lang)


def _table(call: Call) -> flask.Response:
    lang = _language(call)
    entry = _entry(call, _named(call), codebook.load(), lang)
    return _answer(TableAlone().dump({**entry, "language": lang}), lang)


def _metadata(call: Call) -> flask.Response:
    table, book, lang = _named(call), codebook.load(), _language(call)
    moment = resolve(call.query, call.ledger.records, call.services.clock())
    found = known(call, table, book, table.times, moment)
    years = found.years(table.times)
    codes = {each.id: jsonstat.codes(book, each, years, moment.day) for each in table.dimensions}
    return _answer(jsonstat.dataset(table, book, codes, (), lang, about(call, found)), lang)


def _codelist(call: Call) -> flask.Response:
    book, lang, wanted = codebook.load(), _language(call), call.path["codelist"]
    dimensions = (each for table in TABLES.values() for each in table.dimensions if each.code_list)
    dimension = next((each for each in dimensions if each.code_list == wanted), None)
    if dimension is None:
        raise errors.NotFound("no table has such a code list; the metadata of each names its own")
    body = {
        "id": wanted,
        "label": book.lists[wanted].title[lang],
        "language": lang,
        "languages": codebook.LANGUAGES,
        "type": "Valueset",
        "values": [
            {"code": code, "label": jsonstat.label(book, dimension, code, lang), "value_map": [code]}
            for code in dimension.codes(book)
        ],
        "links": [{"rel": "self", "hreflang": lang, "href": f"/v1/codelists/{wanted}"}],
    }
    return _answer(Codelist().dump(body), lang)


def _entry(call: Call, table: Table, book: Codebook, lang: str) -> dict[str, Any]:
    records = call.ledger.records
    found = known(call, table, book, table.times, resolve({}, records, call.services.clock()))
    last = records.page(found.position - 1, 1) if found.position else []
    years = found.years(table.times)
    path = f"/v1/tables/{table.id}"
    links = {"self": path, "metadata": f"{path}/metadata", "data": f"{path}/data"}
    return {
        "type": "Table",
        "id": table.id,
        "label": book.label("tables", table.id, lang),
        "updated": rfc3339(last[0].recorded_at) if last else None,
        "first_period": years[0],
        "last_period": years[-1],
        "category": "internal",
        "variable_names": [book.label("dimensions", each.id, lang) for each in table.dimensions],
        "source": "Medvirkning",
        "time_unit": _UNITS[table.times[-1]],
        "links": [{"rel": rel, "hreflang": lang, "href": href} for rel, href in links.items()],
    }


def _named(call: Call) -> Table:
    table = TABLES.get(call.path["table"])
    if table is None:
        raise errors.NotFound("there is no such table; /v1/tables names them all")
    return table


def _language(call: Call) -> str:
    lang: str = call.query.get("lang") or language()
    return lang


def _answer(body: Mapping[str, Any], lang: str) -> flask.Response:
    answer = json_response(msgspec.json.encode(body), 200)
    answer.headers["Content-Language"] = lang
    return answer
