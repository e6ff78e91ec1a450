"""A table as JSON-stat 2.0 and as CSV, with Statistics Norway's symbols for cells that are no number."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

from marshmallow import fields

from api.schemas import Answer
from domain import codebook
from domain.cells import UNKNOWN, Cell

SYMBOLS = {"not_applicable": ".", "not_recorded": ".."}
TITLES = {
    "record": {"nb": "hva som telles", "nn": "kva som blir talt", "en": "what is counted"},
    "form": {"nb": "medvirkningsform", "nn": "medverknadsform", "en": "form of participation"},
    "arena": {"nb": "arena", "nn": "arena", "en": "arena"},
    "phase": {"nb": "fase", "nn": "fase", "en": "phase"},
    "level": {"nb": "nivå", "nn": "nivå", "en": "level"},
    "year": {"nb": "år", "nn": "år", "en": "year"},
}
_RECORDS = {
    "meeting": {"nb": "Møter som er holdt", "nn": "Møte som er haldne", "en": "Meetings held"},
    "input": {"nb": "Innspill som er fremmet", "nn": "Innspel som er fremja", "en": "Inputs raised"},
}
_TABLE = {"nb": "Medvirkning", "nn": "Medverknad", "en": "Participation"}
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
    value = fields.List(fields.Integer(allow_none=True), required=True)
    status = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    extension = fields.Dict(required=True, metadata={"description": "Ledger, source, position and reference day."})


def codes(dimension: str, years: Sequence[str]) -> list[str]:
    """The codes of a dimension, `unknown` last."""
    match dimension:
        case "record":
            return list(_RECORDS)
        case "year":
            return [*years, UNKNOWN]
    return [*codebook.load().lists[f"{dimension}s"].codes, UNKNOWN]


def years(
    sums: Mapping[tuple[str, ...], int], dimensions: Sequence[str], recording_from: date | None, day: date
) -> list[str]:
    """The years of a table: from the first with a figure, or recording began in, to the reference day's."""
    at = dimensions.index("year") if "year" in dimensions else None
    seen = {int(place[at]) for place in sums if place[at] != UNKNOWN} if at is not None else set()
    first = min([*seen, day.year, *([recording_from.year] if recording_from else [])])
    return [str(year) for year in range(first, max([day.year, *seen]) + 1)]


def label(dimension: str, code: str, lang: str) -> str:
    """A code's label."""
    book = codebook.load()
    if code == UNKNOWN:
        return book.label("missing", UNKNOWN, lang)
    match dimension:
        case "record":
            return _RECORDS[code][lang]
        case "year":
            return code
    return book.label(f"{dimension}s", code, lang)


def dataset(
    chosen: Mapping[str, Sequence[str]], cells: Sequence[Cell], lang: str, about: Mapping[str, Any]
) -> dict[str, Any]:
    """The table as a JSON-stat 2.0 dataset; `about` stands in its extension."""
    return {
        "version": "2.0",
        "class": "dataset",
        "label": _TABLE[lang],
        "source": "Medvirkning",
        "updated": about["retrieved"],
        "id": list(chosen),
        "size": [len(values) for values in chosen.values()],
        "dimension": {
            dimension: {
                "label": TITLES[dimension][lang],
                "category": {
                    "index": {code: place for place, code in enumerate(values)},
                    "label": {code: label(dimension, code, lang) for code in values},
                },
                "extension": {"elimination": True},
            }
            for dimension, values in chosen.items()
        },
        "role": {"time": ["year"]} if "year" in chosen else {},
        "value": [cell.value for cell in cells],
        "status": {str(place): SYMBOLS[cell.status] for place, cell in enumerate(cells) if cell.status is not None},
        "extension": {**about, "symbols": {symbol: text[lang] for symbol, text in _STATUS.items()}},
    }


def csv_text(chosen: Mapping[str, Sequence[str]], cells: Iterable[Cell]) -> str:
    """The table as CSV (RFC 4180): one row a cell, its codes, its value, and why there is none."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*chosen, "value", "status"])
    for place, cell in zip(product(*chosen.values()), cells, strict=True):
        writer.writerow([*place, "" if cell.value is None else cell.value, cell.status or ""])
    return text.getvalue()
