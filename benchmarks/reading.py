"""Row 4: the log read from the first event to the last, and decoded."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import (
    ApplicationRecorder,
    DatetimeAsISO,
    DecimalAsStr,
    JSONTranscoder,
    Mapper,
    UUIDAsHex,
)

from adapters.eventstore import LedgerStore
from adapters.projections import PAGE
from benchmarks import library, stored
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.meetings import lives
from benchmarks.places import POSTGRESQL, SQLITE, Place, settings_of
from domain.history import Recorded

_BATCH = 500


@dataclass(frozen=True)
class Told(DomainEvent):
    """An event as a user of the library would have it: the same members, with days as text as JSON has them."""

    members: dict[str, Any]


def on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 4 on PostgreSQL."""
    theirs = library.on_postgresql(place.database("library"))
    return _reading(place, POSTGRESQL, size, theirs, settings_of(place.cluster))


def on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 4 on SQLite."""
    theirs = library.on_sqlite(place.path("library.db"))
    return _reading(place, SQLITE, size, theirs, {"sqlite": sqlite3.sqlite_version})


@contextmanager
def _reading(
    place: Place,
    back_end: str,
    size: int,
    peer: AbstractContextManager[ApplicationRecorder],
    settings: dict[str, str],
) -> Iterator[Comparison]:
    with stored.ledger(place, back_end) as (_, store), peer as recorder:
        mapper = Mapper[UUID](_transcoder())
        for start in range(0, size, _BATCH):
            events = lives(min(_BATCH, size - start))
            stored.append_all(store, events)
            recorder.insert_events([mapper.to_stored_event(_told(event)) for event in events])
        theirs = Contender("the library's recorder and JSON", _as_it_is, partial(_read_theirs, recorder, mapper))
        yield Comparison(
            row=4,
            work="read and decode the log",
            back_end=back_end,
            unit="events",
            size=size,
            ours=Contender("ours", _as_it_is, partial(_read_ours, store)),
            peers=(
                Peer(theirs, 2.0),
                Peer(Contender("ours, texts opened too", _as_it_is, partial(_read_with_texts, store))),
            ),
            settings={**settings, "page": f"{PAGE:,} events"},
        )


def _as_it_is(size: int) -> int:
    return size


def _read_ours(store: LedgerStore, size: int) -> None:
    after = 0
    while page := store.page(after, PAGE):
        after = page[-1].position
    assert after >= size


def _read_with_texts(store: LedgerStore, size: int) -> None:
    after = 0
    while page := store.mapper.open(store.recorder.rows(after, PAGE, parts=True)):
        after = page[-1].position
    assert after >= size


def _read_theirs(recorder: ApplicationRecorder, mapper: Mapper[UUID], size: int) -> None:
    after = 0
    while page := recorder.select_notifications(after + 1, PAGE):
        for notification in page:
            mapper.to_domain_event(notification)
        after = page[-1].id
    assert after >= size


def _told(event: Recorded) -> Told:
    members = {name: value for name, value in msgspec.to_builtins(event.event).items() if name not in _TEXTS}
    return Told(event.stream_id, event.version, datetime.now(UTC), members)


_TEXTS = ("title", "place", "agenda", "minutes")
"""What is not read with a page of ours either."""


def _transcoder() -> JSONTranscoder:
    transcoder = JSONTranscoder()
    for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
        transcoder.register(transcoding)
    return transcoder
