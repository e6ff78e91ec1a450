"""The table participation-events: how often people took part, and where (indicator I06, seed s:32).

A held meeting and a raised input count once each, by the form, arena, phase and level they happened in, never by
what they concern.
"""

from typing import NamedTuple
from uuid import UUID

from adapters.views.facts import Fact, fact
from domain.cells import UNKNOWN
from domain.history import Step


class Axes(NamedTuple):
    """Where something happened."""

    form: str = UNKNOWN
    arena: str = UNKNOWN
    phase: str = UNKNOWN
    level: str = UNKNOWN


def counted(record: str, axes: Axes, step: Step, source: UUID | None = None) -> Fact:
    """The fact that a step is counted as. `source` is the record whose axes it has, if they are another's."""
    return fact((record, *axes), step, source=source)
