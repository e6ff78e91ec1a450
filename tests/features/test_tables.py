"""What a table's cells say and do not say, and the forms they are answered in."""

import csv
import io
from datetime import date
from itertools import product
from math import prod
from typing import Any

import pytest

from adapters.views.facts import FactsView
from api import ledgers, pages
from api.bootstrap import kinds, projections
from domain import codebook
from domain.tables import TABLES, TIMES
from domain.tables import Table as Statistics
from tests.conftest import ROLES, TODAY, Api, an_input
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


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.id)
def test_every_table_is_fed_and_has_its_labels_and_code_lists(table: Statistics) -> None:
    book = codebook.load()
    [view] = [each for each in projections() if isinstance(each, FactsView) and each.table is table]
    assert view.nouns
    assert book.known("tables", table.id)
    assert {*table.shown} <= {each.id for each in table.dimensions}
    for dimension in table.dimensions:
        assert book.known("dimensions", dimension.id)
        assert (dimension.id in TIMES) != (dimension.code_list in book.lists)
        assert dimension.column in (*table.stored, *table.times)


def test_the_tables_and_dimensions_of_the_codebook_are_those_there_are() -> None:
    book = codebook.load()
    assert set(book.lists["tables"].codes) == set(TABLES)
    assert set(book.lists["dimensions"].codes) == {each.id for table in TABLES.values() for each in table.dimensions}
    assert {kind.noun for kind in kinds()} == set(book.lists["nouns"].codes)


def test_the_list_of_tables_names_each_with_its_periods_and_links(sqlite_api: Api) -> None:
    hold(sqlite_api, "2024-05-01")
    answer = sqlite_api.get("/v1/tables?lang=nn")
    assert answer.headers["Content-Language"] == answer.json["language"] == "nn"
    assert [each["id"] for each in answer.json["tables"]] == list(TABLES)
    assert answer.json["page"] == {"pageNumber": 1, "pageSize": 100, "totalElements": len(TABLES), "totalPages": 1}
    first = answer.json["tables"][0]
    assert (first["label"], first["firstPeriod"], first["lastPeriod"]) == ("Medverknad", "2024", "2026")
    assert first["variableNames"][-1] == "År"
    for link in first["links"]:
        assert sqlite_api.get(link["href"]).status_code == 200
    second = sqlite_api.get("/v1/tables?pageSize=1&pageNumber=2").json
    assert [each["id"] for each in second["tables"]] == [list(TABLES)[1]]
    assert sqlite_api.get("/v1/tables?pageSize=0").status_code == 422
    alone = sqlite_api.get("/v1/tables/participation-events?lang=nn").json
    assert alone == {**first, "language": "nn"}
    assert sqlite_api.get("/v1/tables/participation").status_code == 404


@pytest.mark.parametrize("table", TABLES)
def test_metadata_has_every_dimension_and_the_codes_its_data_takes(sqlite_api: Api, table: str) -> None:
    hold(sqlite_api, "2025-05-01")
    metadata = sqlite_api.get(f"/v1/tables/{table}/metadata?lang=en").json
    assert metadata["id"] == [each.id for each in TABLES[table].dimensions]
    assert (metadata["value"], metadata["status"]) == ([], {})
    for name, dimension in metadata["dimension"].items():
        codes = list(dimension["category"]["index"])
        assert sqlite_api.get(f"/v1/tables/{table}/data?valuecodes[{name}]={','.join(codes)}").status_code == 200
        for code_list in dimension["extension"].get("codelists", []):
            found = sqlite_api.get(f"/v1/codelists/{code_list['id']}?lang=en").json
            assert {each["code"]: each["label"] for each in found["values"]} == dimension["category"]["label"]
            assert [each["valueMap"] for each in found["values"]] == [[code] for code in codes]
    assert sqlite_api.get("/v1/codelists/problems").status_code == 404


@pytest.mark.parametrize("table", TABLES)
def test_a_dimension_a_table_does_not_have_is_refused_and_pointed_at(sqlite_api: Api, table: str) -> None:
    moments = {"differences": "from=1&to=1&"}
    for read in ("data", "members", "differences"):
        refused = sqlite_api.get(f"/v1/tables/{table}/{read}?{moments.get(read, '')}valuecodes[height]=*")
        assert refused.status_code == 422
        assert "/query/valuecodes[height]" in {each["pointer"] for each in refused.json["errors"]}


def test_the_records_behind_a_cell_are_shown_page_by_page_as_of_any_moment(sqlite_api: Api) -> None:
    for day in ("2025-02-01", "2026-02-01", "2026-02-02", "2026-02-03"):
        hold(sqlite_api, day)
    sqlite_api.post("/v1/inputs", an_input())
    path = "/v1/tables/participation-events/members"
    cell = "valuecodes[record]=meeting&valuecodes[year]=2026"
    assert len(sqlite_api.items(path)) == 5
    found = sqlite_api.items(f"{path}?{cell}&limit=1")
    assert [(each["noun"], each["n"]) for each in found] == [("meeting", 1)] * 3
    held = {row["id"] for row in sqlite_api.items("/v1/meetings") if row["held_from"] >= "2026"}
    assert {each["record"] for each in found} == held
    assert Table(sqlite_api, cell).cell(record="meeting", year="2026") == 3
    assert len(sqlite_api.items(f"{path}?{cell}&on=2026-02-02")) == 2
    assert len(sqlite_api.items(f"{path}?{cell}&as_of=3")) == 1
    assert sqlite_api.items(f"{path}?{cell.replace('2026', '1950')}") == []
    pinned = sqlite_api.get(f"{path}?{cell}&limit=2").json["next"]
    hold(sqlite_api, "2026-02-04")
    assert len(sqlite_api.items(pinned)) == 1
    assert sqlite_api.get(pinned.replace("meeting", "input")).status_code == 422
    for wrong in ("valuecodes[year]=26", "valuecodes[form]=f99", "valuecodes[record]="):
        assert sqlite_api.get(f"{path}?{wrong}").status_code == 422


def test_the_cells_that_differ_between_two_moments(sqlite_api: Api) -> None:
    api = recording(sqlite_api, date(2026, 1, 1))
    hold(api, "2025-02-01")
    hold(api, "2026-02-01")
    path = "/v1/tables/participation-events/differences"
    asked = "valuecodes[record]=*&valuecodes[year]=*"
    assert api.items(f"{path}?from=2&to=3&{asked}") == [
        {
            "codes": {"record": "meeting", "year": "2026"},
            "from": {"value": 0, "status": None},
            "to": {"value": 1, "status": None},
        }
    ]
    [first] = api.items(f"{path}?from=3&to=1&on=2025-12-31&{asked}")
    assert first["codes"] == {"record": "meeting", "year": "2025"}
    assert (first["from"]["value"], first["to"]) == (1, {"value": None, "status": "not_recorded"})
    assert api.items(f"{path}?from=3&to=3&{asked}") == []
    assert api.items(f"{path}?from=2&to=3&valuecodes[record]=input&valuecodes[year]=2026") == []


@pytest.mark.parametrize(
    ("query", "pointer"), [("from=1", "to"), ("from=9&to=1", "from"), ("from=1&to=2099-01-01", "to")]
)
def test_differences_are_between_two_moments_that_have_been(sqlite_api: Api, query: str, pointer: str) -> None:
    refused = sqlite_api.get(f"/v1/tables/participation-events/differences?{query}")
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [f"/query/{pointer}"]


@pytest.mark.parametrize("role", ROLES)
def test_live_tables_are_for_those_inside_and_records_behind_them_for_who_may_read_records(
    sqlite_api: Api, role: str
) -> None:
    inside = role in ("caseworker", "coordinator", "evaluator")
    for path in ("", "/participation-events", "/participation-events/metadata", "/participation-events/data"):
        assert (sqlite_api.get(f"/v1/tables{path}", role=role).status_code == 200) == inside
    for path in ("members", "differences?from=1&to=1"):
        answer = sqlite_api.get(f"/v1/tables/participation-events/{path}", role=role)
        assert answer.status_code == (200 if inside else 403)
