"""The audit: a row for every event the ledger stores, whatever its noun.

Rows are only added. Whether an entry still is the last word about what it tells is looked up among the later
corrections and retractions of the same event, so every moment has its own answer.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final
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
    String,
    Table,
    Text,
    Uuid,
    and_,
    func,
    or_,
    select,
)

from adapters.views.lists import Page, code
from adapters.viewstore import Histories
from domain.events import Corrected, Retracted
from domain.history import Recorded
from domain.time import oslo_day, rfc3339

NAME: Final = "audit"


class Audit:
    """The view of the audit."""

    name = NAME

    def tables(self, metadata: MetaData, suffix: str = "") -> tuple[Table, ...]:
        """The entries' table. `ends` is the last day what an entry tells may have happened on."""
        name = f"{NAME}{suffix}"
        return (
            Table(
                name,
                metadata,
                Column("ledger", Uuid, primary_key=True),
                Column("position", BigInteger, primary_key=True, autoincrement=False),
                Column("event_id", Uuid, nullable=False),
                code("noun"),
                Column("record", Uuid, nullable=False),
                Column("type", String(128), nullable=False),
                code("kind"),
                Column("version", BigInteger, nullable=False),
                Column("schema_version", Integer, nullable=False),
                Column("recorded_at", BigInteger, nullable=False),
                Column("occurred_from", Date),
                Column("occurred_to", Date),
                Column("ends", Date),
                Column("actor", Text, nullable=False),
                code("role"),
                code("unit"),
                code("performed_role"),
                code("performed_unit"),
                code("basis"),
                Column("source_system", Text),
                Column("source_recorded_at", Text),
                Column("correlation_id", Text),
                Column("target", Uuid),
                Column("deviations", Text, nullable=False),
                Index(f"{name}_by_record", "ledger", "record", "position"),
                Index(f"{name}_by_actor", "ledger", "actor", "position"),
                Index(f"{name}_by_type", "ledger", "type", "position"),
                Index(f"{name}_by_target", "ledger", "target", "position"),
            ),
        )

    def concerned(self, connection: Connection, tables: Sequence[Table], page: Sequence[Recorded]) -> set[UUID]:
        """No record: an entry is made of its event alone."""
        return set()

    def fold(
        self,
        connection: Connection,
        tables: Sequence[Table],
        ledger: UUID,
        page: Sequence[Recorded],
        histories: Histories,
    ) -> None:
        """Writes the entries of a page of events."""
        [table] = tables
        connection.execute(table.insert(), [{"ledger": ledger, **entry(each)} for each in page])

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
        """A page of the audit as of a position, newest first; the day narrows nothing."""
        [table] = tables
        columns = table.c
        conditions = [
            columns.ledger == ledger,
            columns.position <= position,
            *(
                CONDITIONS[name](table, value) if name in CONDITIONS else columns[name] == value
                for name, value in filters.items()
            ),
        ]
        if after is not None:
            conditions.append(columns.position < after)
        later = table.alias("later")
        superseded_by = (
            select(func.min(later.c.position))
            .where(
                later.c.ledger == columns.ledger,
                later.c.target == func.coalesce(columns.target, columns.event_id),
                later.c.position > columns.position,
                later.c.position <= position,
            )
            .scalar_subquery()
        )
        found = connection.execute(
            select(table, superseded_by.label("superseded_by"))
            .where(and_(*conditions))
            .order_by(columns.position.desc())
            .limit(limit + 1)
        ).mappings()
        rows = [_shown(dict(row)) for row in found]
        return Page(rows[:limit], rows[limit - 1]["position"] if len(rows) > limit else None)


def entry(recorded: Recorded) -> dict[str, Any]:
    """The row of an event. A correction tells when its replacement occurred; a retraction tells of no day."""
    event, meta = recorded.event, recorded.event.meta
    told = event.replacement.meta if isinstance(event, Corrected) else meta
    kind = event.NAME if isinstance(event, Corrected | Retracted) else "recorded"
    return {
        "position": recorded.position,
        "event_id": recorded.event_id,
        "noun": recorded.name.partition(".")[0],
        "record": recorded.stream_id,
        "type": recorded.name,
        "kind": kind,
        "version": recorded.version,
        "schema_version": event.SCHEMA_VERSION,
        "recorded_at": recorded.recorded_at,
        "occurred_from": told.occurred_from,
        "occurred_to": told.occurred_to,
        "ends": None if isinstance(event, Retracted) else told.occurred_to or oslo_day(recorded.recorded_at),
        "actor": meta.recorded_by.id,
        "role": meta.recorded_by.role,
        "unit": meta.recorded_by.unit,
        "performed_role": meta.performed_by.role,
        "performed_unit": meta.performed_by.unit,
        "basis": meta.basis,
        "source_system": meta.source_system,
        "source_recorded_at": meta.source_recorded_at,
        "correlation_id": meta.correlation_id,
        "target": event.target if isinstance(event, Corrected | Retracted) else None,
        "deviations": "".join(f" {each.rule}:{each.event_id or recorded.event_id}" for each in meta.deviations),
    }


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as it is shown."""
    deviations = [each.split(":") for each in row["deviations"].split()]
    return {
        **row,
        "recorded_at": rfc3339(row["recorded_at"]),
        "occurred": {"from_": row["occurred_from"], "to": row["occurred_to"]},
        "recorded_by": {"id": row["actor"], "role": row["role"], "unit": row["unit"]},
        "performed_by": {"role": row["performed_role"], "unit": row["performed_unit"]},
        "deviations": [{"rule": rule, "event_id": event_id} for rule, event_id in deviations],
    }


def _departing(table: Table, rule: str) -> ColumnElement[bool]:
    # LIKE does not tell p1 from P1 on SQLite; replace() does, everywhere.
    return func.replace(table.c.deviations, f" {rule}:", "") != table.c.deviations


def _deviating(table: Table, wanted: bool) -> ColumnElement[bool]:
    return (table.c.deviations != "") if wanted else (table.c.deviations == "")


def _occurred_from(table: Table, day: date) -> ColumnElement[bool]:
    return table.c.ends >= day


def _occurred_to(table: Table, day: date) -> ColumnElement[bool]:
    return and_(table.c.ends.is_not(None), or_(table.c.occurred_from.is_(None), table.c.occurred_from <= day))


CONDITIONS: Mapping[str, Callable[[Table, Any], ColumnElement[bool]]] = {
    "rule": _departing,
    "deviating": _deviating,
    "occurred_from": _occurred_from,
    "occurred_to": _occurred_to,
    "first": lambda table, position: table.c.position >= position,
    "last": lambda table, position: table.c.position <= position,
}
"""The filters that are no plain equality: the days an entry may tell of overlap those asked for, positions bound it."""
