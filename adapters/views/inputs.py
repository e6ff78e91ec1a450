"""Inputs in lists and in the count of participation."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func

from adapters.views import hearings, meetings
from adapters.views.facts import Count, Fact, Related, fact
from adapters.views.lists import ListView
from adapters.views.participation_events import Axes, counted
from domain.hearings import Hearing
from domain.history import Recorded, Step
from domain.inputs import FeedbackGiven, Input, RegisteredAsExisting
from domain.meetings import Meeting

STEPS = frozenset({"raised", "acknowledged", "answered", "decided", "effected", "verified", "fed_back"})
"""The steps of the table influence-chain (codebook list `influence-steps`)."""


def count(record: Input, related: Related) -> Iterator[Fact]:
    """An input counts once, on the day it was raised, where the meeting or the hearing it was raised at was."""
    if record.raised is None:
        return
    source = record.raised_at
    where = _axes(source, related(source)) if source else Axes()
    yield counted("input", where._replace(level=record.level), record.raised, source)


def influence(record: Input, related: Related) -> Iterator[Fact]:
    """How far an input came, in the cohort of the year it was raised: each step once, on the day it first happened.

    The days since it was raised are counted where both days are known exactly, and the step did not come before. Of
    an input registered in a later state, the day it came to that state is not known.
    """
    if record.raised is None:
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
            codes = (record.level, record.kind, name, measure)
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


def _concerning(table: Table, concern: str) -> Any:
    ending = " " if ":" in concern else ":"
    # LIKE does not tell p1 from P1 on SQLite; replace() does, everywhere.
    return func.replace(table.c.concerns, f" {concern}{ending}", "") != table.c.concerns


VIEW = ListView(name="inputs", kind=Input, conditions={"concern": _concerning})
COUNTERS: Mapping[str, Count] = {"participation-events": count, "influence-chain": influence}
