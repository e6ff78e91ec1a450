"""The histories of a page's records, read in one go and folded once for all views."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from adapters.viewstore import Change, Stretch
from domain.aggregate import Aggregate
from domain.history import Recorded

A = TypeVar("A", bound=Aggregate)


class Events(Protocol):
    """Where histories are read."""

    def histories(self, records: Collection[UUID], upto: int) -> dict[UUID, list[Recorded]]: ...


class PageHistories:
    """The histories of a page's records, up to the page's end."""

    def __init__(self, events: Events, page: Sequence[Recorded]) -> None:
        self._events, self.page = events, page
        self._upto = page[-1].position if page else 0
        self._read: dict[UUID, list[Recorded]] = {}
        self._folded: dict[tuple[UUID, int], Any] = {}
        self._on: dict[tuple[UUID, date], Any] = {}
        self._changes: dict[UUID, list[Change]] = {}

    def read(self, records: Collection[UUID]) -> None:
        """Reads the histories of records, in one go."""
        unread = [record for record in records if record not in self._read]
        if unread:
            self._read |= self._events.histories(unread, self._upto)

    def until(self, record: UUID, position: int) -> Sequence[Recorded]:
        """A record's history up to a position."""
        self.read([record])
        history = self._read[record]
        if not history or history[-1].position <= position:
            return history
        return [each for each in history if each.position <= position]

    def folded(self, kind: type[A], record: UUID, position: int) -> A:
        """A record as of a position, folded once for all views that ask."""
        return self._fold(kind, record, self.until(record, position))

    def changes(self, kind: type[Aggregate], record: UUID) -> Iterable[Change]:
        """A record's changes within the page, in order."""
        found = self._changes.get(record)
        if found is None:
            self.read([record])
            found = self._changes[record] = [*self._changed(kind, record)]
        return found

    def _changed(self, kind: type[Aggregate], record: UUID) -> Iterator[Change]:
        history = self._read[record]
        for at, each in enumerate(history):
            if each.position >= self.page[0].position:
                before, after = _Stood.of(self._whole(kind, record, at)), _Stood.of(self._whole(kind, record, at + 1))
                same = before.like(after)
                stretches = (tuple(self._stretches(stood, same)) for stood in (before, after))
                yield Change(each, history[0], *stretches)

    def _whole(self, kind: type[A], record: UUID, length: int) -> A | None:
        return self._fold(kind, record, self._read[record][:length]) if length else None

    def _fold(self, kind: type[A], record: UUID, history: Sequence[Recorded]) -> A:
        found: A | None = self._folded.get((record, len(history)))
        if found is None:
            found = self._folded[record, len(history)] = kind(record, history)
        return found

    def _stretches(self, stood: "_Stood", first: int) -> Iterator[Stretch]:
        """How a record stood, from its stretch number `first` on."""
        for day, following, length in stood.days[first:]:
            assert stood.whole is not None
            if following is None:
                self._on[stood.whole.id, day] = stood.whole
            yield Stretch(day, following, self._as_on(stood.whole, day, length))

    def _as_on(self, whole: Aggregate, day: date, length: int) -> Aggregate:
        """The record on a day. As long as its steps up to that day are the same, it is the same object."""
        found: Aggregate | None = self._on.get((whole.id, day))
        if found is None or found.steps != whole.steps[:length]:
            found = self._on[whole.id, day] = type(whole)(whole.id, whole.history, day)
        return found


class _Stood(NamedTuple):
    """A record as it stood; each day it has with the next, and with how many of its steps come up to that day."""

    whole: Aggregate | None
    days: Sequence[tuple[date, date | None, int]]

    @classmethod
    def of(cls, whole: Aggregate | None) -> "_Stood":
        if whole is None or whole.retracted:
            return cls(None, [])
        lengths = {step.ends: length for length, step in enumerate(whole.steps, 1)}
        days = [*lengths]
        return cls(whole, [*zip(days, [*days[1:], None], lengths.values(), strict=True)])

    def like(self, other: "_Stood") -> int:
        """How many stretches both begin with; the last of either, which has no end, is never one of them."""
        if self.whole is None or other.whole is None:
            return 0
        steps = _alike(self.whole.steps, other.whole.steps)
        return _alike([each for each in self.days[:-1] if each[2] <= steps], other.days[:-1])


def _alike(one: Sequence[Any], other: Sequence[Any]) -> int:
    """How many members both begin with."""
    shorter = min(len(one), len(other))
    return next((at for at in range(shorter) if one[at] != other[at]), shorter)
