"""What list views share: rows true from one ledger position to another, and from one day to another.

For every event of a record the row is folded at each day its effective history has, so that one query answers any
`as_of` together with any `on`. Rows are only added and closed, never changed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple, get_origin
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Uuid,
    and_,
    desc,
    func,
    not_,
    or_,
    select,
)

from adapters.views import intervals
from adapters.views.intervals import Writing, standing
from adapters.viewstore import Histories, Stretch
from domain import members
from domain.aggregate import Aggregate
from domain.history import Recorded


def code(name: str) -> Column[str]:
    """A coded column."""
    return Column(name, String(64), nullable=False)


_COLUMNS: Mapping[Any, Any] = {
    **dict.fromkeys((int, *members.NUMBERS), Integer),
    date: Date,
    UUID: Uuid,
    bool: Boolean,
}
"""What is not here is a code, a unit or an id that may be unknown."""


def _column(hint: Any) -> Any:
    kind = members.read(hint).kind
    return String(4_000) if get_origin(kind) is tuple else _COLUMNS.get(kind, String(100))


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


def _keeper(hint: Any) -> Callable[[Any], Any]:
    """How a member's value is kept. Several codes are ` code code `, those of several lists ` list:code `.

    So one string finds one. A number that is not known is empty.
    """
    if members.read(hint).kind in members.NUMBERS:
        return lambda value: value if isinstance(value, int) else None
    if get_origin(members.read(hint).kind) is tuple:
        return lambda value: " ".join(["", *map(_code_of, value), ""])
    return lambda value: value


def _code_of(value: Any) -> str:
    return value if isinstance(value, str) else f"{value.list}:{value.code}"


def _several(kept: str) -> list[Any]:
    return [dict(zip(("list", "code"), each.split(":"), strict=True)) if ":" in each else each for each in kept.split()]


Condition = Callable[[Table, Any], Any]


@dataclass(frozen=True)
class ListView:
    """A list of one kind of record: the members it shows (`Aggregate.in_lists`), and how many rules it departs from.

    `conditions` says how a filter that is no plain equality on a column is met.
    """

    name: str
    kind: type[Aggregate]
    conditions: Mapping[str, Condition] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        """The noun whose events feed it."""
        return self.kind.noun

    def columns(self) -> tuple[Column[Any], ...]:
        """The list's own columns."""
        of = members.types(self.kind)
        return (
            *(Column(name, _column(of[name])) for name in self.kind.in_lists),
            Column("deviations", Integer, nullable=False),
        )

    @cached_property
    def _keepers(self) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
        of = members.types(self.kind)
        return tuple((name, _keeper(of[name])) for name in self.kind.in_lists)

    def values(self, record: Any) -> tuple[Any, ...]:
        """The values of the columns."""
        return (*(keep(getattr(record, name)) for name, keep in self._keepers), len(record.deviations))

    @cached_property
    def _of_several(self) -> tuple[str, ...]:
        of = members.types(self.kind)
        return tuple(name for name in self.kind.in_lists if get_origin(members.read(of[name]).kind) is tuple)

    def present(self, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        """A stored row as the list shows it."""
        return {**stored, **{name: _several(stored[name]) for name in self._of_several}}

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
                made[record] = self.values(record)
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
        asked = self._asked(table, filters, after)
        stands = and_(*standing(table, ledger, position, day))
        rows = self._rows(connection, select(table).where(stands, *asked).limit(limit + 1))
        return Page(rows[:limit], rows[limit - 1]["opened"] if len(rows) > limit else None)

    def differences(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        moments: tuple[tuple[int, date], tuple[int, date]],
        filters: Mapping[str, Any],
        after: int | None,
        limit: int,
    ) -> Page:
        """A page of the records whose row is another at the second of two moments (position, day) than at the first.

        A row that is the same stored row at both is not looked at.
        """
        [table] = tables
        before, then = (and_(*standing(table, ledger, *moment)) for moment in moments)
        one_only = and_(or_(before, then), not_(and_(before, then)), *self._asked(table, filters, after))
        opened = table.c.opened
        last = select(opened).where(one_only).distinct().order_by(opened.desc()).limit(limit + 1)
        found = connection.execute(last).scalars().all()
        among = (opened.in_(found[:limit]), *self._asked(table, filters))
        sides = [
            {row["opened"]: row for row in self._rows(connection, select(table).where(stands, *among))}
            for stands in (before, then)
        ]
        pairs = [(sides[0].get(place), sides[1].get(place)) for place in found[:limit]]
        rows = [
            {"id": either["id"], "before": was, "after": became}
            for was, became in pairs
            if (either := was or became) and self._told(was) != self._told(became)
        ]
        return Page(rows, found[limit - 1] if len(found) > limit else None)

    def _told(self, row: Mapping[str, Any] | None) -> tuple[Any, ...]:
        return tuple(row[name] for name in ("version", *(column.name for column in self.columns()))) if row else ()

    def _asked(self, table: Table, filters: Mapping[str, Any], after: int | None = None) -> list[Any]:
        narrowed = [
            self.conditions[name](table, value) if name in self.conditions else table.c[name] == value
            for name, value in filters.items()
        ]
        return [*narrowed, table.c.opened < after] if after is not None else narrowed

    def _rows(self, connection: Connection, wanted: Select[Any]) -> list[dict[str, Any]]:
        found = connection.execute(wanted.order_by(desc("opened"))).mappings()
        return [{**self.present(dict(row)), "id": row["record"], "opened": row["opened"]} for row in found]

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
