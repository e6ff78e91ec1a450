"""Versions and repeats: nobody overwrites what they have not read, and a repeat does nothing twice."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.app import application
from tests.conftest import ON, Api, an_input, meeting

MEETINGS = "/v1/meetings"
HELD = {"occurred": ON, "interpreter_need": "not_assessed"}
ACCEPTED = {**HELD, "deviations": [{"rule": "meeting.interpreter_need_not_assessed", "reason": "nobody asked"}]}


def path_of(answer: TestResponse) -> str:
    assert answer.status_code == 201, answer.json
    return str(answer.headers["Location"])


def same(answer: TestResponse, first: TestResponse) -> bool:
    """Whether two answers are the same but for the ids of their requests."""
    told = [(each.status_code, each.get_data(), {**each.headers, "X-Correlation-ID": ""}) for each in (answer, first)]
    return told[0] == told[1]


def test_the_etag_is_the_version_and_a_digest_of_the_body(shared: Api) -> None:
    path = path_of(scheduled := shared.post(MEETINGS, meeting()))
    invited = shared.post(f"{path}/invitations", {"occurred": ON, "invited": 3}, match="*")
    for version, answer in ((1, scheduled), (2, invited), (2, shared.get(path))):
        assert re.fullmatch(rf'"{version}\.[0-9a-f]{{16}}"', answer.headers["ETag"])
        assert answer.json["version"] == version
        assert answer.headers["Position"] == str(answer.json["position"])
    assert shared.get(path).headers["ETag"] == invited.headers["ETag"] != scheduled.headers["ETag"]
    assert shared.get(path).get_data() == invited.get_data()


def test_the_version_decides_whether_a_match_is_stale_whatever_the_digest(shared: Api) -> None:
    path = path_of(shared.post(MEETINGS, meeting()))
    body = {"occurred": ON, "minutes": "x"}
    for match in ('"0"', '"2"', '"2.0123456789abcdef"', '"999999999999999999"'):
        stale = shared.put(f"{path}/minutes", body, match=match)
        assert (stale.status_code, stale.json["type"]) == (412, "/problems/stale")
    assert shared.put(f"{path}/minutes", body, match='"1.0123456789abcdef"').status_code == 200
    assert shared.put(f"{path}/minutes", body, match='"1"').status_code == 412
    assert shared.get(path).json["version"] == 2


@pytest.mark.parametrize("match", ["1", '"1", "2"', 'W/"1"', '"x"', '"1.xyz"', "", '"-1"', '"' + "1" * 19 + '"'])
def test_a_match_that_is_no_etag_of_ours_is_malformed(match: str, shared: Api) -> None:
    path = path_of(shared.post(MEETINGS, meeting()))
    answer = shared.put(f"{path}/minutes", {"occurred": ON}, match=match)
    assert (answer.status_code, answer.json["type"]) == (400, "/problems/malformed")


def test_any_version_will_do_for_additive_commands_alone(shared: Api) -> None:
    path, raised = path_of(shared.post(MEETINGS, meeting())), path_of(shared.post("/v1/inputs", an_input()))
    body = {"occurred": ON}
    event = shared.get(f"{path}/history").json["items"][0]["event_id"]
    additive = [f"{path}/invitations", f"{raised}/feedback", f"{raised}/feedback-ratings"]
    for command in additive:
        assert shared.post(command, body, match="*").status_code == 200
        assert shared.post(command, body).status_code == 428
    for command in ("holding", "minutes", "cancellation"):
        assert shared.put(f"{path}/{command}", body, match="*").status_code == 400
    assert shared.post(f"{raised}/answers", body, match="*").status_code == 400
    assert shared.post(f"{path}/retractions", {"event_id": event}, match="*").status_code == 400


def test_a_reader_who_has_it_is_told_so(shared: Api) -> None:
    path = path_of(shared.post(MEETINGS, meeting()))
    tag = shared.get(path).headers["ETag"]
    for asked in (tag, f'"x", {tag}', f'"x",{tag}', f"W/{tag}", "*"):
        answer = shared.get(path, headers={"If-None-Match": asked})
        assert (answer.status_code, answer.get_data()) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert shared.send("HEAD", path, headers={"If-None-Match": asked}).status_code == 304
    for asked in ('"1"', '"1.0123456789abcdef"', ""):
        assert shared.get(path, headers={"If-None-Match": asked}).status_code == 200
    shared.post(f"{path}/invitations", {"occurred": ON}, match="*")
    assert shared.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert shared.get(f"{path}?as_of={answer.headers['Position']}", headers={"If-None-Match": tag}).status_code == 304


def test_a_repeat_answers_the_first_result_however_much_happened_since(api: Api) -> None:
    first = api.post(MEETINGS, meeting(title="the first"), key="k-1")
    path = path_of(first)
    held = api.put(f"{path}/holding", ACCEPTED, match='"1"', key="k-2")
    assert held.json["deviations"][0]["reason"] == "nobody asked"
    event = api.get(f"{path}/history").json["items"][0]["event_id"]
    correction = {"event_id": event, "replacement": meeting(title="another")}
    corrected = api.post(f"{path}/corrections", correction, match='"2"', key="k-3")
    retracted = api.post(f"{path}/retractions", {"event_id": event}, match='"3"', key="k-4")
    assert (corrected.json["title"], retracted.json["retracted"]) == ("another", True)
    head = api.get("/health").json["head"]
    assert same(api.post(MEETINGS, meeting(title="the first"), key="k-1"), first)
    assert same(api.put(f"{path}/holding", ACCEPTED, match='"1"', key="k-2"), held)
    assert same(api.put(f"{path}/holding", ACCEPTED, match='"77"', key="k-2"), held)
    assert same(api.post(f"{path}/corrections", correction, match='"2"', key="k-3"), corrected)
    assert same(api.post(f"{path}/retractions", {"event_id": event}, match='"3"', key="k-4"), retracted)
    assert api.get("/health").json["head"] == head


def test_a_key_is_bound_to_method_path_query_and_body(shared: Api) -> None:
    path = path_of(shared.post(MEETINGS, meeting(title="bound"), key="bound"))
    other = path_of(shared.post(MEETINGS, meeting()))
    body = {"occurred": ON}
    assert shared.post(f"{path}/invitations", body, match="*", key="once").status_code == 200
    for where, what in (
        (MEETINGS, meeting(title="bound!")),
        (MEETINGS, meeting(title="bound", place=None)),
        ("/v1/inputs", an_input()),
        (f"{MEETINGS}/existing", meeting(state="held")),
        (f"{path}/invitations", body),
    ):
        answer = shared.post(where, what, match="*", key="bound")
        assert (answer.status_code, answer.json["type"]) == (422, "/problems/key-reused")
    assert shared.post(f"{other}/invitations", body, match="*", key="once").json["type"] == "/problems/key-reused"


def test_the_same_body_is_the_same_however_it_is_written(shared: Api) -> None:
    spellings = (
        b'{"kind": "interview", "occurred": {"from": null, "to": null}, "title": "\\u00e5"}',
        b'{ "title":"\xc3\xa5","occurred":{"to":null,"from":null},"kind":"interview" }',
    )
    sent = [
        shared.send("POST", MEETINGS, data=spelling, key="spelt", headers={"Content-Type": "application/json"})
        for spelling in spellings
    ]
    assert same(*sent)
    path = path_of(sent[0])
    counts = (b'{"invited": 3, "occurred": {"from": null, "to": null}}',)
    counts += (b'{"invited": 3.0, "occurred": {"from": null, "to": null}}',)
    headers = {"Content-Type": "application/json", "If-Match": "*"}
    assert same(*(shared.send("POST", f"{path}/invitations", data=each, key="n", headers=headers) for each in counts))


def test_a_refusal_leaves_the_key_free(shared: Api) -> None:
    path = path_of(shared.post(MEETINGS, meeting()))
    for body, match, status in (
        ({"occurred": ON, "tally": {"attended": -1}}, '"1"', 422),
        (HELD, None, 428),
        (HELD, '"9"', 412),
        (HELD, '"1"', 409),
        ({**HELD, "occurred": {"from": "2027-01-01", "to": None}}, '"1"', 422),
        (ACCEPTED, '"1"', 200),
        (HELD, '"1"', 422),
    ):
        assert shared.put(f"{path}/holding", body, match=match, key="free").status_code == status
    assert shared.get(path).json["version"] == 2


def test_keys_belong_to_the_client_and_survive_its_next_token(shared: Api) -> None:
    def sent(client: str, role: str = "coordinator", actor: str = "c-1", **members: Any) -> TestResponse:
        token = shared.token(role, actor=actor, client=client)
        headers = {"Authorization": f"Bearer {token}"}
        return shared.post(MEETINGS, meeting(**members), role=None, key="ours", headers=headers)

    first = sent("registry")
    assert same(sent("registry"), first)
    assert same(sent("registry", role="system", actor="c-2"), first)
    assert sent("registry", title="other").status_code == 422
    other = sent("spreadsheet", title="other")
    assert (other.status_code, other.json["title"]) == (201, "other")


def test_without_a_key_every_request_is_a_new_one(shared: Api) -> None:
    ids = {shared.post(MEETINGS, meeting()).json["id"] for _ in range(3)}
    assert len(ids) == 3


def test_parallel_repeats_have_one_effect_and_one_answer(api: Api, counts: Any) -> None:
    api.token("coordinator")

    def send(key: str) -> TestResponse:
        client = replace(api, client=api.client.application.test_client())
        return client.post(MEETINGS, meeting(title=key), key=key)

    keys = [f"key-{n}" for n in range(counts(3, 25))] * 6
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, keys))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == len(set(keys))
    assert len(api.items(f"{MEETINGS}?limit=200")) == len(set(keys))


def test_a_repeat_that_overtakes_the_first_is_recognised_by_the_first(sqlite_api: Api) -> None:
    api, services = sqlite_api, sqlite_api.running.services
    path = path_of(api.post(MEETINGS, meeting()))
    real, overtook = services.ledger(api.ledger), []

    class Overtaken:
        """The ledger's records; between looking for a repeat and reading the record, the repeat is carried out."""

        def __getattr__(self, name: str) -> Any:
            return getattr(real.records, name)

        def repeat(self, command: Any) -> Any:
            found = real.records.repeat(command)
            if not overtook:
                overtook.append(api.put(f"{path}/holding", ACCEPTED, match='"1"', key="twice"))
            return found

    slow = replace(services, ledger=lambda ledger: replace(real, records=Overtaken()))
    first = replace(api, client=application(slow, api.running.features).test_client())
    assert same(first.put(f"{path}/holding", ACCEPTED, match='"1"', key="twice"), overtook[0])
    assert overtook[0].status_code == 200
    assert api.get(path).json["version"] == 2


def test_of_two_who_read_the_same_version_one_is_refused(api: Api) -> None:
    path = path_of(api.post(MEETINGS, meeting()))

    def send(n: int) -> int:
        client = replace(api, client=api.client.application.test_client())
        return client.put(f"{path}/minutes", {"occurred": ON, "minutes": str(n)}, match='"1"').status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == [200, *[412] * 5]
    assert api.get(path).json["version"] == 2


def test_additive_commands_in_parallel_all_get_through_or_are_told(api: Api) -> None:
    path = path_of(api.post("/v1/inputs", an_input()))

    def send(n: int) -> int:
        client = replace(api, client=api.client.application.test_client())
        body = {"occurred": ON, "feedback": str(n)}
        return client.post(f"{path}/feedback", body, match="*").status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(send, range(12)))
    assert {*statuses} <= {200, 412}
    assert api.get(path).json["version"] == 1 + statuses.count(200)
