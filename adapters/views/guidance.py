"""Guidance in lists."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, String

from adapters.views.lists import ListView, code
from domain.guidance import Guidance


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("state"),
        code("unit"),
        code("arena"),
        code("phase"),
        Column("sessions", Integer, nullable=False),
        Column("informed", Integer, nullable=False),
        Column("guided", Integer, nullable=False),
        Column("demonstrated", Integer, nullable=False),
        Column("minutes", Integer, nullable=False),
        Column("last_session_on", Date),
        Column("seed_line", String(100)),
        Column("deviations", Integer, nullable=False),
    )


def row(guidance: Guidance) -> Mapping[str, Any]:
    """The list row of guidance; whom it is about stands in the record alone."""
    described, modes = guidance.described, guidance.modes
    return {
        "state": guidance.state,
        "unit": described.unit if described else "unknown",
        "arena": described.arena if described else "unknown",
        "phase": described.phase if described else "unknown",
        "sessions": modes.total(),
        "informed": modes["inform"],
        "guided": modes["guide"],
        "demonstrated": modes["demonstrate"],
        "minutes": guidance.minutes,
        "last_session_on": guidance.last_session_on,
        "seed_line": described.seed_line if described else None,
        "deviations": len(guidance.deviations),
    }


VIEW = ListView(name="guidance", kind=Guidance, columns=columns, row=row)
