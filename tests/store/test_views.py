"""Feeding the views: every event once, whoever else feeds or fails meanwhile."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Signal
from uuid import UUID

import pytest
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Uuid

from adapters import projections
from adapters.eventstore import LedgerStore
from adapters.projections import LedgerViews
from adapters.viewstore import Histories, ViewStore
from api import bootstrap
from api.bootstrap import Running
from domain.history import Recorded
from tests.conftest import Clock
from tests.store.telling import rows, tell


def test_two_who_feed_at_once_write_every_row_once(
    running: Running, store: LedgerStore, views: LedgerViews, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projections, "PAGE", 3)
    other = LedgerViews(views.store, store)
    with ThreadPoolExecutor() as pool:
        telling = pool.submit(tell, store, clock, 8)
        while not telling.done():
            for feeding in [pool.submit(each.catch_up) for each in (views, other)]:
                feeding.result()
        telling.result()
    views.catch_up()
    live = rows(views)
    assert live["list_meetings"]
    assert live["list_inputs"]
    views.rebuild()
    assert rows(views) == live


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
    views = ViewStore(url, [first, fragile, *others])
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
