"""Tenancies in lists."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, String, Table, Uuid

from adapters.views.lists import ListView, code
from domain.tenancies import Tenancy


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        Column("participant", Uuid, nullable=False),
        code("state"),
        code("preferred_tenure"),
        Column("n_options", Integer),
        Column("constraints", String(4_000), nullable=False),
        code("choice"),
        code("participation"),
        code("tenure"),
        Column("household_size", Integer),
        Column("rooms", Integer),
        Column("started_from", Date),
        Column("started_to", Date),
        Column("term_ends_on", Date),
        code("condition"),
        code("safety"),
        code("stay_wish"),
        code("balance"),
        Column("ended_from", Date),
        Column("ended_to", Date),
        code("end_reason"),
        code("ended_by"),
        Column("deviations", Integer, nullable=False),
    )


def row(tenancy: Tenancy) -> Mapping[str, Any]:
    """The list row of a tenancy. `constraints` is ` code code `, so that one string finds one."""
    return {
        "participant": tenancy.subject,
        "state": tenancy.state,
        "preferred_tenure": tenancy.preferred_tenure,
        "n_options": _number(tenancy.n_options),
        "constraints": " ".join(["", *tenancy.constraints, ""]),
        "choice": tenancy.choice,
        "participation": tenancy.participation,
        "tenure": tenancy.tenure,
        "household_size": _number(tenancy.household_size),
        "rooms": _number(tenancy.rooms),
        "started_from": tenancy.started_from,
        "started_to": tenancy.started_to,
        "term_ends_on": tenancy.term_ends_on,
        "condition": tenancy.condition,
        "safety": tenancy.safety,
        "stay_wish": tenancy.stay_wish,
        "balance": tenancy.balance,
        "ended_from": tenancy.ended_from,
        "ended_to": tenancy.ended_to,
        "end_reason": tenancy.end_reason,
        "ended_by": tenancy.ended_by,
        "deviations": len(tenancy.deviations),
    }


def present(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """The list row as it is shown."""
    return {**stored, "constraints": stored["constraints"].split()}


def _number(count: int | str) -> int | None:
    return count if isinstance(count, int) else None


def _constrained(table: Table, constraint: str) -> Any:
    return table.c.constraints.contains(f" {constraint} ", autoescape=True)


VIEW = ListView(
    name="tenancies",
    kind=Tenancy,
    columns=columns,
    row=row,
    conditions={"constraint": _constrained},
    present=present,
)
