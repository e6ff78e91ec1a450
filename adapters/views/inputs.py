"""Inputs in lists and in the count of participation."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Integer, String, Table, Uuid, func

from adapters.views import hearings, meetings
from adapters.views.lists import ListView, code
from adapters.views.participation_events import Axes, Counter, Fact, Related, fact
from domain.hearings import Hearing
from domain.history import Recorded
from domain.inputs import Input
from domain.meetings import Meeting


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("state"),
        code("feedback_state"),
        code("kind"),
        code("level"),
        code("voiced_by"),
        code("on_behalf_of"),
        Column("source", Uuid),
        Column("hearing", Uuid),
        Column("concerns", String(4_000), nullable=False),
        code("maturity"),
        code("outcome"),
        code("reason"),
        code("answering_unit"),
        Column("answer_due", Date),
        code("deciding_unit"),
        code("verifying_unit"),
        Column("raised_from", Date),
        Column("raised_to", Date),
        Column("seed_line", String(100)),
        Column("deviations", Integer, nullable=False),
    )


def row(record: Input) -> Mapping[str, Any]:
    """The list row of an input. `concerns` is ` list:code list:code `, so that one string finds one."""
    described = record.described
    concerns = [f"{each.list}:{each.code}" for each in described.concerns] if described else []
    return {
        "state": record.state,
        "feedback_state": record.feedback_state,
        "kind": described.kind if described else "unknown",
        "level": described.level if described else "unknown",
        "voiced_by": described.voiced_by if described else "unknown",
        "on_behalf_of": described.on_behalf_of if described else "unknown",
        "source": described.meeting if described else None,
        "hearing": described.hearing if described else None,
        "concerns": " ".join(["", *concerns, ""]),
        "maturity": described.maturity if described else "unknown",
        "outcome": record.outcome,
        "reason": record.reason,
        "answering_unit": record.answering_unit,
        "answer_due": record.answer_due,
        "deciding_unit": record.deciding_unit,
        "verifying_unit": record.verifying_unit,
        "raised_from": record.raised_from,
        "raised_to": record.raised_to,
        "seed_line": described.seed_line if described else None,
        "deviations": len(record.deviations),
    }


def count(record: Input, related: Related) -> Iterator[Fact]:
    """An input counts once, on the day it was raised, where the meeting or the hearing it was raised at was."""
    if record.raised is None or record.described is None:
        return
    source = record.described.meeting or record.described.hearing
    where = _axes(source, related(source)) if source else Axes()
    yield fact("input", where._replace(level=record.described.level), record.raised, source)


def _axes(source: UUID, history: Sequence[Recorded]) -> Axes:
    if not history:
        return Axes()
    if history[0].name.startswith("hearing."):
        return hearings.axes(Hearing(source, history))
    return meetings.axes(Meeting(source, history))


def present(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """The list row as it is shown."""
    concerns = [dict(zip(("list", "code"), each.split(":"), strict=True)) for each in stored["concerns"].split()]
    return {**stored, "concerns": concerns, "source": stored["source"] or "unknown"}


def _concerning(table: Table, concern: str) -> Any:
    ending = " " if ":" in concern else ":"
    # LIKE does not tell p1 from P1 on SQLite; replace() does, everywhere.
    return func.replace(table.c.concerns, f" {concern}{ending}", "") != table.c.concerns


def _raised_at(table: Table, source: str) -> Any:
    return table.c.source.is_(None) if source == "unknown" else table.c.source == UUID(source)


VIEW = ListView(
    name="inputs",
    kind=Input,
    columns=columns,
    row=row,
    conditions={"concern": _concerning, "source": _raised_at},
    present=present,
)
COUNTER = Counter(kind=Input, count=count)
