"""Who may do what: every operation, every role, every kind of token; and what a token is at rest."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from api import auth
from api.app import contract
from api.bootstrap import Running, features
from api.rest import Operation
from tests.bodies import opened
from tests.conftest import ROLES, Api, Clock, meeting, open_api

MAY = {
    "caseworker": {"records:read", "records:write", "tables:read", "codebook:read", "self:read"},
    "coordinator": {"records:read", "records:write", "tables:read", "codebook:read", "audit:read", "self:read"},
    "evaluator": {
        "records:read",
        "tables:read",
        "feed:read",
        "codebook:read",
        "health:read",
        "audit:read",
        "self:read",
    },
    "system": {"records:write", "feed:read", "codebook:read", "self:read"},
    "researcher": {"codebook:read", "self:read"},
    "administrator": {"tokens:manage", "health:read", "self:read"},
}
AGREED = {"system": {"feed:persons"}}
OPEN_TO_ALL = {"/health/live", "/health/ready", "/problems/{slug}"}
OPERATIONS = contract(features()).operations
GUARDED = [operation for operation in OPERATIONS if operation.scope]
NOBODY = UUID(int=0)


def send(api: Api, operation: Operation, token: str | None, **path: Any) -> TestResponse:
    """The operation, sent bare: without body or version, to a record that is not there unless `path` says which."""
    listed = "input.answer" if operation.tag == "work-lists" else "roles"
    tables = {"table": "deviations", "codelist": "rules"}
    values = {"record": NOBODY, "token": NOBODY, "list": listed, "set": "individual_plan_2003", **tables, **path}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    query = "?from=0" if operation.path.endswith("/differences") else ""
    return api.send(operation.method, operation.path.format(**values) + query, role=None, headers=headers)


def allowed(operation: Operation) -> int:
    """What the operation, sent bare, answers to whom it lets in."""
    if operation.body:
        return 415
    if operation.path.endswith("/members") and any(each.required for each in operation.query._declared_fields.values()):
        return 422
    return 404 if "{record}" in operation.path or "{token}" in operation.path else 200


def test_the_roles_have_these_scopes_and_no_others() -> None:
    assert auth.ROLES == MAY
    assert auth.AGREED == AGREED
    assert set().union(*MAY.values(), *AGREED.values()) == auth.SCOPES.keys()


def test_only_these_operations_are_open_to_all(sqlite_api: Api) -> None:
    assert {operation.path for operation in OPERATIONS if operation.scope is None} == OPEN_TO_ALL
    assert {operation.scope for operation in GUARDED} == auth.SCOPES.keys() - {auth.PERSONS}
    rules = sqlite_api.client.application.url_map.iter_rules()
    assert {rule.endpoint for rule in rules} == {operation.name for operation in OPERATIONS} | {"get_contract"}


def test_a_token_opens_what_its_role_may_and_nothing_else(sqlite_api: Api) -> None:
    for operation in GUARDED:
        for role in ROLES:
            expected = allowed(operation) if operation.scope in MAY[role] else 403
            answer = send(sqlite_api, operation, sqlite_api.token(role))
            assert answer.status_code == expected, (operation.name, role)


def test_nothing_opens_without_a_token_that_holds(sqlite_api: Api, clock: Clock) -> None:
    access = sqlite_api.running.access
    for role in ROLES:
        expired, revoked = sqlite_api.token(role, days=1), sqlite_api.token(role, actor="left")
        [left] = [grant for grant in access.list(sqlite_api.ledger, clock.now) if grant.actor == "left"]
        assert access.revoke(sqlite_api.ledger, left.id, clock.now)
        clock.now += 86_400_000_000
        good = sqlite_api.token(role)
        forged = good[:-5] + ("AAAAA" if good[-5:] != "AAAAA" else "BBBBB")
        for token in (None, "garbage", "mv_", "mv_Ã¦", good[3:], forged, expired, revoked):
            for operation in GUARDED:
                answer = send(sqlite_api, operation, token)
                assert answer.status_code == 401, (operation.name, role, token)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")
                assert answer.json["type"] == "/problems/unauthenticated"
                assert "Medvirkning-Ledger" not in answer.headers


def test_another_ledgers_token_opens_its_own_ledger_alone(sqlite_running: Running) -> None:
    ours, theirs = open_api(sqlite_running), open_api(sqlite_running, "1508", "Ålesund")
    ids = {feature.url.rpartition("/")[2]: opened(ours, feature) for feature in features()}
    for operation in GUARDED:
        noun = operation.path.partition("/{record}")[0].rpartition("/")[2]
        path = {"record": ids[noun]} if "{record}" in operation.path else {}
        for role in ROLES:
            expected = allowed(operation) if operation.scope in MAY[role] else 403
            answer = send(theirs, operation, theirs.token(role), **path)
            assert answer.status_code == expected, (operation.name, role)
            assert expected == 403 or answer.headers["Medvirkning-Ledger"] == "1508; synthetic"


@pytest.mark.parametrize("scheme", ["Basic {}", "bearer{}", "Token {}", "{}", "Bearer", "Bearer {} {}"])
def test_a_token_is_read_from_the_bearer_scheme_alone(scheme: str, sqlite_api: Api) -> None:
    token = sqlite_api.token("evaluator")
    header = {"Authorization": scheme.format(token, token)}
    assert sqlite_api.get("/v1/meetings", role=None, headers=header).status_code == 401
    assert sqlite_api.get(f"/v1/meetings?access_token={token}", role=None).status_code == 401
    sqlite_api.client.set_cookie("Authorization", f"Bearer {token}")
    assert sqlite_api.get("/v1/meetings", role=None).status_code == 401


def test_the_scheme_may_be_written_in_any_case(sqlite_api: Api) -> None:
    header = {"Authorization": f"bEARER {sqlite_api.token('evaluator')}"}
    assert sqlite_api.get("/v1/meetings", role=None, headers=header).status_code == 200


def test_a_role_nobody_knows_opens_nothing(sqlite_api: Api, clock: Clock) -> None:
    token, _ = sqlite_api.running.access.create(
        ledger=sqlite_api.ledger,
        role="privacy_officer",
        unit="not_recorded",
        actor="a",
        client="a",
        scopes=frozenset(auth.SCOPES),
        now_us=clock.now,
        expires_at=clock.now * 2,
    )
    for operation in GUARDED:
        assert send(sqlite_api, operation, token).status_code == 403


def test_a_scope_taken_from_a_role_is_closed_to_its_live_tokens(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sqlite_api.get("/v1/events").status_code == 200
    monkeypatch.setitem(auth.ROLES, "evaluator", frozenset({auth.READ}))
    assert sqlite_api.get("/v1/events").status_code == 403
    assert sqlite_api.get("/v1/meetings").status_code == 200


def test_a_scope_given_to_a_role_later_is_not_given_to_tokens_made_before(
    sqlite_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sqlite_api.token("researcher")
    monkeypatch.setitem(auth.ROLES, "researcher", frozenset({auth.READ, auth.CODEBOOK}))
    header = {"Authorization": f"Bearer {token}"}
    assert sqlite_api.get("/v1/meetings", role=None, headers=header).status_code == 403


def test_a_wrong_request_is_refused_for_the_first_thing_wrong_with_it(sqlite_api: Api) -> None:
    """Authenticate, scope, syntax and the version's absence, visible, key, version, rule: in that order."""
    api = sqlite_api
    record = api.post("/v1/meetings", meeting()).json["id"]
    faulty, fine = {"no": "such member"}, {"occurred": {"from": "2026-02-02", "to": "2026-02-02"}}
    breaking = {**fine, "interpreter_need": "not_assessed"}
    there, elsewhere = f"/v1/meetings/{record}/holding", f"/v1/meetings/{NOBODY}/holding"
    api.put(f"/v1/meetings/{record}/minutes", fine, match='"1"', key="used")
    for status, path, body, more in (
        (401, elsewhere, faulty, {"role": None}),
        (403, elsewhere, faulty, {"role": "evaluator"}),
        (422, elsewhere, faulty, {}),
        (428, elsewhere, fine, {}),
        (404, elsewhere, breaking, {"match": '"7"', "key": "used"}),
        (422, there, breaking, {"match": '"7"', "key": "used"}),
        (412, there, breaking, {"match": '"7"', "key": "new"}),
        (409, there, breaking, {"match": '"2"', "key": "new"}),
    ):
        answer = api.put(path, body, **more)
        assert answer.status_code == status, answer.json


def test_tokens_are_kept_as_digests(api: Api) -> None:
    token = api.token("caseworker")
    access = api.running.access
    with access.engine.connect() as connection:
        [row] = connection.execute(select(access.tokens)).all()
    assert len(row.digest) == 32
    assert token.removeprefix("mv_") not in repr(tuple(row))
    assert token.removeprefix("mv_").encode() not in b"".join(_files(api.running.config.data))


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def test_a_digest_copied_to_another_ledgers_row_opens_nothing(api: Api) -> None:
    other = open_api(api.running, "1508", "Ålesund")
    token, access = api.token("caseworker"), api.running.access
    with access.engine.begin() as connection:
        connection.execute(access.tokens.update().values(ledger=other.ledger))
    header = {"Authorization": f"Bearer {token}"}
    assert api.get("/v1/meetings", role=None, headers=header).status_code == 401


def test_tokens_are_listed_without_their_secret_and_revoked_at_once(api: Api) -> None:
    body = {"role": "evaluator", "actor": "e-17", "days": 2}
    made = api.post("/v1/tokens", body, role="administrator")
    assert made.status_code == 201
    header = {"Authorization": f"Bearer {made.json['token']}"}
    assert api.get("/v1/meetings", role=None, headers=header).status_code == 200
    listed = api.items("/v1/tokens", role="administrator")
    assert {key: value for key, value in made.json.items() if key != "token"} in listed
    assert made.json["token"] not in repr(listed)
    path = f"/v1/tokens/{made.json['id']}"
    assert api.send("DELETE", path, role="administrator").status_code == 204
    assert api.get("/v1/meetings", role=None, headers=header).status_code == 401
    assert api.send("DELETE", path, role="administrator").status_code == 404
    assert made.json["id"] not in [each["id"] for each in api.items("/v1/tokens", role="administrator")]


def test_a_token_ends_on_the_very_microsecond(sqlite_api: Api, clock: Clock) -> None:
    end = int(datetime(2026, 3, 9, 12, tzinfo=UTC).timestamp()) * 1_000_000
    token, _ = sqlite_api.running.access.create(
        ledger=sqlite_api.ledger,
        role="researcher",
        unit="not_recorded",
        actor="a",
        client="a",
        scopes=auth.ROLES["researcher"],
        now_us=clock.now,
        expires_at=end,
    )
    access = sqlite_api.running.access
    assert access.authenticate(token, end - 1)
    assert access.authenticate(token, end) is None
    clock.now = end
    assert all(each["role"] != "researcher" for each in sqlite_api.items("/v1/tokens", role="administrator"))


@pytest.mark.parametrize(
    "wrong",
    [{"role": "privacy_officer"}, {"days": 367}, {"days": 0}, {"actor": "two words"}, {"scopes": ["records:read"]}],
)
def test_no_token_is_made_of_what_is_wrong(wrong: dict[str, Any], sqlite_api: Api) -> None:
    body = {"role": "evaluator", "actor": "e-17", **wrong}
    assert sqlite_api.post("/v1/tokens", body, role="administrator").status_code == 422
