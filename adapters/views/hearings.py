"""Hearings in lists, and what a hearing counts for."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, String

from adapters.views.lists import ListView, code
from adapters.views.participation_events import Axes
from domain.hearings import Hearing


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
    described = hearing.described
    return {
        "state": hearing.state,
        "plan_type": described.plan_type if described else "unknown",
        "document_version": described.document_version if described else "unknown",
        "responsible_unit": described.responsible_unit if described else "unknown",
        "level": described.level if described else "unknown",
        "form": described.form if described else "unknown",
        "arena": described.arena if described else "unknown",
        "phase": described.phase if described else "unknown",
        "opened_from": hearing.opened_from,
        "opened_to": hearing.opened_to,
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


VIEW = ListView(name="hearings", kind=Hearing, columns=columns, row=row)
