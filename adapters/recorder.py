"""What a recorder stores and answers, whichever database is below: the library's interface and our own."""

import time
from abc import abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
)

from adapters import layout
from adapters.waiting import Bell, Subscription

NIL = UUID(int=0)


class FormatError(Exception):
    """The database is not of the format this version keeps; the message says what to do."""


class StreamConflict(IntegrityError):
    """Somebody else stored that version of the stream, or that event id, first."""


class ReadConflict(IntegrityError):
    """A stream the decision rests on has moved on."""


class ClaimTaken(IntegrityError):
    """Another stream has what was claimed."""


class CommandRepeated(IntegrityError):
    """The command key has been used: `first` and `last` are the positions of what it stored."""

    def __init__(self, first: int, last: int, digest: bytes) -> None:
        super().__init__(f"the command was stored at {first} to {last}")
        self.first, self.last, self.digest = first, last, digest


class Part(NamedTuple):
    """One sealed part of an event; n counts from 1."""

    n: int
    key_id: UUID
    ciphertext: bytes


@dataclass(frozen=True)
class SealedEvent(StoredEvent):
    """A stored event: `topic` is its stored name, `state` its sealed skeleton."""

    originator_id: UUID
    event_id: UUID
    schema_version: int = 1
    key_id: UUID = NIL
    parts: tuple[Part, ...] = ()


class Row(NamedTuple):
    """An event as it lies in the ledger. `parts` is empty where it was not asked for."""

    position: int
    event_id: UUID
    stream_id: UUID
    stream_version: int
    name: str
    schema_version: int
    recorded_at: int
    key_id: UUID
    skeleton: bytes
    leaf: bytes
    parts: tuple[Part, ...] = ()


COLUMNS = ", ".join(Row._fields[:-1])
"""The columns of the table of events that make a row, but for the ledger."""


def leaf_of(ledger: UUID, row: Row) -> bytes:
    """The leaf's hash of an event with all its parts, computed anew."""
    return layout.leaf(
        layout.preimage(
            ledger=ledger,
            position=row.position,
            event_id=row.event_id,
            stream_id=row.stream_id,
            stream_version=row.stream_version,
            name=row.name,
            schema_version=row.schema_version,
            recorded_at=row.recorded_at,
            key_id=row.key_id,
            skeleton=row.skeleton,
            parts=row.parts,
        )
    )


@dataclass(frozen=True, slots=True)
class CommandKey:
    """A client's key for one command, and the HMAC of its canonical request (32 bytes)."""

    client: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """Something only one stream of the ledger may have."""

    kind: str
    digest: bytes
    stream: UUID


class LedgerRow(NamedTuple):
    """A ledger of the database."""

    id: UUID
    number: str
    name: str
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Append:
    """What an append is told beside its events; `clock` is µs since the epoch.

    `opens` makes room for the ledger itself, in the same transaction as its first event.
    """

    clock: int
    command: CommandKey | None = None
    reads: Mapping[UUID, int] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    released: tuple[Claim, ...] = ()
    opens: LedgerRow | None = None


class Head(NamedTuple):
    """The end of a ledger: its last position and instant, and the peaks of its tree."""

    position: int
    recorded_at: int
    peaks: tuple[bytes, ...]


class CommandRow(NamedTuple):
    """A command key that has been used."""

    digest: bytes
    first: int
    last: int


class Recorder(ApplicationRecorder):
    """A recorder bound to one ledger. Subclasses give the statements; this gives the library its shapes."""

    def __init__(self, ledger: UUID, bell: Bell, poll: float) -> None:
        """`bell` rings when the ledger may have grown; those who wait look themselves every `poll` seconds."""
        self.ledger, self._bell, self._poll = ledger, bell, poll

    @abstractmethod
    def append(self, events: Sequence[SealedEvent], context: Append) -> list[int]:
        """Stores one or more events in one transaction and returns their positions.

        Raises CommandRepeated, StreamConflict, ReadConflict, ClaimTaken; nothing is stored then.
        """

    @abstractmethod
    def rows(self, after: int, limit: int, *, upto: int | None = None, parts: bool = False) -> list[Row]:
        """The events after a position, in ledger order."""

    @abstractmethod
    def streams(self, streams: Collection[UUID], *, upto: int | None = None, parts: bool = False) -> list[Row]:
        """The events of several streams up to a position, in ledger order."""

    @abstractmethod
    def opened_as(self, stream: UUID) -> str | None:
        """The stored name of a stream's first event."""

    @abstractmethod
    def head(self) -> Head:
        """The end of the ledger."""

    @abstractmethod
    def recorded_at(self, position: int) -> int | None:
        """When the event at a position was recorded (µs)."""

    @abstractmethod
    def command(self, client: str, key: str) -> CommandRow | None:
        """What a command key was used for."""

    @abstractmethod
    def claimed(self, kind: str, digest: bytes) -> UUID | None:
        """The stream that has what was claimed."""

    def wait(self, after: int, timeout: float) -> bool:
        """Waits until there is an event after a position, at most so many seconds; whether there is."""
        until = time.monotonic() + timeout
        while True:
            heard = self._bell.rings
            if self.head().position > after:
                return True
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._bell.wait(heard, min(left, self._poll))

    def stream(self, stream: UUID, *, upto: int | None = None, parts: bool = True) -> list[Row]:
        """The events of one stream up to a position."""
        return self.streams([stream], upto=upto, parts=parts)

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription:
        """The library's subscription: yields what is recorded, as it is recorded."""
        return Subscription(self, gt, topics, self.wait)

    def position_at(self, instant: int) -> int:
        """The last position recorded at or before an instant (µs); 0 before the first.

        `recorded_at` rises strictly with position, so a binary search over the primary key finds it.
        """
        low, high = 0, self.head().position
        while low < high:
            middle = (low + high + 1) // 2
            at = self.recorded_at(middle)
            if at is not None and at <= instant:
                low = middle
            else:
                high = middle - 1
        return low

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """The library's append; `append=Append(…)` carries the rest. A plain event gets an id and no key."""
        if not stored_events:
            return []
        context = kwargs.get("append") or Append(clock=time.time_ns() // 1_000)
        return self.append([_sealed(event) for event in stored_events], context)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The library's reading of the ledger in order."""
        after = 0 if start is None else start - 1 if inclusive_of_start else start
        found: list[Notification] = []
        while len(found) < limit:
            page = self.rows(after, limit if not topics else max(limit, 500), upto=stop)
            for row in page:
                after = row.position
                if not topics or row.name in topics:
                    found.append(
                        Notification(
                            id=row.position,
                            originator_id=row.stream_id,
                            originator_version=row.stream_version,
                            topic=row.name,
                            state=row.skeleton,
                        )
                    )
                if len(found) == limit:
                    break
            if not page:
                break
        return found

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The library's reading of one stream."""
        assert isinstance(originator_id, UUID)
        rows = [
            row
            for row in self.stream(originator_id)
            if (gt is None or row.stream_version > gt) and (lte is None or row.stream_version <= lte)
        ]
        rows.sort(key=lambda row: row.stream_version, reverse=desc)
        return [
            SealedEvent(
                originator_id=row.stream_id,
                originator_version=row.stream_version,
                topic=row.name,
                state=row.skeleton,
                event_id=row.event_id,
                schema_version=row.schema_version,
                key_id=row.key_id,
                parts=row.parts,
            )
            for row in rows[:limit]
        ]

    def max_notification_id(self) -> int | None:
        """The library's name for the head; None for an empty ledger."""
        return self.head().position or None


def _sealed(event: StoredEvent) -> SealedEvent:
    if isinstance(event, SealedEvent):
        return event
    assert isinstance(event.originator_id, UUID)
    return SealedEvent(
        originator_id=event.originator_id,
        originator_version=event.originator_version,
        topic=event.topic,
        state=event.state,
        event_id=uuid4(),
    )


def with_parts(rows: Iterable[Row], parts: Iterable[tuple[int, Part]]) -> list[Row]:
    """The rows with their parts, given as (position, part) in order of n."""
    by_position: dict[int, list[Part]] = {}
    for position, part in parts:
        by_position.setdefault(position, []).append(part)
    return [row._replace(parts=tuple(by_position.get(row.position, ()))) for row in rows]
