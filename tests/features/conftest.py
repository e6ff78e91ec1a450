"""One record over HTTP: every command is sent at the version last read, and the last answer is kept."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from adapters.vault import KEYS
from api import ledgers
from api.app import application
from api.bootstrap import Running, bootstrap, migrate
from api.config import Config
from domain.commands import Command
from domain.time import microseconds
from tests.conftest import TODAY, Api, Clock, Ids


def days(first: str | None, last: str | None = "") -> dict[str, str | None]:
    """An interval of days of 2026, given as `02-03`; of one day when no last is given."""
    year = "2026-{}".format
    to = first if last == "" else last
    return {"from": first and year(first), "to": to and year(to)}


class Record:
    """A record of a noun, opened by the command of that name. `now` is its detail as the last answer told it."""

    def __init__(self, api: Api, noun: str, name: str, on: dict[str, str | None], **members: Any) -> None:
        self.api = api
        self.feature = next(feature for feature in api.running.features if feature.noun == noun)
        self._routes = {route.event.NAME: route for route in (*self.feature.opens, *self.feature.commands)}
        answer = api.post(f"{self.feature.url}{self._routes[name].path}", {"occurred": on, **members})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        self.now: dict[str, Any] = answer.json
        self.path = f"{self.feature.url}/{self.now['id']}"

    def send(self, name: str, on: dict[str, str | None], **members: Any) -> TestResponse:
        """Sends the command that records the event of that name; the answer as it is."""
        route = self._routes[name]
        return self._kept(
            self.api.send(route.method, self.path + route.path, {"occurred": on, **members}, match=self._version)
        )

    def tell(self, name: str, on: dict[str, str | None], **members: Any) -> dict[str, Any]:
        """Records the event of that name; the detail after it."""
        return self._told(self.send(name, on, **members))

    def deviate(self, name: str, on: dict[str, str | None], **members: Any) -> list[str]:
        """Records the event of that name, whatever rules it breaks, and returns them."""
        answer = self.send(name, on, **members)
        rules = [each["rule"] for each in answer.json.get("rules", ())]
        if rules:
            self.tell(name, on, **members, deviations=[{"rule": rule} for rule in rules])
        return rules

    def correct(self, at: int, on: dict[str, str | None], reason: str | None = None, **members: Any) -> TestResponse:
        """Replaces the event at a version of this record."""
        body = {"event_id": self.event(at), "reason": reason, "replacement": {"occurred": on, **members}}
        return self._kept(self.api.post(f"{self.path}/corrections", body, match=self._version))

    def retract(self, at: int, reason: str | None = None) -> TestResponse:
        """Takes the event at a version of this record back."""
        body = {"event_id": self.event(at), "reason": reason}
        return self._kept(self.api.post(f"{self.path}/retractions", body, match=self._version))

    def event(self, at: int) -> str:
        """The id of the event at a version."""
        event_id: str = self.history()[at - 1]["event_id"]
        return event_id

    def detail(self, query: str = "") -> dict[str, Any]:
        """The detail, read anew."""
        return self._told(self.api.get(self.path + query))

    def history(self, query: str = "") -> list[dict[str, Any]]:
        """Everything recorded of it."""
        return self.api.items(f"{self.path}/history{query}")

    def row(self, query: str = "") -> dict[str, Any] | None:
        """Its row in the list, if it is there."""
        rows = self.api.items(f"{self.feature.url}{query}")
        return next((row for row in rows if row["id"] == self.now["id"]), None)

    def data_classes(self) -> set[str]:
        """What the vault has keys for."""
        with self.api.running.vault.engine.connect() as connection:
            keys = connection.execute(select(KEYS)).all()
        return {key.data_class for key in keys if str(key.record) == self.now["id"] == str(key.subject)}

    @property
    def _version(self) -> str:
        return f'"{self.now["version"]}"'

    def _kept(self, answer: TestResponse) -> TestResponse:
        if answer.status_code == 200:
            self.now = answer.json
        return answer

    @staticmethod
    def _told(answer: TestResponse) -> dict[str, Any]:
        assert answer.status_code == 200, answer.get_data(as_text=True)
        told: dict[str, Any] = answer.json
        return told


MORNING = datetime(TODAY.year, TODAY.month, TODAY.day, 9, tzinfo=UTC)


class Shared(NamedTuple):
    """An installation on SQLite that the whole room has its ledgers in."""

    running: Running
    clock: Clock
    client: FlaskClient


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """Opened once: to open an installation and to make its contract takes longer than most of these tests."""
    config = Config(data=tmp_path_factory.mktemp("features"))
    migrate(config)
    clock = Clock()
    running = bootstrap(config, clock=clock, new_id=Ids())
    yield Shared(running, clock, application(running.services, running.features).test_client())
    running.close()


@pytest.fixture
def sqlite_api(shared: Shared) -> Api:
    """A new ledger of its own, its clock set as in every test."""
    shared.clock.at(MORNING)
    return Api(shared.running, ledgers.create(shared.running, "1504", "Ålesund", synthetic=True), shared.client)


Opening = Callable[..., Record]


@pytest.fixture
def a_meeting(sqlite_api: Api) -> Opening:
    """Opens a meeting on 1 February, scheduled unless another command is named."""

    def opening(name: str = "scheduled", on: dict[str, str | None] | None = None, **members: Any) -> Record:
        return Record(sqlite_api, "meetings", name, on or days("02-01"), **{"kind": "dialogue_meeting", **members})

    return opening


@pytest.fixture
def an_input(sqlite_api: Api) -> Opening:
    """Opens an input on 1 February, raised unless another command is named."""

    def opening(name: str = "raised", on: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {"kind": "proposal", "level": "system", "voiced_by": "refugees"}
        return Record(sqlite_api, "inputs", name, on or days("02-01"), **{**described, **members})

    return opening


@pytest.fixture
def command() -> Command:
    """A command told to an aggregate alone, in February 2026."""
    return Command(now=microseconds(datetime(2026, 2, 2, 2, tzinfo=UTC)), new_id=Ids(), client="test")


def on(first: str | None, last: str | None = "") -> dict[str, str | None]:
    """An interval of days of any year; of one day when no last is given."""
    return {"from": first, "to": first if last == "" else last}


def broken(record: Record) -> list[str]:
    """The rules a record departs from."""
    return [each["rule"] for each in record.now["deviations"]]
