"""Our side of the append rows: events sealed and appended as the store does it."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from eventsourcing.persistence import StoredEvent

from adapters.eventstore import LedgerStore
from adapters.recorder import Append, CommandKey, SealedEvent
from api import ledgers
from api.bootstrap import Running, now
from benchmarks.meetings import lives
from benchmarks.places import Place
from domain.history import Recorded


@contextmanager
def ledger(place: Place, back_end: str) -> Iterator[tuple[Running, LedgerStore]]:
    """A new ledger on a back end."""
    with place.running(back_end) as running:
        yield running, running.store(ledgers.create(running, "1504", "Ålesund", synthetic=True))


def with_keys(store: LedgerStore, count: int) -> list[Recorded]:
    """So many events to append, whose records' keys are made and known: those of a record's later events."""
    events = lives(count)
    seal(store, events)
    return events


def seal(store: LedgerStore, events: Iterable[Recorded]) -> list[SealedEvent]:
    """The events as stored."""
    return [store.mapper.to_stored_event(event) for event in events]


def append_each(store: LedgerStore, events: Iterable[Recorded]) -> None:
    """Seals and appends every event in a transaction of its own, under a command key."""
    for event in events:
        store.recorder.insert_events([store.mapper.to_stored_event(event)], append=context())


def append_all(store: LedgerStore, events: Iterable[Recorded]) -> None:
    """Seals the events and appends them in one transaction, under a command key."""
    store.recorder.insert_events(seal(store, events), append=context())


def context() -> Append:
    """What an append is told."""
    return Append(clock=now(), command=command())


def command() -> CommandKey:
    """A key that no command has used."""
    return CommandKey("benchmark", str(uuid4()), os.urandom(32))


def for_the_library(store: LedgerStore, count: int) -> list[StoredEvent]:
    """The same bytes as the library's stored events: skeleton and parts, sealed, are an event's state."""
    return [
        StoredEvent(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=event.topic,
            state=event.state + b"".join(part.ciphertext for part in event.parts),
        )
        for event in seal(store, lives(count))
    ]
