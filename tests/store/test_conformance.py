"""The library's own conformance tests, on both of our recorders.

Those for a recorder of aggregates alone are not for us: they ask that an append tell no positions.
"""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.tests.persistence import ApplicationRecorderTestCase

from adapters.postgresql import PostgresStore
from adapters.recorder import Recorder
from adapters.sqlite import SqliteStore


class Conformance:
    """What the library's test cases ask of us: an empty ledger's recorder."""

    INITIAL_VERSION = 1
    store: SqliteStore | PostgresStore

    def create_recorder(self) -> Recorder:
        return empty_ledger(self.store)

    def new_originator_id(self) -> UUID:
        return uuid4()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()

    def tearDown(self) -> None:
        # The library's tests leave their readers to themselves; one may be in the middle of a query.
        for thread in threading.enumerate():
            if "read_continuously" in thread.name:
                thread.join()
        self.store.close()


class TestOnSqlite(Conformance, ApplicationRecorderTestCase[Recorder]):
    @pytest.fixture(autouse=True)
    def migrated(self, tmp_path: Path) -> None:
        self.store = SqliteStore(tmp_path / "events.db")
        self.store.migrate()


class TestOnPostgres(Conformance, ApplicationRecorderTestCase[Recorder]):
    @pytest.fixture(autouse=True)
    def migrated(self, databases: Callable[[str], str]) -> None:
        self.store = PostgresStore(databases("conformance"))
        self.store.migrate()


def empty_ledger(store: SqliteStore | PostgresStore) -> Recorder:
    """The recorder of a ledger without a first event, which only these tests have."""
    ledger = uuid4()
    if isinstance(store, SqliteStore):
        with store.writing() as connection:
            connection.execute("INSERT INTO ledgers VALUES (?, '0301', 'Test', 1)", (ledger.bytes,))
            connection.execute("INSERT INTO head VALUES (?, 0, 0, x'')", (ledger.bytes,))
    else:
        with store.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("INSERT INTO ledger.ledgers VALUES (%s, '0301', 'Test', true)", (ledger,))
            driver.execute("INSERT INTO ledger.head VALUES (%s, 0, 0, '')", (ledger,))
    return store.recorder(ledger)
