"""The production store: every ledger of a PostgreSQL 15+ database, appended to by one stored function."""

from collections.abc import Collection, Iterable, Sequence
from struct import Struct
from threading import Event, Lock, Thread
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.adapt import Buffer, Dumper
from psycopg.postgres import types
from psycopg.pq import Format
from sqlalchemy import create_engine, event, make_url

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
    with_parts,
)
from adapters.waiting import Bell

POLL_SECONDS = 1.0
"""How often a waiting reader looks for itself, should a notification be lost with its connection."""

LISTEN_SECONDS = 0.2
"""How long a listener that is told to stop may take."""

_ARRAY, _DIMENSION = Struct(">iiI"), Struct(">ii")
_OIDS = {kind: types[kind].oid for kind in ("uuid", "int8", "int4", "text", "bytea")}
_END = 2**63 - 1
_SELECT = f"SELECT {COLUMNS} FROM ledger.events WHERE ledger = %b AND "  # noqa: S608 - our own names
_TYPES = (
    "uuid bigint uuid[] uuid[] bigint[] text[] integer[] uuid[] bytea[] integer[] integer[] uuid[] bytea[] "
    "text text bytea uuid[] bigint[] text[] bytea[] uuid[] text[] bytea[] uuid[] "
    "text text boolean"
)
_APPEND = f"SELECT ledger.append({', '.join(f'%b::{kind}' for kind in _TYPES.split())})"


class _Array(bytes):
    """A list in PostgreSQL's binary form. The driver's own way to it takes ten times as long."""


class _ArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _Array) -> Buffer:
        return obj


class PostgresStore:
    """The database with every ledger in it. It connects at first use, so that it may be made before a fork.

    `unavailable` are the driver's ways of saying that it cannot be reached.
    """

    unavailable = (psycopg.OperationalError,)

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.bell = Bell()
        self.engine = create_engine(
            self.url,
            isolation_level="AUTOCOMMIT",  # an append is one statement, and so one round trip
            pool_size=2,
            max_overflow=30,
            pool_reset_on_return=None,  # as there is never a transaction to roll back
            connect_args={"options": "-c lock_timeout=10s"},
        )
        event.listen(self.engine, "connect", _teach)
        self._listener: _Listener | None = None
        self._listener_lock = Lock()

    def migrate(self) -> list[str]:
        """Brings the database to this version's format, as its owner; returns the migrations it ran."""
        with self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            ran = []
            with driver.transaction():
                driver.execute("SELECT pg_advisory_xact_lock(hashtext('medvirkning migrate'))")
                for number, name, script in migrations.pending("postgresql", _version(driver)):
                    driver.execute(script)
                    driver.execute("INSERT INTO ledger.format VALUES (%s)", (number,))
                    ran.append(name)
            return ran

    def admit(self, url: str) -> list[str]:
        """Lets the user of a URL append and read, as the application; makes that user if there is none."""
        user = make_url(url)
        if user.username is None or user.username == self.url.username:
            return []
        role, done = sql.Identifier(user.username), []
        with self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            if driver.execute("SELECT FROM pg_roles WHERE rolname = %s", (user.username,)).fetchone() is None:
                login = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(user.password))
                driver.execute(login)
                done.append(f"role {user.username}")
            driver.execute(sql.SQL("GRANT medvirkning_app TO {}").format(role))
        return done

    def check_format(self) -> None:
        """Raises FormatError unless the database has this version's format."""
        with self.engine.connect() as connection:
            migrations.check(_version(connection.connection.driver_connection))

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
        """Starts listening for what any process appends, if nobody has; it rings the bell."""
        with self._listener_lock:
            if self._listener is None:
                self._listener = _Listener(self)
                self._listener.start()

    def close(self) -> None:
        """Closes every connection."""
        if self._listener is not None:
            self._listener.stop()
        self.engine.dispose()


class PostgresRecorder(Recorder):
    """One ledger of the database."""

    def __init__(self, store: PostgresStore, ledger: UUID) -> None:
        super().__init__(ledger, store.bell, POLL_SECONDS)
        self._store = store

    def append(self, events: Sequence[SealedEvent], context: Append) -> list[int]:
        parts = [(at, part) for at, each in enumerate(events, start=1) for part in sorted(each.parts)]
        command, opens = context.command, context.opens
        values = (
            self.ledger,
            context.clock,
            _uuids(each.event_id for each in events),
            _uuids(each.originator_id for each in events),
            _array("int8", (each.originator_version.to_bytes(8, "big") for each in events)),
            _array("text", (each.topic.encode() for each in events)),
            _array("int4", (each.schema_version.to_bytes(4, "big") for each in events)),
            _uuids(each.key_id for each in events),
            _array("bytea", (each.state for each in events)),
            _array("int4", (at.to_bytes(4, "big") for at, _ in parts)),
            _array("int4", (part.n.to_bytes(4, "big") for _, part in parts)),
            _uuids(part.key_id for _, part in parts),
            _array("bytea", (part.ciphertext for _, part in parts)),
            command.client if command else None,
            command.key if command else None,
            command.digest if command else None,
            _uuids(context.reads),
            _array("int8", (version.to_bytes(8, "big") for version in context.reads.values())),
            *_claims(context.claims),
            *_claims(context.released),
            *((opens.number, opens.name, opens.synthetic) if opens else (None, None, None)),
        )
        try:
            [(first,)] = self._store.query(_APPEND, values)
        except psycopg.Error as error:
            match error.sqlstate:
                case "MV001":
                    used_first, used_last, digest = (error.diag.message_detail or "").split()
                    raise CommandRepeated(int(used_first), int(used_last), bytes.fromhex(digest)) from error
                case "MV002":
                    raise ReadConflict("a stream the decision rests on has moved on") from error
            match error.diag.constraint_name:
                case "claims_pkey":
                    raise ClaimTaken("another stream has what was claimed") from error
                case "events_by_stream" | "events_by_id":
                    raise StreamConflict("that version of the stream, or that event, is stored already") from error
            raise
        return list(range(first, first + len(events)))

    def rows(self, after: int, limit: int, *, upto: int | None = None, parts: bool = False) -> list[Row]:
        last = _END if upto is None else upto
        found = self._select("position > %b AND position <= %b ORDER BY position LIMIT %b", after, last, limit)
        return self._with_parts(found) if parts else found

    def streams(self, streams: Collection[UUID], *, upto: int | None = None, parts: bool = False) -> list[Row]:
        found = self._select(
            "stream_id = ANY(%b) AND position <= %b ORDER BY position",
            list(streams),
            _END if upto is None else upto,
        )
        return self._with_parts(found) if parts else found

    def opened_as(self, stream: UUID) -> str | None:
        found = self._store.query(
            "SELECT name FROM ledger.events WHERE ledger = %b AND stream_id = %b AND stream_version = 1",
            (self.ledger, stream),
        )
        return found[0][0] if found else None

    def head(self) -> Head:
        [(position, told, peaks)] = self._store.query(
            "SELECT position, recorded_at, peaks FROM ledger.head WHERE ledger = %b", (self.ledger,)
        )
        return Head(position, told, layout.split(peaks))

    def recorded_at(self, position: int) -> int | None:
        found = self._store.query(
            "SELECT recorded_at FROM ledger.events WHERE ledger = %b AND position = %b",
            (self.ledger, position),
        )
        return found[0][0] if found else None

    def command(self, client: str, key: str) -> CommandRow | None:
        found = self._store.query(
            "SELECT digest, first, last FROM ledger.commands WHERE ledger = %b AND client = %t AND key = %t",
            (self.ledger, client, key),
        )
        return CommandRow(*found[0]) if found else None

    def claimed(self, kind: str, digest: bytes) -> UUID | None:
        found = self._store.query(
            "SELECT stream FROM ledger.claims WHERE ledger = %b AND kind = %t AND digest = %b",
            (self.ledger, kind, digest),
        )
        return found[0][0] if found else None

    def wait(self, after: int, timeout: float) -> bool:
        self._store.listen()
        return super().wait(after, timeout)

    def _select(self, condition: str, *values: Any) -> list[Row]:
        return [Row(*row) for row in self._store.query(_SELECT + condition, (self.ledger, *values))]

    def _with_parts(self, rows: list[Row]) -> list[Row]:
        found = self._store.query(
            "SELECT position, n, key_id, ciphertext FROM ledger.parts "
            "WHERE ledger = %b AND position = ANY(%b) ORDER BY position, n",
            (self.ledger, [row.position for row in rows]),
        )
        return with_parts(rows, ((row[0], Part(*row[1:])) for row in found))


class _Listener(Thread):
    """Rings when anybody appended to any ledger; connects again when its connection is lost."""

    def __init__(self, store: PostgresStore) -> None:
        super().__init__(daemon=True, name="postgresql-listener")
        self._url = store.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._bell, self._stopped = store.bell, Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    connection.execute("LISTEN medvirkning")
                    self._bell.ring()
                    while not self._stopped.is_set():
                        for _ in connection.notifies(timeout=LISTEN_SECONDS):
                            self._bell.ring()
            except psycopg.Error:
                self._stopped.wait(POLL_SECONDS)

    def stop(self) -> None:
        """Stops listening."""
        self._stopped.set()
        self.join()


def _version(driver: Any) -> int:
    """The format of the database a connection is to; 0 if it was never migrated."""
    if driver.execute("SELECT to_regclass('ledger.format')").fetchone()[0] is None:
        return 0
    version: int = driver.execute("SELECT max(version) FROM ledger.format").fetchone()[0]
    return version


def _claims(claims: Sequence[Claim]) -> tuple[_Array, _Array, _Array]:
    return (
        _array("text", (claim.kind.encode() for claim in claims)),
        _array("bytea", (claim.digest for claim in claims)),
        _uuids(claim.stream for claim in claims),
    )


def _uuids(items: Iterable[UUID]) -> _Array:
    return _array("uuid", (item.bytes for item in items))


def _array(kind: str, items: Iterable[bytes]) -> _Array:
    """The list of items, each in binary form: dimensions, nulls, kind, count, lower bound, items with their lengths."""
    found = [piece for item in items for piece in (len(item).to_bytes(4, "big"), item)]
    if not found:
        return _Array(_ARRAY.pack(0, 0, _OIDS[kind]))
    return _Array(b"".join((_ARRAY.pack(1, 0, _OIDS[kind]), _DIMENSION.pack(len(found) // 2, 1), *found)))


def _teach(connection: Any, _record: Any) -> None:
    connection.adapters.register_dumper(_Array, _ArrayDumper)
