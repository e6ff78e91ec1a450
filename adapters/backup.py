"""Backup and restore of events, vault and tokens, the same file for both back ends.

The key-encryption key is never in it: without it the backup opens nothing. Events are read first and keys after, so
that every event in a backup has its key there, too. A backup is a stream of MessagePack values: a heading, then for
each table its name and its rows, and an end; the SHA-256 of all that closes the file.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import msgspec
from sqlalchemy import Engine, text

from adapters.access import Access
from adapters.postgresql import PostgresStore
from adapters.sqlite import SqliteStore
from adapters.vault import Vault

FORMAT = "medvirkning-backup-1"
CHUNK = 500
CHECKED = 1024 * 1024
"""Bytes read at a time."""
TABLES: dict[str, tuple[str, ...]] = {
    "ledgers": ("id", "number", "name", "synthetic"),
    "head": ("ledger", "position", "recorded_at", "peaks"),
    "events": (
        "ledger",
        "position",
        "event_id",
        "stream_id",
        "stream_version",
        "name",
        "schema_version",
        "recorded_at",
        "key_id",
        "skeleton",
        "leaf",
    ),
    "parts": ("ledger", "position", "n", "key_id", "ciphertext"),
    "commands": ("ledger", "client", "key", "digest", "first", "last"),
    "claims": ("ledger", "kind", "digest", "stream"),
    "keys": ("key_id", "ledger", "subject", "data_class", "record", "epoch", "wrapped"),
    "tokens": (
        "id",
        "ledger",
        "digest",
        "role",
        "unit",
        "actor",
        "client",
        "scopes",
        "created_at",
        "expires_at",
        "revoked_at",
    ),
}
_EVENT_TABLES = ("ledgers", "head", "events", "parts", "commands", "claims")
_UUIDS = frozenset({"id", "ledger", "event_id", "stream_id", "key_id", "stream", "subject", "record"})
Tell = Callable[[str, int], None]


class NotABackup(Exception):
    """The file is no backup of this format, or is cut short."""


class NotEmpty(Exception):
    """A restore goes into empty stores only; nothing is ever written over."""


class Stores:
    """The three databases a backup is of."""

    def __init__(self, events: SqliteStore | PostgresStore, vault: Vault, access: Access) -> None:
        embedded = isinstance(events, SqliteStore)
        self._events = "" if embedded else "ledger."
        self._tokens = access.tokens.fullname
        self._engines: dict[str, Engine] = {
            **dict.fromkeys(_EVENT_TABLES, events.engine),
            "keys": vault.engine,
            "tokens": access.engine,
        }

    def backup(self, path: Path, tell: Tell = lambda table, rows: None) -> None:
        """Writes a backup; the file appears whole or not at all."""
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            _write(file, FORMAT)
            with self._snapshot(self._engines["events"]) as connection:
                for table in _EVENT_TABLES:
                    self._dump(file, connection, table, tell)
            for table in ("keys", "tokens"):
                with self._snapshot(self._engines[table]) as connection:
                    self._dump(file, connection, table, tell)
            _write(file, "end")
        with partial.open("r+b") as file:
            file.write(hashlib.file_digest(file, "sha256").digest())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)

    def restore(self, path: Path, tell: Tell = lambda table, rows: None) -> None:
        """Reads a backup into empty, migrated stores. Keys first: no event is there before its key."""
        _check(path)
        for table in ("ledgers", "keys", "tokens"):
            with self._engines[table].connect() as connection:
                if connection.execute(text(f"SELECT count(*) FROM {self._name(table)}")).scalar_one():  # noqa: S608
                    raise NotEmpty(f"there is something in {table} already: restore into an empty installation")
        for wanted in (("tokens",), ("keys",), _EVENT_TABLES):
            engine = self._engines[wanted[0]]
            with engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                with _transaction(driver):
                    for table, rows in _read(path):
                        if table in wanted:
                            self._load(driver, table, rows)
                            tell(table, len(rows))

    def _name(self, table: str) -> str:
        return {"keys": "keys", "tokens": self._tokens}.get(table, f"{self._events}{table}")

    @contextmanager
    def _snapshot(self, engine: Engine) -> Iterator[Any]:
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            if engine.dialect.name == "sqlite":
                driver.execute("BEGIN")
            else:
                driver.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                yield driver
            finally:
                driver.execute("ROLLBACK")

    def _dump(self, file: BinaryIO, driver: Any, table: str, tell: Tell) -> None:
        cursor = driver.cursor()
        cursor.execute(f"SELECT {', '.join(TABLES[table])} FROM {self._name(table)}")  # noqa: S608 - our own names
        while rows := cursor.fetchmany(CHUNK):
            _write(file, [table, [[_plain(value) for value in row] for row in rows]])
            tell(table, len(rows))

    def _load(self, driver: Any, table: str, rows: list[list[Any]]) -> None:
        columns = TABLES[table]
        sqlite = not hasattr(driver, "pgconn")
        core = table in ("keys", "tokens")
        values = [
            tuple(_stored(column, value, sqlite, core) for column, value in zip(columns, row, strict=True))
            for row in rows
        ]
        mark = "?" if sqlite else "%s"
        statement = (
            f"INSERT INTO {self._name(table)} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"  # noqa: S608
        )
        driver.cursor().executemany(statement, values)


@contextmanager
def _transaction(driver: Any) -> Iterator[None]:
    driver.execute("BEGIN")
    try:
        yield
        driver.execute("COMMIT")
    except BaseException:
        driver.execute("ROLLBACK")
        raise


def _plain(value: Any) -> Any:
    return value.bytes if isinstance(value, UUID) else value


def _stored(column: str, value: Any, sqlite: bool, core: bool) -> Any:
    """A value as its database keeps it; SQLAlchemy's Uuid is 32 hex digits on SQLite, ours 16 bytes."""
    if column == "synthetic":
        return int(value) if sqlite else bool(value)
    if column not in _UUIDS or value is None:
        return value
    identity = UUID(value) if isinstance(value, str) else UUID(bytes=value)
    if not sqlite:
        return identity
    return identity.hex if core else identity.bytes


def _write(file: BinaryIO, value: Any) -> None:
    encoded = msgspec.msgpack.encode(value)
    file.write(len(encoded).to_bytes(8, "big") + encoded)


def _check(path: Path) -> None:
    """Raises NotABackup unless every byte is there and as it was written."""
    digest, left = hashlib.sha256(), path.stat().st_size - hashlib.sha256().digest_size
    with path.open("rb") as file:
        while left > 0 and (chunk := file.read(min(left, CHECKED))):
            digest.update(chunk)
            left -= len(chunk)
        if file.read() != digest.digest():
            raise NotABackup(f"{path} is no backup, or is cut short or damaged")


def _read(path: Path) -> Iterator[tuple[str, list[list[Any]]]]:
    with path.open("rb") as file:
        if _value(file) != FORMAT:
            raise NotABackup(f"{path} is no {FORMAT}")
        while (value := _value(file)) != "end":
            yield value[0], value[1]


def _value(file: BinaryIO) -> Any:
    return msgspec.msgpack.decode(file.read(int.from_bytes(file.read(8), "big")))
