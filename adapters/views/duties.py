"""Work lists: what every record owes, by the day it falls due. Days pass without events, and the lists change.

A row holds for a stretch of positions and a stretch of days, as a list's rows do; whether a duty is due is asked of it
with the reference day.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Index,
    MetaData,
    String,
    Table,
    Uuid,
    case,
    func,
    select,
)

from adapters.views import intervals
from adapters.views.intervals import Writing, standing
from adapters.views.lists import Page
from adapters.viewstore import Histories, Stretch
from domain.aggregate import Aggregate
from domain.duties import Duty
from domain.history import Recorded

NAME = "duties"
_PLACES = 2**32
"""Places of a day: more than a ledger has positions to open records at."""


class Row(NamedTuple):
    """One duty of a record, from one day until another (None: ever after)."""

    on_from: date
    on_to: date | None
    kind: str
    due_on: date
    participant: UUID | None


class Duties:
    """The view of all duties, of every kind of record."""

    name = NAME

    def __init__(self, kinds: Sequence[type[Aggregate]]) -> None:
        self._kinds = {kind.noun: kind for kind in kinds if kind.duties is not Aggregate.duties}

    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]:
        """The table of duties; `place` orders a work list by due day, then by when the record was opened."""
        name = f"{NAME}{suffix}"
        return (
            Table(
                name,
                metadata,
                *intervals.columns(),
                Column("noun", String(64), nullable=False),
                Column("place", BigInteger, nullable=False),
                Column("kind", String(64), nullable=False),
                Column("due_on", Date, nullable=False),
                Column("participant", Uuid),
                Index(f"{name}_by_place", "ledger", "kind", "place"),
                Index(f"{name}_by_record", "ledger", "record"),
            ),
        )

    def concerned(self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]) -> set[UUID]:
        """The records of a page that may owe something."""
        return {each.stream_id for each in page if each.name.partition(".")[0] in self._kinds}

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
        # A place is of one record and one day, and the index finds it among all that is owed of a kind.
        writing = Writing(table, ("ledger", "kind", "place", "on_from"))
        nouns = {each.stream_id: each.name.partition(".")[0] for each in page}
        for record in self.concerned(connection, tables, page):
            whose = {"ledger": ledger, "record": record, "noun": nouns[record]}
            owed: dict[Aggregate, tuple[Duty, ...]] = {}
            for change in histories.changes(self._kinds[nouns[record]], record):
                before, after = ({*_rows(each, owed)} for each in (change.before, change.after))
                gone, new = (
                    [{**whose, "place": _place(row, change.opening), **row._asdict()} for row in some]
                    for some in (before - after, after - before)
                )
                writing.change(change.event.position, gone, new)
        writing.write(connection)

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
        """A page of the duties of a kind that are due on a day or before it, those longest overdue first."""
        [table] = tables
        columns = table.c
        statement = select(table).where(
            *standing(table, ledger, position, day),
            columns.kind == filters["kind"],
            columns.due_on <= day + timedelta(filters["within"]),
        )
        if "participant" in filters:
            statement = statement.where(columns.participant == filters["participant"])
        if after is not None:
            statement = statement.where(columns.place > after)
        found = connection.execute(statement.order_by(columns.place).limit(limit + 1)).mappings()
        rows = [{**row, "days_overdue": (day - row["due_on"]).days} for row in found]
        return Page(rows[:limit], rows[limit - 1]["place"] if len(rows) > limit else None)

    def counts(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        position: int,
        day: date,
        kinds: Sequence[str],
    ) -> dict[str, dict[str, int]]:
        """Of each of these kinds: how many are due on a day or before it, and how many of them before it."""
        [table] = tables
        columns = table.c
        found = connection.execute(
            select(columns.kind, func.count(), func.sum(case((columns.due_on < day, 1), else_=0)))
            .where(*standing(table, ledger, position, day), columns.due_on <= day)
            .group_by(columns.kind)
        )
        counted = {kind: {"due": due, "overdue": int(overdue)} for kind, due, overdue in found}
        return {kind: counted.get(kind, {"due": 0, "overdue": 0}) for kind in kinds}


def _place(row: Row, opening: Recorded) -> int:
    return row.due_on.toordinal() * _PLACES + opening.position


def _rows(stretches: Sequence[Stretch], owed: dict[Aggregate, tuple[Duty, ...]]) -> Iterator[Row]:
    """What is owed in these stretches; `owed` keeps what each record owed as it stood."""
    for on_from, on_to, record in stretches:
        if record not in owed:
            owed[record] = tuple(record.duties())
        for duty in owed[record]:
            yield Row(on_from, on_to, duty.kind, duty.due_on or record.steps[0].ends, duty.person)
