"""Turn by turn: in every round each contender does its share once, so that a busy machine hits all of them alike."""

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Contender:
    """Who does the work. `prepare(size)` makes what a turn works on, outside the time; `work` is what is timed."""

    name: str
    prepare: Callable[[int], Any]
    work: Callable[[Any], object]


class Peer(NamedTuple):
    """Who we are measured against, and the least ratio we want; None where it only informs."""

    contender: Contender
    goal: float | None = None


@dataclass(frozen=True)
class Comparison:
    """One line of the table: the same work by us and by each peer. `size` is how much of it makes a turn."""

    row: int
    work: str
    back_end: str
    unit: str
    size: int
    ours: Contender
    peers: Sequence[Peer]
    settings: Mapping[str, str]


class Spread(NamedTuple):
    """The rounds in three numbers."""

    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Result:
    """What the rounds gave, in units a second, for each contender by name."""

    comparison: Comparison
    rates: Mapping[str, Sequence[float]]

    def rate(self, contender: Contender) -> Spread:
        """How much a contender does in a second."""
        return _spread(self.rates[contender.name])

    def ratio(self, peer: Peer) -> Spread:
        """How many times a peer's rate ours is, each round by itself."""
        ours, theirs = self.rates[self.comparison.ours.name], self.rates[peer.contender.name]
        return _spread([a / b for a, b in zip(ours, theirs, strict=True)])

    def short(self, peer: Peer) -> bool:
        """Whether we are short of the goal against a peer."""
        return peer.goal is not None and self.ratio(peer).median < peer.goal


def measure(comparison: Comparison, rounds: int) -> Result:
    """Lets every contender work once unmeasured, then so many rounds."""
    contenders = [comparison.ours, *(peer.contender for peer in comparison.peers)]
    rates: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for turn in range(rounds + 1):
        for contender in contenders:
            prepared = contender.prepare(comparison.size)
            gc.collect()
            began = time.perf_counter()
            contender.work(prepared)
            took = time.perf_counter() - began
            if turn:
                rates[contender.name].append(comparison.size / took)
    return Result(comparison, rates)


def _spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))
