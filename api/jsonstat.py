"""A table as JSON-stat 2.0 and as CSV, with Statistics Norway's symbols for cells that are no number."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

from marshmallow import fields

from api.schemas import Answer
from domain.cells import UNKNOWN, Cell
from domain.codebook import Codebook
from domain.tables import TIMES, Dimension, Table

SYMBOLS = {"not_applicable": ".", "not_recorded": ".."}
_STATUS = {
    ".": {"nb": "Ikke mulig", "nn": "Ikkje mogleg", "en": "Not applicable"},
    "..": {"nb": "Ikke registrert", "nn": "Ikkje registrert", "en": "Not recorded"},
}


class Dataset(Answer):
    """A JSON-stat 2.0 dataset: `value` holds the cells in row-major order of `id`; `status` says why one is null."""

    version = fields.String(required=True)
    class_ = fields.String(required=True, data_key="class")
    label = fields.String(required=True)
    source = fields.String(required=True)
    updated = fields.String(required=True, metadata={"format": "date-time"})
    id = fields.List(fields.String(), required=True)
    size = fields.List(fields.Integer(), required=True)
    dimension = fields.Dict(required=True, metadata={"description": "Labels and codes of each dimension in `id`."})
    role = fields.Dict(required=True)
    value = fields.List(
        fields.Integer(allow_none=True), required=True, metadata={"description": "Empty where only metadata is asked."}
    )
    status = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    extension = fields.Dict(required=True, metadata={"description": "Ledger, source, position and reference day."})


def codes(book: Codebook, dimension: Dimension, years: Sequence[str], day: date) -> list[str]:
    """The codes of a dimension, `unknown` last; of months, those that have begun by the day."""
    match dimension.id:
        case "year":
            return [*years, UNKNOWN]
        case "month":
            months = [(int(year), month) for year in years for month in range(1, 13)]
            return [f"{year:04}M{month:02}" for year, month in months if date(year, month, 1) <= day] + [UNKNOWN]
    return dimension.codes(book)


def years(asked: Sequence[str], sums: Iterable[tuple[str, ...]], recording_from: date | None, day: date) -> list[str]:
    """The years of a table: from the first with a figure, or recording began in, to the reference day's."""
    times = [at for at, dimension in enumerate(asked) if dimension in TIMES]
    seen = {int(place[at][:4]) for place in sums for at in times if place[at] != UNKNOWN}
    first = min([*seen, day.year, *([recording_from.year] if recording_from else [])])
    return [f"{year:04}" for year in range(first, max([day.year, *seen]) + 1)]


def label(book: Codebook, dimension: Dimension, code: str, lang: str) -> str:
    """A code's label."""
    if code == UNKNOWN:
        return book.label("missing", UNKNOWN, lang)
    return book.label(dimension.code_list, code, lang) if dimension.code_list else code


def dataset(
    table: Table,
    book: Codebook,
    chosen: Mapping[str, Sequence[str]],
    cells: Sequence[Cell],
    lang: str,
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """The table as a JSON-stat 2.0 dataset; `about` stands in its extension."""
    return {
        "version": "2.0",
        "class": "dataset",
        "label": book.label("tables", table.id, lang),
        "source": "Medvirkning",
        "updated": about["retrieved"],
        "id": list(chosen),
        "size": [len(values) for values in chosen.values()],
        "dimension": {name: _dimension(book, table[name], values, lang) for name, values in chosen.items()},
        "role": {"time": times} if (times := [name for name in chosen if name in TIMES]) else {},
        "value": [cell.value for cell in cells],
        "status": {str(place): SYMBOLS[cell.status] for place, cell in enumerate(cells) if cell.status is not None},
        "extension": {**about, "symbols": {symbol: text[lang] for symbol, text in _STATUS.items()}},
    }


def _dimension(book: Codebook, dimension: Dimension, codes: Sequence[str], lang: str) -> dict[str, Any]:
    extension: dict[str, Any] = {"elimination": dimension.summable}
    if dimension.code_list:
        link = {"rel": "metadata", "href": f"/v1/codelists/{dimension.code_list}"}
        title = book.lists[dimension.code_list].title[lang]
        extension["codelists"] = [{"id": dimension.code_list, "label": title, "type": "Valueset", "links": [link]}]
    return {
        "label": book.label("dimensions", dimension.id, lang),
        "category": {
            "index": {code: place for place, code in enumerate(codes)},
            "label": {code: label(book, dimension, code, lang) for code in codes},
        },
        "extension": extension,
    }


def csv_text(chosen: Mapping[str, Sequence[str]], cells: Iterable[Cell]) -> str:
    """The table as CSV (RFC 4180): one row a cell, its codes, its value, and why there is none."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*chosen, "value", "status"])
    for place, cell in zip(product(*chosen.values()), cells, strict=True):
        writer.writerow([*place, "" if cell.value is None else cell.value, cell.status or ""])
    return text.getvalue()
