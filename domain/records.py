"""The use cases every record has: open, record, correct, retract. Each loads, decides once and saves."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from domain.aggregate import Aggregate
from domain.commands import Claim, Command
from domain.errors import Invalid, Stale, UnknownReference
from domain.events import Event, Meta
from domain.store import Moved, Store

A = TypeVar("A", bound=Aggregate)


def open_record(store: Store, kind: type[A], event: Event, command: Command, claims: Iterable[Claim] = ()) -> A:
    """Opens a new record with its first event; the ledger gives it an id."""

    def decide(looked: Looked) -> A:
        _refuse_unknown_references(store, kind, event)
        aggregate = kind(command.new_id())
        return aggregate.record(aggregate.considering(event, looked), command)

    return _stored(store, decide, command, claims)


def record(store: Store, kind: type[A], record_id: UUID, expected: int | None, event: Event, command: Command) -> A:
    """Records what happened to a record, at the version the sender last read (None: whichever it has)."""

    def decide(looked: Looked) -> A:
        aggregate = _at(store.get(kind, record_id), expected)
        _refuse_unknown_references(store, kind, event)
        return aggregate.record(aggregate.considering(event, looked), command)

    return _stored(store, decide, command)


def correct(
    store: Store,
    kind: type[A],
    record_id: UUID,
    expected: int | None,
    *,
    target: UUID,
    replacement: Event,
    reason: str | None,
    meta: Meta,
    command: Command,
) -> A:
    """Replaces one event of a record, whole; what that makes unlawful is recorded with the correction."""

    def decide(looked: Looked) -> A:
        aggregate = _at(store.get(kind, record_id), expected)
        with Invalid.within("/replacement"):
            _refuse_unknown_references(store, kind, replacement)
            considered = aggregate.considering(replacement, looked)
        return aggregate.correct(target, considered, reason, meta, command)

    return _stored(store, decide, command)


def retract(
    store: Store,
    kind: type[A],
    record_id: UUID,
    expected: int | None,
    *,
    target: UUID,
    reason: str | None,
    meta: Meta,
    command: Command,
) -> A:
    """Takes one event of a record back; retracting the opening event takes the record back."""
    aggregate = _at(store.get(kind, record_id), expected)
    return store.save(aggregate.retract(target, reason, meta, command), command)


class Looked:
    """The other records a decision has looked at; `versions` must still hold when it is stored."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.versions: dict[UUID, int] = {}

    def __call__(self, noun: str, record: UUID) -> Aggregate:
        found = self._store.find(noun, record)
        self.versions[record] = found.version
        return found


def _stored(store: Store, decide: Callable[[Looked], A], command: Command, claims: Iterable[Claim] = ()) -> A:
    # Each round is lost to somebody else's command on a record that was looked at, so the rounds come to an end.
    while True:
        looked = Looked(store)
        decided = decide(looked)
        try:
            return store.save(decided, command, reads=looked.versions, claims=claims)
        except Moved:
            continue


def _at(aggregate: A, expected: int | None) -> A:
    if expected is not None and expected != aggregate.version:
        raise Stale(expected, aggregate.version)
    return aggregate


def _refuse_unknown_references(store: Store, kind: type[Aggregate], event: Event) -> None:
    for reference in kind.references(event):
        if store.noun_of(reference.record) != reference.noun:
            raise UnknownReference(reference.pointer, f"this ledger has no such {reference.noun}")
