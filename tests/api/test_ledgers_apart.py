"""Two ledgers of one installation know nothing of each other."""

import json
from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from api.app import contract
from api.bootstrap import Running, features
from api.imports import Importer
from tests.bodies import smallest
from tests.conftest import ON, Api, an_input, meeting, open_api

OPERATIONS = contract(features()).operations
ON_A_RECORD = [operation for operation in OPERATIONS if "{record}" in operation.path]


@pytest.fixture
def ours(running: Running) -> Api:
    """A ledger with a meeting and an input in it, among others."""
    api = open_api(running)
    record = api.post("/v1/meetings", meeting(), key="monday").json["id"]
    api.post("/v1/inputs", an_input(source=record))
    return api


@pytest.fixture
def theirs(running: Running, ours: Api) -> Api:
    """A ledger of another municipality, with nothing in it yet."""
    return open_api(running, "1508", "Ålesund")


def told(answer: TestResponse) -> dict[str, Any]:
    """What an answer tells, apart from the request's id."""
    return {"status": answer.status_code, **answer.json, "instance": ""}


def test_a_record_of_another_ledger_looks_like_one_that_is_not_there(ours: Api, theirs: Api) -> None:
    ids = {noun: ours.items(f"/v1/{noun}")[0]["id"] for noun in ("meetings", "inputs")}
    for operation in ON_A_RECORD:
        body = smallest(operation.body) if operation.body else None
        query = "?from=1" if operation.path.endswith("/differences") else ""
        answers = [
            theirs.send(
                operation.method,
                operation.path.format(record=record, set="individual_plan_2003") + query,
                body,
                role="evaluator" if operation.method == "GET" else "coordinator",
                match='"1"' if operation.if_match else None,
                key="monday" if operation.keyed else None,
            )
            for record in (ids.get(operation.path.split("/")[2], ids["meetings"]), uuid4())
        ]
        assert answers[0].status_code == 404, (operation.name, answers[0].json)
        assert told(answers[0]) == told(answers[1])
        assert {*answers[0].headers.keys()} == {*answers[1].headers.keys()}


def test_lists_table_feed_and_health_are_of_the_own_ledger(ours: Api, theirs: Api) -> None:
    assert theirs.items("/v1/meetings") == theirs.items("/v1/inputs") == []
    assert not any(theirs.get("/v1/tables/participation-events/data").json["value"])
    assert any(ours.get("/v1/tables/participation-events/data").json["value"])
    feed = theirs.get("/v1/events")
    assert [event["type"] for event in feed.json] == ["ledger.opened.v1"]
    assert theirs.get("/health").json["head"] == 1
    assert theirs.get("/v1/meetings?as_of=3").status_code == 422
    assert len(ours.items("/v1/meetings")) == len(ours.items("/v1/inputs")) == 1


def test_a_reference_to_another_ledgers_record_is_unknown(ours: Api, theirs: Api) -> None:
    source = ours.items("/v1/meetings")[0]["id"]
    answers = [theirs.post("/v1/inputs", an_input(source=each)) for each in (source, str(uuid4()))]
    assert [answer.json["type"] for answer in answers] == ["/problems/unknown-reference"] * 2
    assert told(answers[0]) == told(answers[1])


def test_a_key_used_in_one_ledger_is_free_in_another(ours: Api, theirs: Api) -> None:
    assert ours.post("/v1/meetings", meeting(title="other"), key="monday").status_code == 422
    other = theirs.post("/v1/meetings", meeting(title="other"), key="monday")
    assert other.status_code == 201
    assert theirs.items("/v1/meetings")[0]["id"] == other.json["id"]


def test_a_ref_of_one_ledger_means_nothing_in_another(ours: Api, theirs: Api) -> None:
    said = {"occurred": ON, "actor": {"id": "a", "role": "system", "unit": "unknown"}, "basis": "document"}
    opened = {"key": "1", "command": "meeting.scheduled", "ref": "m1", "body": {"kind": "dialogue_meeting"}, **said}
    minuted = {"key": "2", "command": "meeting.minuted", "$ref": "m1", "body": {"minutes": "x"}, **said}
    assert [each.result for each in _imported(ours, opened, minuted)] == ["recorded", "recorded"]
    [outcome] = _imported(theirs, minuted)
    assert outcome.result == "refused"
    [outcome] = _imported(theirs, opened)
    assert outcome.result == "recorded"
    assert theirs.items("/v1/meetings")[0]["version"] == 1


def _imported(api: Api, *lines: dict[str, Any]) -> list[Any]:
    services, features = api.running.services, api.running.features
    importer = Importer(api.running.store(api.ledger), features, "list", services.clock, services.new_id)
    return list(importer.run([json.dumps(line).encode() for line in lines]))


def test_tokens_of_another_ledger_are_neither_seen_nor_revoked(ours: Api, theirs: Api) -> None:
    made = ours.post("/v1/tokens", {"role": "evaluator", "actor": "e"}, role="administrator").json
    assert made["id"] not in repr(theirs.items("/v1/tokens", role="administrator"))
    path = f"/v1/tokens/{made['id']}"
    answers = [theirs.send("DELETE", each, role="administrator") for each in (path, f"/v1/tokens/{uuid4()}")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert told(answers[0]) == told(answers[1])
    header = {"Authorization": f"Bearer {made['token']}"}
    assert ours.get("/v1/meetings", role=None, headers=header).status_code == 200
