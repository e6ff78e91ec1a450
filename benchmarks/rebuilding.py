"""Rows 6 and 7: every view made again from the log."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Semaphore
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import (
    ApplicationRecorder,
    JSONTranscoder,
    Mapper,
    Notification,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.projection import BaseProjectionRunner, Projection
from eventsourcing.utils import Environment, EnvType
from sqlalchemy import Connection, select

from adapters.eventstore import LedgerStore
from adapters.histories import PageHistories
from adapters.projections import REBUILD_PAGE
from adapters.viewstore import ViewStore
from benchmarks import large
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.places import POSTGRESQL, SQLITE, Place, settings_of
from domain.history import Recorded

_ROUNDS = 5
_ONE_BY_ONE = 0.01
"""The share of the events that a turn of the runner is given; it starts half way, where histories are half as long."""

_SELECTED = 500
"""How many events the library's subscription reads at a time."""

_STUCK_SECONDS = 60


@contextmanager
def per_event(place: Place, size: int) -> Iterator[Comparison]:
    """Row 6."""
    with (
        large.ledger(place, POSTGRESQL, size) as (running, store),
        place.running(POSTGRESQL) as other,
        _one_by_one(store, other.views, size // 2) as runner,
    ):
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


@contextmanager
def _one_by_one(store: LedgerStore, into: ViewStore, start: int) -> Iterator["_OneByOne"]:
    """The library's runner, behind the same log; it stands still until it is told how far to go."""

    class Log(Application[UUID]):
        """The library's application on the same events."""

        name = "log"

        def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
            return Environment(name, {})

        def construct_recorder(self) -> ApplicationRecorder:
            return store.recorder

        def construct_mapper(self) -> Mapper[UUID]:
            return _InPlace(store)

    views = _Views(store, into, Tracking(Log.name, start))
    projection = _OneByOne(views)
    with BaseProjectionRunner(
        projection=projection, application_class=Log, tracking_recorder=views, topics=projection.topics
    ):
        yield projection
        projection.leave()


class _OneByOne(Projection["_Views"]):
    """Folds each event as it comes, if it may."""

    def __init__(self, view: "_Views") -> None:
        super().__init__(view)
        self._may, self._done = Semaphore(0), Semaphore(0)

    def work(self, size: int) -> None:
        """Lets so many events through, and waits until they are folded."""
        for _ in range(size):
            self._may.release()
        for _ in range(size):
            if not self._done.acquire(timeout=_STUCK_SECONDS):
                raise RuntimeError("the runner has stopped")

    def leave(self) -> None:
        """Lets one more event through, so that the thread that waits for it comes to its end."""
        self._may.release()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self._may.acquire()
        self.view.fold(domain_event, tracking)
        self._done.release()


class _Views(TrackingRecorder):
    """The same views, in a database of their own: an event's rows and its tracking in one transaction."""

    def __init__(self, events: LedgerStore, store: ViewStore, start: Tracking) -> None:
        self._events, self._store = events, store
        self.insert_tracking(start)

    def insert_tracking(self, tracking: Tracking) -> None:
        with self._store.engine.begin() as connection:
            self._track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        progress = self._store.progress.c
        with self._store.engine.connect() as connection:
            found = connection.execute(select(progress.position).where(progress.view == application_name)).scalar()
        return None if found is None else int(found)

    def fold(self, event: Recorded, tracking: Tracking) -> None:
        """Folds one event into every view."""
        store, histories = self._store, PageHistories(self._events, [event])
        with store.engine.begin() as connection:
            self._track(connection, tracking)
            for view in store.views:
                tables = store.tables[view.name]
                histories.read(view.concerned(connection, tables, [event]))
                view.fold(connection, tables, self._events.ledger, [event], histories)

    def _track(self, connection: Connection, tracking: Tracking) -> None:
        progress = self._store.progress
        place = {"position": tracking.notification_id}
        row = {"ledger": self._events.ledger, "view": tracking.application_name, "version": self._store.version}
        inserted = self._store.insert(progress).values({**row, **place})
        connection.execute(inserted.on_conflict_do_update(index_elements=["ledger", "view"], set_=place))


class _InPlace(Mapper[UUID]):
    """Gives the events behind the library's notifications, read and opened as many at a time as it reads of those."""

    def __init__(self, store: LedgerStore) -> None:
        super().__init__(JSONTranscoder())
        self._store = store
        self._read: dict[int, Recorded] = {}

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        assert isinstance(stored_event, Notification)
        if stored_event.id not in self._read:
            self._read = {each.position: each for each in self._store.page(stored_event.id - 1, _SELECTED)}
        return self._read[stored_event.id]
