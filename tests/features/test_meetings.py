"""Meetings over HTTP: their chain, their rules, who was there, and counts that cannot be."""

from itertools import combinations
from typing import Any
from uuid import UUID

import pytest

from domain.events import MISSING
from tests.bodies import a_participant
from tests.conftest import Api
from tests.features.conftest import Opening, Record, broken, days

NEED = "meeting.interpreter_need_not_assessed"
CANCELLED = "meeting.held_after_cancellation"
ENDED = "meeting.recorded_after_end"
COMMANDS = ("invited", "held", "minuted", "cancelled")

Days = dict[str, str | None]


def test_a_meeting_is_scheduled_invited_to_held_and_minuted(api: Api) -> None:
    told: dict[str, Any] = {"kind": "dialogue_meeting", "composition": "joint", "level": "system", "form": "f35"}
    told |= {"arena": "ar16", "phase": "PL2", "planned_on": "2026-02-09", "units": ["flyktning"], "seed_line": "s:48"}
    told |= {"title": "Om boligen", "place": "Biblioteket", "agenda": "1. Nabolaget"}
    record = Record(api, "meetings", "scheduled", days("02-01"), **told)
    opened = {"state": "scheduled", "version": 1, "retracted": False, "deviations": [], "held_from": None}
    assert record.now.items() >= {**told, **opened}.items()

    tally = {"attended": 9, "refugees": 5, "staff": 3, "others": 1, "first_time": 9}
    held = {"interpreter_use": "qualified", "group": group(9, ("woman", 5), ("man", 4))}
    record.tell("invited", days("02-03"), invited=12, interpreter_need="needed")
    record.tell("held", days("02-09"), tally=tally, **held)
    record.tell("minuted", days("02-12"), minutes="De vil bo nær skolen.")
    told |= {**held, "tally": {**tally, "invited": 12}, "interpreter_need": "needed", "state": "minuted", "version": 4}
    told |= {"held_from": "2026-02-09", "held_to": "2026-02-09", "minutes": "De vil bo nær skolen.", "deviations": []}
    assert record.now.items() >= told.items()
    assert (record.row() or {}).items() >= {"state": "minuted", "attended": 9, "group_n": 9}.items()


def test_a_meeting_is_called_off_for_a_reason(a_meeting: Opening) -> None:
    told = a_meeting().tell("cancelled", days("02-02"), reason="other", explanation="Ingen tolk.")
    why = {"cancellation_reason": "other", "cancellation_explanation": "Ingen tolk."}
    assert told.items() >= {"state": "cancelled", **why}.items()


def test_a_refusal_names_the_rule_in_the_language_that_is_asked_for_and_its_source(a_meeting: Opening) -> None:
    record = a_meeting()
    body = {"occurred": days("02-09"), "interpreter_need": "not_asked"}
    asked = record.api.put(f"{record.path}/holding", body, match='"1"', headers={"Accept-Language": "nb"})
    assert asked.mimetype == "application/problem+json"
    title = "Tolkebehovet var ikke vurdert da møtet ble holdt"
    named = {"rule": NEED, "title": title, "source": "tolkeloven § 6", "may_be_recorded": True}
    assert asked.json["rules"] == [named]


def test_one_refusal_lists_every_broken_rule_acknowledged_or_not_and_no_other_is_recorded(a_meeting: Opening) -> None:
    record = a_meeting(interpreter_need="not_assessed")
    record.tell("cancelled", days("02-05"))
    asked = record.send("held", days("02-09"), deviations=[{"rule": NEED}])
    assert (asked.status_code, {each["rule"] for each in asked.json["rules"]}) == (409, {NEED, CANCELLED})
    record.tell("held", days("02-09"), deviations=[{"rule": rule} for rule in (NEED, CANCELLED, ENDED)])
    assert {*broken(record)} == {NEED, CANCELLED} == {each["rule"] for each in record.history()[-1]["deviations"]}


@pytest.mark.parametrize("kept", [each for n in (1, 2) for each in combinations(COMMANDS[:3], n)])
def test_a_skipped_state_is_no_deviation(a_meeting: Opening, kept: tuple[str, ...]) -> None:
    record = a_meeting()
    for day, name in enumerate(kept, start=2):
        record.tell(name, days(f"02-{day:02}"))
    assert (record.now["state"], broken(record)) == (kept[-1], [])


@pytest.mark.parametrize("end", ["minuted", "cancelled"])
def test_any_event_after_an_end_state_is_a_deviation_but_attendance_told_after_the_minutes(
    a_meeting: Opening, sqlite_api: Api, end: str
) -> None:
    for name in (*COMMANDS, "attendance_recorded"):
        there = {"attendees": [{"participant": a_participant(sqlite_api)}]} if name == "attendance_recorded" else {}
        record = a_meeting()
        record.tell(end, days("02-05"))
        expected = [CANCELLED if end == "cancelled" and name in ("held", "attendance_recorded") else ENDED]
        if (end, name) == ("minuted", "attendance_recorded"):
            expected = []
        assert record.deviate(name, days("02-06"), **there) == expected, name
    existing = a_meeting("registered_as_existing", state=end)
    assert existing.deviate("invited", days("02-06")) == [ENDED]


@pytest.mark.parametrize(
    ("cancelled", "held", "accused"),
    [
        pytest.param(days("02-10"), days("02-09"), False, id="before it"),
        pytest.param(days("02-01", "02-28"), days("02-20"), False, id="in the month it was cancelled in"),
        pytest.param(days("02-10"), days("02-09", "02-20"), False, id="from before it"),
        pytest.param(days("02-10"), days(None, "02-20"), False, id="nobody knows since when"),
        pytest.param(days("02-10", None), days("02-20"), False, id="the cancellation has no last day"),
        pytest.param(days("02-10"), days("02-11", "02-20"), True, id="after it"),
        pytest.param(days("02-10"), days("02-11", None), True, id="from after it"),
        pytest.param(days("02-10"), days("02-10"), True, id="the same day, told later"),
    ],
)
def test_a_holding_is_a_deviation_only_if_it_came_after_the_cancellation_on_every_reading(
    a_meeting: Opening, cancelled: Days, held: Days, accused: bool
) -> None:
    record = a_meeting()
    record.tell("cancelled", cancelled)
    assert record.deviate("held", held) == ([CANCELLED] if accused else [])
    assert (record.now["held_from"], record.now["held_to"]) == (held["from"], held["to"])


@pytest.mark.parametrize(
    ("missed", "assessed", "held", "accused"),
    [
        pytest.param(days("02-01"), days("02-03"), {}, False, id="before"),
        pytest.param(days("02-01"), days("02-01", "02-28"), {}, False, id="perhaps before"),
        pytest.param(days("02-01"), days("02-12"), {}, True, id="after"),
        pytest.param(days("02-05"), days("02-03"), {}, True, id="before it was said not to be"),
        pytest.param(days("02-01"), None, {}, True, id="never"),
        pytest.param(days("02-01", "02-28"), None, {}, False, id="missed on days that may lie later"),
        pytest.param(days("02-01"), None, {"interpreter_need": "needed"}, False, id="as it was held"),
        pytest.param(days("02-01"), days("02-03"), {"interpreter_need": "not_asked"}, True, id="not as it was held"),
    ],
)
def test_an_interpreter_need_that_may_have_been_assessed_in_time_accuses_nobody(
    a_meeting: Opening, missed: Days, assessed: Days | None, held: dict[str, Any], accused: bool
) -> None:
    record = a_meeting(on=missed, interpreter_need="not_assessed")
    if assessed:
        record.tell("invited", assessed, interpreter_need="not_needed")
    assert record.deviate("held", days("02-09"), **held) == ([NEED] if accused else [])


def test_news_that_makes_an_earlier_entry_a_deviation_is_recorded_unasked(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"))
    record.tell("cancelled", days("02-05"))
    accused = {"rule": CANCELLED, "event_id": record.event(2), "reason": None}
    assert record.now["deviations"] == record.history()[-1]["deviations"] == [accused]


@pytest.mark.parametrize("state", ["scheduled", "held", "minuted", "cancelled", "unknown"])
def test_an_existing_meeting_was_held_if_its_state_says_so(a_meeting: Opening, state: str) -> None:
    happened = state in ("held", "minuted")
    unasked = {"interpreter_need": "not_asked", "deviations": [{"rule": NEED}]}
    known = {"state": state, "planned_on": "2009-09-01", "minutes": "De vil bo nær skolen."}
    record = a_meeting("registered_as_existing", {"from": "2009-08-01", "to": "2009-12-31"}, **known, **unasked)
    assert record.now.items() >= {**known, "held_to": "2009-12-31" if happened else None}.items()
    assert broken(record) == ([NEED] if happened else [])


@pytest.mark.parametrize("missing", sorted(MISSING))
def test_counts_that_are_missing_are_kept_with_the_reason(a_meeting: Opening, missing: str) -> None:
    heads = ("invited", "attended", "refugees", "staff", "others", "first_time")
    told = {"tally": dict.fromkeys(heads, missing), "group": group(5, ("NP", missing), of="countries")}
    record = a_meeting()
    assert record.tell("held", days("02-09"), **told).items() >= told.items()
    assert (record.row() or {}).items() >= {"attended": None, "group_n": 5}.items()


def group(n: int, *counts: tuple[str, int | str], of: str = "genders") -> dict[str, Any]:
    return {"n": n, "marginals": [{"list": of, "counts": [{"code": code, "n": count} for code, count in counts]}]}


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"tally": {"attended": -1}}, "/tally/attended"),
        ({"tally": {"attended": True}}, "/tally/attended"),
        *(({"tally": {"attended": 3, part: 4}}, f"/tally/{part}") for part in ("refugees", "staff", "others")),
        ({"tally": {"attended": 3, "first_time": 4}}, "/tally/first_time"),
        ({"tally": {"attended": 3, "refugees": 2, "others": 2}}, "/tally/attended"),
        ({"group": {"n": 0}}, "/group/n"),
        ({"group": {"n": 6}, "tally": {"attended": 5}}, "/group/n"),
        ({"group": group(5, ("woman", 3), ("man", 3))}, "/group/marginals/0/counts"),
        ({"group": group(5, ("queen", 1))}, "/group/marginals/0/counts/0/code"),
        ({"group": group(5, ("woman", 1), of="names")}, "/group/marginals/0/list"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_counts_that_cannot_be_true_are_refused(a_meeting: Opening, members: dict[str, Any], pointer: str) -> None:
    record = a_meeting()
    existing = {"occurred": days("02-09"), "kind": "interview", "state": "held", **members}
    for refused in (record.send("held", days("02-09"), **members), record.api.post("/v1/meetings/existing", existing)):
        assert refused.status_code == 422
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer]


@pytest.mark.parametrize(("again", "last"), [("02-05", ("2026-02-09", 8)), ("02-12", ("2026-02-12", 12))])
def test_a_meeting_held_twice_is_told_as_it_last_was(a_meeting: Opening, again: str, last: tuple[str, int]) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"), tally={"invited": 20, "attended": 8})
    record.tell("held", days(again), tally={"attended": 12})
    assert (record.now["held_from"], record.now["tally"]["attended"]) == last


def test_who_was_there_is_known_to_who_reads_the_parts_and_else_only_how_many(api: Api) -> None:
    first, second, third = ids = [a_participant(api) for _ in range(3)]
    record = Record(api, "meetings", "scheduled", days("02-01"), kind="theme_evening")
    assert (record.now["attendance"], record.now["attendees"]) == (None, [])
    unsaid = {"first_time": "not_recorded", "interpreter_use": "not_recorded"}
    there = [{"participant": first, "first_time": "yes", "interpreter_use": "qualified"}, {"participant": second}]
    record.tell("attendance_recorded", days("02-09"), attendees=there)
    assert record.now["attendees"] == [there[0], {**there[1], **unsaid}]
    assert (record.now["attendance"], record.now["state"]) == (2, "scheduled")
    record.correct(2, days("02-09"), attendees=[{"participant": each} for each in (third, second, first)])
    assert record.now["attendees"] == [{"participant": each, **unsaid} for each in (third, second, first)]

    store, meeting = api.running.store(api.ledger), UUID(record.now["id"])
    told, silent = (found[-1].event.replacement for found in (store.history(meeting), store.page(0, 100)))
    assert [str(each.participant) for each in told.attendees] == [third, second, first]
    assert (silent.attendees, silent.n) == ((), 3)
    rows = [row for row in store.recorder.rows(0, 100) if row.stream_id == meeting]
    bare = f"{b''.join(store.mapper.skeletons(rows)).decode()} {record.row()}"
    assert "'attendance': 3" in bare
    assert not [one for one in ids if one in bare or UUID(one).hex in bare]


def test_attendance_adds_up_and_counts_nobody_twice(sqlite_api: Api, a_meeting: Opening) -> None:
    first, second = ({"participant": a_participant(sqlite_api)} for _ in range(2))
    record = a_meeting()
    for each in (first, second):
        record.tell("attendance_recorded", days("02-09"), attendees=[each])
    assert (record.now["attendance"], record.now["attendees"][1]["participant"]) == (2, second["participant"])
    third = {"participant": a_participant(sqlite_api)}
    for wrong, at in (([third, first], 1), ([third, third], 1), ([{"participant": record.now["id"]}], 0)):
        refused = record.send("attendance_recorded", days("02-09"), attendees=wrong)
        assert [each["pointer"] for each in refused.json["errors"]] == [f"/attendees/{at}/participant"]
    refused = record.correct(3, days("02-09"), attendees=[first])
    assert [each["pointer"] for each in refused.json["errors"]] == ["/replacement/attendees/0/participant"]
