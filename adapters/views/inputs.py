"""Inputs in lists and in the count of participation."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Integer, String, Table, Uuid, func

from adapters.views import hearings, meetings
from adapters.views.facts import Count, Fact, Related, fact
from adapters.views.lists import ListView, code
from adapters.views.participation_events import Axes, counted
from domain.hearings import Hearing
from domain.history import Recorded, Step
from domain.inputs import FeedbackGiven, Input, RegisteredAsExisting
from domain.meetings import Meeting

STEPS = frozenset({"raised", "acknowledged", "answered", "decided", "effected", "verified", "fed_back"})
"""The steps of the table influence-chain (codebook list `influence-steps`)."""


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
    yield counted("input", where._replace(level=record.described.level), record.raised, source)


def influence(record: Input, related: Related) -> Iterator[Fact]:
    """How far an input came, in the cohort of the year it was raised: each step once, on the day it first happened.

    The days since it was raised are counted where both days are known exactly, and the step did not come before. Of
    an input registered in a later state, the day it came to that state is not known.
    """
    if record.raised is None or record.described is None:
        return
    first = {"raised": record.raised}
    for step in record.steps:
        first.setdefault(_reached(step), step)
    for name in STEPS & first.keys():
        step = first[name]
        measures = {"inputs": 1}
        raised_on, reached_on = _exact_day(record.raised), _exact_day(step)
        if step is not record.raised and raised_on and reached_on and raised_on <= reached_on:
            measures |= {"inputs_with_days": 1, "days": (reached_on - raised_on).days}
        for measure, n in measures.items():
            codes = (record.described.level, record.described.kind, name, measure)
            yield fact(codes, record.raised, since=max(record.raised.ends, step.ends), n=n)


def _reached(step: Step) -> str:
    event = step.event
    if isinstance(event, RegisteredAsExisting):
        return event.state
    return "fed_back" if isinstance(event, FeedbackGiven) else event.NAME


def _exact_day(step: Step) -> date | None:
    meta = step.event.meta
    return meta.occurred_to if meta.occurred_from == meta.occurred_to else None


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
COUNTERS: Mapping[str, Count] = {"participation-events": count, "influence-chain": influence}
