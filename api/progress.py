"""Progress of long work on standard error: count, rate and time left, a few times a second, only to a terminal."""

import sys
import time


class Progress:
    """Told how far the work has come; silent where nobody looks, and for work that is over at once."""

    def __init__(self, what: str) -> None:
        self._what, self._started, self._told = what, time.monotonic(), 0.0
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
        if not sys.stderr.isatty() or now - self._told < 0.2:
            return
        self._told = now
        rate = (done - self._begun) / max(now - self._started, 1e-9)
        left = (total - done) / rate if rate else 0
        sys.stderr.write(f"\r{self._what} {what} {done} of {total}, {rate:,.0f}/s, {left:,.0f} s left\033[K")
        sys.stderr.flush()
        self._shown = True

    def add(self, what: str, more: int) -> None:
        """So many more of that kind are done, of nobody knows how many."""
        self._counts[what] = self._counts.get(what, 0) + more
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._told >= 0.2:
            self._told = now
            rate = sum(self._counts.values()) / max(now - self._started, 1e-9)
            sys.stderr.write(f"\r{self._what} {what} {self._counts[what]}, {rate:,.0f} rows/s\033[K")
            sys.stderr.flush()
            self._shown = True

    def done(self) -> None:
        """The work is over: the line is cleared."""
        if self._shown:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
