"""The table participation-events: how often people took part, and where (indicator I06, seed s:32).

Facts are append-only signed deltas stamped with the position that brought them: as of a position is a sum, on a day
is a sum. A held meeting and a raised input count once each, by the form, arena, phase and level they happened in,
never by what they concern.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    func,
    select,
)

from adapters.viewstore import Histories
from domain.aggregate import Aggregate
from domain.cells import UNKNOWN
from domain.events import MISSING
from domain.history import Recorded, Step

NAME = "participation-events"
DIMENSIONS = ("record", "form", "arena", "phase", "level", "year")


class Axes(NamedTuple):
    """Where something happened."""

    form: str = UNKNOWN
    arena: str = UNKNOWN
    phase: str = UNKNOWN
    level: str = UNKNOWN


class Fact(NamedTuple):
    """One record counted once. `source` is the record whose axes it has, if they are another's."""

    record: str
    form: str
    arena: str
    phase: str
    level: str
    year: str
    occurred: date
    source: UUID | None


Related = Callable[[UUID], Sequence[Recorded]]
"""The history of another record at the same position; empty if the ledger has none."""


@dataclass(frozen=True)
class Counter:
    """How a kind of record is counted."""

    kind: type[Aggregate]
    count: Callable[[Any, Related], Iterator[Fact]]


def fact(record: str, axes: Axes, step: Step, source: UUID | None = None) -> Fact:
    """The fact that a step is counted as. The year is known when both ends of its interval lie in it."""
    known = step.starts is not None and step.starts.year == step.ends.year
    form, arena, phase, level = (UNKNOWN if axis in MISSING else axis for axis in axes)
    year = str(step.ends.year) if known else UNKNOWN
    return Fact(record, form, arena, phase, level, year, step.ends, source)


class ParticipationEvents:
    """The view of the table; the counters say what is counted."""

    name = NAME

    def __init__(self, counters: Sequence[Counter]) -> None:
        self._counters = {counter.kind.noun: counter for counter in counters}

    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]:
        """The facts' table."""
        name = f"participation_events{suffix}"
        return (
            Table(
                name,
                metadata,
                Column("ledger", Uuid, nullable=False),
                Column("position", BigInteger, nullable=False),
                Column("subject", Uuid, nullable=False),
                *(Column(dimension, String(64), nullable=False) for dimension in DIMENSIONS),
                Column("occurred", Date, nullable=False),
                Column("source", Uuid),
                Column("delta", Integer, nullable=False),
                Index(f"{name}_by_position", "ledger", "position"),
                Index(f"{name}_by_source", "ledger", "source"),
            ),
        )

    def concerned(self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]) -> set[UUID]:
        """The records of a page that are counted."""
        return {each.stream_id for each in page if each.name.partition(".")[0] in self._counters}

    def fold(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        page: Sequence[Recorded],
        histories: Histories,
    ) -> None:
        """Writes facts(after) − facts(before) for every record a page of events changes, at the event's position."""
        [table] = tables
        concerned = self.concerned(connection, tables, page)
        resting = self._resting_on(connection, table, ledger, concerned)
        histories.read({record for records in resting.values() for record in records})
        known: dict[UUID, Tally[Fact]] = {}
        rows = []
        for each in page:
            if each.stream_id not in concerned:
                continue
            for subject in {each.stream_id, *resting.get(each.stream_id, ())}:
                if subject not in known:
                    known[subject] = self._facts(subject, histories, each.position - 1)
                before, after = known[subject], self._facts(subject, histories, each.position)
                known[subject] = after
                for counted in {*before, *after}:
                    delta = after[counted] - before[counted]
                    if counted.source:
                        resting.setdefault(counted.source, set()).add(subject)
                    if delta:
                        rows.append(
                            {
                                "ledger": ledger,
                                "position": each.position,
                                "subject": subject,
                                "delta": delta,
                                **counted._asdict(),
                            }
                        )
        if rows:
            connection.execute(table.insert(), rows)

    def _facts(self, subject: UUID, histories: Histories, position: int) -> Tally[Fact]:
        history = histories.until(subject, position)
        if not history:
            return Tally()
        counter = self._counters[history[0].name.partition(".")[0]]
        aggregate = counter.kind(subject, history)
        if aggregate.retracted:
            return Tally()
        return Tally(counter.count(aggregate, lambda record: histories.until(record, position)))

    def _resting_on(
        self, connection: Connection, table: Table, ledger: UUID, records: set[UUID]
    ) -> dict[UUID, set[UUID]]:
        resting: dict[UUID, set[UUID]] = {}
        ordered = sorted(records)
        for start in range(0, len(ordered), 500):
            chunk = ordered[start : start + 500]
            found = connection.execute(
                select(table.c.source, table.c.subject)
                .where(table.c.ledger == ledger, table.c.source.in_(chunk))
                .distinct()
            )
            for source, subject in found:
                resting.setdefault(source, set()).add(subject)
        return resting

    def query(
        self,
        connection: Connection,
        table: Table,
        ledger: UUID,
        position: int,
        day: date,
        dimensions: Sequence[str],
    ) -> dict[tuple[str, ...], int]:
        """The sums over these dimensions as of a position, of what had happened by a day; a zero sum is left out."""
        columns = [table.c[dimension] for dimension in dimensions]
        total = func.sum(table.c.delta)
        statement = select(*columns, total.label("total")).where(
            table.c.ledger == ledger, table.c.position <= position, table.c.occurred <= day
        )
        if columns:
            statement = statement.group_by(*columns)
        return {tuple(row[:-1]): int(row[-1]) for row in connection.execute(statement) if row[-1]}
