"""The port: what the rules need of a ledger."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Protocol, TypeVar
from uuid import UUID

from domain.aggregate import Aggregate
from domain.commands import Claim, Command

A = TypeVar("A", bound=Aggregate)


class Moved(Exception):
    """A record the decision looked at has changed before the decision was stored: decide again."""


class Store(Protocol):
    """One ledger, as the use cases see it."""

    def get(self, kind: type[A], record: UUID, *, as_of: int | None = None, on: date | None = None) -> A:
        """The record as the ledger knew it at position `as_of`, on the day `on`, with its text.

        Raises NotFound when this ledger has no such record of that kind at that position.
        """
        ...

    def noun_of(self, record: UUID) -> str | None:
        """The noun a record was opened as (`meeting`), or None when this ledger has no such record."""
        ...

    def find(self, noun: str, record: UUID) -> Aggregate:
        """The record of that noun as it is now, with its text. Raises NotFound."""
        ...

    def save(
        self,
        aggregate: A,
        command: Command,
        *,
        reads: Mapping[UUID, int] | None = None,
        claims: Iterable[Claim] = (),
    ) -> A:
        """Stores the pending events in one transaction and returns the record as stored.

        `reads` are the versions of other records the decision rests on; they hold at the moment of storing.
        Raises Stale, Moved, Taken, KeyReused; nothing is stored then.
        """
        ...
