"""Bodies in lists."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, String

from adapters.views.lists import ListView, code
from domain.bodies import Body
from domain.events import NOT_RECORDED


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("state"),
        code("kind"),
        code("group"),
        code("level"),
        code("form"),
        code("arena"),
        code("phase"),
        code("statutory_basis"),
        code("proposed_by"),
        code("mandate"),
        Column("period_to", Date),
        Column("seats", Integer),
        Column("seated", Integer),
        Column("women", Integer),
        Column("sittings", Integer, nullable=False),
        Column("last_sat_on", Date),
        Column("seed_line", String(100)),
        Column("deviations", Integer, nullable=False),
    )


def row(body: Body) -> Mapping[str, Any]:
    """The list row of a body."""
    described, seats = body.described, body.defined.seats if body.defined else None
    return {
        "state": body.state,
        "kind": described.kind if described else "unknown",
        "group": described.group if described else "unknown",
        "level": described.level if described else "unknown",
        "form": described.form if described else "unknown",
        "arena": described.arena if described else "unknown",
        "phase": described.phase if described else "unknown",
        "statutory_basis": described.statutory_basis if described else "unknown",
        "proposed_by": described.proposed_by if described else "unknown",
        "mandate": body.mandate.mandate if body.mandate else NOT_RECORDED,
        "period_to": body.mandate.period_to if body.mandate else None,
        "seats": seats if isinstance(seats, int) else None,
        "seated": body.seated,
        "women": body.women,
        "sittings": body.sittings,
        "last_sat_on": body.last_sat_on,
        "seed_line": described.seed_line if described else None,
        "deviations": len(body.deviations),
    }


VIEW = ListView(name="bodies", kind=Body, columns=columns, row=row)
