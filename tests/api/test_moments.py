"""What the ledger knew (`as_of`) and what had happened by then (`on`), on details, histories, lists and tables."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import Api, Clock, meeting

MEETINGS = "/v1/meetings"
TABLE = "/v1/tables/participation-events/data"


def at(*when: int) -> datetime:
    return datetime(*when, tzinfo=UTC)  # type: ignore[arg-type]


def on(day: str) -> dict[str, Any]:
    return {"occurred": {"from": day, "to": day}}


@pytest.fixture
def told(sqlite_api: Api, clock: Clock) -> tuple[Api, str]:
    """A meeting: scheduled on 10 March for the 20th; held on the 20th, told on the 25th; minuted on the 28th."""
    clock.at(at(2026, 3, 10, 9))
    scheduled = sqlite_api.post(MEETINGS, meeting(**on("2026-03-10"), planned_on="2026-03-20"))
    path = scheduled.headers["Location"]
    clock.at(at(2026, 3, 25, 9))
    sqlite_api.put(f"{path}/holding", on("2026-03-20"), match='"1"')
    clock.at(at(2026, 3, 28, 9))
    sqlite_api.put(f"{path}/minutes", {**on("2026-03-28"), "minutes": "said"}, match='"2"')
    clock.at(at(2026, 4, 2, 9))
    return sqlite_api, path


def state(api: Api, path: str, **query: Any) -> str | int:
    """The record's state at a moment, and that detail, list and table agree; or the status of its refusal."""
    asked = urlencode(query)
    detail = api.get(f"{path}?{asked}")
    if detail.status_code not in (200, 404):
        assert api.get(f"{MEETINGS}?{asked}").status_code == detail.status_code
        assert api.get(f"{path}/history?{asked}").status_code == detail.status_code
        assert api.get(f"{TABLE}?{asked}").status_code == detail.status_code
        return detail.status_code
    listed = [row["state"] for row in api.items(f"{MEETINGS}?{asked}")]
    counted = sum(filter(None, api.get(f"{TABLE}?{asked}&valuecodes[record]=meeting").json["value"]))
    if detail.status_code == 404:
        assert (listed, counted) == ([], 0)
        return 404
    assert listed == [detail.json["state"]]
    assert counted == (detail.json["held_from"] is not None)
    return str(detail.json["state"])


def test_as_of_is_what_the_ledger_knew(told: tuple[Api, str]) -> None:
    api, path = told
    for moment, expected in (
        (0, 404),
        (1, 404),
        (2, "scheduled"),
        (3, "held"),
        (4, "minuted"),
        (5, 422),
        ("2025-12-31", 404),
        ("2026-03-09", 404),
        ("2026-03-10", "scheduled"),
        ("2026-03-24", "scheduled"),
        ("2026-03-25", "held"),
        ("2026-04-02", "minuted"),
        ("2026-04-03", 422),
        ("2026-03-25T08:59:59Z", "scheduled"),
        ("2026-03-25T09:00:59Z", "held"),
        ("2026-03-25T10:00:59+01:00", "held"),
        ("2026-03-25t09:00:59.123456789z", "held"),
        ("2026-04-02T23:00:00Z", 422),
        ("9999-12-31", 422),
        ("0001-01-01", 404),
        ("0001-01-01T00:00:00+14:00", 422),
        ("yesterday", 422),
        ("2026-03-25T09:00:59", 422),
        ("2026-02-30", 422),
        ("-1", 422),
        ("٣", 422),
        ("", 422),
    ):
        assert state(api, path, as_of=moment) == expected, moment


def test_on_is_what_had_happened(told: tuple[Api, str]) -> None:
    api, path = told
    for day, expected in (
        ("2026-03-09", 404),
        ("2026-03-10", "scheduled"),
        ("2026-03-19", "scheduled"),
        ("2026-03-20", "held"),
        ("2026-03-27", "held"),
        ("2026-03-28", "minuted"),
        ("2026-04-02", "minuted"),
        ("2026-04-03", 422),
    ):
        assert state(api, path, on=day) == expected, day


def test_the_two_combine(told: tuple[Api, str]) -> None:
    api, path = told
    for moment, day, expected in (
        ("2026-03-24", "2026-03-20", "scheduled"),
        ("2026-03-24", "2026-04-02", "scheduled"),
        ("2026-03-25", "2026-03-19", "scheduled"),
        ("2026-03-25", "2026-03-20", "held"),
        (4, "2026-03-27", "held"),
        (2, "2026-03-09", 404),
        (1, "2026-04-02", 404),
        (3, "2026-04-03", 422),
    ):
        assert state(api, path, as_of=moment, on=day) == expected, (moment, day)


def test_today_means_now_and_a_position_is_the_one_answered(told: tuple[Api, str], clock: Clock) -> None:
    api, path = told
    clock.at(at(2026, 4, 2, 10))
    today = api.get(f"{path}?as_of=2026-04-02")
    assert today.get_data() == api.get(path).get_data()
    api.post(f"{path}/invitations", {**on("2026-03-11"), "invited": 3}, match="*")
    assert api.get(f"{path}?as_of=2026-04-02").json["version"] == 4
    for read in (MEETINGS, TABLE):
        assert api.get(f"{read}?as_of=3").headers["Position"] == "3"
        assert api.get(read).headers["Position"] == "5"
    assert api.get(f"{path}?as_of=4").get_data() == today.get_data()


def test_a_history_is_cut_at_the_position_and_marked_for_the_day(told: tuple[Api, str]) -> None:
    api, path = told

    def shown(query: str) -> list[tuple[str, bool]]:
        return [(each["type"], each["effective"]) for each in api.items(f"{path}/history?{query}")]

    assert shown("") == [("meeting.scheduled", True), ("meeting.held", True), ("meeting.minuted", True)]
    assert shown("as_of=3") == [("meeting.scheduled", True), ("meeting.held", True)]
    assert shown("on=2026-03-19") == [("meeting.scheduled", True), ("meeting.held", False), ("meeting.minuted", False)]
    assert api.get(f"{path}/history?as_of=1").status_code == 404


@pytest.mark.parametrize(
    ("day", "last", "next_day"),
    [
        ("2026-03-29", "2026-03-29T21:59:59.999999Z", "2026-03-29T22:00:00.000000Z"),
        ("2026-03-28", "2026-03-28T22:59:59.999999Z", "2026-03-28T23:00:00.000000Z"),
        ("2026-10-25", "2026-10-25T22:59:59.999999Z", "2026-10-25T23:00:00.000000Z"),
        ("2026-10-24", "2026-10-24T21:59:59.999999Z", "2026-10-24T22:00:00.000000Z"),
    ],
)
def test_a_day_ends_when_it_does_in_oslo(day: str, last: str, next_day: str, sqlite_api: Api, clock: Clock) -> None:
    """On the last Sundays of March and October a day has 23 and 25 hours."""
    clock.at(datetime.fromisoformat(last))
    clock.now -= 10_000_000  # a second passes at each look; the record is told within the day
    late = sqlite_api.post(MEETINGS, meeting(occurred={"from": None, "to": None})).headers["Location"]
    clock.at(datetime.fromisoformat(next_day))
    after = sqlite_api.post(MEETINGS, meeting(occurred={"from": None, "to": None})).headers["Location"]
    clock.now += 7 * 86_400_000_000
    assert sqlite_api.get(f"{late}/history").json["items"][0]["recorded_at"] <= last
    assert sqlite_api.get(f"{after}/history").json["items"][0]["recorded_at"] >= next_day
    assert [row["id"] for row in sqlite_api.items(f"{MEETINGS}?as_of={day}")] == [late.rpartition("/")[2]]
    assert [row["id"] for row in sqlite_api.items(f"{MEETINGS}?as_of={last}")] == [late.rpartition("/")[2]]
    assert sqlite_api.get(f"{after}?on={day}").status_code == 404
    assert sqlite_api.get(f"{late}?on={day}").status_code == 200


def test_the_future_begins_at_midnight_in_oslo(sqlite_api: Api, clock: Clock) -> None:
    clock.at(at(2026, 6, 30, 21, 59))
    assert sqlite_api.get(f"{MEETINGS}?on=2026-07-01").status_code == 422
    assert sqlite_api.get(f"{MEETINGS}?as_of=2026-07-01").status_code == 422
    clock.at(at(2026, 6, 30, 22))
    assert sqlite_api.get(f"{MEETINGS}?on=2026-07-01").status_code == 200
    assert sqlite_api.get(f"{MEETINGS}?as_of=2026-07-01").status_code == 200
