"""Lists at any time, in any pages, however they were fed, and what they may be narrowed to."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from marshmallow import Schema
from sqlalchemy import select

from adapters import projections
from adapters.projections import LedgerViews
from api import ledgers
from api.bootstrap import Running
from api.pages import difference_of
from tests.conftest import Api, Clock, an_input, meeting
from tests.features.conftest import MORNING, Record, days
from tests.features.histories import BEGINNING, PHASES, Move, Telling, moves

NOUNS = {"meeting": "meetings", "input": "inputs"}


def tell(running: Running, clock: Clock, moves: list[Move]) -> tuple[Telling, UUID]:
    """A new ledger in which the moves have been told."""
    clock.at(BEGINNING)
    ledger = ledgers.create(running, "1504", "Ålesund", synthetic=True)
    return Telling(running.store(ledger)).tell(moves), ledger


def rows_by_hand(running: Running, telling: Telling, noun: str, position: int, on: date) -> list[dict[str, Any]]:
    """The list by folding each record's history prefix on that day, shown as its detail is; newest first."""
    feature = next(feature for feature in running.features if feature.noun == NOUNS[noun])
    rows = []
    for record in telling.records.values():
        prefix = [each for each in record.history if each.position <= position]
        if record.noun != noun or not prefix:
            continue
        folded = type(record)(record.id, prefix, on)
        if folded.retracted or not folded.steps:
            continue
        detail = msgspec.to_builtins(feature.detail().dump(folded))
        detail["deviations"] = len(folded.deviations)
        if not isinstance(detail.get("attended"), int):
            detail["attended"] = None
        if len(folded.steps) < len(type(record)(record.id, prefix).steps):
            del detail["version"]
        rows.append((prefix[0].position, detail))
    return [detail for _, detail in sorted(rows, key=lambda row: -row[0])]


def shown(running: Running, views: LedgerViews, noun: str, position: int, on: date) -> list[dict[str, Any]]:
    """The list as the API shows it."""
    feature = next(feature for feature in running.features if feature.noun == NOUNS[noun])
    rows: list[dict[str, Any]] = feature.row(many=True).dump(views.rows(NOUNS[noun], position, on, {}, None, 200).rows)
    return msgspec.to_builtins(rows)


def test_a_list_at_any_position_and_day_is_what_its_records_fold_to(
    running: Running, clock: Clock, counts: Callable[[int, int], int]
) -> None:
    @settings(max_examples=counts(6, 25), deadline=None, phases=PHASES)
    @given(moves(least=8, most=20))
    def check(moves: list[Move]) -> None:
        telling, ledger = tell(running, clock, moves)
        views = running.ledger_views(ledger)
        views.catch_up()
        for noun in NOUNS:
            for position in range(views.events.head() + 1):
                for on in telling.days():
                    expected = rows_by_hand(running, telling, noun, position, on)
                    rows = shown(running, views, noun, position, on)
                    assert [row["id"] for row in rows] == [detail["id"] for detail in expected]
                    for row, detail in zip(rows, expected, strict=True):
                        version = detail.setdefault("version", row["version"])
                        assert row == {name: detail[name] for name in row}
                        assert row["version"] == version

    check()


def test_a_list_differs_between_two_moments_where_its_rows_do(
    running: Running, clock: Clock, counts: Callable[[int, int], int]
) -> None:
    @settings(max_examples=counts(4, 20), deadline=None, phases=PHASES)
    @given(moves(least=8, most=20))
    def check(moves: list[Move]) -> None:
        telling, ledger = tell(running, clock, moves)
        views = running.ledger_views(ledger)
        views.catch_up()
        moments = [(position, on) for position in range(views.events.head() + 1) for on in telling.days()[::3]]
        for pair in zip(moments, reversed(moments), strict=True):
            for noun in NOUNS:
                before, after = ({row["id"]: row for row in shown(running, views, noun, *moment)} for moment in pair)
                found: dict[str, tuple[Any, Any]] = {}
                last: int | None = None
                while last != 0:
                    page = views.differences(NOUNS[noun], pair, {}, last, 2)
                    told = msgspec.to_builtins(row_difference(running, noun).dump(page.rows))
                    found |= {each["id"]: (each["from"], each["to"]) for each in told}
                    last = page.next or 0
                assert found == {
                    record: (before.get(record), after.get(record))
                    for record in before | after
                    if before.get(record) != after.get(record)
                }

    check()


def row_difference(running: Running, noun: str) -> Schema:
    feature = next(feature for feature in running.features if feature.noun == NOUNS[noun])
    return difference_of(feature.row)(many=True)


def table_rows(running: Running, ledger: UUID) -> dict[str, list[Any]]:
    """Every row of every view of a ledger, in an order of their own."""
    with running.views.engine.connect() as connection:
        return {
            table.name: sorted(map(str, connection.execute(select(table).where(table.c.ledger == ledger))))
            for tables in running.views.tables.values()
            for table in tables
        }


def test_views_fed_in_pages_of_any_size_are_the_same_and_a_rebuild_makes_them_again(
    running: Running, clock: Clock, counts: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    @settings(max_examples=counts(4, 12), deadline=None, phases=PHASES)
    @given(moves(least=8, most=20))
    def check(moves: list[Move]) -> None:
        telling, ledger = tell(running, clock, moves)
        views = running.ledger_views(ledger)
        monkeypatch.setattr(projections, "PAGE", 1)
        views.catch_up()
        live = table_rows(running, ledger)
        assert any(live.values()) or all(record.retracted for record in telling.records.values())
        for page in (1, 3, 2_000):
            monkeypatch.setattr(projections, "PAGE", page)
            views.rebuild()
            assert table_rows(running, ledger) == live

    check()


def test_a_cursor_pins_position_and_day_while_others_append(api: Api, clock: Clock) -> None:
    opened = [api.post("/v1/meetings", meeting()).json["id"] for _ in range(5)]
    first = api.get("/v1/meetings?limit=2&on=2026-02-20")
    assert [row["id"] for row in first.json["items"]] == opened[:2:-1]
    record = Record(api, "meetings", "scheduled", days("02-01"), kind="interview")
    changed = api.put(f"/v1/meetings/{opened[1]}/holding", {"occurred": days("02-10")}, match='"1"')
    assert changed.status_code == 200
    clock.at(MORNING.replace(month=4))
    second = api.get(first.json["next"])
    assert [row["id"] for row in second.json["items"]] == [opened[2], opened[1]]
    assert {row["state"] for row in second.json["items"]} == {"scheduled"}
    assert second.headers["Position"] == first.headers["Position"]
    third = api.get(second.json["next"])
    assert [row["id"] for row in third.json["items"]] == [opened[0]]
    assert third.json["next"] is None
    assert [row["id"] for row in api.items("/v1/meetings?limit=1")] == [record.now["id"], *reversed(opened)]


def test_a_list_is_newest_first_by_when_the_record_was_opened(sqlite_api: Api) -> None:
    late = sqlite_api.post("/v1/meetings", meeting(occurred=days("02-20"))).json["id"]
    early = sqlite_api.post("/v1/meetings", meeting(occurred=days("02-01"))).json["id"]
    assert [row["id"] for row in sqlite_api.items("/v1/meetings")] == [early, late]
    sqlite_api.put(f"/v1/meetings/{late}/holding", {"occurred": days("02-21")}, match='"1"')
    assert [row["id"] for row in sqlite_api.items("/v1/meetings")] == [early, late]


def test_a_row_has_the_version_its_record_can_be_changed_at(sqlite_api: Api) -> None:
    record = Record(sqlite_api, "inputs", "raised", days("02-01"), kind="wish", level="system", voiced_by="self")
    record.tell("feedback_given", days("02-02"))
    record.tell("feedback_given", days("02-02"), feedback="En gang til.")
    row = record.row()
    assert row is not None
    assert row["version"] == 3


MEETINGS: dict[str, tuple[str, str]] = {
    "kind": ("interview", "dialogue_meeting"),
    "composition": ("joint", "staff_only"),
    "level": ("system", "individual"),
    "form": ("f35", "f36"),
    "arena": ("ar16", "ar4"),
    "phase": ("PL2", "PL4"),
}
INPUTS: dict[str, tuple[str, str]] = {
    "kind": ("wish", "question"),
    "level": ("system", "individual"),
    "voiced_by": ("refugees", "parents"),
    "maturity": ("proposed", "existing"),
}


@pytest.mark.parametrize(("noun", "body", "filters"), [("meetings", meeting, MEETINGS), ("inputs", an_input, INPUTS)])
def test_a_list_is_narrowed_by_each_of_its_filters(
    sqlite_api: Api, noun: str, body: Callable[..., dict[str, Any]], filters: dict[str, tuple[str, str]]
) -> None:
    path = f"/v1/{noun}"
    mine, others = ({name: codes[at] for name, codes in filters.items()} for at in (0, 1))
    wanted = sqlite_api.post(path, body(**mine)).json["id"]
    for name in filters:
        assert sqlite_api.post(path, body(**{**mine, name: others[name]})).status_code == 201
        assert len(sqlite_api.items(f"{path}?{name}={others[name]}")) == 1
    every = "&".join(f"{name}={code}" for name, code in mine.items())
    assert [row["id"] for row in sqlite_api.items(f"{path}?{every}")] == [wanted]
    assert sqlite_api.get(f"{path}?kind=coffee").json["errors"][0]["pointer"] == "/query/kind"
    assert sqlite_api.get(f"{path}?title=x").status_code == 422


def test_lists_are_narrowed_by_state_and_outcome_as_they_were(sqlite_api: Api) -> None:
    record = Record(sqlite_api, "inputs", "raised", days("02-01"), kind="wish", level="system", voiced_by="self")
    record.tell("decided", days("02-05"), outcome="partly", reason="budget")
    assert record.row("?state=decided&outcome=partly") is not None
    assert record.row("?state=raised") is None
    assert record.row("?state=raised&on=2026-02-04") is not None
    assert record.row(f"?state=raised&as_of={record.now['position'] - 1}") is not None


def test_inputs_are_found_by_what_they_concern_and_where_they_were_raised(api: Api) -> None:
    source = api.post("/v1/meetings", meeting()).json["id"]
    raised = {
        "one": an_input(source=source, concerns=[{"list": "forms", "code": "f2"}, {"list": "phases", "code": "P1"}]),
        "two": an_input(concerns=[{"list": "forms", "code": "f25"}]),
        "none": an_input(),
    }
    ids = {api.post("/v1/inputs", body).json["id"]: name for name, body in raised.items()}
    for query, expected in {
        "concern=forms": {"one", "two"},
        "concern=forms:f2": {"one"},
        "concern=forms:f25": {"two"},
        "concern=forms:F2": set(),
        "concern=phases:P1": {"one"},
        "concern=arenas": set(),
        f"source={source}": {"one"},
        "source=unknown": {"two", "none"},
    }.items():
        assert {ids[row["id"]] for row in api.items(f"/v1/inputs?{query}")} == expected, query
    assert api.get("/v1/inputs?concern=%25").status_code == 422


def test_before_anything_had_happened_a_list_is_empty(sqlite_api: Api) -> None:
    sqlite_api.post("/v1/meetings", meeting())
    assert sqlite_api.items("/v1/meetings?on=2026-02-01") == []
    assert sqlite_api.items("/v1/meetings?as_of=0") == []
    assert sqlite_api.items("/v1/meetings?as_of=1") == []
    assert len(sqlite_api.items("/v1/meetings?as_of=2")) == 1
