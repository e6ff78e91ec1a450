"""What a table's cells say and do not say, and the forms they are answered in."""

import csv
import io
from datetime import date
from itertools import product
from math import prod
from typing import Any

import pytest

from api import ledgers, pages
from tests.conftest import TODAY, Api, an_input
from tests.features.conftest import Opening, days
from tests.features.tables import DIMENSIONS, PATH, Table

SYMBOLS = {"not_recorded": "..", "not_applicable": "."}
HELD = {"kind": "dialogue_meeting", "form": "f35", "arena": "ar16", "phase": "PL2", "level": "system", "state": "held"}
YEARS = "valuecodes[record]=meeting&valuecodes[year]=*"


def recording(api: Api, recording_from: date | None) -> Api:
    """Another ledger, kept since that day."""
    ledger = ledgers.create(api.running, "1504", "Ålesund", synthetic=True, recording_from=recording_from)
    return Api(api.running, ledger, api.client)


def hold(api: Api, first: str, last: str | None = None, **members: Any) -> None:
    """Registers a meeting held then."""
    body = {"occurred": {"from": first, "to": last or first}, **HELD, **members}
    assert api.post("/v1/meetings/existing", body).status_code == 201


@pytest.mark.parametrize(
    ("recording_from", "cells"),
    [
        (None, {"2024": 1, "2025": "..", "2026": ".."}),
        (date(2025, 1, 1), {"2024": 1, "2025": 0, "2026": 0}),
        (date(2025, 1, 2), {"2024": 1, "2025": "..", "2026": 0}),
        (date(2026, 1, 1), {"2024": 1, "2025": "..", "2026": 0}),
        (date(2026, 2, 1), {"2024": 1, "2025": "..", "2026": ".."}),
    ],
)
def test_an_empty_cell_is_zero_only_where_recording_had_begun_before_its_whole_period(
    sqlite_api: Api, recording_from: date | None, cells: dict[str, int | str]
) -> None:
    api = recording(sqlite_api, recording_from)
    hold(api, "2024-05-01")
    table = Table(api, YEARS)
    assert {year: table.cell(record="meeting", year=year) for year in table.codes("year")} == {**cells, "unknown": ".."}
    assert Table(api, "valuecodes[record]=input").cell(record="input") == ".."
    assert table.body["extension"]["recording_from"] == (recording_from and recording_from.isoformat())


def test_a_table_before_its_ledger_was_opened_is_not_recorded(sqlite_api: Api) -> None:
    api = recording(sqlite_api, date(2020, 1, 1))
    assert Table(api, YEARS).cell(record="meeting", year="2026") == 0
    assert Table(api, f"{YEARS}&as_of=0").cell(record="meeting", year="unknown") == ".."
    assert set(Table(api, f"{YEARS}&on=2021-05-01").codes("year")) == {"2020", "2021", "unknown"}


def test_a_cell_is_not_applicable_exactly_where_form_arena_phase_and_level_share_no_level(sqlite_api: Api) -> None:
    possible = {
        axis: {
            code["code"]: set(code.get("levels") or ("individual", "system"))
            for code in sqlite_api.get(f"/v1/codebook/{axis}s").json["codes"]
        }
        for axis in ("form", "arena", "phase")
    }
    possible["level"] = {"individual": {"individual"}, "system": {"system"}}
    for axes in (
        ("form", "level"),
        ("arena", "phase"),
        ("form", "arena", "level"),
        ("form", "arena", "phase", "level"),
    ):
        table = Table(sqlite_api, "&".join(f"valuecodes[{axis}]=*" for axis in axes))
        for place in product(*(table.codes(axis) for axis in axes)):
            at = dict(zip(axes, place, strict=True))
            levels = [possible[axis][code] for axis, code in at.items() if code != "unknown"]
            excluded = bool(levels) and not set.intersection(*levels)
            assert table.cell(**at) == ("." if excluded else ".."), at


def test_what_happened_all_the_same_is_shown_where_the_codebook_would_exclude_it(sqlite_api: Api) -> None:
    hold(sqlite_api, "2026-02-01", level="individual")
    assert Table(sqlite_api, "valuecodes[form]=f35&valuecodes[level]=individual").body["value"] == [1]


def test_json_stat_is_well_formed_and_csv_agrees_cell_by_cell(sqlite_api: Api) -> None:
    api = recording(sqlite_api, date(2026, 1, 1))
    hold(api, "2026-02-01")
    hold(api, "2025-12-31", "2026-01-01", form="f3", level="individual")
    api.post("/v1/inputs", an_input())
    queries = ["", "valuecodes[form]=*&valuecodes[level]=*&valuecodes[year]=*", "valuecodes[record]=*"]
    for query in [*queries, "&".join(f"valuecodes[{axis}]=*" for axis in ("record", "arena", "phase", "level"))]:
        body = Table(api, query).body
        assert (body["version"], body["class"]) == ("2.0", "dataset")
        assert prod(body["size"]) == len(body["value"])
        assert set(body["dimension"]) == set(body["id"])
        for name, size in zip(body["id"], body["size"], strict=True):
            category = body["dimension"][name]["category"]
            assert list(category["index"].values()) == list(range(size))
            assert set(category["label"]) == set(category["index"])
        assert set(body["role"].get("time", [])) == {"year"} & set(body["id"])
        nulls = {str(at) for at, value in enumerate(body["value"]) if value is None}
        assert set(body["status"]) == nulls
        assert set(body["status"].values()) <= set(body["extension"]["symbols"])

        answer = api.get(f"{PATH}?{query}&outputFormat=csv")
        assert answer.mimetype == "text/csv"
        header, *rows = csv.reader(io.StringIO(answer.get_data(as_text=True)))
        assert header == [*body["id"], "value", "status"]
        codes = [list(body["dimension"][name]["category"]["index"]) for name in body["id"]]
        assert [tuple(row[:-2]) for row in rows] == list(product(*codes))
        for at, (value, status) in enumerate(row[-2:] for row in rows):
            assert (int(value) if value else None) == body["value"][at]
            assert SYMBOLS.get(status) == body["status"].get(str(at))


def test_codes_are_answered_in_the_order_asked_for_and_each_once(sqlite_api: Api) -> None:
    hold(sqlite_api, "2026-02-01")
    table = Table(sqlite_api, "valuecodes[level]=unknown,system,unknown")
    assert table.codes("level") == ["unknown", "system"]
    assert table.body["value"] == [None, 1]
    assert Table(sqlite_api).body["id"] == ["record", "level", "year"]


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_code_no_dimension_has_is_refused_and_pointed_at(sqlite_api: Api, dimension: str) -> None:
    for codes in ("nonsense", "unknown-,*", "", "meeting, input"):
        refused = sqlite_api.get(f"{PATH}?valuecodes[{dimension}]={codes}")
        assert refused.status_code == 422, codes
        assert {each["pointer"] for each in refused.json["errors"]} == {f"/query/valuecodes[{dimension}]"}
    assert sqlite_api.get(f"{PATH}?valuecodes[name]=a").status_code == 422
    assert sqlite_api.get(f"{PATH}?outputFormat=px").status_code == 422


def test_more_cells_than_a_table_may_have_are_refused(sqlite_api: Api) -> None:
    every = "&".join(f"valuecodes[{name}]=*" for name in DIMENSIONS)
    refused = sqlite_api.get(f"{PATH}?{every}")
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == ["/query"]
    assert sqlite_api.get(f"{PATH}?{every}&valuecodes[form]=f35").status_code == 422
    fewer = every.replace("valuecodes[form]=*", "valuecodes[form]=f35")
    assert sqlite_api.get(f"{PATH}?{fewer}").status_code == 200


@pytest.mark.parametrize(
    ("lang", "label", "form", "nothing"),
    [
        ("nb", "Medvirkning", "Dialogmøte", "Ikke registrert"),
        ("nn", "Medverknad", "Dialogmøte", "Ikkje registrert"),
        ("en", "Participation", "Dialogue meeting", "Not recorded"),
    ],
)
def test_labels_are_in_the_language_asked_for_and_lang_goes_before_the_header(
    sqlite_api: Api, lang: str, label: str, form: str, nothing: str
) -> None:
    query = "valuecodes[form]=f35,unknown&valuecodes[record]=*"
    header = Table(sqlite_api, query, headers={"Accept-Language": f"{lang}, de;q=0.9"})
    other = "en" if lang == "nb" else "nb"
    parameter = Table(sqlite_api, f"{query}&lang={lang}", headers={"Accept-Language": other})
    for table in (header, parameter):
        assert table.headers["Content-Language"] == lang
        assert table.body["label"] == label
        assert table.body["dimension"]["form"]["category"]["label"]["f35"] == form
        assert table.body["extension"]["symbols"][".."] == nothing
    assert Table(sqlite_api, query, headers={"Accept-Language": "de"}).headers["Content-Language"] == "en"


def test_a_table_says_what_it_is_of(sqlite_api: Api) -> None:
    hold(sqlite_api, "2026-02-01")
    table = Table(sqlite_api, "on=2026-02-20")
    about = {"ledger": "1504", "synthetic": True, "source": "live", "on": "2026-02-20", "position": 2}
    assert table.body["extension"].items() >= about.items()
    assert table.headers["Position"] == "2"
    assert table.headers["Cache-Control"] == "no-store"
    assert Table(sqlite_api).body["extension"]["on"] == TODAY.isoformat()


def test_a_table_waits_for_the_position_it_must_cover(
    a_meeting: Opening, sqlite_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "WAIT_SECONDS", 0.01)
    record = a_meeting()
    record.tell("held", days("02-09"))
    position = record.now["position"]
    headers = {"Authorization": f"Bearer {sqlite_api.token('evaluator')}"}
    unfed = sqlite_api.client.get(f"{PATH}?min_position={position}", headers=headers)
    assert unfed.status_code == 503
    assert unfed.headers["Retry-After"]
    fed = sqlite_api.get(f"{PATH}?min_position={position}")
    assert (fed.status_code, fed.headers["Position"]) == (200, str(position))
    assert sqlite_api.get(f"{PATH}?min_position={position + 1}").status_code == 422
