"""Hearings in lists, and what a hearing counts for."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Integer, String

from adapters.views.facts import Count, Fact, Related, fact
from adapters.views.lists import ListView, code
from adapters.views.participation_events import Axes
from domain.events import Event
from domain.hearing_events import RecipientListFixed, RegisteredAsExisting, StatementReceived
from domain.hearings import Hearing, listed
from domain.inputs import Input


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("state"),
        code("plan_type"),
        code("document_version"),
        code("responsible_unit"),
        code("level"),
        code("form"),
        code("arena"),
        code("phase"),
        Column("opened_from", Date),
        Column("opened_to", Date),
        Column("deadline", Date),
        Column("invited", Integer),
        code("refugee_voice"),
        Column("statement_count", Integer),
        Column("late_count", Integer, nullable=False),
        Column("answered", Integer),
        Column("of", Integer),
        Column("seed_line", String(100)),
        Column("deviations", Integer, nullable=False),
    )


def row(hearing: Hearing) -> Mapping[str, Any]:
    """The list row of a hearing."""
    described, opened = hearing.described, hearing.opened
    return {
        "state": hearing.state,
        "plan_type": described.plan_type if described else "unknown",
        "document_version": described.document_version if described else "unknown",
        "responsible_unit": described.responsible_unit if described else "unknown",
        "level": described.level if described else "unknown",
        "form": described.form if described else "unknown",
        "arena": described.arena if described else "unknown",
        "phase": described.phase if described else "unknown",
        "opened_from": opened.starts if opened else None,
        "opened_to": opened.event.meta.occurred_to if opened else None,
        "deadline": hearing.deadline,
        "invited": _number(hearing.invited),
        "refugee_voice": hearing.refugee_voice,
        "statement_count": _number(hearing.statement_count),
        "late_count": hearing.late_count,
        "answered": _number(hearing.answered),
        "of": _number(hearing.of),
        "seed_line": described.seed_line if described else None,
        "deviations": len(hearing.deviations),
    }


def _number(count: int | str) -> int | None:
    return count if isinstance(count, int) else None


def axes(hearing: Hearing) -> Axes:
    """Where a hearing was: the axes an input raised at it has, too."""
    described = hearing.described
    if described is None:
        return Axes()
    return Axes(described.form, described.arena, described.phase, described.level)


def count_hearings(hearing: Hearing, related: Related) -> Iterator[Fact]:
    """Who was invited, what was stated, and how many of the inputs have an answer now, by when it was opened.

    A list that is fixed anew takes the place of the one before. Inputs count once each, from the day they are named.
    """
    opened, described = hearing.opened, hearing.described
    if opened is None or described is None:
        return

    def counted(measure: str, since: date, n: int = 1, source: UUID | None = None) -> Fact:
        return fact((described.plan_type, measure), opened, since=max(since, opened.ends), n=n, source=source)

    yield counted("hearings", opened.ends)
    listed_before: dict[str, int] = {}
    for step in hearing.steps:
        if (listing := _listing(step.event)) is not None:
            for measure, n in listed_before.items():
                yield counted(measure, step.ends, -n)
            for measure, n in listing.items():
                yield counted(measure, step.ends, n)
            listed_before = listing
        if isinstance(step.event, StatementReceived):
            yield counted("statements", step.ends)
            if "refugees" in (step.event.submitted_by, step.event.on_behalf_of):
                yield counted("statements_refugees", step.ends)
    if isinstance(described, RegisteredAsExisting):
        before = {"statements": described.statements, "inputs": described.of, "inputs_answered": described.answered}
        for measure, count in before.items():
            if isinstance(count, int):
                yield counted(measure, opened.ends, count)
    for each, named in hearing.inputs.items():
        found = Input(each, related(each))
        yield counted("inputs", named.ends, source=each)
        if found.retracted:
            # Counted and taken away: told again it counts, and the hearing must rest on it to be counted anew.
            yield counted("inputs", named.ends, -1, source=each)
        elif found.first_answered:
            yield counted("inputs_answered", max(named.ends, found.first_answered.ends), source=each)


def _listing(event: Event) -> dict[str, int] | None:
    """What a list of recipients counts for; None of an event that tells of none."""
    if isinstance(event, RecipientListFixed):
        invited, voice = event.invited, listed(event)
    elif isinstance(event, RegisteredAsExisting):
        invited, voice = event.invited, event.refugee_voice
    else:
        return None
    return {
        **({"invited": invited} if isinstance(invited, int) else {}),
        **({"refugee_voice_on_list": 1} if voice == "yes" else {}),
    }


VIEW = ListView(name="hearings", kind=Hearing, columns=columns, row=row)
COUNTERS: Mapping[str, Count] = {"hearings": count_hearings}
