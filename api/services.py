"""What the routes are served by: the shapes bootstrap fills in. Nothing here knows an adapter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from api.waits import Waits
from domain.aggregate import Aggregate
from domain.commands import Claim, Command
from domain.history import Recorded
from domain.store import Store
from domain.tables import Among


class Grant(Protocol):
    """What a token grants."""

    @property
    def id(self) -> UUID: ...
    @property
    def ledger(self) -> UUID: ...
    @property
    def role(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def client(self) -> str: ...
    @property
    def scopes(self) -> frozenset[str]: ...
    @property
    def expires_at(self) -> int: ...


class Tokens(Protocol):
    """Bearer tokens."""

    def authenticate(self, token: str, now_us: int) -> Grant | None: ...
    def list(self, ledger: UUID, now_us: int) -> Sequence[Grant]: ...
    def revoke(self, ledger: UUID, token_id: UUID, now_us: int) -> bool: ...
    def create(
        self,
        *,
        ledger: UUID,
        role: str,
        unit: str,
        actor: str,
        client: str,
        scopes: frozenset[str],
        now_us: int,
        expires_at: int,
    ) -> tuple[str, Grant]: ...


class Repeat(Protocol):
    """What a command did the first time."""

    @property
    def record(self) -> UUID: ...
    @property
    def position(self) -> int: ...


class Records(Store, Protocol):
    """One ledger's records: the port, and what reading through time needs."""

    ledger: UUID

    def repeat(self, command: Command) -> Repeat | None: ...
    def claimed(self, claim: Claim) -> UUID | None: ...
    def recorded_by(self, client: str, key: str) -> UUID | None: ...
    def digest(self, *canonical: bytes) -> bytes: ...
    def head(self) -> int: ...
    def codebook(self) -> int: ...
    def kind(self, noun: str) -> type[Aggregate]: ...
    def position_at(self, instant: int) -> int: ...
    def page(self, after: int, limit: int) -> list[Recorded]: ...
    def wait(self, after: int, timeout: float) -> bool: ...
    def history(self, record: UUID, upto: int | None = None) -> list[Recorded]: ...


class ListPage(Protocol):
    """One page of a list: the rows, and the cursor's value for the next, if there are more."""

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def next(self) -> int | None: ...


class Views(Protocol):
    """One ledger's lists and tables."""

    def position(self, view: str) -> int: ...
    def wait(self, view: str, position: int, timeout: float) -> bool: ...
    def status(self) -> Sequence[Mapping[str, Any]]: ...
    def rows(
        self, view: str, position: int, day: date, filters: Mapping[str, Any], after: int | None, limit: int
    ) -> ListPage: ...
    def differences(
        self,
        view: str,
        moments: tuple[tuple[int, date], tuple[int, date]],
        filters: Mapping[str, Any],
        after: int | None,
        limit: int,
    ) -> ListPage: ...
    def counts(
        self, view: str, position: int, day: date, columns: Sequence[str]
    ) -> Mapping[str, Mapping[str, int]]: ...
    def cells(self, view: str, position: int, day: date, columns: Sequence[str]) -> Mapping[tuple[str, ...], int]: ...
    def members(
        self, view: str, position: int, day: date, among: Sequence[Among], after: int, limit: int
    ) -> ListPage: ...


@dataclass(frozen=True)
class LedgerServices:
    """One ledger, open."""

    number: str
    synthetic: bool
    records: Records
    views: Views
    waits: Waits


class Sessions(Protocol):
    """Sign-ins to the frontends, each under a secret that only the browser has."""

    def open(self, token: str, now_us: int, expires_at: int) -> str: ...
    def token(self, secret: str, now_us: int) -> str | None: ...
    def close(self, secret: str) -> None: ...


@dataclass(frozen=True)
class Services:
    """Everything a request may need."""

    clock: Callable[[], int]
    new_id: Callable[[], UUID]
    tokens: Tokens
    sessions: Sessions
    ledger: Callable[[UUID], LedgerServices]
    ready: Callable[[], None]
    unavailable: tuple[type[Exception], ...]
    waits: Waits
