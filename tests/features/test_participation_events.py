"""The table participation-events: what is counted, where and when, against a count by hand."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from typing import Any
from uuid import UUID

from hypothesis import given, settings

from api import ledgers
from api.bootstrap import Running
from domain.aggregate import Aggregate
from domain.events import MISSING
from domain.inputs import Input
from domain.meetings import Held, Meeting, RegisteredAsExisting
from tests.conftest import Api, Clock, an_input, meeting
from tests.features.conftest import Opening, days
from tests.features.histories import BEGINNING, PHASES, Move, Telling, moves
from tests.features.tables import DIMENSIONS, NAME, Table

AXES = {"form": "f35", "arena": "ar16", "phase": "PL2", "level": "system"}
ASKED: tuple[tuple[str, ...], ...] = (DIMENSIONS, ("record", "level", "year"), ("arena",), ())

Place = tuple[str, ...]


def counted(telling: Telling, position: int, on: date) -> Iterator[Place]:
    """Every record that counts, once, as of a position and a day: by the text, from its history alone."""

    def known(record: UUID) -> Aggregate | None:
        prefix = [each for each in telling.records[record].history if each.position <= position]
        folded = type(telling.records[record])(record, prefix)
        return folded if prefix and not folded.retracted else None

    def axes(found: Aggregate | None) -> list[str]:
        described = next((step.event for step in found.steps if hasattr(step.event, "form")), None) if found else None
        codes = [getattr(described, axis, "unknown") for axis in ("form", "arena", "phase", "level")]
        return ["unknown" if code in MISSING else code for code in codes]

    for record in telling.records:
        found = known(record)
        if isinstance(found, Meeting):
            happened = [step for step in found.steps if isinstance(step.event, Held) or _existed(step.event)]
            where = axes(found)
        elif isinstance(found, Input):
            happened = [step for step in found.steps if hasattr(step.event, "voiced_by")]
            event: Any = happened[0].event
            where = axes(known(UUID(event.source)) if event.source != "unknown" else None)
            where[3] = "unknown" if event.level in MISSING else event.level
        else:
            continue
        if happened and happened[0].ends <= on:
            first, last = happened[0].starts, happened[0].ends
            year = str(last.year) if first is not None and first.year == last.year else "unknown"
            yield (found.noun, *where, year)


def _existed(event: Any) -> bool:
    return isinstance(event, RegisteredAsExisting) and event.state in ("held", "minuted")


def test_the_sums_at_any_position_and_day_are_the_count_by_hand(
    running: Running, clock: Clock, counts: Callable[[int, int], int]
) -> None:
    @settings(max_examples=counts(6, 25), deadline=None, phases=PHASES)
    @given(moves(least=8, most=20))
    def check(moves: list[Move]) -> None:
        clock.at(BEGINNING)
        ledger = ledgers.create(running, "1504", "Ålesund", synthetic=True)
        telling = Telling(running.store(ledger)).tell(moves)
        views = running.ledger_views(ledger)
        views.catch_up()
        for position in range(views.events.head() + 1):
            for on in telling.days():
                places = list(counted(telling, position, on))
                for asked in ASKED:
                    at = [DIMENSIONS.index(name) for name in asked]
                    expected = Counter(tuple(place[i] for i in at) for place in places)
                    assert views.cells(NAME, position, on, asked) == expected

    check()


def total(api: Api, query: str = "") -> dict[str, int | str | None]:
    table = Table(api, f"valuecodes[record]=*&{query}")
    return {record: table.cell(record=record) for record in ("meeting", "input")}


def test_a_held_meeting_and_a_raised_input_count_once_each(a_meeting: Opening, sqlite_api: Api) -> None:
    record = a_meeting(**AXES)
    assert total(sqlite_api) == {"meeting": "..", "input": ".."}
    record.tell("held", days("02-09"))
    record.tell("held", days("02-10"))
    record.tell("minuted", days("02-12"))
    sqlite_api.post("/v1/inputs", an_input(source=record.now["id"]))
    assert total(sqlite_api) == {"meeting": 1, "input": 1}
    assert total(sqlite_api, "on=2026-02-08") == {"meeting": "..", "input": 1}


def test_an_input_counts_where_its_meeting_was_and_never_by_what_it_concerns(sqlite_api: Api) -> None:
    source = sqlite_api.post("/v1/meetings", meeting(**AXES)).json["id"]
    concerns = [{"list": "forms", "code": "f25"}, {"list": "arenas", "code": "ar4"}, {"list": "phases", "code": "PL4"}]
    sqlite_api.post("/v1/inputs", an_input(source=source, concerns=concerns))
    sqlite_api.post("/v1/inputs", an_input(concerns=concerns))
    for axis, code in (("form", "f35"), ("arena", "ar16"), ("phase", "PL2")):
        table = Table(sqlite_api, f"valuecodes[{axis}]=*")
        found = {code: table.cell(**{axis: code}) for code in table.body["dimension"][axis]["category"]["index"]}
        assert {name: number for name, number in found.items() if number not in (".", "..")} == {code: 1, "unknown": 1}


def test_what_is_counted_follows_corrections_retractions_and_the_meeting_an_input_rests_on(
    a_meeting: Opening, an_input: Opening, sqlite_api: Api
) -> None:
    record = a_meeting(**AXES)
    record.tell("held", days("02-09"))
    raised = an_input(source=record.now["id"])
    places = "valuecodes[record]=*&valuecodes[arena]=ar16,ar4,unknown&valuecodes[year]=*"

    def at(record: str, query: str = "") -> dict[str, int | str | None]:
        table = Table(sqlite_api, f"{places}&{query}")
        cells = {arena: table.cell(record=record, arena=arena, year="2026") for arena in ("ar16", "ar4", "unknown")}
        return {arena: number for arena, number in cells.items() if number != ".."}

    before = raised.now["position"]
    assert (at("meeting"), at("input")) == ({"ar16": 1}, {"ar16": 1})
    record.correct(1, days("02-01"), kind="dialogue_meeting", **{**AXES, "arena": "ar4"})
    assert (at("meeting"), at("input")) == ({"ar4": 1}, {"ar4": 1})
    record.retract(2)
    assert (at("meeting"), at("input")) == ({}, {"ar4": 1})
    record.retract(1)
    assert (at("meeting"), at("input")) == ({}, {"unknown": 1})
    raised.retract(1)
    assert (at("meeting"), at("input")) == ({}, {})
    past = f"as_of={before}"
    assert (at("meeting", past), at("input", past)) == ({"ar16": 1}, {"ar16": 1})


def test_function_and_mode_are_read_of_the_codebook_when_they_are_asked_for(
    a_meeting: Opening, an_input: Opening, sqlite_api: Api
) -> None:
    codes = {code["code"]: code.get("mode") for code in sqlite_api.get("/v1/codebook/forms").json["codes"]}
    assert (codes["f3"], codes["f25"]) == ("direct", "indirect")
    for form in ("f3", "f25", "f25", "not_recorded"):
        a_meeting(form=form).tell("held", days("02-09"))
    an_input()
    modes = Table(sqlite_api, "valuecodes[mode]=*&valuecodes[function]=*")
    numbers = {
        (function, mode): number
        for function, mode in product(modes.codes("function"), modes.codes("mode"))
        if (number := modes.cell(function=function, mode=mode)) != ".."
    }
    assert numbers == {
        ("knowledge_exchange", "direct"): 1,
        ("knowledge_exchange", "indirect"): 2,
        ("knowledge_exchange", "unknown"): 1,
        ("consultation", "unknown"): 1,
    }
    members = "/v1/tables/participation-events/members"
    assert len(sqlite_api.items(f"{members}?valuecodes[mode]=indirect")) == 2
    assert len(sqlite_api.items(f"{members}?valuecodes[mode]=indirect,unknown")) == 4
    assert len(sqlite_api.items(f"{members}?valuecodes[mode]=unknown&valuecodes[function]=consultation")) == 1
    assert len(sqlite_api.items(f"{members}?valuecodes[mode]=*")) == 5


def test_a_meeting_that_was_called_off_does_not_count_unless_it_was_held(a_meeting: Opening, sqlite_api: Api) -> None:
    record = a_meeting()
    record.tell("cancelled", days("02-05"))
    assert total(sqlite_api)["meeting"] == ".."
    record.deviate("held", days("02-09"))
    assert total(sqlite_api)["meeting"] == 1


def test_whatever_is_missing_counts_as_unknown(a_meeting: Opening, sqlite_api: Api) -> None:
    record = a_meeting(form="not_recorded", arena="declined", phase="not_asked", level="unknown")
    record.tell("held", {"from": "2025-12-31", "to": "2026-01-01"})
    table = Table(sqlite_api, "&".join(f"valuecodes[{name}]=unknown" for name in DIMENSIONS[1:]))
    assert table.body["value"] == [1]
