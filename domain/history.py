"""A record's history: what was recorded, and what of it holds.

Effective history = originals with their latest replacements, without what was retracted, ordered by
(last possible day, position of the original); `on=D` is its prefix with that day ≤ D.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

import msgspec

from domain.events import Corrected, Event, Retracted
from domain.time import oslo_day

PENDING = 2**62
"""The position of an event not stored yet: after everything that is."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event in its place: stream, version (from 1), ledger position (from 1) and when the ledger was told (µs).

    `subject` is whose key seals it, said of an event that is to be stored.
    """

    event_id: UUID
    stream_id: UUID
    version: int
    name: str
    event: Event
    position: int = PENDING
    recorded_at: int
    subject: UUID | None = None

    @property
    def originator_id(self) -> UUID:
        """The stream, by the eventsourcing library's name."""
        return self.stream_id

    @property
    def originator_version(self) -> int:
        """The version, by the eventsourcing library's name."""
        return self.version


class Step(NamedTuple):
    """One effective event: the original's identity and place, the latest replacement's content."""

    event_id: UUID
    position: int
    version: int
    name: str
    event: Event
    starts: date | None
    ends: date

    def certainly_after(self, other: "Step") -> bool:
        """Whether this happened after the other on every reading of the two intervals.

        The bound that does not accuse: only a start later than the other's end is certain; on one and the same
        known day the order of recording decides.
        """
        if self.starts is None:
            return False
        if self.starts == self.ends == other.starts == other.ends:
            return self.position > other.position
        return self.starts > other.ends


def effective(recorded: Iterable[Recorded], on: date | None = None) -> list[Step]:
    """The effective history of one record, up to and including the day `on`."""
    steps: dict[UUID, Step] = {}
    retracted: set[UUID] = set()
    told: dict[UUID, int] = {}
    for each in recorded:
        event = each.event
        if isinstance(event, Corrected):
            original = steps[event.target]
            steps[event.target] = _step(original, event.replacement, told[event.target])
            retracted.discard(event.target)
        elif isinstance(event, Retracted):
            retracted.add(event.target)
        else:
            told[each.event_id] = each.recorded_at
            steps[each.event_id] = _step(each, event, each.recorded_at)
    kept = [step for step in steps.values() if step.event_id not in retracted and (on is None or step.ends <= on)]
    return sorted(kept, key=lambda step: (step.ends, step.position))


def _step(original: Recorded | Step, event: Event, recorded_at: int) -> Step:
    starts, ends = event.meta.occurred_from, event.meta.occurred_to
    if ends is None:
        told = oslo_day(recorded_at)
        # A replacement told of later may begin after the day the original was recorded.
        ends = max(told, starts or told)
    return Step(original.event_id, original.position, original.version, original.name, event, starts, ends)


def opening_retracted(recorded: Sequence[Recorded]) -> bool:
    """Whether the record itself was taken back, by retracting its first event."""
    opening, taken_back = recorded[0].event_id, False
    for each in recorded:
        if isinstance(each.event, Retracted) and each.event.target == opening:
            taken_back = True
        elif isinstance(each.event, Corrected) and each.event.target == opening:
            taken_back = False
    return taken_back
