"""The port: what the rules need of a ledger, and what a command brings with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.events import Deviation

if TYPE_CHECKING:
    from domain.aggregate import Aggregate

A = TypeVar("A", bound="Aggregate")


class Claim(NamedTuple):
    """Something only one record of a ledger may have, such as an external id. `value` is stored as an HMAC."""

    kind: str
    value: str


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, when, and under which key; the same for every command.

    `now` is the ledger's clock in µs. `key` and `digest` make a repeat recognisable; `client` owns the key.
    `acknowledged` are the deviations the sender accepts; `accept_all` accepts any, for an import in bulk.
    """

    now: int
    new_id: Callable[[], UUID]
    client: str
    key: str | None = None
    digest: bytes | None = None
    acknowledged: tuple[Deviation, ...] = ()
    accept_all: bool = False


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
        Raises Stale, Taken, KeyReused; nothing is stored then.
        """
        ...
