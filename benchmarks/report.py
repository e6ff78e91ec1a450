"""The table, and the same as JSON."""

import os
import platform
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import Contender, Peer, Result, Spread

LIBRARIES = (
    "cryptography",
    "eventsourcing",
    "flask",
    "marshmallow",
    "msgspec",
    "psycopg",
    "SQLAlchemy",
    "waitress",
)


def circumstances(rounds: int, quick: bool) -> dict[str, Any]:
    """What the numbers depend on, beside the work."""
    return {
        "commit": commit(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES} | {"sqlite": sqlite3.sqlite_version},
        "cores": len(os.sched_getaffinity(0)),
        "load": [round(load, 2) for load in os.getloadavg()],
        "rounds": rounds,
        "quick": quick,
    }


def commit() -> str:
    """The commit of the code measured; `-dirty` when files differ from it, `unknown` outside a checkout."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def as_json(result: Result) -> dict[str, Any]:
    """One comparison, with every round."""
    comparison = result.comparison
    measure = "megabytes" if comparison.megabytes else "per_second"
    return {
        "row": comparison.row,
        "work": comparison.work,
        "back_end": comparison.back_end,
        "unit": comparison.unit,
        "size": comparison.size,
        "settings": dict(comparison.settings),
        "ours": {measure: result.rate(comparison.ours)._asdict(), "rounds": result.rates[comparison.ours.name]},
        "peers": [
            {
                "name": peer.contender.name,
                measure: result.rate(peer.contender)._asdict(),
                "rounds": result.rates[peer.contender.name],
                "ratio": result.ratio(peer)._asdict(),
                "goal": peer.goal,
                "most": peer.most,
                "short_of_goal": result.short(peer),
            }
            for peer in comparison.peers
        ],
    }


def table(results: Sequence[Result], told: dict[str, Any]) -> str:
    """The table as people read it."""
    libraries = ", ".join(f"{name} {number}" for name, number in told["libraries"].items())
    head = [
        f"commit {told['commit']}, {told['at']}{', QUICK: the sizes say nothing' if told['quick'] else ''}",
        f"Python {told['python']}, {libraries}",
        f"{told['cores']} cores, load {told['load'][0]} at the start, {told['rounds']} rounds turn by turn",
        "each number is a median (least to most); ratio = ours / peer, in the same round: of the speed where the goal",
        "is a least (≥), of what it takes, time or memory, where it is a most (≤)",
        "",
    ]
    cells: list[tuple[str, ...]] = [("row", "work", "", "per second", "ratio", "goal", "")]
    for result in results:
        cells += _lines(result)
    widths = [max(len(line[at]) for line in cells) for at in range(len(cells[0]))]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([*head, *rows, "", *_settings(results)])


def _lines(result: Result) -> Iterator[tuple[str, ...]]:
    comparison = result.comparison
    work = f"{comparison.work}, {comparison.back_end}"
    yield (str(comparison.row), work, comparison.ours.name, _count(result, comparison.ours), "", "", "")
    for peer in comparison.peers:
        yield (
            "",
            "",
            f"/ {peer.contender.name}",
            _count(result, peer.contender),
            _ratio(result.ratio(peer)),
            f"≥ {peer.goal}" if peer.goal else f"≤ {peer.most}" if peer.most else "",
            _verdict(result, peer),
        )


def _verdict(result: Result, peer: Peer) -> str:
    if peer.goal is None and peer.most is None:
        return ""
    return "short of goal" if result.short(peer) else "met"


def _count(result: Result, contender: Contender) -> str:
    spread, unit = result.rate(contender), " MB" if result.comparison.megabytes else ""
    return f"{spread.median:,.0f}{unit} ({spread.least:,.0f} to {spread.most:,.0f})"


def _ratio(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.least:.2f} to {spread.most:.2f})"


def _settings(results: Sequence[Result]) -> Iterator[str]:
    for result in results:
        comparison = result.comparison
        settings = "; ".join(f"{name}: {value}" for name, value in comparison.settings.items())
        turn = f"{comparison.size:,} {comparison.unit} a turn"
        if comparison.rounds is not None:
            turn += f", at most {comparison.rounds} rounds"
        yield f"row {comparison.row}, {comparison.back_end}: {turn}; {settings}"
