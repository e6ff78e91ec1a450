"""Rows 1 to 3: events appended, sealed, in the tree and under a command key."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from eventsourcing.persistence import ApplicationRecorder

from adapters.eventstore import LedgerStore
from api.bootstrap import Running
from benchmarks import library, raw, stored
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.meetings import lives
from benchmarks.places import POSTGRESQL, SQLITE, Place, settings_of


@contextmanager
def one_on_postgresql(place: Place, size: int) -> Iterator[Comparison]:
    """Row 1."""
    with (
        stored.ledger(place, POSTGRESQL) as (running, store),
        library.on_postgresql(place.database("library")) as recorder,
        raw.on_postgresql(_owner(running)) as connection,
    ):
        made = raw.ReadyMade(store, lambda value: value)
        inserting = Contender("raw INSERT of the same rows", made, partial(raw.insert_each, connection))
        yield Comparison(
            row=1,
            work="one event per commit",
            back_end=POSTGRESQL,
            unit="events",
            size=size,
            ours=_ours(store),
            peers=(Peer(_theirs(store, recorder), 1.5), Peer(inserting, 0.6), _keys_made_too(store)),
            settings=settings_of(place.cluster),
        )


@contextmanager
def one_on_sqlite(place: Place, size: int) -> Iterator[Comparison]:
    """Row 2."""
    with (
        stored.ledger(place, SQLITE) as (_, store),
        library.on_sqlite(place.path("library.db")) as recorder,
        raw.on_sqlite(place.path("raw.db")) as connection,
    ):
        made = raw.ReadyMade(store, lambda value: value.bytes)
        inserting = Contender("raw sqlite3, the same rows", made, partial(raw.execute_each, connection))
        yield Comparison(
            row=2,
            work="one event per commit",
            back_end=SQLITE,
            unit="events",
            size=size,
            ours=_ours(store),
            peers=(Peer(_theirs(store, recorder), 0.8), Peer(inserting, 0.7), _keys_made_too(store)),
            settings={"sqlite": sqlite3.sqlite_version, "journal_mode": "WAL", "synchronous": "FULL"},
        )


@contextmanager
def many_on_postgresql(place: Place, size: int) -> Iterator[Comparison]:
    """Row 3: a turn is one commit."""
    with (
        stored.ledger(place, POSTGRESQL) as (running, store),
        raw.on_postgresql(_owner(running)) as connection,
    ):
        made = raw.ReadyMade(store, lambda value: value)
        copying = Contender("binary COPY of the same rows", made, partial(raw.copy_all, connection))
        beforehand = Contender(
            "ours, sealed beforehand",
            lambda count: stored.seal(store, stored.with_keys(store, count)),
            lambda sealed: store.recorder.insert_events(sealed, append=stored.context()),
        )
        yield Comparison(
            row=3,
            work=f"{size:,} events per commit",
            back_end=POSTGRESQL,
            unit="events",
            size=size,
            ours=Contender("ours", partial(stored.with_keys, store), partial(stored.append_all, store)),
            peers=(Peer(copying, 0.5), Peer(beforehand)),
            settings=settings_of(place.cluster),
        )


def _ours(store: LedgerStore) -> Contender:
    return Contender("ours", partial(stored.with_keys, store), partial(stored.append_each, store))


def _theirs(store: LedgerStore, recorder: ApplicationRecorder) -> Contender:
    prepare = partial(stored.for_the_library, store)
    return Contender("the library's recorder", prepare, partial(library.insert_each, recorder))


def _keys_made_too(store: LedgerStore) -> Peer:
    return Peer(Contender("ours, each record's keys made too", lives, partial(stored.append_each, store)))


def _owner(running: Running) -> str:
    owner = running.config.owner_database
    assert owner is not None
    return owner.replace("+psycopg", "", 1)
