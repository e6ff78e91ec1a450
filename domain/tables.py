"""The statistics tables, declared as data: what each is of, and how the codes facts are stored with are read.

A table is an entry here, its labels in the codebook (lists `tables` and `dimensions`), and a counter in the view
module of each noun it counts (`COUNTERS`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from domain.cells import UNKNOWN
from domain.codebook import Codebook

TIMES = ("year", "month")
"""The dimensions of time: codes like `2026` and `2026M03`, or `unknown`."""


@dataclass(frozen=True)
class Dimension:
    """An axis of a table; `code_list` is the codebook list of its codes, which a dimension of time has none of.

    A derived one is read, by `read`, of the stored dimension `of`, in the codebook the reader asks for: another
    version of the codebook needs no other facts. One that is `closed` has no `unknown`: whoever counts says which code.
    One that is not `summable` is never summed over, for its codes measure different things.
    """

    id: str
    code_list: str = ""
    of: str = ""
    read: Callable[[Codebook, str], str | None] = lambda book, code: code
    closed: bool = False
    summable: bool = True

    @property
    def column(self) -> str:
        """The stored dimension it is read of."""
        return self.of or self.id

    def codes(self, book: Codebook) -> list[str]:
        """The codes of its list, `unknown` last."""
        return [*book.lists[self.code_list].codes, *(() if self.closed else (UNKNOWN,))]

    def code(self, book: Codebook, stored: str) -> str:
        """The code that a stored code is shown as; `unknown` where this codebook has none."""
        if self.id in TIMES:
            return stored
        code = self.read(book, stored)
        return code if code is not None and book.known(self.code_list, code) else UNKNOWN


class Among(NamedTuple):
    """A condition on a stored dimension: its code is one of these, or (not `inside`) is none of them."""

    column: str
    codes: frozenset[str]
    inside: bool = True


@dataclass(frozen=True)
class Table:
    """A statistics table. `shown` are the dimensions in full when none is asked for.

    `excludes` says whether the codebook rules a combination out; dimensions that are summed over are not in it.
    """

    id: str
    summary: str
    dimensions: tuple[Dimension, ...]
    shown: tuple[str, ...]
    excludes: Callable[[Codebook, Mapping[str, str]], bool] = lambda book, at: False

    @property
    def view(self) -> str:
        """The name of the view of its facts; a list may have the table's own name."""
        return f"facts of {self.id}"

    def __getitem__(self, dimension: str) -> Dimension:
        return next(each for each in self.dimensions if each.id == dimension)

    @property
    def stored(self) -> tuple[str, ...]:
        """The dimensions a fact has a code of, in the order of `Fact.values`."""
        return tuple(each.id for each in self.dimensions if not each.of and each.id not in TIMES)

    @property
    def times(self) -> tuple[str, ...]:
        """The dimensions of time it has."""
        return tuple(each.id for each in self.dimensions if each.id in TIMES)

    def columns(self, asked: Sequence[str]) -> tuple[str, ...]:
        """The stored dimensions that these are read of."""
        return tuple(dict.fromkeys(self[dimension].column for dimension in asked))

    def read(
        self, book: Codebook, asked: Sequence[str], sums: Mapping[tuple[str, ...], int]
    ) -> dict[tuple[str, ...], int]:
        """Sums over the dimensions asked for, from the sums over their stored `columns`."""
        columns = self.columns(asked)
        ways = [(self[dimension], columns.index(self[dimension].column)) for dimension in asked]
        found: dict[tuple[str, ...], int] = {}
        for place, total in sums.items():
            codes = tuple(dimension.code(book, place[at]) for dimension, at in ways)
            found[codes] = found.get(codes, 0) + total
        return found

    def among(self, book: Codebook, dimension: str, wanted: Sequence[str]) -> Among:
        """The stored codes that are shown as one of the codes wanted."""
        asked = self[dimension]
        if dimension in TIMES:
            return Among(dimension, frozenset(wanted))
        inside = UNKNOWN not in wanted
        codes = book.lists[self[asked.column].code_list].codes
        matching = frozenset(code for code in codes if (asked.code(book, code) in wanted) == inside)
        return Among(asked.column, matching, inside)

    def excluded(self, book: Codebook, at: Mapping[str, str]) -> bool:
        """Whether a combination of codes cannot occur."""
        year, month = at.get("year"), at.get("month", UNKNOWN)
        impossible = year is not None and month != UNKNOWN and not month.startswith(f"{year}M")
        return impossible or self.excludes(book, at)


def _function(book: Codebook, record: str) -> str | None:
    classes = book.lists["event-classes"].codes.values()
    return next((each.function for each in classes if each.counts == record and each.function), None)


def _mode(book: Codebook, form: str) -> str | None:
    return book.lists["forms"].codes[form].mode if book.known("forms", form) else None


def _no_common_level(book: Codebook, at: Mapping[str, str]) -> bool:
    codes = (at.get(axis, UNKNOWN) for axis in ("form", "arena", "phase", "level"))
    return book.excluded(*(None if code == UNKNOWN else code for code in codes))


def _days_to_raising(book: Codebook, at: Mapping[str, str]) -> bool:
    return at.get("step") == "raised" and at.get("measure") in ("days", "inputs_with_days")


LEVEL = Dimension("level", "levels")
YEAR, MONTH = Dimension("year"), Dimension("month")

TABLES = {
    table.id: table
    for table in (
        Table(
            "participation-events",
            summary="How often people took part, and where",
            dimensions=(
                Dimension("record", "counted-records", closed=True),
                Dimension("form", "forms"),
                Dimension("arena", "arenas"),
                Dimension("phase", "phases"),
                LEVEL,
                Dimension("function", "functions", of="record", read=_function),
                Dimension("mode", "modes", of="form", read=_mode),
                YEAR,
            ),
            shown=("record", "level", "year"),
            excludes=_no_common_level,
        ),
        Table(
            "influence-chain",
            summary="What came of the inputs raised in a year, and how many days it took",
            dimensions=(
                LEVEL,
                Dimension("kind", "input-kinds"),
                Dimension("step", "influence-steps", closed=True, summable=False),
                Dimension("measure", "influence-measures", closed=True, summable=False),
                YEAR,
            ),
            shown=("step", "measure", "year"),
            excludes=_days_to_raising,
        ),
        Table(
            "hearings",
            summary="Who was invited to hearings, who was heard, and how many of their inputs have an answer",
            dimensions=(
                Dimension("plan_type", "plan-types"),
                Dimension("measure", "hearing-measures", closed=True, summable=False),
                YEAR,
            ),
            shown=("measure", "year"),
        ),
        Table(
            "deviations",
            summary="How often what happened departed from a rule",
            dimensions=(
                Dimension("rule", "rules"),
                Dimension("noun", "nouns", of="rule", read=lambda book, rule: rule.partition(".")[0]),
                YEAR,
                MONTH,
            ),
            shown=("rule", "year"),
        ),
    )
}
"""Every table, by its id."""
