"""Work lists: what falls due as days pass, as known on any day; nothing has to be recorded for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import TODAY, Api, Clock
from tests.features.conftest import Record, days

LIST = "/v1/work-lists/input.answer"


def raised(api: Api, due: str | None, **members: Any) -> Record:
    """An input that an answer was promised to on a day of 2026."""
    record = Record(
        api, "inputs", "raised", days("01-05"), kind="wish", level="system", voiced_by="refugees", **members
    )
    record.tell("acknowledged", days("01-06"), answer_due=due and f"2026-{due}", answering_unit="bolig")
    return record


def due(api: Api, query: str = "") -> list[tuple[str, str, int]]:
    """What is due: the record, the day, and how many days ago it was."""
    return [(item["record"], item["due_on"], item["days_overdue"]) for item in api.items(LIST + query)]


def test_an_answer_falls_due_as_days_pass(api: Api, clock: Clock) -> None:
    record = raised(api, "03-05")
    assert TODAY.isoformat() == "2026-03-02"
    assert due(api) == []
    assert due(api, "?within=3") == [(record.now["id"], "2026-03-05", -3)]
    clock.at(datetime(2026, 3, 5, 8, tzinfo=UTC))
    assert due(api) == [(record.now["id"], "2026-03-05", 0)]
    clock.at(datetime(2026, 3, 15, 8, tzinfo=UTC))
    assert due(api) == [(record.now["id"], "2026-03-05", 10)]
    assert due(api, "?on=2026-03-04") == []
    assert due(api, "?on=2026-03-06") == [(record.now["id"], "2026-03-05", 1)]


def test_an_answer_takes_it_off_the_list_from_the_day_it_was_given(api: Api, clock: Clock) -> None:
    record = raised(api, "02-10")
    known = record.now["position"]
    clock.at(datetime(2026, 3, 20, 8, tzinfo=UTC))
    record.tell("answered", days("02-20"))
    assert due(api) == []
    assert due(api, "?on=2026-02-19") == [(record.now["id"], "2026-02-10", 9)]
    assert due(api, "?on=2026-02-20") == []
    assert due(api, f"?as_of={known}&on=2026-02-20") == [(record.now["id"], "2026-02-10", 10)]


def test_a_correction_of_the_promise_moves_the_day(api: Api) -> None:
    record = raised(api, "02-10")
    record.correct(2, days("01-06"), answer_due="2026-02-24", answering_unit="bolig")
    assert due(api) == [(record.now["id"], "2026-02-24", 6)]
    assert due(api, "?as_of=3") == [(record.now["id"], "2026-02-10", 20)]
    record.retract(1)
    assert due(api) == []


def test_the_longest_overdue_comes_first_and_pages_go_on(api: Api) -> None:
    wanted = [("02-01", 3), ("02-01", 4), ("02-09", 2), ("02-20", 0), ("02-28", 1)]
    records = [raised(api, day) for day in ("02-20", "02-28", "02-09", "02-01", "02-01")]
    raised(api, None)
    expected = [(records[at].now["id"], f"2026-{day}") for day, at in wanted]
    for limit in (1, 2, 5):
        assert [item[:2] for item in due(api, f"?limit={limit}")] == expected
    assert [item[:2] for item in due(api, "?on=2026-02-20")] == expected[:4]


def test_the_index_says_how_much_is_due_and_overdue(api: Api) -> None:
    for day in ("02-20", "03-02", "03-09"):
        raised(api, day)
    index = api.get("/v1/work-lists").json
    [answers] = [item for item in index["items"] if item["kind"] == "input.answer"]
    assert (index["on"], answers["due"], answers["overdue"]) == ("2026-03-02", 2, 1)
    assert set(answers["labels"]) == {"nb", "nn", "en"}
    later = api.get("/v1/work-lists?on=2026-02-21").json["items"]
    assert [item["due"] for item in later if item["kind"] == "input.answer"] == [1]


def test_a_list_that_is_not_there_is_404_and_a_cursor_is_for_its_own_list(api: Api) -> None:
    assert api.get("/v1/work-lists/input.nothing").status_code == 404
    raised(api, "02-20"), raised(api, "02-21")
    following = api.get(f"{LIST}?limit=1").json["next"]
    assert api.get(following.replace("limit=1", "limit=1&within=4")).status_code == 422
    assert api.get(following).json["next"] is None


def test_reading_work_lists_is_for_those_who_read_records(api: Api) -> None:
    for role, status in (("caseworker", 200), ("evaluator", 200), ("researcher", 403), ("system", 403)):
        assert api.get(LIST, role=role).status_code == status


def test_what_lies_further_ahead_is_asked_for_in_days(api: Api) -> None:
    for wait in (1, 30, 400):
        raised(api, None).tell(
            "acknowledged", days("01-07"), answer_due=(TODAY + timedelta(wait)).isoformat(), answering_unit="bolig"
        )
    assert [len(due(api, f"?within={ahead}")) for ahead in (0, 1, 30, 399, 400)] == [0, 1, 2, 2, 3]
