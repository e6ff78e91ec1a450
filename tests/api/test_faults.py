"""When something breaks inside: the answer and the log tell that it did, and nothing of what was sent."""

import logging
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from api.app import application
from api.bootstrap import Running
from api.services import LedgerServices
from tests.conftest import ON, Api, an_input, meeting, open_api

CANARY = "Rosenfinken sang bak fabrikken"


class Broken:
    """A store or view that fails with a message which holds what it was asked."""

    def __init__(self, kind: type[Exception]) -> None:
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        def fail(*asked: Any, **named: Any) -> Any:
            told = f"{name} {asked} {named} {CANARY}"
            raise self._kind(told, {}, Exception(told)) if self._kind is OperationalError else self._kind(told)

        return fail


def broken(running: Running, kind: type[Exception]) -> Api:
    """The API over a ledger whose store and views fail."""
    api = open_api(running)
    opened = LedgerServices(
        number="1504", synthetic=True, records=Broken(kind), views=Broken(kind), waits=running.services.waits
    )
    services = replace(running.services, ledger=lambda ledger: opened)
    return replace(api, client=application(services, running.features).test_client())


REQUESTS = (
    ("GET", "/v1/meetings", None),
    ("GET", f"/v1/meetings/{uuid4()}", None),
    ("POST", "/v1/meetings", meeting(title=CANARY)),
    ("POST", f"/v1/meetings/{uuid4()}/invitations", {"occurred": ON}),
    ("GET", "/v1/events", None),
    ("GET", "/v1/tables/participation-events/data", None),
    ("GET", "/health", None),
)


@pytest.mark.parametrize(
    ("kind", "status", "slug"), [(RuntimeError, 500, "fault"), (OperationalError, 503, "unavailable")]
)
def test_a_fault_tells_nothing_of_the_request(
    kind: type[Exception], status: int, slug: str, sqlite_running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    api = broken(sqlite_running, kind)
    for method, path, body in REQUESTS:
        caplog.clear()
        role = "coordinator" if body else "evaluator"
        answer = api.send(method, path, body, role=role, match="*", key="key-1" if body else None)
        assert answer.status_code == status, path
        assert answer.json["type"] == f"/problems/{slug}"
        assert CANARY not in answer.get_data(as_text=True)
        assert ("Retry-After" in answer.headers) == (status == 503)
        [line] = [each for each in caplog.records if each.name == "medvirkning.api"]
        assert answer.json["instance"] in line.getMessage()
        assert kind.__name__ in line.getMessage()
        assert not line.exc_info
        assert CANARY not in caplog.text
        assert "Traceback" not in caplog.text


def test_a_fault_in_a_list_is_a_problem_while_details_go_on(sqlite_api: Api) -> None:
    api = sqlite_api
    record = api.post("/v1/meetings", meeting()).json["id"]
    api.get("/v1/meetings")
    with api.running.views.engine.begin() as connection:
        api.running.views.tables["meetings"][0].drop(connection)
    assert api.get("/v1/meetings").status_code == 503
    assert api.get(f"/v1/meetings/{record}").status_code == 200
    assert api.get("/v1/inputs").status_code == 200


@pytest.mark.parametrize(("store", "statement"), [("events", "PRAGMA user_version = 99"), ("vault", "DROP TABLE keys")])
def test_readiness_says_when_a_store_cannot_be_used(store: str, statement: str, sqlite_running: Running) -> None:
    api = open_api(sqlite_running)
    assert api.get("/health/ready", role=None).json == {"status": "ready"}
    with closing(sqlite3.connect(sqlite_running.config.data / f"{store}.db")) as connection, connection:
        connection.execute(statement)
    answer = api.client.get("/health/ready")
    assert (answer.status_code, answer.json["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"]
    assert api.client.get("/health/live").json == {"status": "live"}


def test_logs_hold_no_text_no_ids_and_no_secrets(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scheduled = api.post("/v1/meetings", meeting(title=CANARY, agenda=CANARY), key="key-of-the-client")
    path = f"/v1/meetings/{scheduled.json['id']}"
    api.put(f"{path}/minutes", {"occurred": ON, "minutes": CANARY}, match='"1"')
    api.post("/v1/inputs", an_input(said=CANARY, source=scheduled.json["id"]))
    api.post("/v1/inputs", an_input(said=CANARY, kind=CANARY))
    api.get(f"{path}?as_of={CANARY}")
    for read in (path, f"{path}/history", "/v1/meetings", "/v1/events", "/health"):
        assert api.get(read).status_code == 200
    assert CANARY not in caplog.text
    ours = "\n".join(each.getMessage() for each in caplog.records if each.name.startswith("medvirkning"))
    assert "/v1/meetings/<uuid:record>/minutes" in ours
    for secret in (scheduled.json["id"], "key-of-the-client", api.token("coordinator"), api.token("evaluator")):
        assert secret not in ours
    assert api.token("coordinator") not in caplog.text
