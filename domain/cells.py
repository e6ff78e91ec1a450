"""A table's cells: not recorded is not "did not happen".

A cell is a number, *not recorded*, or *not applicable* (the codebook excludes the combination).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Literal, NamedTuple

UNKNOWN = "unknown"
"""The code that every dimension has: nobody recorded it."""


class Cell(NamedTuple):
    """A number, or why there is none."""

    value: int | None
    status: Literal["not_recorded", "not_applicable"] | None = None


def cells(
    sums: Mapping[tuple[str, ...], int],
    chosen: Mapping[str, Sequence[str]],
    recording_from: date | None,
    day: date,
    excluded: Callable[[Mapping[str, str]], bool],
) -> Iterator[Cell]:
    """Every cell of the chosen codes of each dimension, the last dimension turning fastest.

    An empty cell is 0 only where its whole period lies after `recording_from`: its month or year does. With time
    summed over nothing does, for the sum reaches back before any recording; `unknown` has no period of its own.
    """
    names = list(chosen)
    for place in product(*chosen.values()):
        at = dict(zip(names, place, strict=True))
        if (value := sums.get(place)) is not None:
            yield Cell(value)
        elif excluded(at):
            yield Cell(None, "not_applicable")
        elif _recorded_throughout(at.get("month") or at.get("year"), recording_from, day):
            yield Cell(0)
        else:
            yield Cell(None, "not_recorded")


def _recorded_throughout(period: str | None, recording_from: date | None, day: date) -> bool:
    if recording_from is None or period is None or period == UNKNOWN:
        return False
    year, _, month = period.partition("M")
    return recording_from <= date(int(year), int(month or 1), 1) <= day
