"""The embedded edition's store: every ledger of the installation in one SQLite file, `events.db`.

Statements go to the driver directly: through Core's compiler an append is a third as fast. One writer connection
a process, behind a lock; readers come from SQLAlchemy's pool. What another process appended is found by looking
at the head.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import create_engine, event
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from adapters import layout, migrations
from adapters.recorder import (
    COLUMNS,
    Append,
    Claim,
    ClaimTaken,
    CommandRepeated,
    CommandRow,
    Head,
    LedgerRow,
    Part,
    ReadConflict,
    Recorder,
    Row,
    SealedEvent,
    StreamConflict,
    leaf_of,
    with_parts,
)
from adapters.waiting import Bell

BUSY_SECONDS = 30
"""How long a writer waits for another process's transaction."""

POLL_SECONDS = 0.05
"""How often a waiting reader looks whether another process has written."""

_CHUNK = 500
_END = 2**63 - 1
_SELECT = f"SELECT {COLUMNS} FROM events WHERE ledger = ? AND "  # noqa: S608 - our own names
# Left to itself, SQLite reads the whole ledger to find a stream in the order of positions.
_STREAMS = f"SELECT {COLUMNS} FROM events INDEXED BY events_by_stream WHERE ledger = ? AND "  # noqa: S608 - as above
_COMMAND = "SELECT digest, first, last FROM commands WHERE ledger = ? AND client = ? AND key = ?"


class SqliteStore:
    """The file with every ledger in it.

    `unavailable` are the driver's ways of saying that it cannot be reached.
    """

    unavailable = (sqlite3.OperationalError,)

    def __init__(self, path: Path) -> None:
        self.path = path
        self.bell = Bell()
        self._write_lock = Lock()
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
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            ran = []
            for number, name, script in migrations.pending("sqlite", version):
                for statement in script.split(";;"):  # so that a trigger may hold `;`
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
                ran.append(name)
            return ran

    def check_format(self) -> None:
        """Raises FormatError unless the file has this version's format."""
        migrations.check(self.query("PRAGMA user_version")[0][0] if self.path.exists() else 0)

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
        with self._write_lock:
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
        self.bell.ring()

    def close(self) -> None:
        """Closes every connection."""
        with self._write_lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            self.engine.dispose()


class SqliteRecorder(Recorder):
    """One ledger of the file."""

    def __init__(self, store: SqliteStore, ledger: UUID) -> None:
        super().__init__(ledger, store.bell, POLL_SECONDS)
        self._store = store

    def append(self, events: Sequence[SealedEvent], context: Append) -> list[int]:
        ledger = self.ledger.bytes
        with self._store.writing() as connection:
            if opens := context.opens:
                connection.execute(
                    "INSERT INTO ledgers VALUES (?, ?, ?, ?)",
                    (opens.id.bytes, opens.number, opens.name, int(opens.synthetic)),
                )
                connection.execute("INSERT INTO head VALUES (?, 0, 0, x'')", (opens.id.bytes,))
            before, told, stored_peaks = connection.execute(
                "SELECT position, recorded_at, peaks FROM head WHERE ledger = ?", (ledger,)
            ).fetchone()
            self._judge(connection, context)
            position, peaks = before, layout.split(stored_peaks)
            rows, parts = [], []
            for each in events:
                told = max(told + 1, context.clock)
                row = _row(position + 1, told, each)
                leaf = leaf_of(self.ledger, row)
                peaks = layout.grow(peaks, position, leaf)
                position += 1
                rows.append(
                    (
                        ledger,
                        position,
                        row.event_id.bytes,
                        row.stream_id.bytes,
                        row.stream_version,
                        row.name,
                        row.schema_version,
                        told,
                        row.key_id.bytes,
                        row.skeleton,
                        leaf,
                    )
                )
                parts += [(ledger, position, part.n, part.key_id.bytes, part.ciphertext) for part in row.parts]
            try:
                connection.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
            except sqlite3.IntegrityError as error:
                if _broken(error):
                    raise StreamConflict("that version of the stream, or that event, is stored already") from error
                raise
            if parts:
                connection.executemany("INSERT INTO parts VALUES (?,?,?,?,?)", parts)
            if command := context.command:
                connection.execute(
                    "INSERT INTO commands VALUES (?,?,?,?,?,?)",
                    (ledger, command.client, command.key, command.digest, before + 1, position),
                )
            connection.execute(
                "UPDATE head SET position = ?, recorded_at = ?, peaks = ? WHERE ledger = ?",
                (position, told, b"".join(peaks), ledger),
            )
        return list(range(before + 1, position + 1))

    def _judge(self, connection: Any, context: Append) -> None:
        """Refuses a repeated command, a moved stream or a taken claim; takes and releases the claims."""
        if command := context.command:
            found = connection.execute(_COMMAND, (self.ledger.bytes, command.client, command.key)).fetchone()
            if found:
                digest, first, last = found
                raise CommandRepeated(first, last, digest)
        for stream, version in context.reads.items():
            (stored,) = connection.execute(
                "SELECT coalesce(max(stream_version), 0) FROM events WHERE ledger = ? AND stream_id = ?",
                (self.ledger.bytes, stream.bytes),
            ).fetchone()
            if stored != version:
                raise ReadConflict("a stream the decision rests on has moved on")
        for claim in context.released:
            connection.execute(
                "DELETE FROM claims WHERE ledger = ? AND kind = ? AND digest = ? AND stream = ?",
                self._claim(claim),
            )
        for claim in context.claims:
            try:
                connection.execute("INSERT INTO claims VALUES (?,?,?,?)", self._claim(claim))
            except sqlite3.IntegrityError as error:
                if _broken(error):
                    raise ClaimTaken("another stream has what was claimed") from error
                raise

    def _claim(self, claim: Claim) -> tuple[bytes, str, bytes, bytes]:
        return self.ledger.bytes, claim.kind, claim.digest, claim.stream.bytes

    def rows(self, after: int, limit: int, *, upto: int | None = None, parts: bool = False) -> list[Row]:
        last = _END if upto is None else upto
        found = self._select(_SELECT + "position > ? AND position <= ? ORDER BY position LIMIT ?", after, last, limit)
        return self._with_parts(found) if parts else found

    def streams(self, streams: Collection[UUID], *, upto: int | None = None, parts: bool = False) -> list[Row]:
        found: list[Row] = []
        wanted = [stream.bytes for stream in streams]
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            marks = ",".join("?" * len(chunk))
            statement = f"{_STREAMS} stream_id IN ({marks}) AND position <= ? ORDER BY position"
            found += self._select(statement, *chunk, _END if upto is None else upto)
        if len(wanted) > _CHUNK:
            found.sort()
        return self._with_parts(found) if parts else found

    def opened_as(self, stream: UUID) -> str | None:
        found = self._store.query(
            "SELECT name FROM events WHERE ledger = ? AND stream_id = ? AND stream_version = 1",
            (self.ledger.bytes, stream.bytes),
        )
        return found[0][0] if found else None

    def head(self) -> Head:
        [(position, told, peaks)] = self._store.query(
            "SELECT position, recorded_at, peaks FROM head WHERE ledger = ?", (self.ledger.bytes,)
        )
        return Head(position, told, layout.split(peaks))

    def recorded_at(self, position: int) -> int | None:
        found = self._store.query(
            "SELECT recorded_at FROM events WHERE ledger = ? AND position = ?", (self.ledger.bytes, position)
        )
        return found[0][0] if found else None

    def command(self, client: str, key: str) -> CommandRow | None:
        found = self._store.query(_COMMAND, (self.ledger.bytes, client, key))
        return CommandRow(*found[0]) if found else None

    def claimed(self, kind: str, digest: bytes) -> UUID | None:
        found = self._store.query(
            "SELECT stream FROM claims WHERE ledger = ? AND kind = ? AND digest = ?",
            (self.ledger.bytes, kind, digest),
        )
        return UUID(bytes=found[0][0]) if found else None

    def _select(self, statement: str, *values: Any) -> list[Row]:
        found = self._store.query(statement, (self.ledger.bytes, *values))
        ids = _Uuids()
        return [Row(a, UUID(bytes=b), ids[c], d, e, f, g, ids[h], i, j) for a, b, c, d, e, f, g, h, i, j in found]

    def _with_parts(self, rows: list[Row]) -> list[Row]:
        found: list[Any] = []
        for start in range(0, len(rows), _CHUNK):
            chunk = [row.position for row in rows[start : start + _CHUNK]]
            marks = ",".join("?" * len(chunk))
            found += self._store.query(
                "SELECT position, n, key_id, ciphertext FROM parts "  # noqa: S608 - only placeholders vary
                f"WHERE ledger = ? AND position IN ({marks}) ORDER BY position, n",
                (self.ledger.bytes, *chunk),
            )
        ids = _Uuids()
        return with_parts(rows, ((row[0], Part(row[1], ids[row[2]], row[3])) for row in found))


class _Uuids(dict[bytes, UUID]):
    """UUIDs by their bytes, each made once: a page has its streams and keys many times over."""

    def __missing__(self, stored: bytes) -> UUID:
        made = self[stored] = UUID(bytes=stored)
        return made


def _row(position: int, recorded_at: int, event: SealedEvent) -> Row:
    assert isinstance(event.originator_id, UUID)
    return Row(
        position,
        event.event_id,
        event.originator_id,
        event.originator_version,
        event.topic,
        event.schema_version,
        recorded_at,
        event.key_id,
        event.state,
        b"",
        event.parts,
    )


def _broken(error: sqlite3.IntegrityError) -> bool:
    """Whether it says that what should be unique is there already."""
    return error.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)


def _configure(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    # 16 MB, not 4: ids are random, so the more commits a checkpoint takes, the fewer pages it writes for each.
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA foreign_keys = ON")
