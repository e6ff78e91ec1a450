"""What statistics are made of: append-only signed facts, one database table for each table of `domain.tables`.

A fact is stamped with the position that brought it, so that as of a position is a sum, and on a day is a sum. Whoever
counts says what a record's effective history counts for; what a page of events changes is written as the difference.

Every so many positions the facts of a block are summed by their codes, and again by the month they count from. A
table is then the sums of the whole blocks, less the months after the day, less what begins later in the day's own
month, and the facts since: exact at every position and on every day, however long the ledger.
"""

from calendar import monthrange
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    Uuid,
    extract,
    func,
    literal,
    or_,
    select,
    union_all,
)

from adapters.views.lists import Page
from adapters.viewstore import Histories
from domain.aggregate import Aggregate
from domain.cells import UNKNOWN
from domain.events import MISSING
from domain.history import Recorded, Step
from domain.tables import Among
from domain.tables import Table as Statistics

BLOCK = 65_536
"""How many positions are summed together. A fact of position p belongs to block p // BLOCK."""

ANY_MONTH = 0
"""The `from_month` of a block's sums over all months; another is year * 12 + month."""


class Fact(NamedTuple):
    """What one record counts for. `values` are its codes, one for each stored dimension of the table, in order.

    It counts from the day `occurred` on, `n` times: a status that changes as days pass is one fact with n = 1 from
    the day it begins, and one with n = -1 from the day it ends. `n` may be a number of whole days, 0 too. `source` is
    another record it rests on: when that changes, this is counted anew.
    """

    values: tuple[str, ...]
    occurred: date
    year: str = UNKNOWN
    month: str = UNKNOWN
    n: int = 1
    source: UUID | None = None


Related = Callable[[UUID], Sequence[Recorded]]
"""The history of another record at the same position; empty if the ledger has none."""

Count = Callable[[Any, Related], Iterator[Fact]]
"""What a record counts for, from its effective history."""


def fact(
    values: Iterable[str], step: Step, *, since: date | None = None, n: int = 1, source: UUID | None = None
) -> Fact:
    """The fact that a step is counted as, from the day it ends unless `since` says another.

    A reason why there is no code is `unknown`. Year and month are known when both ends of the interval lie in them.
    """
    codes = _codes(values)
    first, last = step.starts, step.ends
    year = month = UNKNOWN
    if first is not None and first.year == last.year:
        year = f"{last.year:04}"
        month = f"{year}M{last.month:02}" if first.month == last.month else UNKNOWN
    return Fact(codes, since or last, year, month, n, source)


def unplaced(values: Iterable[str], since: date, n: int = 1) -> Fact:
    """The fact of something whose own days nobody knows: of no year, and counted from the day `since` on."""
    return Fact(_codes(values), since, n=n)


def _codes(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(UNKNOWN if value in MISSING else value for value in values)


class FactsView:
    """The view of one table. `counts` says what each kind of record counts for in it."""

    def __init__(self, table: Statistics, counts: Mapping[type[Aggregate], Count], block: int = BLOCK) -> None:
        self.table, self._block = table, block
        self._counts = {kind.noun: (kind, count) for kind, count in counts.items()}
        self.nouns = frozenset(self._counts)
        self._columns = (*table.stored, *table.times)

    @property
    def name(self) -> str:
        """The name of the table's facts."""
        return self.table.view

    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]:
        """The facts, and their sums by block; `facts` is how many a row stands for, however much they weigh."""
        name = f"facts_{self.table.id.replace('-', '_')}"

        def codes() -> list[Column[str]]:
            return [Column(column, String(64), nullable=False) for column in self._columns]

        facts, sums = f"{name}{suffix}", f"{name}_sums{suffix}"
        return (
            Table(
                facts,
                metadata,
                Column("ledger", Uuid, nullable=False),
                Column("position", BigInteger, nullable=False),
                Column("subject", Uuid, nullable=False),
                Column("subject_noun", String(64), nullable=False),
                *codes(),
                Column("occurred", Date, nullable=False),
                Column("source_record", Uuid),
                Column("delta", BigInteger, nullable=False),
                Column("facts", Integer, nullable=False),
                Index(f"{facts}_by_position", "ledger", "position"),
                Index(f"{facts}_by_occurred", "ledger", "occurred"),
                Index(f"{facts}_by_source", "ledger", "source_record"),
            ),
            Table(
                sums,
                metadata,
                Column("ledger", Uuid, nullable=False),
                Column("block", BigInteger, nullable=False),
                *codes(),
                Column("from_month", Integer, nullable=False),
                Column("delta", BigInteger, nullable=False),
                Column("facts", BigInteger, nullable=False),
                Index(f"{sums}_by_month", "ledger", "from_month", "block"),
            ),
        )

    def concerned(self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]) -> set[UUID]:
        """The records of a page that are counted."""
        return {each.stream_id for each in page if each.name.partition(".")[0] in self.nouns}

    def fold(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        page: Sequence[Recorded],
        histories: Histories,
    ) -> None:
        """Writes facts(after) − facts(before) for every record a page of events changes, at the event's position."""
        facts, _ = tables
        resting = self._resting_on(connection, facts, ledger, {each.stream_id for each in page})
        histories.read({record for records in resting.values() for record in records})
        known: dict[UUID, Tally[Fact]] = {}
        rows = []
        for each in page:
            counted = {each.stream_id} if each.name.partition(".")[0] in self.nouns else set()
            for subject in counted | resting.get(each.stream_id, set()):
                if subject not in known:
                    known[subject] = self._facts(subject, histories, each.position - 1)
                before, after = known[subject], self._facts(subject, histories, each.position)
                known[subject] = after
                for change in {*before, *after}:
                    if change.source:
                        resting.setdefault(change.source, set()).add(subject)
                    if times := after[change] - before[change]:
                        noun = histories.until(subject, each.position)[0].name.partition(".")[0]
                        key = {"ledger": ledger, "position": each.position, "subject": subject, "subject_noun": noun}
                        rows.append({**key, **self._row(change, times)})
        if rows:
            connection.execute(facts.insert(), rows)
        self.close_blocks(connection, tables, ledger, page[0].position, page[-1].position)

    def _row(self, fact: Fact, times: int) -> dict[str, Any]:
        return {
            **dict(zip(self.table.stored, fact.values, strict=True)),
            **{time: getattr(fact, time) for time in self.table.times},
            "occurred": fact.occurred,
            "source_record": fact.source,
            "delta": times * fact.n,
            # What ends a status takes away the fact that began it; a duration of 0 days is a fact all the same.
            "facts": -times if fact.n < 0 else times,
        }

    def _facts(self, subject: UUID, histories: Histories, position: int) -> Tally[Fact]:
        history = histories.until(subject, position)
        if not history:
            return Tally()
        kind, count = self._counts[history[0].name.partition(".")[0]]
        aggregate = histories.folded(kind, subject, position)
        if aggregate.retracted:
            return Tally()
        return Tally(count(aggregate, lambda record: histories.until(record, position)))

    def _resting_on(
        self, connection: Connection, table: Table, ledger: UUID, records: set[UUID]
    ) -> dict[UUID, set[UUID]]:
        resting: dict[UUID, set[UUID]] = {}
        ordered = sorted(records)
        for start in range(0, len(ordered), 500):
            chunk = ordered[start : start + 500]
            found = connection.execute(
                select(table.c.source_record, table.c.subject)
                .where(table.c.ledger == ledger, table.c.source_record.in_(chunk))
                .distinct()
            )
            for source, subject in found:
                resting.setdefault(source, set()).add(subject)
        return resting

    def close_blocks(
        self, connection: Connection, tables: Sequence[Table], ledger: UUID, first: int, last: int
    ) -> None:
        """Sums up the blocks that the positions from the first to the last complete."""
        facts, sums = tables
        names = ["ledger", "block", *self._columns, "from_month", "delta", "facts"]
        codes = [facts.c[column] for column in self._columns]
        month = (extract("year", facts.c.occurred) * 12 + extract("month", facts.c.occurred)).cast(Integer)
        total, number = func.sum(facts.c.delta), func.sum(facts.c.facts)
        for block in range(first // self._block, (last + 1) // self._block):
            since, until = block * self._block, (block + 1) * self._block - 1
            for each, by in ((literal(ANY_MONTH, Integer), codes), (month, [*codes, month])):
                summed = (
                    select(literal(ledger, Uuid), literal(block, BigInteger), *codes, each, total, number)
                    .where(facts.c.ledger == ledger, facts.c.position.between(since, until))
                    .group_by(*by)
                    .having(or_(total != 0, number != 0))
                )
                connection.execute(sums.insert().from_select(names, summed))

    def query(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        position: int,
        day: date,
        columns: Sequence[str],
    ) -> dict[tuple[str, ...], int]:
        """The sums over stored dimensions as of a position, on a day; where no fact stands there is no sum."""
        facts, sums = tables
        whole = (position + 1) // self._block
        since = whole * self._block
        end = day.replace(day=monthrange(day.year, day.month)[1])
        this_month = day.year * 12 + day.month
        rest = facts.c.position.between(since, position), facts.c.occurred <= day
        blocks = sums.c.from_month == ANY_MONTH, sums.c.block < whole
        later_months = sums.c.from_month > this_month, sums.c.block < whole
        later_days = facts.c.occurred > day, facts.c.occurred <= end, facts.c.position < since
        parts = [_part(facts, ledger, columns, 1, *rest)]
        if whole:
            parts += [
                _part(sums, ledger, columns, 1, *blocks),
                _part(sums, ledger, columns, -1, *later_months),
                _part(facts, ledger, columns, -1, *later_days),
            ]
        found = union_all(*parts).subquery()
        total, number = func.sum(found.c.delta), func.sum(found.c.facts)
        codes = [found.c[column] for column in columns]
        rows = connection.execute(select(*codes, total, number).group_by(*codes))
        return {tuple(row[:-2]): int(row[-2]) for row in rows if row[-2] or row[-1]}

    def members(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        position: int,
        day: date,
        among: Sequence[Among],
        after: int,
        limit: int,
    ) -> Page:
        """The records behind a cell and what each counts for in it: `limit` of them, after the first `after`."""
        facts = tables[0].c
        total, number = func.sum(facts.delta), func.sum(facts.facts)
        behind = [
            facts[column].in_(codes) if inside else facts[column].not_in(codes) for column, codes, inside in among
        ]
        found = connection.execute(
            select(facts.subject.label("record"), facts.subject_noun.label("noun"), total.label("n"))
            .where(facts.ledger == ledger, facts.position <= position, facts.occurred <= day, *behind)
            .group_by(facts.subject, facts.subject_noun)
            .having(or_(total != 0, number != 0))
            .order_by(facts.subject)
            .offset(after)
            .limit(limit + 1)
        ).mappings()
        rows = [{**row, "n": int(row["n"])} for row in found]
        return Page(rows[:limit], after + limit if len(rows) > limit else None)


def _part(table: Table, ledger: UUID, columns: Sequence[str], sign: int, *where: ColumnElement[bool]) -> Select[Any]:
    """Rows to be added, or with sign -1 taken away."""
    weights = (table.c.delta * sign).label("delta"), (table.c.facts * sign).label("facts")
    return select(*(table.c[column] for column in columns), *weights).where(table.c.ledger == ledger, *where)
