"""Every operation keeps the contract: schemathesis sends what it allows and what it forbids, and judges the answers."""

import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response

from api import auth, openapi
from api.app import VERSION, contract
from api.bootstrap import bootstrap, features, migrate
from api.config import Config
from tests.bodies import opened
from tests.conftest import Api, Clock, Ids, open_api

CI = os.environ.get("MEDVIRKNING_COUNTS") == "ci"
LEAST = 2_000 if CI else 300
TOLD_IN_WORDS = (
    "as_of",
    "from",
    "to",
    "on",
    "recorded_",
    "cursor",
    "min_position",
    "after",
    "valuecodes",
    "/agreement",
)
"""Members whose valid values depend on the ledger or on another member; a schema cannot list them."""

COVERED = ["meeting_minuted", "list_events"]
if CI:
    nouns = {feature.noun for feature in features()} - {"meetings", "participants"}
    COVERED = [each.name.replace(".", "_") for each in contract(features()).operations if each.tag not in nouns]

CONFIG = {
    "seed": 1504,
    "suppress-health-check": ["all"],
    "generation": {"deterministic": True, "max-examples": 12 if CI else 4, "no-shrink": True},
    # The systematic cases (each member missing, too long, of another type; other methods and media types) are
    # thousands: here of one command and one list; in CI of two nouns and of every operation that is no noun's.
    "phases": {"coverage": {"enabled": False}},
    "operations": [{"include-operation-id": COVERED, "phases": {"coverage": {"enabled": True}}}],
    # Valid data may meet a stale version or an impossible day: `refused_only_for_its_content` judges that.
    "checks": {
        "missing_required_header": {"expected-statuses": [400, 428]},
        "positive_data_acceptance": {"expected-statuses": ["2xx", 304, 404, 409, 412, 422]},
    },
}


class Door:
    """The WSGI application the cases are sent to; tests are collected before it is there."""

    application: Callable[..., Any]

    def __call__(self, *request: Any) -> Any:
        return self.application(*request)


@dataclass
class Served:
    """A ledger with some records in it, and what was sent to it and answered."""

    api: Api
    records: dict[str, list[str]]
    sent: Counter[str] = field(default_factory=Counter)
    answered: Counter[int] = field(default_factory=Counter)


schema = schemathesis.openapi.from_dict(
    openapi.document(contract(features()), VERSION), config=SchemathesisConfig.from_dict(CONFIG)
)
schema.app = Door()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    config = Config(data=tmp_path_factory.mktemp("contract"), longest_wait=1)
    migrate(config)
    running = bootstrap(config, clock=Clock(), new_id=Ids())
    api = open_api(running)
    schema.app.application = api.client.application
    yield Served(
        api,
        {feature.url.rpartition("/")[2]: [opened(api, feature) for _ in range(4)] for feature in features()},
    )
    running.close()


@schema.parametrize()
def test_every_operation_keeps_the_contract(case: schemathesis.Case, served: Served) -> None:
    headers = {}
    for security in case.operation.definition.raw["security"]:
        [scope] = security["bearer"]
        role = next(role for role, scopes in auth.ROLES.items() if scope in scopes)
        headers["Authorization"] = f"Bearer {served.api.token(role)}"
    _aim(case, served)
    served.api.running.ledger_views(served.api.ledger).catch_up()
    answer = case.call_and_validate(headers=headers, additional_checks=[refused_only_for_its_content])
    served.sent[case.operation.label] += 1
    served.answered[answer.status_code] += 1


def test_enough_cases_were_sent_and_met_every_kind_of_answer(served: Served) -> None:
    assert served.sent.total() >= LEAST
    assert len(served.sent) == len(contract(features()).operations)
    # A few hundred cases need not meet a valid command at a stale version, or a rule that is broken.
    rare = {204, 409, 412} if CI else set()
    assert ({200, 201, 400, 404, 422, 428} | rare) - {*served.answered} == set()


def refused_only_for_its_content(ctx: CheckContext, response: Response, case: schemathesis.Case) -> None:
    """What a schema can say, it does: valid data is never refused as not being as the contract says."""
    valid = case.meta is not None and case.meta.generation.mode.is_positive
    if not valid or response.status_code != 422 or response.json()["type"] != "/problems/unprocessable":
        return
    # Which body replaces an event depends on the event.
    told = (*TOLD_IN_WORDS, "/replacement/") if case.path.endswith("/corrections") else TOLD_IN_WORDS
    pointers = [fault["pointer"].removeprefix("/query/") for fault in response.json()["errors"]]
    assert all(pointer.startswith(told) for pointer in pointers), response.json()


def _aim(case: schemathesis.Case, served: Served) -> None:
    """Aims half of the cases at a record that is there, at the version it has, and at one of its events."""
    chance = zlib.crc32(repr((case.path_parameters, case.headers, case.body)).encode())
    if chance % 2 or _forbidden(case, ParameterLocation.PATH):
        return
    if "token" in case.path_parameters:
        made = served.api.post("/v1/tokens", {"role": "researcher", "actor": "a"}, role="administrator")
        case.path_parameters["token"] = made.json["id"]
    if "record" not in case.path_parameters:
        return
    noun = case.path.partition("/{record}")[0].rpartition("/")[2]
    records = served.records[noun]
    path = f"/v1/{noun}/{records[chance % len(records)]}"
    case.path_parameters["record"] = path.rpartition("/")[2]
    if "If-Match" in case.headers and not _forbidden(case, ParameterLocation.HEADER):
        case.headers["If-Match"] = served.api.get(path).headers["ETag"]
    if isinstance(case.body, dict) and "event_id" in case.body and not _forbidden(case, ParameterLocation.BODY):
        entries = served.api.get(f"{path}/history").json["items"]
        case.body["event_id"] = entries[chance % len(entries)]["event_id"]


def _forbidden(case: schemathesis.Case, where: ParameterLocation) -> bool:
    return case.meta is not None and case.meta.is_negative_at(where)
