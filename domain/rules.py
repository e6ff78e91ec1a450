"""Rules that carry a date: each is a row with its regime, its parameter, when it holds and where it stands.

What a source leaves open, or what nobody has checked against the text in force, has `verified: false`.
"""

import functools
from datetime import date
from importlib import resources

import msgspec

HOUSE = "house"
"""The regime of rules that no law sets: good practice, and what a municipality may decide otherwise."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter of a rule (codebook lists `rules`, `rule-parameters`), under a regime, for a time.

    `regime` is a code of `legal-regimes` or `plan-types`, or `house`. `value` is a whole number of `unit` (days,
    weeks, months, seats). `valid_to` is the last day it holds; null: until further notice.
    """

    rule: str
    parameter: str
    regime: str
    value: int
    unit: str
    valid_from: date
    valid_to: date | None = None
    source: str
    verified: bool = False


@functools.cache
def rows() -> tuple[Row, ...]:
    """Every row, as this version of the product has them."""
    text = resources.files("domain.codebook").joinpath("rule_rows.json").read_bytes()
    return msgspec.json.decode(text, type=tuple[Row, ...])


def holds(row: Row, day: date) -> bool:
    """Whether a row holds on a day."""
    return row.valid_from <= day and (row.valid_to is None or day <= row.valid_to)


def values(parameter: str, regime: str, day: date) -> tuple[int, ...]:
    """The values a parameter has under a regime on a day, smallest first; none where no rule sets one."""
    return tuple(sorted(row.value for row in _rows_of(parameter, regime) if holds(row, day)))


@functools.cache
def _rows_of(parameter: str, regime: str) -> tuple[Row, ...]:
    return tuple(row for row in rows() if row.parameter == parameter and row.regime == regime)


def value(parameter: str, regime: str, day: date) -> int | None:
    """The one value a parameter has under a regime on a day; None where no rule sets one."""
    found = values(parameter, regime, day)
    return found[0] if found else None
