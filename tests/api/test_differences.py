"""What the ledger knew otherwise of a record at two moments."""

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.differences import differences
from tests.api.test_moments import at, on
from tests.conftest import Api, Clock, meeting

MEETINGS = "/v1/meetings"


@pytest.fixture
def told(sqlite_api: Api, clock: Clock) -> tuple[Api, str]:
    """A meeting: scheduled on 10 March (position 2), its holding told on the 25th (3) and mended on the 28th (4)."""
    clock.at(at(2026, 3, 10, 9))
    path = sqlite_api.post(MEETINGS, meeting(**on("2026-03-10"), planned_on="2026-03-20")).headers["Location"]
    clock.at(at(2026, 3, 25, 9))
    held = {**on("2026-03-20"), "tally": {"attended": 8}}
    sqlite_api.put(f"{path}/holding", held, match='"1"')
    event = sqlite_api.get(f"{path}/history").json["items"][1]["event_id"]
    clock.at(at(2026, 3, 28, 9))
    mended = {**held, "tally": {"attended": 18}}
    sqlite_api.post(f"{path}/corrections", {"event_id": event, "replacement": mended}, match='"2"')
    clock.at(at(2026, 4, 2, 9))
    return sqlite_api, path


def asked(api: Api, path: str, **query: Any) -> dict[str, tuple[Any, Any]]:
    """The differences, by their pointers."""
    answer = api.get(f"{path}/differences?{urlencode(query)}")
    assert answer.status_code == 200, answer.json
    assert answer.json["next"] is None
    return {item["pointer"]: (item["from"], item["to"]) for item in answer.json["items"]}


def status(api: Api, path: str, **query: Any) -> int:
    return api.get(f"{path}/differences?{urlencode(query)}").status_code


@pytest.mark.parametrize("moments", [(3, 4), ("2026-03-25", "2026-03-28"), ("2026-03-27T12:00:00Z", "2026-04-01")])
def test_only_what_differs_is_told(told: tuple[Api, str], moments: tuple[Any, Any]) -> None:
    api, path = told
    before, after = moments
    assert asked(api, path, **{"from": before, "to": after}) == {
        "/version": (2, 3),
        "/position": (3, 4),
        "/attended": (8, 18),
        "/tally/attended": (8, 18),
    }


def test_without_to_it_is_what_is_known_now(told: tuple[Api, str]) -> None:
    api, path = told
    answer = api.get(f"{path}/differences?from=3")
    assert answer.headers["Position"] == "4"
    assert answer.json == api.get(f"{path}/differences?from=3&to=4").json


def test_the_same_moment_twice_differs_in_nothing(told: tuple[Api, str]) -> None:
    api, path = told
    assert asked(api, path, **{"from": 3, "to": 3}) == {}


def test_before_the_first_event_there_is_nothing_to_compare_with(told: tuple[Api, str]) -> None:
    api, path = told
    detail = api.get(f"{path}?as_of=3").json
    told_of = {f"/{member}": (None, value) for member, value in detail.items() if value is not None}
    assert asked(api, path, **{"from": 1, "to": 3}) == told_of
    assert asked(api, path, **{"from": "2026-03-09", "to": "2026-03-25"}) == told_of


def test_a_record_that_was_not_there_at_the_second_moment_is_not_found(told: tuple[Api, str]) -> None:
    api, path = told
    assert status(api, path, **{"from": 0, "to": 1}) == 404
    assert status(api, path, **{"from": 3, "to": 1}) == 404
    assert status(api, path, **{"from": 2, "to": 3, "on": "2026-03-09"}) == 404
    assert status(api, f"{MEETINGS}/00000000-0000-4000-8000-000000000000", **{"from": 2, "to": 3}) == 404


def test_on_is_the_day_of_both_moments(told: tuple[Api, str]) -> None:
    api, path = told
    assert asked(api, path, **{"from": 2, "to": 4, "on": "2026-03-19"}).keys() == {"/version", "/position"}
    assert asked(api, path, **{"from": 2, "to": 4, "on": "2026-03-20"})["/state"] == ("scheduled", "held")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "/query/from"),
        ({"from": "yesterday", "to": 1}, "/query/from"),
        ({"from": 5}, "/query/from"),
        ({"from": 2, "to": "2026-04-03"}, "/query/to"),
        ({"from": 2, "on": "2026-04-03"}, "/query/on"),
        ({"from": 2, "as_of": 3}, "/query/as_of"),
    ],
)
def test_a_moment_that_cannot_be_is_refused_by_its_name(
    told: tuple[Api, str], query: dict[str, Any], pointer: str
) -> None:
    api, path = told
    refused = api.get(f"{path}/differences?{urlencode(query)}")
    assert refused.status_code == 422
    assert [fault["pointer"] for fault in refused.json["errors"]] == [pointer]


def test_a_record_of_another_noun_is_not_found(told: tuple[Api, str]) -> None:
    api, path = told
    assert status(api, path.replace("meetings", "inputs"), **{"from": 2}) == 404


MEMBERS = st.text("ab/~0", max_size=3)
VALUES = st.none() | st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2)
DOCUMENTS = st.recursive(
    st.dictionaries(MEMBERS, VALUES), lambda inner: st.dictionaries(MEMBERS, VALUES | inner), max_leaves=6
)


def applied(document: dict[str, Any], pointer: str, value: Any) -> None:
    *way, last = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    for part in way:
        document = document[part]
    document[last] = value


def without_nulls(document: Any) -> Any:
    if not isinstance(document, dict):
        return document
    return {member: without_nulls(value) for member, value in document.items() if value is not None}


@given(DOCUMENTS, DOCUMENTS)
def test_the_differences_put_into_the_first_document_make_the_second(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    for difference in differences(before, after):
        assert difference.before != difference.after
        applied(before, difference.pointer, difference.after)
    assert without_nulls(before) == without_nulls(after)


def test_a_list_tells_which_records_came_changed_and_left(told: tuple[Api, str]) -> None:
    api, path = told
    other = api.post(MEETINGS, meeting(**on("2026-03-30"), kind="theme_evening")).json["id"]
    query = {"from": "2026-03-27", "kind": "dialogue_meeting", "on": "2026-04-01"}
    [changed] = api.items(f"{MEETINGS}/differences?{urlencode(query)}")
    assert changed["id"] == path.rpartition("/")[2]
    assert (changed["from"]["attended"], changed["to"]["attended"]) == (8, 18)
    query = {"from": "2026-03-09", "to": "2026-04-02", "limit": 1}
    came = api.get(f"{MEETINGS}/differences?{urlencode(query)}").json
    assert [(each["id"], each["from"]) for each in came["items"]] == [(other, None)]
    rest = api.get(came["next"]).json
    assert [(each["id"], each["from"]) for each in rest["items"]] == [(changed["id"], None)]
    assert rest["next"] is None
    opening = api.get(f"{MEETINGS}/{other}/history").json["items"][0]["event_id"]
    api.post(f"{MEETINGS}/{other}/retractions", {"event_id": opening}, match='"1"')
    query = {"from": api.get(MEETINGS).headers["Position"], "to": 5}
    assert [(each["from"], each["to"]["id"]) for each in api.items(f"{MEETINGS}/differences?{urlencode(query)}")] == [
        (None, other)
    ]
    refused = api.get(f"{came['next']}&to=3")
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["/query/cursor"]
