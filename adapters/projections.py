"""One mechanism feeds every view: a batch runner per ledger (store.md §5 of the design).

A page of events after the view's position is folded, and one transaction writes the rows and moves the position on;
`UPDATE … WHERE position = :from` changes exactly one row or everything is undone: that fence is the guarantee.
A view that fails stops where it is and says so; the others go on.
"""

import hashlib
import inspect
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Condition, Event
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    event,
    select,
)

from domain import history
from domain.aggregate import Aggregate
from domain.history import Recorded

PAGE = 2_000
RETRY_SECONDS = (0.1, 0.5, 2.0, 10.0, 30.0)
REBUILDING = "_rebuilt"
log = logging.getLogger("medvirkning.projections")


class Events(Protocol):
    """A ledger's events, as the runner reads them: without their text."""

    ledger: UUID

    def head(self) -> int: ...
    def page(self, after: int, limit: int) -> list[Recorded]: ...
    def histories(self, records: Collection[UUID], upto: int) -> dict[UUID, list[Recorded]]: ...
    def wait(self, after: int, timeout: float) -> bool: ...


class View(Protocol):
    """Something read of many records: its tables, and what a page of events changes in them."""

    @property
    def name(self) -> str: ...
    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]: ...
    def concerned(
        self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]
    ) -> set[UUID]: ...
    def fold(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        page: Sequence[Recorded],
        histories: "Histories",
    ) -> None: ...


class Change(NamedTuple):
    """One event's place in its record's history: what was recorded before it, and with it."""

    position: int
    before: Sequence[Recorded]
    after: Sequence[Recorded]


class Histories:
    """The histories of a page's records, up to the page's end."""

    def __init__(self, events: Events, upto: int) -> None:
        self._events, self._upto = events, upto
        self._read: dict[UUID, list[Recorded]] = {}

    def read(self, records: Collection[UUID]) -> None:
        """Reads the histories of records, in one go."""
        unread = [record for record in records if record not in self._read]
        if unread:
            self._read |= self._events.histories(unread, self._upto)

    def until(self, record: UUID, position: int) -> Sequence[Recorded]:
        """A record's history up to a position."""
        self.read([record])
        history = self._read[record]
        return [each for each in history if each.position <= position]

    def changes(self, record: UUID, page: Sequence[Recorded]) -> Iterator[Change]:
        """A record's changes within a page, in order."""
        self.read([record])
        history = self._read[record]
        first = page[0].position
        for at, each in enumerate(history):
            if each.position >= first:
                yield Change(each.position, history[:at], history[: at + 1])


class OutOfDate(Exception):
    """A view was built by another version of its code."""


class Progress(NamedTuple):
    """How far a rebuild has come; rate in events a second, left in seconds."""

    view: str
    position: int
    total: int
    rate: float
    left: float


@dataclass
class _Stopped:
    error: str
    tries: int
    until: float


class ViewStore:
    """The database the views lie in. It can be thrown away and made again from the events."""

    def __init__(self, url: str, views: Sequence[View], kinds: Sequence[type[Aggregate]]) -> None:
        self.engine: Engine = create_engine(url, pool_size=4, max_overflow=64)
        embedded = self.engine.dialect.name == "sqlite"
        if embedded:
            event.listen(self.engine, "connect", _quick)
        self.schema = None if embedded else "views"
        self.views = tuple(views)
        self.metadata = MetaData(schema=self.schema)
        self.progress = Table(
            "progress",
            self.metadata,
            Column("ledger", Uuid, primary_key=True),
            Column("view", String(64), primary_key=True),
            Column("version", String(64), nullable=False),
            Column("position", BigInteger, nullable=False),
        )
        self.tables = {view.name: view.tables(self.metadata) for view in self.views}
        self.version = version_of(kinds)

    def create(self) -> None:
        """Makes the tables that are missing."""
        self.metadata.create_all(self.engine)

    def prepare(self) -> None:
        """Makes the tables that are missing. Raises OutOfDate when a view was built by other code."""
        self.create()
        with self.engine.connect() as connection:
            for row in connection.execute(select(self.progress)):
                if row.view in self.tables and row.version != self.version:
                    raise OutOfDate(
                        f"the view {row.view} was built by another version: run `medvirkning rebuild`"
                    )

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()


def version_of(kinds: Sequence[type[Aggregate]]) -> str:
    """What the views' rows depend on: the code that folds them, and the schemas of the events they are folded from."""
    digest = hashlib.sha256()
    here = Path(__file__)
    modules = [here, *sorted(here.parent.joinpath("views").glob("*.py")), Path(history.__file__)]
    for kind in kinds:
        modules.append(Path(inspect.getfile(kind)))
        for each in kind.events:
            digest.update(msgspec.json.encode(msgspec.json.schema(each), order="sorted"))
    for module in modules:
        digest.update(module.read_bytes())
    return digest.hexdigest()


@dataclass
class LedgerViews:
    """One ledger's views: fed here, and read here."""

    store: ViewStore
    events: Events
    _stopped: dict[str, _Stopped] = field(default_factory=dict)
    _moved: Condition = field(default_factory=Condition)

    def position(self, view: str) -> int:
        """How far a view has come."""
        progress = self.store.progress.c
        with self.store.engine.connect() as connection:
            found = connection.execute(
                select(progress.position).where(progress.ledger == self.events.ledger, progress.view == view)
            ).scalar_one_or_none()
        return found or 0

    def wait(self, view: str, position: int, timeout: float) -> bool:
        """Waits until a view covers a position, at most so many seconds; whether it does."""
        until = time.monotonic() + timeout
        while self.position(view) < position:
            left = until - time.monotonic()
            if left <= 0:
                return False
            with self._moved:
                self._moved.wait(min(left, 0.05))
        return True

    def status(self) -> Sequence[Mapping[str, Any]]:
        """Every view: its position, and the error it stopped at, if it did."""
        stopped = self._stopped
        return [
            {
                "view": view.name,
                "position": self.position(view.name),
                "error": stopped[view.name].error if view.name in stopped else None,
            }
            for view in self.store.views
        ]

    def rows(
        self, view: str, position: int, day: date, filters: Mapping[str, Any], after: int | None, limit: int
    ) -> Any:
        """A page of a list."""
        found: Any = next(each for each in self.store.views if each.name == view)
        [table] = self.store.tables[view]
        with self.store.engine.connect() as connection:
            return found.query(
                connection, table, self.events.ledger, position, day, filters, after, limit
            )

    def cells(self, view: str, position: int, day: date, dimensions: Sequence[str]) -> Mapping[Any, int]:
        """A table's sums over these dimensions."""
        found: Any = next(each for each in self.store.views if each.name == view)
        [table] = self.store.tables[view]
        with self.store.engine.connect() as connection:
            sums: Mapping[Any, int] = found.query(
                connection, table, self.events.ledger, position, day, dimensions
            )
            return sums

    def run(self, stop: Event) -> None:
        """Feeds every view until told to stop."""
        while not stop.is_set():
            if not self.run_once():
                self.events.wait(min(self.position(view.name) for view in self.store.views), 0.5)
            if self._stopped:
                stop.wait(0.1)

    def run_once(self) -> bool:
        """Feeds every view one page; whether any moved."""
        moved = False
        for view in self.store.views:
            stopped = self._stopped.get(view.name)
            if stopped and time.monotonic() < stopped.until:
                continue
            try:
                moved |= self._feed(view)
                self._stopped.pop(view.name, None)
            except Exception as error:  # noqa: BLE001 - a view's fault must stop that view alone
                tries = stopped.tries + 1 if stopped else 0
                pause = RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)]
                message = f"{type(error).__name__} after position {self.position(view.name)}"
                self._stopped[view.name] = _Stopped(message, tries, time.monotonic() + pause)
                log.error("view %s stopped: %s", view.name, message)
        if moved:
            with self._moved:
                self._moved.notify_all()
        return moved

    def catch_up(self) -> None:
        """Feeds every view to the head."""
        while self.run_once():
            pass

    def rebuild(self, tell: Callable[[Progress], None] = lambda progress: None) -> None:
        """Builds every view again beside the live one, and switches when it has caught up."""
        for view in self.store.views:
            self._rebuild(view, tell)

    def _feed(self, view: View) -> bool:
        position = self.position(view.name)
        page = self.events.page(position, PAGE)
        if not page:
            return False
        with self.store.engine.begin() as connection:
            self._fence(connection, view, position, page[-1].position)
            self._fold(connection, view, self.store.tables[view.name], page)
        return True

    def _fold(
        self, connection: Connection, view: View, tables: Sequence[Table], page: Sequence[Recorded]
    ) -> None:
        histories = Histories(self.events, page[-1].position)
        histories.read(view.concerned(connection, tables, page))
        view.fold(connection, tables, self.events.ledger, page, histories)

    def _fence(self, connection: Connection, view: View, position: int, to: int) -> None:
        table, ledger, version = self.store.progress, self.events.ledger, self.store.version
        if position == 0:
            connection.execute(
                table.insert().values(ledger=ledger, view=view.name, version=version, position=to)
            )
            return
        moved = connection.execute(
            table.update()
            .where(table.c.ledger == ledger, table.c.view == view.name, table.c.position == position)
            .values(position=to)
        ).rowcount
        if moved != 1:
            raise OutOfDate(f"another process feeds {view.name}")

    def _rebuild(self, view: View, tell: Callable[[Progress], None]) -> None:
        engine, ledger, live = self.store.engine, self.events.ledger, self.store.tables[view.name]
        aside = view.tables(MetaData(schema=self.store.schema), REBUILDING)
        with engine.begin() as connection:
            for table in aside:
                table.drop(connection, checkfirst=True)
                table.create(connection)
        position, started = 0, time.monotonic()
        while page := self.events.page(position, PAGE):
            with engine.begin() as connection:
                self._fold(connection, view, aside, page)
            position, total = page[-1].position, self.events.head()
            rate = position / max(time.monotonic() - started, 1e-9)
            tell(Progress(view.name, position, total, rate, (total - position) / rate))
        progress = self.store.progress
        with engine.begin() as connection:
            for table, new in zip(live, aside, strict=True):
                connection.execute(table.delete().where(table.c.ledger == ledger))
                names = [column.name for column in table.c]
                connection.execute(table.insert().from_select(names, select(*(new.c[n] for n in names))))
                new.drop(connection)
            connection.execute(
                progress.delete().where(progress.c.ledger == ledger, progress.c.view == view.name)
            )
            connection.execute(
                progress.insert().values(
                    ledger=ledger,
                    view=view.name,
                    version=self.store.version,
                    position=position,
                )
            )


def _quick(connection: Any, _record: Any) -> None:
    # Views can be made again from the events: a power cut may cost the last rows, never a fact.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA busy_timeout = 30000")
