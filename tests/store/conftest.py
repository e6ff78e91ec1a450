"""One event store a back end for the whole session: ledgers are blind to each other, so a test needs only a new one."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.eventstore import LedgerStore
from adapters.postgresql import PostgresStore
from adapters.projections import LedgerViews
from adapters.recorder import Append, LedgerRow, Part, Recorder, SealedEvent
from adapters.sqlite import SqliteStore
from adapters.viewstore import ViewStore
from api import bootstrap
from api.bootstrap import Running
from tests.conftest import app_url, open_api

EventStore = SqliteStore | PostgresStore
START = 1_772_442_000_000_000
"""An instant, in µs."""


@pytest.fixture(scope="session")
def postgres(postgres: str) -> str:
    """The cluster. It need not outlive a power cut, and half the time of these tests was its waiting for the disk."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return postgres


@pytest.fixture(scope="session")
def event_stores(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], EventStore]]:
    """The migrated event store of a back end, on PostgreSQL as the application's user."""
    made: dict[str, EventStore] = {}

    def get(back_end: str) -> EventStore:
        if back_end in made:
            return made[back_end]
        if back_end == "sqlite":
            made[back_end] = SqliteStore(tmp_path_factory.mktemp("store") / "events.db")
            made[back_end].migrate()
        else:
            url = request.getfixturevalue("databases")("store")
            owner = PostgresStore(url)
            owner.migrate()
            owner.admit(app_url(url))
            owner.close()
            made[back_end] = PostgresStore(app_url(url))
        return made[back_end]

    yield get
    for store in made.values():
        store.close()


@pytest.fixture
def event_store(event_stores: Callable[[str], EventStore], back_end: str) -> EventStore:
    """The event store of each back end in turn."""
    return event_stores(back_end)


@pytest.fixture
def recorder(event_store: EventStore) -> Recorder:
    """A new ledger, whose own event is at position 1."""
    return open_ledger(event_store)


def open_ledger(store: EventStore) -> Recorder:
    ledger = uuid4()
    recorder = store.recorder(ledger)
    room = LedgerRow(ledger, "0301", "Test", synthetic=True)
    recorder.append([an_event(ledger, 1)], Append(clock=START, opens=room))
    return recorder


def an_event(stream: UUID, version: int, **members: Any) -> SealedEvent:
    members = {"topic": "meeting.held", "state": b"skeleton", "event_id": uuid4(), "key_id": uuid4(), **members}
    return SealedEvent(originator_id=stream, originator_version=version, **members)


def a_part(n: int, text: bytes) -> Part:
    return Part(n, uuid4(), text)


def another(store: EventStore) -> EventStore:
    """A second store object on the same database: what another process would have."""
    if isinstance(store, SqliteStore):
        return SqliteStore(store.path)
    return PostgresStore(store.url.render_as_string(hide_password=False))


@pytest.fixture
def store(running: Running) -> LedgerStore:
    return running.store(open_api(running).ledger)


@pytest.fixture
def views(running: Running, store: LedgerStore) -> Iterator[LedgerViews]:
    """The ledger's views, its tables summed up every fifth position."""
    url = running.views.engine.url.render_as_string(hide_password=False)
    views = ViewStore(url, bootstrap.projections(block=5))
    yield LedgerViews(views, store)
    views.close()
