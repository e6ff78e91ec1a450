"""Verification: that a ledger is whole, in order, unchanged, and can be read."""

import struct
from collections.abc import Callable, Iterator
from uuid import UUID

from adapters import layout
from adapters.codec import UnknownEvent
from adapters.eventstore import LedgerStore
from adapters.recorder import leaf_of
from adapters.seal import Unopenable

PAGE = 1_000


def verify(store: LedgerStore, progress: Callable[[int, int], None] = lambda done, total: None) -> Iterator[str]:
    """Every fault found, in ledger order; none when the ledger is as it was written."""
    try:
        yield from _faults(store, progress)
    except Exception as error:  # noqa: BLE001 - whatever keeps the ledger from being read is a fault, too
        yield f"the ledger cannot be read to its end: {type(error).__name__}"


def _faults(store: LedgerStore, progress: Callable[[int, int], None]) -> Iterator[str]:
    head = store.recorder.head()
    peaks: tuple[bytes, ...] = ()
    position = told = size = 0
    versions: dict[UUID, int] = {}
    while rows := store.recorder.rows(position, PAGE, upto=head.position or None, parts=True):
        if head.position == 0:
            break
        for row in rows:
            if row.position != position + 1:
                yield f"position {position + 1} is missing"
            if row.recorded_at <= told:
                yield f"position {row.position} was recorded before the one it follows"
            if row.stream_version != versions.get(row.stream_id, 0) + 1:
                yield f"position {row.position} skips a version of its record"
            try:
                leaf = leaf_of(store.ledger, row)
            except struct.error:  # a number that no leaf can hold
                leaf = b""
            if leaf != row.leaf:
                yield f"position {row.position} is not what was recorded: its leaf differs"
            try:
                store.mapper.open([row])
            except (Unopenable, UnknownEvent, KeyError, ValueError) as error:
                yield f"position {row.position} cannot be read: {type(error).__name__}"
            peaks, size = layout.grow(peaks, size, leaf), size + 1
            position, told, versions[row.stream_id] = row.position, row.recorded_at, row.stream_version
        progress(position, head.position)
    if (position, told) != (head.position, head.recorded_at if head.position else 0):
        yield f"the head says {head.position}; the ledger ends at {position}"
    if peaks != head.peaks:
        yield "the tree differs from the one kept at the head"
