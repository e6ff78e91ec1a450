"""Lists in pages whose cursors pin position and day, and answers that wait for what was just recorded."""

import base64
import threading
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api import pages
from api.bootstrap import Running
from tests.conftest import ON, TODAY, Api, Clock, an_input, meeting, open_api

MEETINGS = "/v1/meetings"


@pytest.fixture
def five(sqlite_api: Api) -> tuple[Api, list[str]]:
    """Five meetings, newest first."""
    ids = [str(sqlite_api.post(MEETINGS, meeting()).json["id"]) for _ in range(5)]
    return sqlite_api, ids[::-1]


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["id"] for item in items]


def test_pages_together_are_the_list_newest_first(five: tuple[Api, list[str]]) -> None:
    api, newest_first = five
    for limit in (1, 2, 3, 5, 200):
        seen, following = [], f"{MEETINGS}?limit={limit}"
        while following:
            page = api.get(following).json
            assert {*page} == {"items", "next"}
            assert len(page["items"]) == min(limit, 5 - len(seen))
            seen += ids(page["items"])
            following = page["next"]
            assert following is None or following.startswith(f"{MEETINGS}?")
        assert seen == newest_first


def test_an_empty_list_is_one_empty_page(sqlite_api: Api) -> None:
    answer = sqlite_api.get("/v1/inputs")
    assert answer.json == {"items": [], "next": None}
    assert answer.headers["Position"] == "1"


def test_a_cursor_pins_the_position(five: tuple[Api, list[str]]) -> None:
    api, newest_first = five
    first = api.get(f"{MEETINGS}?limit=2&state=scheduled")
    api.post(MEETINGS, meeting())
    for record in newest_first[1:4]:
        api.put(f"{MEETINGS}/{record}/cancellation", {"occurred": ON}, match='"1"')
    second = api.get(first.json["next"])
    third = api.get(second.json["next"])
    assert ids(first.json["items"] + second.json["items"] + third.json["items"]) == newest_first
    assert {page.headers["Position"] for page in (first, second, third)} == {"6"}
    assert all(row["state"] == "scheduled" for row in second.json["items"])
    assert len(api.items(f"{MEETINGS}?state=scheduled")) == 3


def test_a_cursor_pins_the_day(five: tuple[Api, list[str]], clock: Clock) -> None:
    api, newest_first = five
    clock.at(datetime(2026, 3, 10, 9, tzinfo=UTC))
    api.put(
        f"{MEETINGS}/{newest_first[3]}/cancellation",
        {"occurred": {"from": "2026-03-09", "to": "2026-03-09"}},
        match='"1"',
    )
    first = api.get(f"{MEETINGS}?limit=2&on=2026-03-08").json
    clock.at(datetime(2026, 3, 20, 9, tzinfo=UTC))
    rows = first["items"] + api.items(first["next"])
    assert ids(rows) == newest_first
    assert {row["state"] for row in rows} == {"scheduled"}
    assert "on=" not in first["next"]


def test_filters_hold_on_every_page_and_bind_the_cursor(five: tuple[Api, list[str]]) -> None:
    api, _ = five
    wanted = [str(api.post(MEETINGS, meeting(kind="interview", level="system")).json["id"]) for _ in range(3)]
    following = f"{MEETINGS}?kind=interview&limit=1&level=system"
    assert ids(api.items(following)) == wanted[::-1]
    cursor = parse_qs(urlsplit(api.get(following).json["next"]).query)["cursor"][0]
    assert api.get(f"{MEETINGS}?level=system&kind=interview&limit=200&cursor={cursor}").status_code == 200
    for other in ("", "kind=interview", "kind=interview&level=individual", "kind=interview&level=system&state=held"):
        answer = api.get(f"{MEETINGS}?{other}&cursor={cursor}" if other else f"{MEETINGS}?cursor={cursor}")
        assert answer.status_code == 422
        assert [each["pointer"] for each in answer.json["errors"]] == ["/query/cursor"]


def test_a_cursor_no_list_gave_is_refused(five: tuple[Api, list[str]]) -> None:
    api, _ = five
    unsigned = base64.urlsafe_b64encode(b'[6,"2026-03-02",4]').decode()
    wrongly_signed = base64.urlsafe_b64encode(b'[6,"2026-03-02",4,""]').decode().rstrip("=")
    past_the_head = pages.cursor_text(pages.Cursor(7, TODAY, 9), {"path": MEETINGS})
    before_the_first = pages.cursor_text(pages.Cursor(-1, TODAY, 9), {"path": MEETINGS})
    for cursor in ("", "x", "é", "====", "a" * 501, unsigned, wrongly_signed, past_the_head, before_the_first):
        answer = api.get(MEETINGS, query_string={"cursor": cursor})
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/query/cursor"), cursor
    assert api.get(
        MEETINGS, query_string={"cursor": pages.cursor_text(pages.Cursor(6, TODAY, 9), {"path": MEETINGS})}
    ).json["items"]


def test_a_cursor_takes_no_other_time(five: tuple[Api, list[str]]) -> None:
    following = five[0].get(f"{MEETINGS}?limit=2").json["next"]
    for more in ("as_of=2", "on=2026-03-01", "min_position=1"):
        assert five[0].get(f"{following}&{more}").status_code == 422


def test_a_list_waits_until_it_covers_what_was_recorded(running: Running) -> None:
    api = open_api(running)
    running.project()
    for read in (MEETINGS, "/v1/inputs", "/v1/tables/participation-events/data"):
        position = api.post("/v1/inputs", an_input()).headers["Position"]
        headers = {"Authorization": f"Bearer {api.token('evaluator')}"}
        answer = api.client.get(f"{read}?min_position={position}", headers=headers)
        assert answer.status_code == 200
        assert int(answer.headers["Position"]) >= int(position)
        as_of = api.client.get(f"{read}?as_of={position}", headers=headers)
        assert (as_of.status_code, as_of.headers["Position"]) == (200, position)


def test_a_view_fed_by_another_process_is_waited_for_too(sqlite_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WAIT_SECONDS", 60)
    api, headers = sqlite_api, {"Authorization": f"Bearer {sqlite_api.token('evaluator')}"}
    position = api.post(MEETINGS, meeting()).headers["Position"]
    other = replace(api.running.ledger_views(api.ledger))
    feeding = threading.Timer(0.1, other.catch_up)
    feeding.start()
    answer = api.client.get(f"{MEETINGS}?min_position={position}", headers=headers)
    feeding.join()
    assert (answer.status_code, len(answer.json["items"])) == (200, 1)


def test_who_waits_too_long_is_told_to_ask_again(sqlite_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WAIT_SECONDS", 0.02)
    api, headers = sqlite_api, {"Authorization": f"Bearer {sqlite_api.token('evaluator')}"}
    position = api.post(MEETINGS, meeting()).headers["Position"]
    for read in (MEETINGS, "/v1/tables/participation-events/data"):
        for query in (f"min_position={position}", f"as_of={position}"):
            answer = api.client.get(f"{read}?{query}", headers=headers)
            assert (answer.status_code, answer.json["type"]) == (503, "/problems/not-yet")
            assert int(answer.headers["Retry-After"]) > 0
    assert api.client.get(MEETINGS, headers=headers).json["items"] == []
    assert api.get(f"{MEETINGS}?min_position={position}").status_code == 200


def test_nobody_waits_for_what_is_past_the_head(sqlite_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WAIT_SECONDS", 600)
    for read in (MEETINGS, "/v1/tables/participation-events/data"):
        answer = sqlite_api.get(f"{read}?min_position=2")
        assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/query/min_position")
        assert sqlite_api.get(f"{read}?min_position=1").status_code == 200
        assert sqlite_api.get(f"{read}?min_position=0").status_code == 200
