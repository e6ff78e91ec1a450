"""The raw peers: the rows of our appends, ready-made with their leaves, into tables of the same columns and indexes.

They lock no head, judge nothing and compute nothing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from adapters.eventstore import LedgerStore
from adapters.recorder import Row, SealedEvent, leaf_of
from adapters.sqlite import SqliteStore
from api.bootstrap import now
from benchmarks import stored
from benchmarks.meetings import lives

_TABLES = """
CREATE SCHEMA raw;
CREATE TABLE raw.events (LIKE ledger.events INCLUDING ALL);
CREATE TABLE raw.parts (LIKE ledger.parts INCLUDING ALL);
CREATE TABLE raw.commands (LIKE ledger.commands INCLUDING ALL);
"""

_EVENT = "event AS (INSERT INTO raw.events VALUES (%b,%b,%b,%b,%b,%t,%b,%b,%b,%b,%b))"
_PART = "part AS (INSERT INTO raw.parts VALUES (%b,%b,%b,%b,%b))"
_COMMAND = "INSERT INTO raw.commands VALUES (%b,%t,%t,%b,%b,%b)"
_SILENT = f"WITH {_EVENT} {_COMMAND}"
_SAYING = f"WITH {_EVENT}, {_PART} {_COMMAND}"


class Rows(NamedTuple):
    """What one append of one event leaves behind."""

    event: tuple[Any, ...]
    parts: list[tuple[Any, ...]]
    command: tuple[Any, ...]


class ReadyMade:
    """Makes rows of a ledger to which nobody else writes. `as_id` is how a back end stores a UUID."""

    def __init__(self, store: LedgerStore, as_id: Callable[[UUID], Any]) -> None:
        self._store, self._as_id, self._position = store, as_id, 0

    def __call__(self, count: int) -> list[Rows]:
        """The rows of so many more events."""
        return [self._rows(event) for event in stored.seal(self._store, lives(count))]

    def _rows(self, event: SealedEvent) -> Rows:
        assert isinstance(event.originator_id, UUID)
        self._position += 1
        as_id, at = self._as_id, self._position
        row = Row(
            position=at,
            event_id=event.event_id,
            stream_id=event.originator_id,
            stream_version=event.originator_version,
            name=event.topic,
            schema_version=event.schema_version,
            recorded_at=now(),
            key_id=event.key_id,
            skeleton=event.state,
            leaf=b"",
            parts=event.parts,
        )
        row = row._replace(leaf=leaf_of(self._store.ledger, row))
        ledger, command = as_id(self._store.ledger), stored.command()
        return Rows(
            (ledger, *(as_id(value) if isinstance(value, UUID) else value for value in row[:-1])),
            [(ledger, at, part.n, as_id(part.key_id), part.ciphertext) for part in row.parts],
            (ledger, command.client, command.key, command.digest, at, at),
        )


@contextmanager
def on_postgresql(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection, as the owner, to a database of ours with the raw tables in it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLES)
        yield connection


def insert_each(connection: psycopg.Connection[Any], ready: Iterable[Rows]) -> None:
    """Every event in one statement, which is a transaction and a round trip; prepared by the driver."""
    cursor = connection.cursor()
    for event, parts, command in ready:
        if parts:
            [part] = parts
            cursor.execute(_SAYING, (*event, *part, *command))
        else:
            cursor.execute(_SILENT, (*event, *command))


def copy_all(connection: psycopg.Connection[Any], ready: list[Rows]) -> None:
    """All in one transaction, by binary COPY."""
    with connection.transaction(), connection.cursor() as cursor:
        _copy(cursor, "events", "uuid int8 uuid uuid int8 text int4 int8 uuid bytea bytea", (r.event for r in ready))
        _copy(cursor, "parts", "uuid int8 int4 uuid bytea", (part for r in ready for part in r.parts))
        cursor.execute(_COMMAND, (*ready[0].command[:-1], ready[-1].command[-1]))


def _copy(cursor: psycopg.Cursor[Any], table: str, types: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY raw.{table} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types.split())
        for row in rows:
            copy.write_row(row)


@contextmanager
def on_sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file with our tables in it, kept as ours is."""
    SqliteStore(path).migrate()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        yield connection


def execute_each(connection: sqlite3.Connection, ready: Iterable[Rows]) -> None:
    """Every event in a transaction of its own."""
    for event, parts, command in ready:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?)", event)
        for part in parts:
            connection.execute("INSERT INTO parts VALUES (?,?,?,?,?)", part)
        connection.execute("INSERT INTO commands VALUES (?,?,?,?,?,?)", command)
        connection.execute("COMMIT")
