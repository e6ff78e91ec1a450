"""Builds what the API is served by. The only module that knows an adapter."""

import importlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Final, cast
from uuid import UUID, uuid4

import sqlalchemy.exc

import adapters
import domain
from adapters.access import Access
from adapters.codec import Codec
from adapters.eventstore import LedgerStore
from adapters.postgresql import PostgresStore
from adapters.projections import LedgerViews, View, ViewStore
from adapters.sqlite import SqliteStore
from adapters.vault import Vault, load_kek
from adapters.views import participation_events
from api.config import Config
from api.records import Feature
from api.services import LedgerServices, Services
from domain.aggregate import Aggregate
from domain.ledgers import Ledger

FEATURES: Final = ("meetings", "inputs")
"""The wiring: each noun names api/<noun>.py and adapters/views/<noun>.py; the house plan is the rest."""

Clock = Callable[[], int]


class MixedInstallation(Exception):
    """`domain`, `adapters` and `api` come from different places; another distribution uses one of the names."""


class UnknownLedger(Exception):
    """No ledger, or more than one, goes by that municipality number."""


def now() -> int:
    """The clock: microseconds since the epoch."""
    return time.time_ns() // 1_000


@dataclass
class Running:
    """Everything that runs in one process, and how it is stopped."""

    config: Config
    events: SqliteStore | PostgresStore
    vault: Vault
    access: Access
    views: ViewStore
    features: tuple[Feature, ...]
    services: Services
    codec: Codec
    projections: tuple[View, ...]
    stopping: Event = field(default_factory=Event)
    threads: list[Thread] = field(default_factory=list)

    def store(self, ledger: UUID) -> LedgerStore:
        """A ledger's records."""
        return LedgerStore(ledger, self.events.recorder(ledger), self.codec, self.vault)

    def ledger_numbered(self, number: str) -> UUID:
        """The ledger of a municipality number. Raises UnknownLedger, naming every candidate."""
        found = [row for row in self.events.ledgers() if row.number == number]
        match found:
            case [one]:
                return one.id
            case []:
                raise UnknownLedger(f"there is no ledger {number}; `medvirkning ledger create` opens one")
            case _:
                named = ", ".join(f"{row.id} ({row.name})" for row in found)
                raise UnknownLedger(f"{number} names {len(found)} ledgers: {named}; give the id instead")

    def close(self) -> None:
        """Stops projecting and closes every store."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(timeout=10)
        self.views.close()
        self.access.close()
        self.vault.close()
        self.events.close()


def features() -> tuple[Feature, ...]:
    """The features' API halves, in the order they are wired."""
    return tuple(cast(Feature, importlib.import_module(f"api.{noun}").FEATURE) for noun in FEATURES)


def kinds() -> tuple[type[Aggregate], ...]:
    """Every aggregate whose events this version knows."""
    return (Ledger, *(feature.aggregate for feature in features()))


def codec() -> Codec:
    """The codec of every event this version knows."""
    return Codec(kinds())


def projections() -> tuple[View, ...]:
    """Every view this version feeds."""
    lists = [cast(View, importlib.import_module(f"adapters.views.{noun}").VIEW) for noun in FEATURES]
    return (*lists, participation_events.VIEW)
