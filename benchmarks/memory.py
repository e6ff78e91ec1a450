"""A ledger's records in memory: commands are validated and decided on, and nothing is sealed, stored or read."""

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any, TypeVar
from uuid import UUID, uuid4

import msgspec

from api import synthetic
from api.bootstrap import features, kinds
from api.imports import Importer
from api.synthetic.telling import Told
from domain.aggregate import Aggregate
from domain.commands import Claim, Command
from domain.errors import NotFound
from domain.history import Recorded
from domain.time import microseconds

A = TypeVar("A", bound=Aggregate)

UNTIL = date(2026, 6, 30)
"""The last day of what is told."""


class InMemory:
    """One ledger's records, as an import asks for them. `told` is every event in ledger order."""

    def __init__(self) -> None:
        self.ledger, self.told = uuid4(), list[Recorded]()
        self._kinds = {kind.noun: kind for kind in kinds()}
        self._records: dict[UUID, Aggregate] = {}
        self._claims: dict[Claim, UUID] = {}
        self._recorded: dict[str | None, UUID] = {}
        self._secret = os.urandom(32)

    def get(self, kind: type[A], record: UUID, *, as_of: int | None = None, on: date | None = None) -> A:
        """The record as it is; imports ask for no other time."""
        found = self._records.get(record)
        if not isinstance(found, kind):
            raise NotFound(f"this ledger has no such {kind.noun}")
        return found

    def find(self, noun: str, record: UUID) -> Aggregate:
        """The record of that noun."""
        return self.get(self._kinds[noun], record)

    def noun_of(self, record: UUID) -> str | None:
        """The noun the record was opened as."""
        return self._records[record].noun if record in self._records else None

    def save(
        self, aggregate: A, command: Command, *, reads: Mapping[UUID, int] | None = None, claims: Iterable[Claim] = ()
    ) -> A:
        """Keeps what is pending."""
        for claim in aggregate.claimed - aggregate.claims:
            del self._claims[claim]
        self._claims |= dict.fromkeys({*claims, *aggregate.claims}, aggregate.id)
        for each in aggregate.pending:
            self.told.append(msgspec.structs.replace(each, position=len(self.told) + 1))
        kept = len(aggregate.pending)
        saved = type(aggregate)(aggregate.id, (*aggregate.history[:-kept], *self.told[-kept:]))
        self._records[aggregate.id] = saved
        self._recorded[command.key] = self.told[-1].event_id
        return saved

    def repeat(self, command: Command) -> None:
        """No command comes twice."""

    def recorded_by(self, client: str, key: str) -> UUID | None:
        """The last event that a command recorded."""
        return self._recorded.get(key)

    def claimed(self, claim: Claim) -> UUID | None:
        """The record that has it."""
        return self._claims.get(claim)

    def digest(self, *canonical: bytes) -> bytes:
        """An HMAC, as of the ledger's key."""
        return hmac.digest(self._secret, b"".join(canonical), hashlib.sha256)


class Clock:
    """Stands at the instant of the line that is told."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        self.now += 1_000
        return self.now

    def told(self, lines: Iterable[Told]) -> Iterator[bytes]:
        """The lines, each at eight on the day it is told."""
        for each in lines:
            self.now = max(self.now + 1, microseconds(datetime.combine(each.on, time(8), UTC)))
            yield msgspec.json.encode(each.line)


@cache
def lines(persons: int, years: int) -> tuple[Told, ...]:
    """What is told of so many persons over so many years, and of their municipality."""
    return tuple(synthetic.history(persons, years=years, until=UNTIL, seed=9999))


@cache
def events(persons: int, years: int) -> tuple[Recorded, ...]:
    """The events those lines become, in ledger order; the same at each call."""
    records, clock, random = InMemory(), Clock(), Random(9999)
    carry_out(records, clock, lines(persons, years), lambda: UUID(int=random.getrandbits(128), version=4))
    return tuple(records.told)


def carry_out(records: Any, clock: Clock, told: Iterable[Told], new_id: Any = uuid4) -> None:
    """Imports the lines into a ledger's records; all must be recorded."""
    for outcome in Importer(records, features(), synthetic.SOURCE, clock, new_id).run(clock.told(told)):
        if outcome.result != "recorded":
            raise RuntimeError(f"line {outcome.line} was {outcome.result}: {outcome.detail}")


def before(years: int) -> date:
    """A day before anything is told."""
    return UNTIL - timedelta(days=366 * years)
