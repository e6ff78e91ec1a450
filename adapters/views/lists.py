"""What list views share: rows true from one ledger position to another, and from one day to another.

For every event of a record the row is folded at each day its effective history has, so that one query answers any
`as_of` together with any `on`. Rows are only added and closed, never changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    MetaData,
    String,
    Table,
    and_,
    func,
    select,
)

from adapters.views import intervals
from adapters.views.intervals import Writing, standing
from adapters.viewstore import Histories, Stretch
from domain.aggregate import Aggregate
from domain.history import Recorded


def code(name: str) -> Column[str]:
    """A coded column."""
    return Column(name, String(64), nullable=False)


class Slice(NamedTuple):
    """A record's row as it stands from one day until another (None: ever after, with the record's version)."""

    on_from: date
    on_to: date | None
    version: int | None
    values: tuple[Any, ...]


class Page(NamedTuple):
    """Rows, newest first, and the place of the last one if there are more."""

    rows: Sequence[Mapping[str, Any]]
    next: int | None


@dataclass(frozen=True)
class ListView:
    """A list of one kind of record. `row` gives the columns' values from the record; codes, dates and counts only.

    `conditions` says how a filter that is no plain equality on a column is met; `present` turns a stored row into
    what the list shows.
    """

    name: str
    kind: type[Aggregate]
    columns: Callable[[], tuple[Column[Any], ...]]
    row: Callable[[Any], Mapping[str, Any]]
    conditions: Mapping[str, Callable[[Table, Any], Any]] = field(default_factory=dict)
    present: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict

    @property
    def noun(self) -> str:
        """The noun whose events feed it."""
        return self.kind.noun

    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]:
        """Its table; `suffix` makes one beside the live one, for a rebuild."""
        name = f"list_{self.name}{suffix}"
        return (
            Table(
                name,
                metadata,
                *intervals.columns(),
                Column("opened", BigInteger, nullable=False),
                Column("version", BigInteger, nullable=False),
                *self.columns(),
                Index(f"{name}_by_opened", "ledger", "opened", "from_position"),
                Index(f"{name}_by_record", "ledger", "record"),
            ),
        )

    def concerned(self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]) -> set[UUID]:
        """The records of a page this view has rows of."""
        return {each.stream_id for each in page if each.name.startswith(f"{self.noun}.")}

    def fold(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        page: Sequence[Recorded],
        histories: Histories,
    ) -> None:
        """Writes what a page of events changes."""
        [table] = tables
        writing = Writing(table, ("ledger", "record", "on_from"))
        names = [column.name for column in self.columns()]
        for record in self.concerned(connection, tables, page):
            whose = {"ledger": ledger, "record": record}
            made: dict[Aggregate, tuple[Any, ...]] = {}
            for change in histories.changes(self.kind, record):
                of = {**whose, "opened": change.opening.position, "version": change.event.version}
                before, after = ({*self._slices(each, made)} for each in (change.before, change.after))
                gone, new = (
                    [
                        {**of, "on_from": one.on_from, "on_to": one.on_to, **dict(zip(names, one.values, strict=True))}
                        for one in some
                    ]
                    for some in (before - after, after - before)
                )
                writing.change(change.event.position, gone, new)
        writing.write(connection)

    def _slices(self, stretches: Sequence[Stretch], made: dict[Aggregate, tuple[Any, ...]]) -> Iterator[Slice]:
        """The rows of these stretches; `made` keeps what was made of each record as it stood."""
        for on_from, on_to, record in stretches:
            if record not in made:
                made[record] = tuple(self.row(record).values())
            yield Slice(on_from, on_to, None if on_to else record.version, made[record])

    def query(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        position: int,
        day: date,
        filters: Mapping[str, Any],
        after: int | None,
        limit: int,
    ) -> Page:
        """A page of the list as of a position, on a day."""
        [table] = tables
        columns = table.c
        conditions = [
            *standing(table, ledger, position, day),
            *(
                self.conditions[name](table, value) if name in self.conditions else columns[name] == value
                for name, value in filters.items()
            ),
        ]
        if after is not None:
            conditions.append(columns.opened < after)
        found = connection.execute(
            select(table).where(and_(*conditions)).order_by(columns.opened.desc()).limit(limit + 1)
        ).mappings()
        rows = [{**self.present(dict(row)), "id": row["record"], "opened": row["opened"]} for row in found]
        return Page(rows[:limit], rows[limit - 1]["opened"] if len(rows) > limit else None)

    def counts(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        position: int,
        day: date,
        names: Sequence[str],
    ) -> dict[str, dict[str, int]]:
        """How many rows have each value, column by column, as of a position, on a day."""
        [table] = tables
        stands = and_(*standing(table, ledger, position, day))
        found = {}
        for name in names:
            column = table.c[name]
            counted = connection.execute(select(column, func.count()).where(stands).group_by(column))
            found[name] = {row[0]: int(row[1]) for row in counted}
        return found
