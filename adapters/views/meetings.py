"""Meetings in lists and in the count of participation."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, String

from adapters.views.facts import Count, Fact, Related
from adapters.views.lists import ListView, code
from adapters.views.participation_events import Axes, counted
from domain.meetings import Meeting


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("state"),
        code("kind"),
        code("composition"),
        code("level"),
        code("form"),
        code("arena"),
        code("phase"),
        Column("planned_on", Date),
        Column("held_from", Date),
        Column("held_to", Date),
        code("interpreter_need"),
        code("interpreter_use"),
        Column("attended", Integer),
        Column("group_n", Integer),
        Column("attendance", Integer),
        Column("seed_line", String(100)),
        Column("deviations", Integer, nullable=False),
    )


def row(meeting: Meeting) -> Mapping[str, Any]:
    """The list row of a meeting."""
    described, attended = meeting.described, meeting.tally.attended
    return {
        "state": meeting.state,
        "kind": described.kind if described else "unknown",
        "composition": described.composition if described else "unknown",
        "level": described.level if described else "unknown",
        "form": described.form if described else "unknown",
        "arena": described.arena if described else "unknown",
        "phase": described.phase if described else "unknown",
        "planned_on": meeting.planned_on,
        "held_from": meeting.held_from,
        "held_to": meeting.held_to,
        "interpreter_need": meeting.interpreter_need,
        "interpreter_use": meeting.interpreter_use,
        "attended": attended if isinstance(attended, int) else None,
        "group_n": meeting.group.n if meeting.group else None,
        "attendance": meeting.attendance,
        "seed_line": described.seed_line if described else None,
        "deviations": len(meeting.deviations),
    }


def axes(meeting: Meeting) -> Axes:
    """Where a meeting happened: the axes an input raised at it has, too."""
    described = meeting.described
    if described is None:
        return Axes()
    return Axes(described.form, described.arena, described.phase, described.level)


def count(meeting: Meeting, related: Related) -> Iterator[Fact]:
    """A meeting that was held counts once, on the day it was first held."""
    if meeting.first_held is not None:
        yield counted("meeting", axes(meeting), meeting.first_held)


VIEW = ListView(name="meetings", kind=Meeting, columns=columns, row=row)
COUNTERS: Mapping[str, Count] = {"participation-events": count}
