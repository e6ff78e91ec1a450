"""Builds what the API is served by. The only module that knows an adapter."""

import importlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from typing import Final, cast
from uuid import UUID, uuid4

import sqlalchemy.exc

from adapters.access import Access
from adapters.backup import NotABackup, NotEmpty, Stores
from adapters.codec import Codec
from adapters.eventstore import LedgerStore
from adapters.exports import export as export
from adapters.layout import root as root
from adapters.postgresql import PostgresStore
from adapters.projections import LedgerViews
from adapters.rebuilds import Overtaken
from adapters.recorder import FormatError
from adapters.sessions import Sessions
from adapters.sqlite import SqliteStore
from adapters.vault import Vault, WrongVaultKey, load_kek
from adapters.verify import verify as verify
from adapters.views import degrees, deviations, inspections
from adapters.views.audit import Audit
from adapters.views.duties import Duties
from adapters.views.facts import BLOCK, Count, FactsView
from adapters.viewstore import OutOfDate as OutOfDate
from adapters.viewstore import View, ViewStore
from api.config import Config
from api.records import Feature
from api.services import LedgerServices, Services
from api.waits import Waits
from domain.aggregate import Aggregate
from domain.degrees import Promised
from domain.ledgers import Ledger
from domain.tables import TABLES

FEATURES: Final = (
    "participants",
    "individual_plans",
    "tenancies",
    "move_outs",
    "guidance",
    "meetings",
    "bodies",
    "hearings",
    "recipients",
    "inputs",
)
"""The wiring: each noun names api/<noun>.py and adapters/views/<noun>.py; the house plan is the rest."""

Clock = Callable[[], int]


class NoVault(Exception):
    """Production keeps the vault in a database of its own."""


class UnknownLedger(Exception):
    """No ledger, or more than one, goes by that municipality number."""


OPERATOR_ERRORS = (
    FormatError,
    NoVault,
    NotABackup,
    NotEmpty,
    OutOfDate,
    Overtaken,
    UnknownLedger,
    WrongVaultKey,
)
"""What an operator can mend; the message says how."""


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
    opened: "_Opened"
    stopping: Event
    threads: dict[UUID, Thread] = field(default_factory=dict)

    def store(self, ledger: UUID) -> LedgerStore:
        """A ledger's records."""
        return self.opened.store(ledger)

    def ledger_views(self, ledger: UUID) -> LedgerViews:
        """A ledger's views."""
        return self.opened.views(ledger)

    def ledger_numbered(self, number: str) -> UUID:
        """The ledger of a municipality number, or of its own id. Raises UnknownLedger, naming every candidate."""
        found = [row for row in self.events.ledgers() if number in (row.number, str(row.id))]
        match found:
            case [one]:
                return one.id
            case []:
                raise UnknownLedger(f"there is no ledger {number}; `medvirkning ledger create` opens one")
            case _:
                named = ", ".join(f"{row.id} ({row.name})" for row in found)
                raise UnknownLedger(f"{number} names {len(found)} ledgers: {named}; give the id instead")

    def stores(self) -> Stores:
        """What a backup is of."""
        return Stores(self.events, self.vault, self.access)

    def project(self) -> None:
        """Starts a thread for each ledger that feeds its views, until `close`."""
        for row in self.events.ledgers():
            if row.id not in self.threads:
                views = self.ledger_views(row.id)
                thread = Thread(target=views.run, args=(self.stopping,), name=f"views-{row.number}", daemon=True)
                self.threads[row.id] = thread
                thread.start()

    def close(self) -> None:
        """Stops projecting and closes every store."""
        self.stopping.set()
        for thread in self.threads.values():
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


def projections(block: int = BLOCK) -> tuple[View, ...]:
    """Every view this version feeds; tables are summed up every `block` positions."""
    modules = [importlib.import_module(f"adapters.views.{noun}") for noun in FEATURES]
    lists = [cast(View, module.VIEW) for module in modules]
    counters = {
        module.VIEW.kind: {**_of_any(module.VIEW.kind), **getattr(module, "COUNTERS", {})} for module in modules
    }
    facts = [
        FactsView(table, {kind: counts[name] for kind, counts in counters.items() if name in counts}, block)
        for name, table in TABLES.items()
    ]
    asked = [inspections.view(kind) for kind in kinds() if hasattr(kind, "inspected")]
    return (*lists, *facts, Audit(), Duties(kinds()), *asked)


def _of_any(kind: type[Aggregate]) -> Mapping[str, Count]:
    """The counters a noun has without saying so."""
    return {**deviations.COUNTERS, **(degrees.COUNTERS if Promised in kind.events else {})}


def migrate(config: Config) -> list[str]:
    """Brings every store to this version's format; returns what it did.

    With an owner's URL, the events are migrated as the owner, who also lets the application's own user in.
    """
    ran = []
    if config.owner_database and config.database:
        owner = PostgresStore(config.owner_database)
        try:
            ran += [*owner.migrate(), *owner.admit(config.database)]
        finally:
            owner.close()
    running = assemble(config)
    try:
        if config.embedded:
            ran += running.events.migrate()
        ran += [*running.vault.migrate(), *running.access.migrate(), *Sessions(running.access.engine).migrate()]
        running.views.create()
        return ran
    finally:
        running.close()


def sessions_apart(config: Config) -> Sessions:
    """Sign-ins to a frontend that runs in a process of its own, in the data folder."""
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    sessions = Sessions(sqlalchemy.create_engine(f"sqlite:///{config.data / 'sessions.db'}"))
    sessions.migrate()
    return sessions


def bootstrap(config: Config, *, clock: Clock = now, new_id: Callable[[], UUID] = uuid4) -> Running:
    """Everything, on stores of this version's format. Raises FormatError when they are not."""
    running = assemble(config, clock=clock, new_id=new_id)
    try:
        for store in (running.events, running.vault, running.access, Sessions(running.access.engine)):
            store.check_format()
        running.views.prepare()
    except BaseException:
        running.close()
        raise
    return running


def assemble(config: Config, *, clock: Clock = now, new_id: Callable[[], UUID] = uuid4) -> Running:
    """Everything, whatever format the stores have; for `migrate`, `rebuild`, `backup` and `restore`."""
    events: SqliteStore | PostgresStore
    if config.database is None:
        events = SqliteStore(config.data / "events.db")
        vault_url, access_url, views_url = (
            f"sqlite:///{config.data / name}" for name in ("vault.db", "access.db", "views.db")
        )
    else:
        if config.vault is None:
            raise NoVault("set MEDVIRKNING_VAULT: the vault must not share the ledger's database")
        events = PostgresStore(config.database)
        vault_url = access_url = views_url = config.database
    config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    kek = load_kek(config.data / "vault.key", config.vault_key, create=config.embedded)
    vault = Vault(config.vault or vault_url, kek)
    access = Access(access_url, vault)
    views = ViewStore(views_url, projections())
    stopping = Event()
    waits = Waits(config.threads, config.longest_wait, stopping)
    opened = _Opened(events, vault, codec(), views, waits)
    services = Services(
        clock=clock,
        new_id=new_id,
        tokens=access,
        sessions=Sessions(access.engine),
        ledger=opened.ledger,
        ready=lambda: _ready(events, vault),
        unavailable=(
            FormatError,
            sqlalchemy.exc.OperationalError,
            sqlalchemy.exc.TimeoutError,
            *events.unavailable,
        ),
        waits=waits,
    )
    return Running(config, events, vault, access, views, features(), services, opened, stopping)


class _Opened:
    """The ledgers of an installation, each opened once."""

    def __init__(
        self, events: SqliteStore | PostgresStore, vault: Vault, codec: Codec, views: ViewStore, waits: Waits
    ) -> None:
        self._events, self._vault, self._codec, self._views, self._waits = events, vault, codec, views, waits
        self._lock = Lock()
        self._ledgers: dict[UUID, LedgerServices] = {}
        self._stores: dict[UUID, LedgerStore] = {}

    def store(self, ledger: UUID) -> LedgerStore:
        """A ledger's records, as the adapters know them."""
        with self._lock:
            if ledger not in self._stores:
                recorder = self._events.recorder(ledger)
                self._stores[ledger] = LedgerStore(ledger, recorder, self._codec, self._vault)
            return self._stores[ledger]

    def views(self, ledger: UUID) -> LedgerViews:
        """A ledger's views, as the adapters know them."""
        views = self.ledger(ledger).views
        assert isinstance(views, LedgerViews)
        return views

    def ledger(self, ledger: UUID) -> LedgerServices:
        """A ledger, as the routes know it."""
        found = self._ledgers.get(ledger)
        if found is None:
            store = self.store(ledger)
            row = next(row for row in self._events.ledgers() if row.id == ledger)
            views = LedgerViews(self._views, store)
            found = LedgerServices(row.number, row.synthetic, store, views, self._waits)
            with self._lock:
                found = self._ledgers.setdefault(ledger, found)
        return found


def _ready(events: SqliteStore | PostgresStore, vault: Vault) -> None:
    events.check_format()
    vault.check_format()
