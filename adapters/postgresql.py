"""The production store: every ledger of a PostgreSQL 15+ database, appended to by one stored function."""

from collections.abc import Collection, Sequence
from importlib import resources
from threading import Condition, Thread
from time import monotonic
from typing import Any
from uuid import UUID

import psycopg
from psycopg import errors as pg
from sqlalchemy import Engine, create_engine, make_url

from adapters.recorder import (
    Append,
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
POLL_SECONDS = 1.0
"""How often a waiting reader looks for itself, should a notification be lost with its connection."""

_COLUMNS = (
    "position, event_id, stream_id, stream_version, name, schema_version, recorded_at, key_id, skeleton, leaf"
)
_TYPES = (
    "uuid bigint uuid[] uuid[] bigint[] text[] integer[] uuid[] bytea[] integer[] integer[] uuid[] bytea[] "
    "text text bytea uuid[] bigint[] text[] bytea[] uuid[] text[] bytea[] uuid[]"
)
_APPEND = f"SELECT ledger.append({', '.join(f'%b::{kind}' for kind in _TYPES.split())})"


class PostgresStore:
    """The database with every ledger in it. Its connections are made at first use: after a fork, not before.

    `unavailable` are the driver's ways of saying that it cannot be reached.
    """

    unavailable = (psycopg.OperationalError,)

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.changed = Condition()
        self._engine: Engine | None = None
        self._listener: _Listener | None = None

    @property
    def engine(self) -> Engine:
        """A pool of autocommitting connections: an append is one statement and one round trip."""
        if self._engine is None:
            self._engine = create_engine(
                self.url,
                isolation_level="AUTOCOMMIT",
                pool_size=2,
                max_overflow=30,
                pool_pre_ping=False,
                connect_args={"options": "-c lock_timeout=10s"},
            )
        return self._engine

    def migrate(self) -> list[str]:
        """Brings the database to this version's format, as its owner; returns the migrations it ran."""
        with self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            ran = []
            with driver.transaction():
                driver.execute("SELECT pg_advisory_xact_lock(hashtext('medvirkning migrate'))")
                version = self._version(driver)
                if version > FORMAT:
                    raise FormatError(f"the database has format {version}; this version knows up to {FORMAT}")
                for number in range(version + 1, FORMAT + 1):
                    name = f"postgresql_{number:04d}.sql"
                    driver.execute(resources.files("adapters.migrations").joinpath(name).read_text())
                    ran.append(name)
            return ran

    def check_format(self) -> None:
        """Raises FormatError unless the database has this version's format."""
        with self.engine.connect() as connection:
            version = self._version(connection.connection.driver_connection)
        if version != FORMAT:
            raise FormatError(
                f"the database has format {version}, this version keeps {FORMAT}: run `medvirkning migrate`"
            )

    def create_ledger(self, ledger: UUID, number: str, name: str, synthetic: bool) -> None:
        """Makes room for a ledger; its first event is the caller's."""
        self.query("SELECT ledger.open(%b, %t, %t, %b)", (ledger, number, name, synthetic))

    def ledgers(self) -> list[LedgerRow]:
        """Every ledger of the database."""
        found = self.query("SELECT id, number, name, synthetic FROM ledger.ledgers ORDER BY number, id")
        return [LedgerRow(*row) for row in found]

    def recorder(self, ledger: UUID) -> "PostgresRecorder":
        """The recorder of one ledger."""
        return PostgresRecorder(self, ledger)

    def query(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """What a connection of the pool answers; a connection that was lost is not used again."""
        connection = self.engine.raw_connection()
        try:
            driver: Any = connection.driver_connection
            found: list[Any] = driver.execute(statement, values, binary=True).fetchall()
            return found
        except psycopg.OperationalError:
            if connection.driver_connection is not None and connection.driver_connection.closed:
                connection.invalidate()
            raise
        finally:
            connection.close()

    def listen(self) -> None:
        """Starts listening for what any process appends; `changed` is notified of it."""
        if self._listener is None:
            self._listener = _Listener(self)
            self._listener.start()

    def close(self) -> None:
        """Closes every connection."""
        if self._listener is not None:
            self._listener.stop()
        if self._engine is not None:
            self._engine.dispose()

    def _version(self, driver: Any) -> int:
        if driver.execute("SELECT to_regclass('ledger.format')").fetchone()[0] is None:
            return 0
        version: int = driver.execute("SELECT max(version) FROM ledger.format").fetchone()[0]
        return version


class PostgresRecorder(Recorder):
    """One ledger of the database."""

    def __init__(self, store: PostgresStore, ledger: UUID) -> None:
        self.store, self.ledger = store, ledger

    def append(self, events: Sequence[SealedEvent], context: Append) -> list[int]:
        if not events:
            return []
        parts = [(at, part) for at, each in enumerate(events, start=1) for part in each.parts]
        command = context.command
        values = (
            self.ledger,
            context.clock,
            [each.event_id for each in events],
            [each.originator_id for each in events],
            [each.originator_version for each in events],
            [each.topic for each in events],
            [each.schema_version for each in events],
            [each.key_id for each in events],
            [each.state for each in events],
            [at for at, _ in parts],
            [part.n for _, part in parts],
            [part.key_id for _, part in parts],
            [part.ciphertext for _, part in parts],
            command.client if command else None,
            command.key if command else None,
            command.digest if command else None,
            list(context.reads),
            [version for version in context.reads.values()],
            *_claims(context.claims),
            *_claims(context.released),
        )
        try:
            [(first,)] = self.store.query(_APPEND, values)
        except pg.UniqueViolation as error:
            if error.diag.table_name == "claims":
                raise ClaimTaken("another stream has what was claimed") from error
            raise StreamConflict("that version of the stream, or that event id, is stored already") from error
        except psycopg.Error as error:
            match error.sqlstate:
                case "MV001":
                    used_first, used_last, digest = (error.diag.message_detail or "").split()
                    raise CommandRepeated(int(used_first), int(used_last), bytes.fromhex(digest)) from error
                case "MV002":
                    raise ReadConflict("a stream the decision rests on has moved on") from error
            raise
        return list(range(first, first + len(events)))

    def rows(self, after: int, limit: int, *, upto: int | None = None, parts: bool = False) -> list[Row]:
        found = self._select(
            "position > %b AND position <= %b ORDER BY position LIMIT %b", after, upto or 2**62, limit
        )
        return self._with_parts(found) if parts else found

    def streams(
        self, streams: Collection[UUID], *, upto: int | None = None, parts: bool = False
    ) -> list[Row]:
        found = self._select(
            "stream_id = ANY(%b) AND position <= %b ORDER BY position",
            list(streams),
            2**62 if upto is None else upto,
        )
        return self._with_parts(found) if parts else found

    def head(self) -> Head:
        [(position, told, peaks)] = self.store.query(
            "SELECT position, recorded_at, peaks FROM ledger.head WHERE ledger = %b", (self.ledger,)
        )
        return Head(position, told, tuple(peaks[start : start + 32] for start in range(0, len(peaks), 32)))

    def recorded_at(self, position: int) -> int | None:
        found = self.store.query(
            "SELECT recorded_at FROM ledger.events WHERE ledger = %b AND position = %b", (self.ledger, position)
        )
        return found[0][0] if found else None

    def command(self, client: str, key: str) -> CommandRow | None:
        found = self.store.query(
            "SELECT digest, first, last FROM ledger.commands WHERE ledger = %b AND client = %t AND key = %t",
            (self.ledger, client, key),
        )
        return CommandRow(*found[0]) if found else None

    def claimed(self, kind: str, digest: bytes) -> UUID | None:
        found = self.store.query(
            "SELECT stream FROM ledger.claims WHERE ledger = %b AND kind = %t AND digest = %b",
            (self.ledger, kind, digest),
        )
        return found[0][0] if found else None

    def wait(self, after: int, timeout: float) -> bool:
        self.store.listen()
        until = monotonic() + timeout
        while True:
            with self.store.changed:
                if self.head().position > after:
                    return True
                left = until - monotonic()
                if left <= 0:
                    return False
                self.store.changed.wait(min(left, POLL_SECONDS))

    def _select(self, condition: str, *values: Any) -> list[Row]:
        statement = f"SELECT {_COLUMNS} FROM ledger.events WHERE ledger = %b AND {condition}"  # noqa: S608
        return [Row(*row) for row in self.store.query(statement, (self.ledger, *values))]

    def _with_parts(self, rows: list[Row]) -> list[Row]:
        found = self.store.query(
            "SELECT position, n, key_id, ciphertext FROM ledger.parts "
            "WHERE ledger = %b AND position = ANY(%b) ORDER BY position, n",
            (self.ledger, [row.position for row in rows]),
        )
        return with_parts(rows, ((row[0], Part(*row[1:])) for row in found))


class _Listener(Thread):
    """Wakes those who wait, whoever appended; connects again when its connection is lost."""

    def __init__(self, store: PostgresStore) -> None:
        super().__init__(daemon=True, name="postgresql-listener")
        self._store, self._stopped = store, False
        self._connection: psycopg.Connection[Any] | None = None

    def run(self) -> None:
        url = self._store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        while not self._stopped:
            try:
                with psycopg.connect(url, autocommit=True) as connection:
                    connection.execute("LISTEN medvirkning")
                    self._wake()
                    while not self._stopped:
                        for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                            self._wake()
            except psycopg.Error:
                with self._store.changed:
                    self._store.changed.wait(POLL_SECONDS)

    def stop(self) -> None:
        """Stops listening; waits at most a poll."""
        self._stopped = True
        self.join(timeout=POLL_SECONDS * 3)

    def _wake(self) -> None:
        with self._store.changed:
            self._store.changed.notify_all()


def _claims(claims: Sequence[Any]) -> tuple[list[str], list[bytes], list[UUID]]:
    return (
        [claim.kind for claim in claims],
        [claim.digest for claim in claims],
        [claim.stream for claim in claims],
    )
