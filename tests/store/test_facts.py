"""Facts and their sums by block: whatever the block, a table at any position and on any day is the count by hand."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from sqlalchemy import event, select

from adapters import projections
from adapters.projections import LedgerViews
from adapters.views.facts import BLOCK, Count, Fact, FactsView, Related, fact
from adapters.viewstore import ViewStore
from api import bootstrap, ledgers
from api.bootstrap import Running
from domain.aggregate import Aggregate
from domain.history import Recorded
from domain.inputs import Input
from domain.meetings import Meeting
from domain.tables import LEVEL, MONTH, YEAR, Among, Dimension, Table
from tests.conftest import Clock
from tests.features.histories import BEGINNING, PHASES, Move, Telling, moves
from tests.store.test_views import rows, tell

BLOCKS = (1, 2, 5, BLOCK)
DIMENSIONS = (Dimension("status", "meeting-states"), LEVEL, YEAR, MONTH)
ASKED: tuple[tuple[str, ...], ...] = (("status", "level", "year", "month"), ("status",), ())


def statuses(record: Aggregate, related: Related) -> Iterator[Fact]:
    """New for 40 days after each event, then old; and the days from each event to the next, which may be none."""
    level = getattr(record, "described", None)
    where = level.level if level else "unknown"
    for step in record.steps:
        aged = step.ends + timedelta(days=40)
        yield fact(("new", where), step)
        yield fact(("new", where), step, since=aged, n=-1)
        yield fact(("old", where), step, since=aged)
    for step, following in pairwise(record.steps):
        yield fact(("days", where), step, since=following.ends, n=(following.ends - step.ends).days)


def resting(record: Any, related: Related) -> Iterator[Fact]:
    """An input counts by how much has been told of its meeting."""
    source = record.raised_at
    yield fact((str(len(related(source)) if source else 0), "unknown"), record.raised, source=source)


COUNTS: dict[type[Aggregate], Count] = {
    Meeting: statuses,
    Input: lambda record, related: iter([*statuses(record, related), *resting(record, related)]),
}


def by_hand(telling: Telling, position: int, day: date) -> dict[tuple[str, ...], int]:
    """Every fact of every record as of a position that counts by a day, added up."""

    def until(record: UUID) -> list[Recorded]:
        return [each for each in telling.records[record].history if each.position <= position]

    sums: Counter[tuple[str, ...]] = Counter()
    standing: Counter[tuple[str, ...]] = Counter()
    for record, whole in telling.records.items():
        if not until(record) or (known := type(whole)(record, until(record))).retracted:
            continue
        for each in COUNTS[type(whole)](known, until):
            if each.occurred <= day:
                place = (*each.values, each.year, each.month)
                sums[place] += each.n
                standing[place] += -1 if each.n < 0 else 1
    return {place: sums[place] for place in sums if sums[place] or standing[place]}


@pytest.fixture
def stored(running: Running) -> Iterator[ViewStore]:
    """Views of the same facts, each with blocks of another size."""
    tables = [Table(f"statuses-{size}", "Statuses", DIMENSIONS, ()) for size in BLOCKS]
    views = [FactsView(table, COUNTS, size) for table, size in zip(tables, BLOCKS, strict=True)]
    store = ViewStore(running.views.engine.url.render_as_string(hide_password=False), views)
    store.create()
    yield store
    store.close()


def test_sums_of_any_blocks_are_the_count_by_hand_live_rebuilt_and_as_of(
    running: Running,
    stored: ViewStore,
    clock: Clock,
    counts: Callable[[int, int], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(projections, "PAGE", 3)

    @settings(max_examples=counts(5, 25), deadline=None, phases=PHASES)
    @given(moves(least=8, most=14))
    def check(moves: list[Move]) -> None:
        clock.at(BEGINNING)
        ledger = ledgers.create(running, "1504", "Ålesund", synthetic=True)
        telling = Telling(running.store(ledger))
        views = LedgerViews(stored, running.store(ledger))
        for move in moves:
            telling.tell([move])
            views.catch_up()
        days = telling.days()
        for position in range(views.events.head() + 1):
            for day in {*days[:: max(1, len(days) // 6)], days[-1], days[-1] + timedelta(days=41)}:
                expected = by_hand(telling, position, day)
                for view in stored.views:
                    assert views.cells(view.name, position, day, ASKED[0]) == expected
        live = rows(views)
        totals = [[views.cells(view.name, position, days[-1], asked) for view in stored.views] for asked in ASKED]
        assert all(each == same[0] for same in totals for each in same)
        views.rebuild()
        assert rows(views) == live
        members_are_the_cells(views, position, days[-1])

    check()


def members_are_the_cells(views: LedgerViews, position: int, day: date) -> None:
    """The parts of the records behind a cell, page by page, add up to it."""
    view = views.store.views[0].name
    for place, total in views.cells(view, position, day, ASKED[0]).items():
        among = [Among(column, frozenset({code})) for column, code in zip(ASKED[0], place, strict=True)]
        found, after = [], 0
        while after is not None:
            page = views.members(view, position, day, among, after, 2)
            found += page.rows
            after = page.next
        assert sum(each["n"] for each in found) == total
        assert len({each["record"] for each in found}) == len(found) > 0
    assert not views.members(view, position, day, [Among("status", frozenset({"never"}))], 0, 2).rows


def test_a_duration_of_no_days_is_a_number_and_a_status_that_ended_is_none(
    running: Running, stored: ViewStore, clock: Clock
) -> None:
    ledger = ledgers.create(running, "1504", "Ålesund", synthetic=True)
    store = running.store(ledger)
    tell(store, clock, 1)
    views = LedgerViews(stored, store)
    views.catch_up()
    today, view = date(2026, 3, 2), stored.views[0].name
    sums = views.cells(view, store.head(), today, ["status"])
    assert (sums["days",], sums["new",]) == (0, 4)
    aged = views.cells(view, store.head(), today + timedelta(days=40), ["status"])
    assert (aged["old",], aged.get(("new",))) == (4, None)


def test_a_table_far_on_reads_the_blocks_and_the_facts_since_not_every_fact(
    sqlite_running: Running, clock: Clock
) -> None:
    """Rows read of the facts are those of the last block and of the day's month: SQLite says which it looks up."""
    running = sqlite_running
    ledger = ledgers.create(running, "1504", "Ålesund", synthetic=True)
    store = running.store(ledger)
    tell(store, clock, 3)
    url = running.views.engine.url.render_as_string(hide_password=False)
    small = ViewStore(url, bootstrap.projections(block=4))
    views = LedgerViews(small, store)
    views.catch_up()
    facts, sums = small.tables["facts of participation-events"]
    asked: list[tuple[str, Any]] = []
    event.listen(
        small.engine, "before_cursor_execute", lambda c, cursor, sql, values, context, many: asked.append((sql, values))
    )
    views.cells("facts of participation-events", store.head(), date(2026, 3, 2), ["record"])
    [(sql, values)] = asked
    with small.engine.connect() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
        whole = connection.execute(select(sums.c.block).where(sums.c.ledger == ledger).distinct()).scalars().all()
    looked_up = {line.partition(" (")[0]: line for line in plan if f" {facts.name}" in line}
    assert set(looked_up) == {
        f"SEARCH {facts.name} USING INDEX {facts.name}_by_position",
        f"SEARCH {facts.name} USING INDEX {facts.name}_by_occurred",
        f"SEARCH {sums.name} USING INDEX {sums.name}_by_month",
    }
    assert all("SCAN participation" not in line for line in plan)
    assert max(whole) == (store.head() + 1) // 4 - 1
    small.close()
