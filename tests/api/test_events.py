"""The event feed: every event once, in ledger order, as CloudEvents without text."""

import re
from typing import Any

import pytest

from api import events
from api.bootstrap import codec
from domain.events import text_fields
from tests.conftest import ON, Api, an_input, meeting

FEED = "/v1/events"
CANARY = "Sidensvansen satt i rogna"


@pytest.fixture
def busy(sqlite_api: Api) -> Api:
    """A ledger with ten events, personal text in most of them."""
    api = sqlite_api
    path = api.post("/v1/meetings", meeting(title=CANARY, place=CANARY, agenda=CANARY)).headers["Location"]
    body = {"occurred": ON, "interpreter_need": "not_assessed"}
    body |= {"deviations": [{"rule": "meeting.interpreter_need_not_assessed", "reason": CANARY}]}
    api.put(f"{path}/holding", body, match='"1"')
    api.put(f"{path}/minutes", {"occurred": ON, "minutes": CANARY}, match='"2"')
    event = api.get(f"{path}/history").json["items"][2]["event_id"]
    correction = {"event_id": event, "replacement": {"occurred": ON, "minutes": CANARY}, "reason": CANARY}
    api.post(f"{path}/corrections", correction, match='"3"')
    api.post(f"{path}/retractions", {"event_id": event, "reason": CANARY}, match='"4"')
    raised = api.post("/v1/inputs", an_input(said=CANARY)).headers["Location"]
    api.post(f"{raised}/answers", {"occurred": ON, "answer": CANARY}, match='"1"')
    api.post("/v1/inputs", an_input(said=CANARY))
    api.post("/v1/meetings", meeting(title=CANARY))
    return api


def following(link: str) -> str:
    """The URL a `Link` header names as next."""
    found = re.fullmatch(r'<([^>]+)>; rel="next"', link)
    assert found, link
    return found[1]


def read(api: Api, path: str) -> list[dict[str, Any]]:
    """The feed from there to its end, page by page."""
    found: list[dict[str, Any]] = []
    while True:
        page = api.get(path)
        assert (page.status_code, page.mimetype) == (200, "application/cloudevents-batch+json")
        if not page.json:
            return found
        found += page.json
        path = following(page.headers["Link"])


def test_pages_together_are_every_event_once_in_ledger_order(busy: Api) -> None:
    for limit in (1, 3, 10, 200):
        found = read(busy, f"{FEED}?limit={limit}")
        assert [int(event["sequence"]) for event in found] == list(range(1, 11))
        assert [event["sequence"] for event in found] == sorted(event["sequence"] for event in found)
        assert len({event["id"] for event in found}) == 10


def test_an_event_is_a_cloud_event(busy: Api) -> None:
    held = busy.get(f"{FEED}?after=2&limit=1").json[0]
    data = held.pop("data")
    history = busy.get(f"/v1/meetings/{held['subject']}/history").json["items"][1]
    assert held == {
        "specversion": "1.0",
        "id": history["event_id"],
        "source": f"urn:uuid:{busy.ledger}",
        "type": "meeting.held.v1",
        "subject": held["subject"],
        "time": history["recorded_at"],
        "sequence": f"{history['position']:020d}",
        "datacontenttype": "application/json",
    }
    assert data["occurred"] == ON
    assert data["deviations"] == ["meeting.interpreter_need_not_assessed"]
    assert data["version"] == 2
    assert data["interpreter_need"] == "not_assessed"


def test_the_feed_never_holds_text(busy: Api) -> None:
    feed = busy.get(FEED)
    assert CANARY not in feed.get_data(as_text=True)
    sealed = {name: {*text_fields(kind)} for name, kind in codec().classes.items()}
    for event in feed.json:
        name = event["type"].removesuffix(".v1")
        assert not sealed[name] & event["data"].keys()
        assert not {"title", "place", "agenda", "minutes", "said"} & event["data"].get("replacement", {}).keys()
        assert "recorded_by" not in event["data"]


def test_one_type_alone_is_read(busy: Api) -> None:
    found = read(busy, f"{FEED}?type=meeting.scheduled.v1&limit=1")
    assert [event["sequence"][-2:] for event in found] == ["02", "10"]
    answer = busy.get(f"{FEED}?type=meeting.scheduled.v2")
    assert (answer.json, answer.headers["Position"]) == ([], "10")


def test_a_rare_type_is_looked_for_a_stretch_at_a_time(busy: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SCAN", 4)
    first = busy.get(f"{FEED}?type=input.answered.v1")
    assert (first.json, first.headers["Position"]) == ([], "4")
    second = busy.get(following(first.headers["Link"]))
    assert ([event["type"] for event in second.json], second.headers["Position"]) == (["input.answered.v1"], "8")


def test_a_reader_resumes_where_it_stopped(busy: Api) -> None:
    end = busy.get(f"{FEED}?limit=200")
    assert end.headers["Position"] == "10"
    quiet = busy.get(following(end.headers["Link"]))
    assert (quiet.status_code, quiet.json, quiet.headers["Position"]) == (200, [], "10")
    assert following(quiet.headers["Link"]) == following(end.headers["Link"])
    position = busy.post("/v1/inputs", an_input()).headers["Position"]
    [news] = busy.get(following(quiet.headers["Link"])).json
    assert int(news["sequence"]) == int(position) == 11


def test_what_the_feed_cannot_answer_is_pointed_at(busy: Api) -> None:
    for query, pointer in (
        ("after=11", "/query/after"),
        ("after=-1", "/query/after"),
        ("after=1.0", "/query/after"),
        (f"after={2**60}", "/query/after"),
        ("limit=0", "/query/limit"),
        ("limit=201", "/query/limit"),
        ("type=meeting.held", "/query/type"),
        ("type=meeting.held.v1%0A", "/query/type"),
        ("wait=61", "/query/wait"),
    ):
        answer = busy.get(f"{FEED}?{query}")
        assert (answer.status_code, [each["pointer"] for each in answer.json["errors"]]) == (422, [pointer])


def test_the_feed_does_not_wait_for_the_views(busy: Api) -> None:
    position = busy.post("/v1/inputs", an_input()).headers["Position"]
    headers = {"Authorization": f"Bearer {busy.token('system')}"}
    answer = busy.client.get(f"{FEED}?after=10", headers=headers)
    assert [event["sequence"] for event in answer.json] == [position.zfill(20)]
