"""Waiting for news: long polls and streams of the feed, who may read of persons, and how many may wait at once."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from api import auth
from api.waits import Crowded, Waits
from domain.meetings import Meeting
from tests.conftest import Api, an_input, meeting
from tests.features.conftest import Record

FEED = "/v1/events"
SSE = {"Accept": "text/event-stream"}


@pytest.fixture
def personal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meetings count as records about one person."""
    monkeypatch.setattr(Meeting, "personal", True)


def later(seconds: float, act: Any) -> threading.Thread:
    thread = threading.Thread(target=lambda: (time.sleep(seconds), act()))
    thread.start()
    return thread


def frames(chunks: Iterator[bytes], wanted: int) -> list[dict[str, str]]:
    """The first events of a stream that say something, as a reader takes them apart."""
    found: list[dict[str, str]] = []
    for chunk in chunks:
        frame = dict(line.split(": ", 1) for line in chunk.decode().splitlines() if ": " in line)
        if "id" in frame:
            found.append(frame)
        if len(found) == wanted:
            return found
    return found


def test_a_long_poll_answers_as_soon_as_there_is_news(api: Api) -> None:
    waiting = later(0.3, lambda: api.post("/v1/meetings", meeting()))
    began = time.monotonic()
    answer = api.send("GET", f"{FEED}?after=1&wait=20", role="evaluator")
    waiting.join()
    assert [event["type"] for event in answer.json] == ["meeting.scheduled.v1"]
    assert answer.headers["Position"] == "2"
    assert time.monotonic() - began < 15


def test_a_long_poll_without_news_is_an_empty_page_that_says_where_to_read_on(sqlite_api: Api) -> None:
    answer = sqlite_api.get(f"{FEED}?after=1&wait=1")
    assert (answer.status_code, answer.json, answer.headers["Position"]) == (200, [], "1")


def test_a_long_poll_for_one_type_is_not_ended_by_another(sqlite_api: Api) -> None:
    waiting = later(0.2, lambda: sqlite_api.post("/v1/meetings", meeting()))
    answer = sqlite_api.send("GET", f"{FEED}?after=1&wait=2&type=input.raised.v1", role="evaluator")
    waiting.join()
    assert (answer.json, answer.headers["Position"]) == ([], "2")


def test_a_stream_begins_after_the_last_event_read_and_goes_on_with_news(api: Api) -> None:
    api.post("/v1/meetings", meeting())
    api.post("/v1/inputs", an_input())
    answer = api.get(FEED, headers={**SSE, "Last-Event-ID": "2"}, buffered=False)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert answer.headers["X-Accel-Buffering"] == "no"
    waiting = later(0.3, lambda: api.post("/v1/meetings", meeting()))
    found = frames(answer.iter_encoded(), 2)
    waiting.join()
    answer.close()
    assert [(frame["id"], frame["event"]) for frame in found] == [
        ("3", "input.raised.v1"),
        ("4", "meeting.scheduled.v1"),
    ]
    assert [msgspec.json.decode(frame["data"])["sequence"] for frame in found] == [f"{n:020d}" for n in (3, 4)]


def test_a_stream_ends_when_its_token_is_revoked(sqlite_api: Api) -> None:
    api = sqlite_api
    token = api.token("evaluator", actor="looker")
    answer = api.send("GET", FEED, role=None, headers={**SSE, "Authorization": f"Bearer {token}"}, buffered=False)
    chunks = answer.iter_encoded()
    assert frames(chunks, 1)[0]["id"] == "1"
    [row] = [
        row for row in api.send("GET", "/v1/tokens", role="administrator").json["items"] if row["actor"] == "looker"
    ]
    assert api.send("DELETE", f"/v1/tokens/{row['id']}", role="administrator").status_code == 204
    assert frames(chunks, 1) == []
    answer.close()


def test_a_stream_ends_when_the_server_stops(sqlite_api: Api) -> None:
    answer = sqlite_api.get(f"{FEED}?after=1", headers=SSE, buffered=False)
    later(0.2, sqlite_api.running.stopping.set).join()
    assert frames(answer.iter_encoded(), 1) == []
    answer.close()


def test_a_stream_filtered_by_type_moves_its_readers_place_on(sqlite_api: Api) -> None:
    sqlite_api.post("/v1/meetings", meeting())
    answer = sqlite_api.get(f"{FEED}?type=input.raised.v1", headers=SSE, buffered=False)
    [frame] = frames(answer.iter_encoded(), 1)
    answer.close()
    assert frame == {"id": "2"}


@pytest.mark.usefixtures("personal")
def test_events_about_persons_come_only_to_a_system_with_an_agreement(sqlite_api: Api) -> None:
    api = sqlite_api
    record = Record(api, "meetings", "scheduled", {"from": None, "to": None}, kind="interview", title="Kanari")
    record.correct(1, {"from": None, "to": None}, kind="theme_evening")
    api.post("/v1/inputs", an_input())

    def types(token: str) -> list[str]:
        answer = api.send("GET", FEED, role=None, headers={"Authorization": f"Bearer {token}"})
        assert answer.headers["Position"] == "4"
        return [event["type"] for event in answer.json]

    without = ["ledger.opened.v1", "input.raised.v1"]
    assert types(api.token("system")) == types(api.token("evaluator")) == without
    agreed = api.token("system", actor="kobo", agreement=True)
    assert types(agreed) == ["ledger.opened.v1", "meeting.scheduled.v1", "meeting.corrected.v1", "input.raised.v1"]
    answer = api.send("GET", FEED, role=None, headers={"Authorization": f"Bearer {agreed}"})
    assert "Kanari" not in answer.get_data(as_text=True)


def test_an_agreement_is_for_systems_alone(sqlite_api: Api) -> None:
    body = {"role": "caseworker", "actor": "k1", "agreement": True}
    answer = sqlite_api.post("/v1/tokens", body, role="administrator")
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/agreement")
    made = sqlite_api.post("/v1/tokens", {**body, "role": "system"}, role="administrator")
    assert made.status_code == 201
    assert auth.PERSONS in made.json["scopes"]


def test_no_more_than_a_quarter_of_the_threads_wait(sqlite_api: Api) -> None:
    waits = sqlite_api.running.services.waits
    for _ in range(sqlite_api.running.config.threads // 4):
        waits.take()
    for query in ("?after=1&wait=5", "?after=1"):
        answer = sqlite_api.get(FEED + query, headers=SSE if "wait" not in query else None)
        assert (answer.status_code, answer.json["type"]) == (503, "/problems/crowded")
        assert answer.headers["Retry-After"] == "1"
    assert sqlite_api.get(f"{FEED}?wait=5").status_code == 200, "there is news: nobody has to wait"
    assert sqlite_api.get("/v1/meetings").status_code == 200


def test_a_seat_is_given_back() -> None:
    waits = Waits(4, 1, threading.Event())
    with waits.seat(), pytest.raises(Crowded), waits.seat():
        raise AssertionError("there is one seat")
    with waits.seat():
        pass


def test_what_the_feed_says_is_a_cloud_event_to_the_official_sdk(sqlite_api: Api) -> None:
    path = sqlite_api.post("/v1/meetings", meeting()).headers["Location"]
    sqlite_api.post(f"{path}/invitations", {"occurred": meeting()["occurred"], "invited": 12}, match="*")
    for told in sqlite_api.get(FEED).json:
        event = JSONFormat().read(CloudEvent, msgspec.json.encode(told))
        assert event.get_specversion() == "1.0"
        assert event.get_type() == told["type"]
        assert event.get_time().astimezone(UTC) == datetime.fromisoformat(told["time"])
        assert event.get_data() == told["data"]
        assert event.get_extension("sequence") == told["sequence"]
        assert msgspec.json.decode(JSONFormat().write(event)) | {"time": told["time"]} == told
