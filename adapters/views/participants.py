"""Participants in lists."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Integer

from adapters.views.lists import ListView
from domain.participants import Participant


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (Column("deviations", Integer, nullable=False),)


def row(participant: Participant) -> Mapping[str, Any]:
    """The list row of a participant."""
    return {"deviations": len(participant.deviations)}


VIEW = ListView(name="participants", kind=Participant, columns=columns, row=row)
