"""Requests that wait for news: long polls, streams, and answers that wait for a view. They share a few threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Event

from domain.errors import Refusal


class Crowded(Refusal):
    """Too many requests wait at once; ask again in a moment"""


class Waits:
    """Waiting requests together hold at most a quarter of the server's threads: the rest answer."""

    def __init__(self, threads: int, longest: float, stopping: Event) -> None:
        """`longest` is how many seconds a long poll may wait; `stopping` ends every stream."""
        self.longest, self.stopping = longest, stopping
        self._seats = BoundedSemaphore(max(1, threads // 4))

    @contextmanager
    def seat(self) -> Iterator[None]:
        """A thread to wait in. Raises Crowded when as many wait as may."""
        self.take()
        try:
            yield
        finally:
            self.leave()

    def take(self) -> None:
        """Takes a seat that `leave` gives back; for a stream, which outlives its request."""
        if not self._seats.acquire(blocking=False):
            raise Crowded("as many requests wait as may; ask again in a moment, or without waiting")

    def leave(self) -> None:
        """Gives a seat back."""
        self._seats.release()
