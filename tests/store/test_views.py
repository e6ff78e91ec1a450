"""Feeding the views: every event once, whoever else feeds, rebuilds or fails meanwhile."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Uuid, inspect, select
from sqlalchemy.exc import DatabaseError

from adapters import projections
from adapters.eventstore import LedgerStore
from adapters.projections import LedgerViews
from adapters.viewstore import REBUILDING, Histories, ViewStore
from api import bootstrap
from api.bootstrap import Running
from domain.commands import Command
from domain.events import Actor, Meta
from domain.history import Recorded
from domain.inputs import Input, Raised
from domain.meetings import Held, Meeting, Scheduled, Tally
from domain.records import correct, open_record, record, retract
from tests.conftest import Clock, open_api

TOLD = {"list_meetings", "list_inputs", "participation_events"}
"""The tables that what is told here has rows in."""

META = Meta(recorded_by=Actor(id="a", role="system", unit="unknown"))


def tell(store: LedgerStore, clock: Clock, times: int) -> None:
    """Meetings that are held, then corrected, every other one retracted, each with an input raised at it."""
    for at in range(times):

        def command() -> Command:
            return Command(now=clock(), new_id=uuid4, client="test", accept_all=True)

        meeting = open_record(store, Meeting, Scheduled(meta=META, kind="interview", form="f3"), command())
        raised = Raised(meta=META, kind="wish", level="system", voiced_by="refugees", source=str(meeting.id))
        open_record(store, Input, raised, command())
        held = record(store, Meeting, meeting.id, None, Held(meta=META, tally=Tally(attended=at)), command())
        target, replacement = held.history[0].event_id, Scheduled(meta=META, kind="interview", form="f35")
        shared: dict[str, Any] = {"reason": None, "meta": META, "command": command()}
        correct(store, Meeting, meeting.id, None, target=target, replacement=replacement, **shared)
        if at % 2:
            retract(store, Meeting, meeting.id, None, target=target, **shared)


def rows(views: LedgerViews) -> dict[str, list[str]]:
    """Every row of every view of the ledger."""
    with views.store.engine.connect() as connection:
        return {
            table.name: sorted(map(str, connection.execute(select(table).where(table.c.ledger == views.events.ledger))))
            for tables in views.store.tables.values()
            for table in tables
        }


@pytest.fixture
def store(running: Running) -> LedgerStore:
    return running.store(open_api(running).ledger)


@pytest.fixture
def views(running: Running, store: LedgerStore) -> LedgerViews:
    return running.ledger_views(store.ledger)


def test_two_who_feed_at_once_write_every_row_once(
    running: Running, store: LedgerStore, views: LedgerViews, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projections, "PAGE", 3)
    other = LedgerViews(running.views, store)
    with ThreadPoolExecutor() as pool:
        telling = pool.submit(tell, store, clock, 8)
        while not telling.done():
            for feeding in [pool.submit(each.catch_up) for each in (views, other)]:
                feeding.result()
        telling.result()
    views.catch_up()
    live = rows(views)
    assert {name for name, told in live.items() if told} == TOLD
    views.rebuild()
    assert rows(views) == live


def test_a_rebuild_while_others_append_and_feed_loses_and_doubles_nothing(
    store: LedgerStore, views: LedgerViews, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projections, "PAGE", 4)
    told: list[projections.Progress] = []
    stop = Signal()
    with ThreadPoolExecutor() as pool:
        feeding = pool.submit(views.run, stop)
        telling = pool.submit(tell, store, clock, 15)
        while not telling.done():
            views.rebuild(told.append)
        telling.result()
        for view in views.store.views:
            assert views.wait(view.name, store.head(), 60)
        stop.set()
        feeding.result()
    assert {progress.view for progress in told} == {view.name for view in views.store.views}
    assert all(0 < progress.position <= progress.total for progress in told)
    live = rows(views)
    assert {name for name, told in live.items() if told} == TOLD
    views.rebuild()
    assert rows(views) == live
    assert not [each for each in views.status() if each["error"] or each["position"] != store.head()]


def test_a_rebuild_leaves_other_ledgers_as_they_are(
    running: Running, store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 2)
    views.catch_up()
    there = running.store(open_api(running, "0301", "Oslo").ledger)
    tell(there, clock, 2)
    other = running.ledger_views(there.ledger)
    other.catch_up()
    before = rows(views), rows(other)
    other.rebuild()
    assert (rows(views), rows(other)) == before


def test_a_rebuild_that_meets_another_stops_and_leaves_what_is_live(
    store: LedgerStore, views: LedgerViews, clock: Clock
) -> None:
    tell(store, clock, 2)
    views.catch_up()
    before = rows(views)
    with pytest.raises(DatabaseError):
        views.rebuild(lambda progress: views.store.prepare_rebuild())
    assert rows(views) == before
    views.store.prepare_rebuild()
    views.rebuild()
    assert rows(views) == before
    names = inspect(views.store.engine).get_table_names(schema=views.store.schema)
    assert not [name for name in names if REBUILDING in name]


class Fragile:
    """A view of every position that fails at one of them."""

    name = "fragile"
    fails_at: int | None = None

    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]:
        columns = (Column("ledger", Uuid), Column("position", BigInteger))
        return (Table(f"fragile{suffix}", metadata, *columns),)

    def concerned(self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]) -> set[UUID]:
        return set()

    def fold(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        page: Sequence[Recorded],
        histories: Histories,
    ) -> None:
        for each in page:
            connection.execute(tables[0].insert().values(ledger=ledger, position=each.position))
            if each.position == self.fails_at:
                raise RuntimeError("what a person said")


@pytest.fixture
def fragile() -> Fragile:
    return Fragile()


@pytest.fixture
def with_fragile(running: Running, store: LedgerStore, fragile: Fragile) -> Iterator[LedgerViews]:
    """The ledger's views, and one that fails among them."""
    [first, *others] = bootstrap.projections()
    url = running.views.engine.url.render_as_string(hide_password=False)
    views = ViewStore(url, [first, fragile, *others], bootstrap.kinds())
    views.create()
    yield LedgerViews(views, store)
    views.close()


def standings(views: LedgerViews) -> dict[str, tuple[int, str | None]]:
    return {each["view"]: (each["position"], each["error"]) for each in views.status()}


@pytest.mark.parametrize(("page", "reached"), [(1, 4), (3, 3), (2_000, 0)])
def test_a_view_that_fails_stops_alone_and_says_so(
    store: LedgerStore,
    with_fragile: LedgerViews,
    fragile: Fragile,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    page: int,
    reached: int,
) -> None:
    monkeypatch.setattr(projections, "PAGE", page)
    tell(store, clock, 2)
    fragile.fails_at = 5
    with caplog.at_level(logging.DEBUG):
        with_fragile.catch_up()
    healthy = dict.fromkeys((view.name for view in bootstrap.projections()), (store.head(), None))
    assert standings(with_fragile) == {**healthy, "fragile": (reached, "RuntimeError")}
    assert len(rows(with_fragile)["fragile"]) == reached
    assert "what a person said" not in caplog.text


def test_a_view_that_failed_goes_on_when_it_can(
    store: LedgerStore, with_fragile: LedgerViews, fragile: Fragile, clock: Clock
) -> None:
    tell(store, clock, 2)
    fragile.fails_at = 5
    stop = Signal()
    with ThreadPoolExecutor() as pool:
        feeding = pool.submit(with_fragile.run, stop)
        assert with_fragile.wait("meetings", store.head(), 60)
        tell(store, clock, 2)
        assert with_fragile.wait("meetings", store.head(), 60)
        fragile.fails_at = None
        assert with_fragile.wait("fragile", store.head(), 60)
        stop.set()
        feeding.result()
    assert set(standings(with_fragile).values()) == {(store.head(), None)}
    assert len(rows(with_fragile)["fragile"]) == len(set(rows(with_fragile)["fragile"])) == store.head()
