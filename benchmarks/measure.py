"""Turn by turn: in every round each contender does its share once, so that a busy machine hits all of them alike."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Contender:
    """Who does the work. `prepare(size)` makes what a turn works on, outside the time; `work` is what is timed.

    Where the comparison is of megabytes, `work` returns them. `share` is how much of a turn's size it is given, so that
    a slow peer does not make the turns long.
    """

    name: str
    prepare: Callable[[int], Any]
    work: Callable[[Any], object]
    share: float = 1.0

    def part(self, size: int) -> int:
        """How much it does in a turn."""
        return max(1, round(size * self.share))


class Peer(NamedTuple):
    """Who we are measured against, and what we want; nothing where it only informs.

    `goal` is the least number of times as fast as the peer, `most` the greatest number of times what the peer takes.
    """

    contender: Contender
    goal: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One line of the table: the same work by us and by each peer. `size` is how much of it makes a turn.

    Where turns are long, `rounds` is how many there are at most, and none of them goes unmeasured.
    """

    row: int
    work: str
    back_end: str
    unit: str
    size: int
    ours: Contender
    peers: Sequence[Peer]
    settings: Mapping[str, str]
    rounds: int | None = None
    megabytes: bool = False


class Spread(NamedTuple):
    """The rounds in three numbers."""

    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Result:
    """What the rounds gave, in units a second or in megabytes, for each contender by name."""

    comparison: Comparison
    rates: Mapping[str, Sequence[float]]

    def rate(self, contender: Contender) -> Spread:
        """How much a contender does in a second, or how many megabytes it takes."""
        return _spread(self.rates[contender.name])

    def ratio(self, peer: Peer) -> Spread:
        """How many times as fast as the peer we are, or how many times what it takes we take; by rounds."""
        ours, theirs = self.rates[self.comparison.ours.name], self.rates[peer.contender.name]
        if peer.most is not None and not self.comparison.megabytes:
            ours, theirs = theirs, ours
        return _spread([a / b for a, b in zip(ours, theirs, strict=True)])

    def short(self, peer: Peer) -> bool:
        """Whether we are short of the goal against a peer."""
        ratio = self.ratio(peer).median
        return (peer.goal is not None and ratio < peer.goal) or (peer.most is not None and ratio > peer.most)


def measure(comparison: Comparison, rounds: int) -> Result:
    """Lets every contender work once unmeasured, unless turns are long, then so many rounds."""
    contenders = [comparison.ours, *(peer.contender for peer in comparison.peers)]
    rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    unmeasured = 1 if comparison.rounds is None else 0
    for turn in range(min(rounds, comparison.rounds or rounds) + unmeasured):
        for contender in contenders:
            size = contender.part(comparison.size)
            prepared = contender.prepare(size)
            gc.collect()
            began = time.perf_counter()
            told = contender.work(prepared)
            took = time.perf_counter() - began
            if turn >= unmeasured:
                rates[contender.name].append(told if isinstance(told, float) else size / took)
    return Result(comparison, rates)


def _spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))
