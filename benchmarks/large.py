"""Large ledgers: a synthetic municipality's history in as many copies as it takes, told side by side.

Every copy has ids of its own and is sealed under keys of its own; a page of the log has events of many records, as in
a ledger that many write to. Made once, in batches of 1,000, and kept for later runs if a folder is given.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import islice
from random import Random
from uuid import UUID

import msgspec

from adapters.codec import Codec
from adapters.eventstore import LedgerStore
from adapters.projections import LedgerViews
from adapters.recorder import Append
from adapters.vault import KeyName
from api import ledgers, synthetic
from api.bootstrap import Running, assemble, codec
from benchmarks import memory
from benchmarks.places import Place
from domain.history import Recorded
from domain.time import microseconds

YEARS = 3
_BATCH = 1_000
_TOLD_EVERY = 100_000
_ID = re.compile(rb"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")
_FREE_BITS = (1 << 128) - 1 & ~(0xF << 76) & ~(0x3 << 62)
"""The bits of a UUID that are neither version nor variant."""


@contextmanager
def ledger(place: Place, back_end: str, size: int) -> Iterator[tuple[Running, LedgerStore]]:
    """A ledger of so many events, after the one that opens it."""
    running = assemble(place.kept_installation(back_end, str(size)))
    try:
        yield running, _filled(running, size)
    finally:
        running.close()


def caught_up(views: LedgerViews) -> None:
    """Sees to it that the views stand at the head: they are made again if other code has made them."""
    head = views.events.head()
    if any(views.position(view.name) < head for view in views.store.views) or _of_other_code(views):
        print(f"    the views of {head:,} events are made …", file=sys.stderr, flush=True)
        views.rebuild()


def _of_other_code(views: LedgerViews) -> bool:
    progress = views.store.progress
    with views.store.engine.connect() as connection:
        return {*connection.execute(progress.select().with_only_columns(progress.c.version)).scalars()} != {
            views.store.version
        }


def opened(running: Running) -> LedgerStore:
    """A new ledger, opened before anything that is told in `YEARS` or less."""
    then = microseconds(datetime.combine(memory.before(YEARS), time(8), UTC))
    opening = replace(running, services=replace(running.services, clock=lambda: then))
    return running.store(ledgers.create(opening, synthetic.NUMBER, synthetic.NAME, synthetic=True))


def _filled(running: Running, size: int) -> LedgerStore:
    """The installation's ledger; what it lacks is appended."""
    years = YEARS if size >= _BATCH else 1
    found = running.events.ledgers()
    store = running.store(found[0].id) if found else opened(running)
    told = store.head() - 1
    events = islice(_copies(memory.events(100 if size >= _BATCH else synthetic.LEAST, years), size), told, size)
    while batch := [*islice(events, _BATCH)]:
        store.vault.keys(store.ledger, {name for _, names in batch for name in names})
        sealed = [store.mapper.to_stored_event(event) for event, _ in batch]
        store.recorder.insert_events(sealed, append=Append(clock=batch[0][0].recorded_at))
        told += len(batch)
        if told % _TOLD_EVERY == 0:
            print(f"    {told:,} of {size:,} events", file=sys.stderr, flush=True)
    return store


def _copies(events: tuple[Recorded, ...], size: int) -> Iterator[tuple[Recorded, tuple[KeyName, ...]]]:
    """So many events, and the keys each is sealed under: every event of the history, in one copy after the other."""
    known = {each.stream_id for each in events} | {each.event_id for each in events}
    of_any = codec()
    masks = [Random(copy).getrandbits(128) & _FREE_BITS for copy in range(-(-size // len(events)))]
    for each in events:
        cast = _Cast(of_any, each, known)
        for mask in masks:
            yield cast.copy(mask)


class _Cast:
    """An event that copies are made of. A mask moves every id of the history to one of its copy."""

    def __init__(self, of_any: Codec, event: Recorded, known: set[UUID]) -> None:
        self._codec, self._event, self._known = of_any, event, known
        plain, subject = of_any.encode(event.event), event.subject or event.stream_id
        self._skeleton = _ID.split(plain.skeleton)
        self._parts = [_ID.split(part) for part in (*plain.parts.values(), *plain.persons.values())]
        owners = [(subject, data_class) for data_class in ("record", *plain.parts)]
        self._names = [KeyName(*owner, event.stream_id) for owner in (*owners, *plain.persons)]

    def copy(self, mask: int) -> tuple[Recorded, tuple[KeyName, ...]]:
        event, version = self._event, self._event.event.SCHEMA_VERSION
        skeleton, *parts = (self._moved(pieces, mask) for pieces in (self._skeleton, *self._parts))
        copied = msgspec.structs.replace(
            event,
            event_id=_masked(event.event_id, mask),
            stream_id=_masked(event.stream_id, mask),
            subject=_masked(event.subject, mask) if event.subject else None,
            event=self._codec.decode(event.name, version, skeleton, parts),
        )
        names = (KeyName(_masked(n.subject, mask), n.data_class, _masked(n.record, mask)) for n in self._names)
        return copied, tuple(names)

    def _moved(self, pieces: list[bytes], mask: int) -> bytes:
        ids = (UUID(piece.decode()) for piece in pieces[1::2])
        moved = [str(_masked(each, mask) if each in self._known else each).encode() for each in ids]
        return b"".join(text + each for text, each in zip(pieces[::2], [*moved, b""], strict=True))


def _masked(id_: UUID, mask: int) -> UUID:
    return UUID(int=id_.int ^ mask)
