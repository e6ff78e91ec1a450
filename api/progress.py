"""Progress of long work on standard error: count, rate and time left; a line that moves, or one a minute in a log."""

import sys
import time

OFTEN, SELDOM = 0.2, 60.0
"""Seconds between two tellings: to a terminal, and to a log."""


class Progress:
    """Told how far the work has come; silent of work that is over at once."""

    def __init__(self, what: str) -> None:
        self._what, self._started, self._watched = what, time.monotonic(), sys.stderr.isatty()
        self._told = 0.0 if self._watched else self._started
        self._counts: dict[str, int] = {}
        self._shown = False
        self._begun = 0

    def resumed(self, done: int) -> None:
        """So many were done already when the work went on; the rate is that of what comes after."""
        self._begun = done
        sys.stderr.write(f"{self._what} resumed at position {done}\n")

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """`done` of `total` is done."""
        now = time.monotonic()
        if not self._due(now):
            return
        rate = (done - self._begun) / max(now - self._started, 1e-9)
        left = (total - done) / rate if rate else 0
        self._tell(f"{self._what} {what} {done} of {total}, {rate:,.0f}/s, {left:,.0f} s left")

    def add(self, what: str, more: int) -> None:
        """So many more of that kind are done, of nobody knows how many."""
        self._counts[what] = self._counts.get(what, 0) + more
        now = time.monotonic()
        if self._due(now):
            rate = sum(self._counts.values()) / max(now - self._started, 1e-9)
            self._tell(f"{self._what} {what} {self._counts[what]}, {rate:,.0f} rows/s")

    def _due(self, now: float) -> bool:
        if now - self._told < (OFTEN if self._watched else SELDOM):
            return False
        self._told = now
        return True

    def _tell(self, line: str) -> None:
        sys.stderr.write(f"\r{line}\033[K" if self._watched else f"{line}\n")
        sys.stderr.flush()
        self._shown = self._watched

    def done(self) -> None:
        """The work is over: the line is cleared."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
