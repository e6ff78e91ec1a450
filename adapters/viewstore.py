"""The database the views lie in: their tables, and how far each has come. It can be thrown away and made again.

`UPDATE progress … WHERE position = :from` changes exactly one row, in the transaction that writes the rows, or
everything is undone: that fence is the guarantee that every event is folded once, however many processes feed.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

import sqlalchemy
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    Uuid,
    create_engine,
    event,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from domain.aggregate import Aggregate
from domain.history import Recorded

A = TypeVar("A", bound=Aggregate)


class Stretch(NamedTuple):
    """A record as its events show it from one day until another (None: ever after).

    On days that are past, what is made of it may rest on its steps alone: where those stay the same, so does `record`,
    whatever else is recorded.
    """

    on_from: date
    on_to: date | None
    record: Aggregate


class Change(NamedTuple):
    """What an event changes in its record, whose first event is `opening`: the stretches that end with it, and begin.

    Both are without the stretches that stay as they are. A record taken back has none.
    """

    event: Recorded
    opening: Recorded
    before: Sequence[Stretch]
    after: Sequence[Stretch]


class Histories(Protocol):
    """The histories of a page's records, up to the page's end."""

    def read(self, records: Collection[UUID]) -> None: ...
    def until(self, record: UUID, position: int) -> Sequence[Recorded]: ...
    def changes(self, kind: type[Aggregate], record: UUID) -> Iterable[Change]: ...
    def folded(self, kind: type[A], record: UUID, position: int) -> A: ...


class View(Protocol):
    """Something read of many records: its tables, and what a page of events changes in them."""

    @property
    def name(self) -> str: ...
    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]: ...
    def concerned(self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]) -> set[UUID]: ...
    def fold(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        page: Sequence[Recorded],
        histories: Histories,
    ) -> None: ...


class OutOfDate(Exception):
    """A view was built by another version of its code."""


class Outrun(Exception):
    """Another process fed the view meanwhile; what was folded here is undone."""


class Standing(NamedTuple):
    """How far a view has come in a ledger, and the error it has stopped at, if it has."""

    position: int = 0
    error: str | None = None


class ViewStore:
    """Every view of every ledger of an installation."""

    def __init__(self, url: str, views: Sequence[View]) -> None:
        self.engine = create_engine(url, pool_size=4, max_overflow=64, hide_parameters=True)
        embedded = self.engine.dialect.name == "sqlite"
        if embedded:
            event.listen(self.engine, "connect", _quick)
        self.insert = sqlite.insert if embedded else postgresql.insert
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
            Column("error", String(200)),
        )
        self.rebuilds = Table(
            "rebuilds",
            self.metadata,
            Column("ledger", Uuid, primary_key=True),
            Column("rebuild", Uuid, nullable=False),
            Column("version", String(64), nullable=False),
            Column("position", BigInteger, nullable=False),
        )
        self.tables = {view.name: view.tables(self.metadata) for view in self.views}
        self.version = version_of()

    def create(self) -> None:
        """Makes the tables that are missing."""
        self.metadata.create_all(self.engine)

    def prepare(self) -> None:
        """Makes the tables that are missing. Raises OutOfDate when a view was built by other code."""
        self.create()
        with self.engine.connect() as connection:
            for row in connection.execute(select(self.progress.c.view, self.progress.c.version)):
                if row.view in self.tables and row.version != self.version:
                    raise OutOfDate(f"the view {row.view} was built by another version: run `medvirkning rebuild`")

    def standing(self, ledger: UUID, view: str) -> Standing:
        """How far a view has come."""
        progress = self.progress.c
        with self.engine.connect() as connection:
            row = connection.execute(
                select(progress.position, progress.error).where(progress.ledger == ledger, progress.view == view)
            ).one_or_none()
        return Standing(*row) if row else Standing()

    @contextmanager
    def moving(self, ledger: UUID, view: str, since: int, to: int) -> Iterator[Connection]:
        """A transaction that moves a view on, with what is written in it.

        Raises Outrun if the view stands elsewhere, and OutOfDate if another version has rebuilt it meanwhile.
        """
        progress = self.progress.c
        with self.engine.begin() as connection:
            if since == 0:
                self.start(connection, ledger, view)
            moved = connection.execute(
                self.of(ledger, view).where(progress.position == since).values(position=to, error=None)
            ).rowcount
            if moved != 1:
                stored = select(progress.version).where(progress.ledger == ledger, progress.view == view)
                if connection.execute(stored).scalar() != self.version:
                    raise OutOfDate(f"the view {view} was built by another version")
                raise Outrun(f"another process feeds {view}")
            yield connection

    def stopped(self, ledger: UUID, view: str, error: str) -> None:
        """Notes the error a view has stopped at, for whoever asks after its health."""
        with self.engine.begin() as connection:
            self.start(connection, ledger, view)
            connection.execute(self.of(ledger, view).values(error=error[:200]))

    def close(self) -> None:
        """Closes every connection."""
        self.engine.dispose()

    def start(self, connection: Connection, ledger: UUID, view: str) -> None:
        """A view's place, made if it has none."""
        row = {"ledger": ledger, "view": view, "version": self.version, "position": 0}
        connection.execute(self.insert(self.progress).values(row).on_conflict_do_nothing())

    def of(self, ledger: UUID, view: str) -> sqlalchemy.Update:
        """An update of a view's place, if it is this version's."""
        progress = self.progress.c
        return self.progress.update().where(
            progress.ledger == ledger, progress.view == view, progress.version == self.version
        )


def version_of() -> str:
    """What the views' rows depend on: the code that folds them, and everything of the domain, codebook and all."""
    digest = hashlib.sha256()
    here, domain = Path(__file__).parent, Path(str(resources.files("domain")))
    parts = [here / "histories.py", here / "projections.py", *sorted(here.joinpath("views").glob("*.py"))]
    parts += sorted(path for path in domain.rglob("*") if path.suffix in (".py", ".json"))
    for part in parts:
        digest.update(part.read_bytes())
    return digest.hexdigest()


def _quick(connection: Any, _record: Any) -> None:
    # Views can be made again from the events: a power cut may cost the last rows, never a fact.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA busy_timeout = 30000")
