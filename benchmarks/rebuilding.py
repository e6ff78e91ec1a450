"""Rows 6 and 7: every view made again from the log."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Semaphore
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, Mapper, Notification, Tracking, TrackingRecorder
from eventsourcing.projection import BaseProjectionRunner, Projection
from eventsourcing.utils import EnvType
from sqlalchemy import select

from adapters.eventstore import LedgerStore
from adapters.histories import PageHistories
from adapters.projections import REBUILD_PAGE
from adapters.recorder import Recorder
from adapters.viewstore import ViewStore
from api.bootstrap import kinds, projections
from benchmarks import large
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.places import POSTGRESQL, SQLITE, Place, for_sqlalchemy, settings_of
from domain.history import Recorded

_ROUNDS = 5
_ONE_BY_ONE = 0.01
"""The share of the events that a turn of the runner is given; it starts half way, where histories are half as long."""


@contextmanager
def per_event(place: Place, size: int) -> Iterator[Comparison]:
    """Row 6."""
    url = for_sqlalchemy(place.database("projection"))
    with large.ledger(place, POSTGRESQL, size) as (running, store), _one_by_one(store, url, size // 2) as runner:
        views = running.ledger_views(store.ledger)
        theirs = Contender("the library's ProjectionRunner", _as_it_is, runner.work, _ONE_BY_ONE)
        yield Comparison(
            row=6,
            work="rebuild all views",
            back_end=POSTGRESQL,
            unit="events",
            size=size,
            ours=Contender("ours", _as_it_is, lambda _: views.rebuild()),
            peers=(Peer(theirs, 40),),
            settings={
                **settings_of(place.cluster),
                "ours": f"{REBUILD_PAGE:,} events a transaction, compared with the live views and switched",
                "the runner": f"one event a transaction, {theirs.part(size):,} of them a turn",
            },
            rounds=_ROUNDS,
        )


def whole_on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 7 on PostgreSQL."""
    return _whole(place, POSTGRESQL, size, settings_of(place.cluster))


def whole_on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 7 on SQLite."""
    return _whole(place, SQLITE, size, {"sqlite": sqlite3.sqlite_version})


@contextmanager
def _whole(place: Place, back_end: str, size: int, settings: dict[str, str]) -> Iterator[Comparison]:
    with large.ledger(place, back_end, size) as (running, store):
        views = running.ledger_views(store.ledger)
        yield Comparison(
            row=7,
            work="rebuild all views",
            back_end=back_end,
            unit="events",
            size=size,
            ours=Contender("ours", _as_it_is, lambda _: views.rebuild()),
            peers=(Peer(Contender("a decode-only pass", _as_it_is, partial(_decode, store)), most=2.0),),
            settings={**settings, "page": f"{REBUILD_PAGE:,} events", "views": str(len(views.store.views))},
            rounds=1,
        )


def _as_it_is(size: int) -> int:
    return size


def _decode(store: LedgerStore, size: int) -> None:
    after = 0
    while page := store.page(after, REBUILD_PAGE):
        after = page[-1].position
    assert after > size


class _Views(TrackingRecorder):
    """The same views, in a database of their own: rows and tracking in one transaction, an event at a time."""

    def __init__(self, store: LedgerStore, url: str, start: int) -> None:
        self._events = store
        self._store = ViewStore(url, projections(), kinds())
        self._store.create()
        self.insert_tracking(Tracking(_Log.name, start))

    def insert_tracking(self, tracking: Tracking) -> None:
        self._write(tracking, [])

    def max_tracking_id(self, application_name: str) -> int | None:
        progress = self._store.progress.c
        with self._store.engine.connect() as connection:
            return connection.execute(
                select(progress.position).where(progress.view == application_name)
            ).scalar_one_or_none()

    def fold(self, event: Recorded, tracking: Tracking) -> None:
        """Folds one event into every view."""
        self._write(tracking, [event])

    def _write(self, tracking: Tracking, page: list[Recorded]) -> None:
        store, ledger, progress = self._store, self._events.ledger, self._store.progress
        row = {"ledger": ledger, "view": tracking.application_name, "version": "", "position": tracking.notification_id}
        histories = PageHistories(self._events, page)
        with store.engine.begin() as connection:
            connection.execute(
                store.insert(progress)
                .values(row)
                .on_conflict_do_update(
                    index_elements=[progress.c.ledger, progress.c.view], set_={"position": tracking.notification_id}
                )
            )
            for view in store.views if page else ():
                histories.read(view.concerned(connection, store.tables[view.name], page))
                view.fold(connection, store.tables[view.name], ledger, page, histories)

    def close(self) -> None:
        self._store.close()


class _Log(Application[UUID]):
    """The library's application on the same log: our recorder, and a mapper that gives events in their place."""

    name = "log"
    store: LedgerStore

    def construct_mapper(self) -> Mapper[UUID]:
        return _InPlace(self.store)

    def construct_recorder(self) -> ApplicationRecorder:
        return _Placed(self.store.recorder)
