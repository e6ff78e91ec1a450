"""The embedded edition's store: every ledger of the installation in one SQLite file, `events.db`.

Statements go to the driver directly: through Core's compiler an append is a third as fast (store.md §1 of the
design). One writer connection a process, behind a lock; readers come from SQLAlchemy's pool.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from threading import Condition, Lock
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, event
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from adapters import layout
from adapters.recorder import (
    Append,
    Claim,
    ClaimTaken,
    CommandRepeated,
    CommandRow,
    FormatError,
    Head,
    LedgerRow,
    Part,
    ReadConflict,
    Recorder,
    Row,
    SealedEvent,
    StreamConflict,
    with_parts,
)

FORMAT = 1
BUSY_SECONDS = 30
POLL_SECONDS = 0.05
"""How often a waiting reader looks whether another process has written."""

_COLUMNS = (
    "position, event_id, stream_id, stream_version, name, schema_version, recorded_at, key_id, skeleton, leaf"
)
_CHUNK = 500


class SqliteStore:
    """The file with every ledger in it. `unavailable` are the driver's ways of saying that it cannot be reached."""

    unavailable = (sqlite3.OperationalError,)

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changed = Condition()
        self.write_lock = Lock()
        self.engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=4,
            max_overflow=64,
            connect_args={"isolation_level": None, "timeout": BUSY_SECONDS, "check_same_thread": False},
        )
        event.listen(self.engine, "connect", _configure)
        self._writer: PoolProxiedConnection | None = None

    def migrate(self) -> list[str]:
        """Brings the file to this version's format; returns the migrations it ran."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.writing() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version > FORMAT:
                raise FormatError(f"{self.path} has format {version}; this version knows up to {FORMAT}")
            ran = []
            for number in range(version + 1, FORMAT + 1):
                name = f"sqlite_{number:04d}.sql"
                script = resources.files("adapters.migrations").joinpath(name).read_text()
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
                ran.append(name)
            return ran

    def check_format(self) -> None:
        """Raises FormatError unless the file has this version's format."""
        version: int = self.query("PRAGMA user_version")[0][0] if self.path.exists() else 0
        if version != FORMAT:
            raise FormatError(
                f"{self.path} has format {version}, this version keeps {FORMAT}: run `medvirkning migrate`"
            )

    def create_ledger(self, ledger: UUID, number: str, name: str, synthetic: bool) -> None:
        """Makes room for a ledger; its first event is the caller's."""
        with self.writing() as connection:
            connection.execute(
                "INSERT INTO ledgers VALUES (?, ?, ?, ?)", (ledger.bytes, number, name, int(synthetic))
            )
            connection.execute("INSERT INTO head VALUES (?, 0, 0, x'')", (ledger.bytes,))

    def ledgers(self) -> list[LedgerRow]:
        """Every ledger of the file."""
        found = self.query("SELECT id, number, name, synthetic FROM ledgers ORDER BY number, id")
        return [LedgerRow(UUID(bytes=row[0]), row[1], row[2], bool(row[3])) for row in found]

    def recorder(self, ledger: UUID) -> "SqliteRecorder":
        """The recorder of one ledger."""
        return SqliteRecorder(self, ledger)

    def query(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """What a reading connection of the pool answers."""
        connection: Any = self.engine.raw_connection()
        try:
            found: list[Any] = connection.execute(statement, values).fetchall()
            return found
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The writer, inside BEGIN IMMEDIATE; commits, or rolls everything back."""
        with self.write_lock:
            if self._writer is None:
                self._writer = self.engine.raw_connection()
            connection: Any = self._writer.driver_connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        with self.changed:
            self.changed.notify_all()

    def close(self) -> None:
        """Closes every connection."""
        with self.write_lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self.engine.dispose()


class SqliteRecorder(Recorder):
    """One ledger of the file."""

    def __init__(self, store: SqliteStore, ledger: UUID) -> None:
        self.store, self.ledger = store, ledger

    def append(self, events: Sequence[SealedEvent], context: Append) -> list[int]:
        ledger = self.ledger.bytes
        with self.store.writing() as connection:
            position, told, stored_peaks = connection.execute(
                "SELECT position, recorded_at, peaks FROM head WHERE ledger = ?", (ledger,)
            ).fetchone()
            self._judge(connection, context)
            first, peaks = position + 1, _split(stored_peaks)
            rows, parts = [], []
            for each in events:
                told = max(told + 1, context.clock)
                assert isinstance(each.originator_id, UUID)
                leaf = layout.leaf(
                    layout.preimage(
                        ledger=self.ledger,
                        position=position + 1,
                        event_id=each.event_id,
                        stream_id=each.originator_id,
                        stream_version=each.originator_version,
                        name=each.topic,
                        schema_version=each.schema_version,
                        recorded_at=told,
                        key_id=each.key_id,
                        skeleton=each.state,
                        parts=each.parts,
                    )
                )
                peaks = layout.grow(peaks, position, leaf)
                position += 1
                rows.append(
                    (
                        ledger,
                        position,
                        each.event_id.bytes,
                        each.originator_id.bytes,
                        each.originator_version,
                        each.topic,
                        each.schema_version,
                        told,
                        each.key_id.bytes,
                        each.state,
                        leaf,
                    )
                )
                parts += [(ledger, position, part.n, part.key_id.bytes, part.ciphertext) for part in each.parts]
            try:
                connection.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
            except sqlite3.IntegrityError as error:
                raise StreamConflict("that version of the stream, or that event id, is stored already") from error
            connection.executemany("INSERT INTO parts VALUES (?,?,?,?,?)", parts)
            connection.execute(
                "UPDATE head SET position = ?, recorded_at = ?, peaks = ? WHERE ledger = ?",
                (position, told, b"".join(peaks), ledger),
            )
            if context.command:
                command = context.command
                connection.execute(
                    "INSERT INTO commands VALUES (?,?,?,?,?,?)",
                    (ledger, command.client, command.key, command.digest, first, position),
                )
        return list(range(first, position + 1))

    def _judge(self, connection: Any, context: Append) -> None:
        if context.command:
            row = connection.execute(_COMMAND, (self.ledger.bytes, context.command.client, context.command.key))
            if found := row.fetchone():
                raise CommandRepeated(found[1], found[2], found[0])
        for stream, version in context.reads.items():
            (stored,) = connection.execute(
                "SELECT coalesce(max(stream_version), 0) FROM events WHERE ledger = ? AND stream_id = ?",
                (self.ledger.bytes, stream.bytes),
            ).fetchone()
            if stored != version:
                raise ReadConflict(f"a stream read at version {version} is at {stored}")
        connection.executemany(
            "DELETE FROM claims WHERE ledger = ? AND kind = ? AND digest = ? AND stream = ?",
            [self._claim(claim) for claim in context.released],
        )
        try:
            connection.executemany(
                "INSERT INTO claims VALUES (?,?,?,?)", [self._claim(claim) for claim in context.claims]
            )
        except sqlite3.IntegrityError as error:
            raise ClaimTaken("another stream has what was claimed") from error

    def _claim(self, claim: Claim) -> tuple[bytes, str, bytes, bytes]:
        return self.ledger.bytes, claim.kind, claim.digest, claim.stream.bytes

    def rows(self, after: int, limit: int, *, upto: int | None = None, parts: bool = False) -> list[Row]:
        found = self._select(
            "position > ? AND position <= ? ORDER BY position LIMIT ?", (after, upto or 2**62, limit)
        )
        return self._with_parts(found) if parts else found

    def streams(
        self, streams: Collection[UUID], *, upto: int | None = None, parts: bool = False
    ) -> list[Row]:
        found: list[Row] = []
        wanted = [stream.bytes for stream in streams]
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            condition = f"stream_id IN ({marks}) AND position <= ? ORDER BY position"
            found += self._select(condition, (*chunk, 2**62 if upto is None else upto))
        if len(wanted) > _CHUNK:
            found.sort()
        return self._with_parts(found) if parts else found

    def head(self) -> Head:
        [(position, told, peaks)] = self.store.query(
            "SELECT position, recorded_at, peaks FROM head WHERE ledger = ?", (self.ledger.bytes,)
        )
        return Head(position, told, _split(peaks))

    def recorded_at(self, position: int) -> int | None:
        found = self.store.query(
            "SELECT recorded_at FROM events WHERE ledger = ? AND position = ?", (self.ledger.bytes, position)
        )
        return found[0][0] if found else None

    def command(self, client: str, key: str) -> CommandRow | None:
        found = self.store.query(_COMMAND, (self.ledger.bytes, client, key))
        return CommandRow(*found[0]) if found else None

    def claimed(self, kind: str, digest: bytes) -> UUID | None:
        found = self.store.query(
            "SELECT stream FROM claims WHERE ledger = ? AND kind = ? AND digest = ?",
            (self.ledger.bytes, kind, digest),
        )
        return UUID(bytes=found[0][0]) if found else None

    def wait(self, after: int, timeout: float) -> bool:
        until = monotonic() + timeout
        while self.head().position <= after:
            left = until - monotonic()
            if left <= 0:
                return False
            with self.store.changed:
                self.store.changed.wait(min(left, POLL_SECONDS))
        return True

    def _select(self, condition: str, values: tuple[Any, ...]) -> list[Row]:
        found = self.store.query(
            f"SELECT {_COLUMNS} FROM events WHERE ledger = ? AND {condition}",  # noqa: S608 - only placeholders vary
            (self.ledger.bytes, *values),
        )
        return [
            Row(a, UUID(bytes=b), UUID(bytes=c), d, e, f, g, UUID(bytes=h), i, j)
            for a, b, c, d, e, f, g, h, i, j in found
        ]

    def _with_parts(self, rows: list[Row]) -> list[Row]:
        found: list[Any] = []
        for start in range(0, len(rows), _CHUNK):
            chunk = [row.position for row in rows[start : start + _CHUNK]]
            marks = ",".join("?" * len(chunk))
            found += self.store.query(
                "SELECT position, n, key_id, ciphertext FROM parts "  # noqa: S608 - only placeholders vary
                f"WHERE ledger = ? AND position IN ({marks}) ORDER BY position, n",
                (self.ledger.bytes, *chunk),
            )
        return with_parts(rows, ((row[0], Part(row[1], UUID(bytes=row[2]), row[3])) for row in found))


_COMMAND = "SELECT digest, first, last FROM commands WHERE ledger = ? AND client = ? AND key = ?"


def _split(peaks: bytes) -> tuple[bytes, ...]:
    return tuple(peaks[start : start + 32] for start in range(0, len(peaks), 32))


def _statements(script: str) -> list[str]:
    """A migration's statements; `;;` ends one, so that a trigger may hold `;`."""
    return [statement for statement in script.split(";;") if statement.strip()]


def _configure(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
