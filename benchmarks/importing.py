"""Row 10: an import of commands, against the validation and decision of the same lines alone."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from api import synthetic
from api.synthetic.telling import Told
from benchmarks import large, memory
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.places import POSTGRESQL, SQLITE, Place, settings_of


class _Import(NamedTuple):
    """Lines, the records they are imported into, and the clock both go by."""

    records: Any
    clock: memory.Clock
    lines: Sequence[Told]

    def run(self) -> None:
        """Imports every line."""
        memory.carry_out(self.records, self.clock, self.lines)


def on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 10 on PostgreSQL."""
    return _imports(place, POSTGRESQL, size, settings_of(place.cluster))


def on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 10 on SQLite."""
    return _imports(place, SQLITE, size, {"sqlite": sqlite3.sqlite_version, "synchronous": "FULL"})


@contextmanager
def _imports(place: Place, back_end: str, size: int, settings: dict[str, str]) -> Iterator[Comparison]:
    def into(name: str, records: Callable[[], Any]) -> Contender:
        return Contender(name, lambda count: _Import(records(), memory.Clock(), _lines(count)), _Import.run)

    with place.running(back_end) as running:
        yield Comparison(
            row=10,
            work="an import of commands, a commit each",
            back_end=back_end,
            unit="lines",
            size=size,
            ours=into("ours", lambda: large.opened(running)),
            peers=(Peer(into("validation and decision alone", memory.InMemory), 0.5),),
            settings={**settings, "lines": "of a synthetic municipality, into a new ledger each turn"},
        )


def _lines(count: int) -> Sequence[Told]:
    return memory.lines(synthetic.LEAST, large.YEARS)[:count]
