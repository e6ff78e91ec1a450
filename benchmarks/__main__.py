"""Measures, and prints the table: `make bench`, or `python -m benchmarks --help`."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from benchmarks import appends, as_of, commands, footprint, importing, reading, reads, rebuilding, report
from benchmarks.measure import Comparison, Result, measure
from benchmarks.places import Place, place

ROUNDS, QUICK_ROUNDS = 15, 2
EVENTS = 200_000
"""How many events the large ledgers have; the design's goals are for a million."""


class Line(NamedTuple):
    """One line of the table: its row of the design, what sets it up, and how much of the work makes a turn.

    A size of None is that of the large ledgers: `--events`.
    """

    row: int
    compare: Callable[[Place, int], AbstractContextManager[Comparison]]
    size: int | None
    quick: int


LINES = (
    Line(1, appends.one_on_postgresql, 400, 5),
    Line(2, appends.one_on_sqlite, 600, 5),
    Line(3, appends.many_on_postgresql, 1_000, 50),
    Line(4, reading.on_postgresql, 20_000, 100),
    Line(4, reading.on_sqlite, 20_000, 100),
    Line(5, commands.on_postgresql, 120, 3),
    Line(5, commands.on_sqlite, 120, 3),
    Line(6, rebuilding.per_event, 20_000, 60),
    Line(7, rebuilding.whole_on_postgresql, None, 300),
    Line(7, rebuilding.whole_on_sqlite, None, 300),
    Line(8, as_of.on_postgresql, None, 2_000),
    Line(8, as_of.on_sqlite, None, 2_000),
    Line(9, reads.detail_on_postgresql, 200, 3),
    Line(9, reads.detail_on_sqlite, 200, 3),
    Line(9, reads.list_on_postgresql, 100, 3),
    Line(9, reads.list_on_sqlite, 100, 3),
    Line(9, reads.as_of_on_postgresql, 200, 3),
    Line(9, reads.as_of_on_sqlite, 200, 3),
    Line(10, importing.on_postgresql, 400, 20),
    Line(10, importing.on_sqlite, 400, 20),
    Line(11, footprint.on_postgresql, None, 100),
    Line(11, footprint.on_sqlite, None, 100),
)


def run(lines: Iterable[Line], rounds: int, where: Place, *, quick: bool, events: int = EVENTS) -> list[Result]:
    """Measures these lines, telling of its progress on standard error."""
    results = []
    for line in lines:
        began = time.monotonic()
        size = line.quick if quick else line.size or events
        with line.compare(where, size) as comparison:
            print(f"row {line.row}, {comparison.back_end}: {comparison.work} …", file=sys.stderr, flush=True)
            results.append(measure(comparison, rounds))
        print(f"    {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ours against named peers, as ratios.")
    parser.add_argument("--rows", default="1,2,3,4,5,6,7,8,9,10,11", help="which rows, such as 1,3")
    parser.add_argument("--rounds", type=int, help=f"how many rounds count; default {ROUNDS}")
    parser.add_argument("--events", type=int, default=EVENTS, help=f"how many in large ledgers; default {EVENTS}")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    given = parser.parse_args(arguments)
    wanted = {int(row) for row in given.rows.split(",")}
    rounds = given.rounds or (QUICK_ROUNDS if given.quick else ROUNDS)
    told = report.circumstances(rounds, given.quick)
    keep = os.environ.get("BENCH_DATA")
    with place(Path(keep) if keep else None) as where:
        lines = [line for line in LINES if line.row in wanted]
        results = run(lines, rounds, where, quick=given.quick, events=given.events)
    print(report.table(results, told))
    if given.json:
        found = {**told, "rows": [report.as_json(result) for result in results]}
        given.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
