"""Move-outs in lists."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Date, Integer, Table, Uuid

from adapters.views.lists import ListView, code
from domain.move_outs import MoveOut


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        Column("participant", Uuid, nullable=False),
        code("state"),
        Column("tenancy", Uuid),
        code("initiated_by"),
        code("participation"),
        Column("planned_on", Date),
        code("readiness"),
        code("readiness_own"),
        Column("viewings", Integer, nullable=False),
        Column("moved_from", Date),
        Column("moved_to", Date),
        code("destination"),
        code("tenure"),
        code("voluntariness_own"),
        code("voluntariness_staff"),
        code("standing"),
        Column("next_follow_up_on", Date),
        code("own_view"),
        code("return_reason"),
        code("lost_reason"),
        code("abandon_reason"),
        Column("deviations", Integer, nullable=False),
    )


def row(move_out: MoveOut) -> Mapping[str, Any]:
    """The list row of a move-out."""
    return {
        "participant": move_out.subject,
        "state": move_out.state,
        "tenancy": None if move_out.tenancy == "unknown" else UUID(move_out.tenancy),
        "initiated_by": move_out.initiated_by,
        "participation": move_out.participation,
        "planned_on": move_out.planned_on,
        "readiness": move_out.readiness,
        "readiness_own": move_out.readiness_own,
        "viewings": move_out.viewings,
        "moved_from": move_out.moved_from,
        "moved_to": move_out.moved_to,
        "destination": move_out.destination,
        "tenure": move_out.tenure,
        "voluntariness_own": move_out.voluntariness_own,
        "voluntariness_staff": move_out.voluntariness_staff,
        "standing": move_out.standing,
        "next_follow_up_on": move_out.next_follow_up_on,
        "own_view": move_out.own_view,
        "return_reason": move_out.return_reason,
        "lost_reason": move_out.lost_reason,
        "abandon_reason": move_out.abandon_reason,
        "deviations": len(move_out.deviations),
    }


def present(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """The list row as it is shown."""
    return {**stored, "tenancy": stored["tenancy"] or "unknown"}


def _left(table: Table, tenancy: str) -> Any:
    return table.c.tenancy.is_(None) if tenancy == "unknown" else table.c.tenancy == UUID(tenancy)


VIEW = ListView(
    name="move_outs",
    kind=MoveOut,
    columns=columns,
    row=row,
    conditions={"tenancy": _left},
    present=present,
)
