"""`make bench`: measures every row, turn by turn against its peers, and prints the table.

A row that is short of its goal says so; the run does not fail for it. Each row's file says what its peers are.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import click

from benchmarks import appends, commands, reading
from benchmarks.measure import Comparison, Result, measure
from benchmarks.places import Place, place

LIBRARIES = ("eventsourcing", "SQLAlchemy", "psycopg", "msgspec", "cryptography", "Flask", "waitress")


class Row(NamedTuple):
    """A row of the table on one back end; `size` is a turn's work, `tiny` a turn's that only shows that it works."""

    number: int
    compare: Callable[[Place, int], AbstractContextManager[Comparison]]
    size: int
    tiny: int


ROWS = (
    Row(1, appends.one_on_postgresql, 1_000, 20),
    Row(2, appends.one_on_sqlite, 1_000, 20),
    Row(3, appends.many_on_postgresql, 1_000, 50),
    Row(4, reading.on_postgresql, 10_000, 50),
    Row(4, reading.on_sqlite, 10_000, 50),
    Row(5, commands.on_postgresql, 300, 5),
    Row(5, commands.on_sqlite, 300, 5),
)


@click.command()
@click.option("--quick", is_flag=True, help="Tiny turns: shows that every row works, and measures nothing.")
@click.option("--rows", default="1,2,3,4,5", metavar="N,N", help="Only these rows.")
@click.option("--rounds", default=7, type=click.IntRange(1), help="How often each contender has its turn.")
@click.option("--json", "file", type=click.File("w", atomic=True), help="Write the same as JSON, too.")
def main(quick: bool, rows: str, rounds: int, file: Any) -> None:
    """Measure against named peers and print the table."""
    wanted = {int(number) for number in rows.split(",")}
    chosen = [row for row in ROWS if row.number in wanted]
    turns = 1 if quick else rounds
    about = {
        "commit": _commit(),
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "rounds": turns,
        **{library: version(library) for library in LIBRARIES},
    }
    click.echo(", ".join(f"{name} {value}" for name, value in about.items()))
    results = []
    with place() as somewhere:
        for at, row in enumerate(chosen, start=1):
            with row.compare(somewhere, row.tiny if quick else row.size) as comparison:
                _tell(f"{at} of {len(chosen)}: row {row.number}, {comparison.work}, {comparison.back_end}")
                results.append(measure(comparison, turns))
            click.echo(_shown(results[-1]))
    if file:
        json.dump({**about, "rows": [_as_data(result) for result in results]}, file, indent=2)


def _shown(result: Result) -> str:
    comparison, rate = result.comparison, result.rate(result.comparison.ours)
    settings = ", ".join(f"{name} {value}" for name, value in comparison.settings.items())
    lines = [
        f"\n{comparison.row}. {comparison.work}, {comparison.back_end} ({settings})",
        f"   ours: {rate.median:,.0f} {comparison.unit}/s ({rate.least:,.0f}–{rate.most:,.0f})",
    ]
    for peer in comparison.peers:
        ratio, theirs = result.ratio(peer), result.rate(peer.contender)
        goal = "" if peer.goal is None else f", goal ≥ {peer.goal:g}×{', short of goal' if result.short(peer) else ''}"
        lines.append(
            f"   {ratio.median:.2f}× ({ratio.least:.2f}–{ratio.most:.2f}) {peer.contender.name}, "
            f"{theirs.median:,.0f}/s{goal}"
        )
    return "\n".join(lines)


def _as_data(result: Result) -> dict[str, Any]:
    comparison = result.comparison
    return {
        "row": comparison.row,
        "work": comparison.work,
        "back_end": comparison.back_end,
        "unit": f"{comparison.unit}/s",
        "size": comparison.size,
        "settings": dict(comparison.settings),
        "rates": {name: list(rates) for name, rates in result.rates.items()},
        "peers": [
            {
                "name": peer.contender.name,
                "goal": peer.goal,
                "ratio": result.ratio(peer)._asdict(),
                "short_of_goal": result.short(peer),
            }
            for peer in comparison.peers
        ],
    }


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        ).stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" dirty" if git("status", "--porcelain") else "")


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
