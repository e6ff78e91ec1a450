"""Registers of who is heard, in lists."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, String

from adapters.views.lists import ListView, code
from domain.recipients import ConsultationRegister


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("scope"),
        code("unit"),
        Column("recipients", Integer, nullable=False),
        Column("refugee_voices", Integer, nullable=False),
        Column("refugee_voice_unknown", Integer, nullable=False),
        Column("gaps", Integer, nullable=False),
        Column("last_verified_on", Date),
        Column("seed_line", String(100)),
        Column("deviations", Integer, nullable=False),
    )


def row(register: ConsultationRegister) -> Mapping[str, Any]:
    """The list row of a register."""
    described, voices = register.described, register.voices
    return {
        "scope": described.scope if described else "unknown",
        "unit": described.unit if described else "unknown",
        "recipients": voices.total(),
        "refugee_voices": voices["yes"],
        "refugee_voice_unknown": voices.total() - voices["yes"] - voices["no"],
        "gaps": len(register.gaps),
        "last_verified_on": register.last_verified_on,
        "seed_line": described.seed_line if described else None,
        "deviations": len(register.deviations),
    }


VIEW = ListView(name="recipients", kind=ConsultationRegister, columns=columns, row=row)
