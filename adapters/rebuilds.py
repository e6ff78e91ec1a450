"""A ledger's views made again beside the live ones: side tables, how far the rebuild has come, and the switch.

`UPDATE rebuilds … WHERE position = :from`, in the transaction that writes the rows, is what lets a rebuild go on where
it was stopped; and of two at once, one finds another position than its own and stops. The side tables are named after
the version of the code that fills them, so that rows of two versions never meet.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from uuid import UUID

import sqlalchemy
from sqlalchemy import Connection, MetaData, Table, exists, func, select

from adapters.viewstore import View, ViewStore

SIDE = "_rebuilt_"


class Overtaken(Exception):
    """Another rebuild of the same ledger has gone on meanwhile, or has switched. What it did holds; this one stops."""


class Rebuilt(NamedTuple):
    """How many rows a view was rebuilt to, and whether the live ones were the same at that position.

    `lost` live rows are not among the rebuilt, and `gained` rebuilt ones were not live; both None when there was
    nothing to compare with, because the live view stood elsewhere or another version had made it.
    """

    view: str
    rows: int
    lost: int | None = None
    gained: int | None = None


class Rebuild:
    """The rebuild of one ledger's views. Several ledgers' share the side tables, as they share the live ones."""

    def __init__(self, store: ViewStore, ledger: UUID) -> None:
        self._store, self._ledger = store, ledger
        self._suffix = SIDE + store.version[:8]
        self._metadata = MetaData(schema=store.schema)
        self.tables = {view.name: view.tables(self._metadata, self._suffix) for view in store.views}
        rebuilds = store.rebuilds.c
        self._own = sqlalchemy.and_(rebuilds.ledger == ledger, rebuilds.version == store.version)

    def begin(self) -> int:
        """The position the rebuild has come to: 0, if it begins here. Clears away what another version left."""
        self._store.create()
        rebuilds = self._store.rebuilds
        with self._store.engine.begin() as connection:
            if self._store.schema:  # SQLite's writers are alone as it is
                connection.exec_driver_sql(f"LOCK TABLE {rebuilds} IN EXCLUSIVE MODE")
            connection.execute(rebuilds.delete().where(rebuilds.c.version != self._store.version))
            for name in sqlalchemy.inspect(connection).get_table_names(schema=self._store.schema):
                if SIDE in name and not name.endswith(self._suffix):
                    Table(name, MetaData(schema=self._store.schema)).drop(connection)
            self._metadata.create_all(connection)
            row = {"ledger": self._ledger, "version": self._store.version, "position": 0}
            connection.execute(self._store.insert(rebuilds).values(row).on_conflict_do_nothing())
            position: int = connection.execute(select(rebuilds.c.position).where(self._own)).scalar_one()
            return position

    @contextmanager
    def moving(self, since: int, to: int) -> Iterator[Connection]:
        """A transaction that moves the rebuild on, with what is written in it. Raises Overtaken."""
        rebuilds = self._store.rebuilds
        at = self._own & (rebuilds.c.position == since)
        with self._store.engine.begin() as connection:
            if connection.execute(rebuilds.update().where(at).values(position=to)).rowcount != 1:
                raise Overtaken("another rebuild of this ledger has gone on or switched meanwhile: this one stops")
            yield connection

    def compare(self, position: int) -> list[Rebuilt]:
        """What was rebuilt up to a position, beside what is live."""
        with self._store.engine.connect() as connection:
            return [self._compared(connection, view, position) for view in self._store.views]

    def _compared(self, connection: Connection, view: View, position: int) -> Rebuilt:
        progress = self._store.progress
        place = select(progress.c.position).where(
            progress.c.ledger == self._ledger,
            progress.c.view == view.name,
            progress.c.version == self._store.version,
        )
        comparable = connection.execute(place).scalar() == position
        rows, lost, gained = 0, 0, 0
        for table, side in zip(self._store.tables[view.name], self.tables[view.name], strict=True):
            count = select(func.count()).select_from(side).where(side.c.ledger == self._ledger)
            rows += connection.execute(count).scalar_one()
            if not comparable:
                continue
            old, new = (select(*each.c).where(each.c.ledger == self._ledger) for each in (table, side))
            differing = [
                select(func.count()).select_from(one.except_(other).subquery()).scalar_subquery()
                for one, other in ((old, new), (new, old))
            ]
            # One statement: the rows and the place of the live view are those of one moment.
            found = connection.execute(select(place.scalar_subquery(), *differing)).one()
            comparable = found[0] == position
            lost, gained = lost + found[1], gained + found[2]
        return Rebuilt(view.name, rows, lost, gained) if comparable else Rebuilt(view.name, rows)

    def switch(self, position: int, head: int) -> bool:
        """Puts what was rebuilt in the place of what is live, in one transaction; whether it did.

        It does not while a live view is further on, so that no reader is taken back; past the ledger's `head` nothing
        counts. Where the columns are no longer the same, the other ledgers' rows go with the old table.
        """
        store, progress = self._store, self._store.progress
        with self.moving(position, position) as connection:
            for view in store.tables:
                store.start(connection, self._ledger, view)
            # The views' places are held from here on: whoever feeds them waits, and is outrun.
            own = (progress.c.ledger == self._ledger) & progress.c.view.in_(store.tables)
            places = connection.execute(select(progress.c.position).where(own).with_for_update()).scalars()
            if any(position < place <= head for place in places):
                return False
            for view, tables in store.tables.items():
                for table, side in zip(tables, self.tables[view], strict=True):
                    self._renew(connection, view, table)
                    connection.execute(table.delete().where(table.c.ledger == self._ledger))
                    rows = select(*(side.c[column.name] for column in table.c)).where(side.c.ledger == self._ledger)
                    connection.execute(table.insert().from_select(table.c.keys(), rows))
            now = {"version": store.version, "position": position, "error": None}
            connection.execute(progress.update().where(own).values(now))
            connection.execute(store.rebuilds.delete().where(self._own))
            if not connection.execute(select(exists(store.rebuilds.select()))).scalar():
                self._metadata.drop_all(connection)
            else:
                for side in self._metadata.sorted_tables:
                    connection.execute(side.delete().where(side.c.ledger == self._ledger))
            return True

    def _renew(self, connection: Connection, view: str, table: Table) -> None:
        """Makes a live table anew if another version had other columns."""
        found = sqlalchemy.inspect(connection).get_columns(table.name, schema=table.schema)
        if {column["name"] for column in found} != {*table.c.keys()}:
            table.drop(connection)
            table.create(connection)
            progress = self._store.progress
            connection.execute(progress.delete().where(progress.c.view == view, progress.c.ledger != self._ledger))
