"""Meetings over HTTP: their chain, their rules, what is refused, and how lists show them."""

from itertools import combinations
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from adapters.vault import KEYS
from domain.events import MISSING
from tests.conftest import Api
from tests.features.conftest import Opening, Record, days

NEED = "meeting.interpreter_need_not_assessed"
CANCELLED = "meeting.held_after_cancellation"
ENDED = "meeting.recorded_after_end"
COMMANDS = ("invited", "held", "minuted", "cancelled")
LAW = "tolkeloven § 6"
PRACTICE = "good practice"
BROKEN = [
    pytest.param(NEED, LAW, [], ("held", days("02-09"), {"interpreter_need": "not_assessed"}), id="need"),
    pytest.param(CANCELLED, PRACTICE, [("cancelled", days("02-05"))], ("held", days("02-09"), {}), id="cancelled"),
    pytest.param(ENDED, PRACTICE, [("minuted", days("02-05"))], ("invited", days("02-09"), {}), id="ended"),
]


def rules(record: Record) -> list[str]:
    return [each["rule"] for each in record.now["deviations"]]


def test_a_meeting_is_scheduled_invited_to_held_and_minuted(api: Api) -> None:
    said = {"title": "Om boligen", "place": "Biblioteket", "agenda": "1. Nabolaget"}
    axes = {"kind": "dialogue_meeting", "composition": "joint", "level": "system", "form": "f35", "arena": "ar16"}
    planned = {"planned_on": "2026-02-09", "units": ["flyktning"], "seed_line": "s:48"}
    record = Record(api, "meetings", "scheduled", days("02-01"), **axes, **said, **planned)
    opened = {"state": "scheduled", "version": 1, "retracted": False, "deviations": [], "held_from": None}
    assert record.now.items() >= {**axes, **said, **planned, **opened}.items()

    record.tell("invited", days("02-03"), invited=12, interpreter_need="needed")
    group = {"n": 5, "marginals": [{"list": "genders", "counts": [{"code": "woman", "n": 3}, {"code": "man", "n": 2}]}]}
    tally = {"attended": 9, "refugees": 5, "staff": 3, "others": "unknown", "first_time": 2}
    record.tell("held", days("02-09"), interpreter_use="qualified", tally=tally, group=group)
    record.tell("minuted", days("02-12"), minutes="De vil bo nær skolen.")

    told = {
        "state": "minuted",
        "version": 4,
        "deviations": [],
        "held_from": "2026-02-09",
        "held_to": "2026-02-09",
        "interpreter_need": "needed",
        "interpreter_use": "qualified",
        "tally": {**tally, "invited": 12},
        "group": group,
        "minutes": "De vil bo nær skolen.",
    }
    assert record.now.items() >= {**axes, **said, **planned, **told}.items()
    assert record.detail() == record.now
    row = record.row()
    assert row is not None
    assert row.items() >= {**axes, "state": "minuted", "attended": 9, "group_n": 5, "deviations": 0}.items()
    assert not row.keys() & {*said, "minutes"}
    assert [each["type"] for each in record.history()] == [
        f"meeting.{name}" for name in ("scheduled", "invited", "held", "minuted")
    ]
    assert record.data_classes() == {"record", "casework"}


@pytest.mark.parametrize(("rule", "source", "earlier", "breaking"), BROKEN)
def test_a_broken_rule_is_asked_about_and_then_recorded_and_counted(
    a_meeting: Opening, rule: str, source: str, earlier: list[Any], breaking: Any
) -> None:
    record = a_meeting()
    for name, on in earlier:
        record.tell(name, on)
    name, on, members = breaking
    before = record.detail()

    asked = record.send(name, on, **members)
    assert asked.status_code == 409
    assert asked.mimetype == "application/problem+json"
    [broken] = asked.json["rules"]
    assert broken.pop("title")
    assert broken == {"rule": rule, "source": source, "may_be_recorded": True}
    assert record.detail() == before

    record.tell(name, on, **members, deviations=[{"rule": rule, "reason": "slik ble det"}])
    entry = record.history()[-1]
    assert entry["deviations"] == [{"rule": rule, "event_id": None, "reason": "slik ble det"}]
    counted = {"rule": rule, "event_id": entry["event_id"], "reason": "slik ble det"}
    assert record.now["deviations"] == [counted]
    assert record.detail()["deviations"] == [counted]
    row = record.row()
    assert row is not None
    assert row["deviations"] == 1


def test_the_title_of_a_rule_is_in_the_language_that_is_asked_for(a_meeting: Opening) -> None:
    record = a_meeting()
    body = {"occurred": days("02-09"), "interpreter_need": "not_asked"}
    path = f"{record.path}/holding"
    asked = record.api.put(path, body, match='"1"', headers={"Accept-Language": "nb"})
    assert asked.json["rules"][0]["title"] == "Tolkebehovet var ikke vurdert da møtet ble holdt"


def test_one_refusal_lists_every_broken_rule_acknowledged_or_not(a_meeting: Opening) -> None:
    record = a_meeting(interpreter_need="not_assessed")
    record.tell("cancelled", days("02-05"))
    half = [{"rule": NEED}]
    asked = record.send("held", days("02-09"), deviations=half)
    assert asked.status_code == 409
    assert {each["rule"] for each in asked.json["rules"]} == {NEED, CANCELLED}
    record.tell("held", days("02-09"), deviations=[*half, {"rule": CANCELLED}])
    assert set(rules(record)) == {NEED, CANCELLED}


def test_an_acknowledged_rule_that_is_not_broken_is_not_recorded(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"), deviations=[{"rule": NEED}, {"rule": CANCELLED, "reason": "til sikkerhet"}])
    assert record.now["deviations"] == []
    assert record.history()[-1]["deviations"] == []


@pytest.mark.parametrize("kept", [each for n in range(4) for each in combinations(COMMANDS[:3], n)])
def test_a_skipped_state_is_no_deviation(a_meeting: Opening, kept: tuple[str, ...]) -> None:
    record = a_meeting()
    for day, name in enumerate(kept, start=2):
        record.tell(name, days(f"02-{day:02}"))
    assert record.now["state"] == (kept[-1] if kept else "scheduled")
    assert record.now["deviations"] == []


@pytest.mark.parametrize("end", ["minuted", "cancelled"])
def test_any_event_after_an_end_state_is_a_deviation(a_meeting: Opening, end: str) -> None:
    for name in COMMANDS:
        record = a_meeting()
        record.tell(end, days("02-05"))
        expected = CANCELLED if (end, name) == ("cancelled", "held") else ENDED
        assert record.deviate(name, days("02-06")) == [expected], name
    existing = a_meeting("registered_as_existing", state=end)
    assert existing.deviate("invited", days("02-06")) == [ENDED]


@pytest.mark.parametrize(
    ("cancelled", "held"),
    [
        pytest.param(days("02-10"), days("02-09"), id="before it"),
        pytest.param(days("02-01", "02-28"), days("02-20"), id="in the month it was cancelled in"),
        pytest.param(days("02-10"), days("02-09", "02-20"), id="from before it"),
        pytest.param(days("02-10"), days(None, "02-20"), id="nobody knows since when"),
        pytest.param(days("02-10", None), days("02-20"), id="the cancellation has no last day"),
    ],
)
def test_a_holding_registered_later_that_may_have_come_first_is_in_order(
    a_meeting: Opening, cancelled: dict[str, str | None], held: dict[str, str | None]
) -> None:
    record = a_meeting()
    record.tell("cancelled", cancelled)
    record.tell("held", held)
    assert record.now["deviations"] == []
    assert record.now["held_from"] == held["from"]


@pytest.mark.parametrize("held", [days("02-11", "02-20"), days("02-11", None), days("02-10")])
def test_a_holding_certainly_later_is_a_deviation(a_meeting: Opening, held: dict[str, str | None]) -> None:
    record = a_meeting()
    record.tell("cancelled", days("02-10"))
    assert record.deviate("held", held) == [CANCELLED]


@pytest.mark.parametrize(
    ("assessed", "accused"),
    [(days("02-03"), False), (days("02-01", "02-28"), False), (days("02-12"), True), (None, True)],
    ids=["before", "perhaps before", "after", "never"],
)
def test_an_interpreter_need_that_may_have_been_assessed_in_time_accuses_nobody(
    a_meeting: Opening, assessed: dict[str, str | None] | None, accused: bool
) -> None:
    record = a_meeting(interpreter_need="not_assessed")
    if assessed:
        record.tell("invited", assessed, interpreter_need="not_needed")
    assert record.deviate("held", days("02-09")) == ([NEED] if accused else [])


def test_a_need_said_to_be_unassessed_on_days_that_may_lie_later_accuses_nobody(a_meeting: Opening) -> None:
    record = a_meeting(on=days("02-01", "02-28"), interpreter_need="not_assessed")
    assert record.deviate("held", days("02-09")) == []


def test_news_that_makes_an_earlier_entry_a_deviation_is_recorded_unasked(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"))
    holding = record.event(2)
    record.tell("cancelled", days("02-05"))
    assert record.history()[-1]["deviations"] == [{"rule": CANCELLED, "event_id": holding, "reason": None}]
    assert record.now["deviations"] == [{"rule": CANCELLED, "event_id": holding, "reason": None}]


STATES = ("scheduled", "invited", "held", "minuted", "cancelled", "unknown", "not_recorded")


@pytest.mark.parametrize("state", STATES)
def test_a_meeting_is_registered_as_existing_in_any_state(a_meeting: Opening, state: str) -> None:
    record = a_meeting("registered_as_existing", {"from": "2009-08-01", "to": "2009-12-31"}, state=state)
    assert record.now["state"] == state
    assert record.now["held_to"] == ("2009-12-31" if state in ("held", "minuted") else None)
    assert record.now["deviations"] == []
    row = record.row()
    assert row is not None
    assert row["state"] == state


def test_an_existing_meeting_held_without_the_need_assessed_is_a_deviation(sqlite_api: Api) -> None:
    body = {"occurred": days("02-01"), "kind": "interview", "state": "held", "interpreter_need": "not_asked"}
    asked = sqlite_api.post("/v1/meetings/existing", body)
    assert [each["rule"] for each in asked.json["rules"]] == [NEED]
    opened = sqlite_api.post("/v1/meetings/existing", {**body, "deviations": [{"rule": NEED}]})
    assert opened.status_code == 201
    assert [each["rule"] for each in opened.json["deviations"]] == [NEED]
    assert sqlite_api.post("/v1/meetings/existing", {**body, "state": "scheduled"}).status_code == 201


@pytest.mark.parametrize("missing", sorted(MISSING))
def test_what_is_missing_is_kept_with_its_reason(a_meeting: Opening, missing: str) -> None:
    heads = ("invited", "attended", "refugees", "staff", "others", "first_time")
    codes = {"composition": missing, "level": missing, "form": missing, "arena": missing, "phase": missing}
    record = a_meeting(kind=missing, **codes)
    tally = dict.fromkeys(heads, missing)
    group = {"n": 5, "marginals": [{"list": "countries", "counts": [{"code": "NP", "n": missing}]}]}
    record.deviate("held", days("02-09"), interpreter_need=missing, interpreter_use=missing, tally=tally, group=group)
    told = {"kind": missing, **codes, "interpreter_need": missing, "interpreter_use": missing, "group": group}
    assert record.detail().items() >= {**told, "tally": tally}.items()
    row = record.row()
    assert row is not None
    assert row.items() >= {"kind": missing, **codes, "attended": None, "group_n": 5}.items()


def group(n: int, *counts: tuple[str, int], of: str = "genders") -> dict[str, Any]:
    return {"n": n, "marginals": [{"list": of, "counts": [{"code": code, "n": count} for code, count in counts]}]}


IMPOSSIBLE = [
    ({"occurred": days("03-03")}, "/occurred/from"),
    ({"occurred": days("02-01", "03-03")}, "/occurred/to"),
    ({"occurred": days("02-10", "02-09")}, "/occurred/to"),
    ({"occurred": {"from": "2026-02-30", "to": None}}, "/occurred/from"),
    ({"kind": "coffee"}, "/kind"),
    ({"kind": None}, "/kind"),
    ({"form": "f45"}, "/form"),
    ({"performed_by": {"role": "king"}}, "/performed_by/role"),
    ({"seed_line": "48"}, "/seed_line"),
    ({"names": ["A"]}, "/names"),
    ({"deviations": [{"rule": "meeting.never"}]}, "/deviations/0/rule"),
    ({"tally": {"attended": -1}}, "/tally/attended"),
    ({"tally": {"attended": True}}, "/tally/attended"),
    ({"tally": {"attended": 3, "refugees": 4}}, "/tally/refugees"),
    ({"tally": {"attended": 3, "first_time": 4}}, "/tally/first_time"),
    ({"tally": {"attended": 3, "refugees": 2, "staff": 2}}, "/tally/attended"),
    ({"group": {"n": 0}}, "/group/n"),
    ({"group": {"n": 5}, "tally": {"attended": 4}}, "/group/n"),
    ({"group": group(5, ("woman", 3), ("man", 3))}, "/group/marginals/0/counts"),
    ({"group": group(5, ("queen", 1))}, "/group/marginals/0/counts/0/code"),
    ({"group": group(5, ("woman", 1), of="names")}, "/group/marginals/0/list"),
]


@pytest.mark.parametrize(("members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(sqlite_api: Api, members: dict[str, Any], pointer: str) -> None:
    body = {"occurred": days("02-01"), "kind": "interview", "state": "held", **members}
    refused = sqlite_api.post("/v1/meetings/existing", body)
    assert refused.status_code == 422, refused.get_data(as_text=True)
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert sqlite_api.items("/v1/meetings") == []


def test_a_meeting_held_twice_is_told_as_it_was_held_last(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"), interpreter_need="not_needed", tally={"attended": 8})
    record.tell("held", days("02-05"), interpreter_need="needed", tally={"attended": 12})
    assert (record.now["held_from"], record.now["tally"]["attended"]) == ("2026-02-09", 8)
    record.tell("held", days("02-12"), interpreter_need="needed", tally={"attended": 13})
    assert (record.now["held_from"], record.now["tally"]["attended"]) == ("2026-02-12", 13)
    assert record.now["interpreter_need"] == "needed"


def a_participant(api: Api) -> str:
    body = {"occurred": days("02-01"), "state": "active"}
    participant: str = api.post("/v1/participants/existing", body).json["id"]
    return participant


def test_who_was_there_is_known_to_who_reads_the_parts_and_else_only_how_many(api: Api) -> None:
    first, second, third = (a_participant(api) for _ in range(3))
    record = Record(api, "meetings", "scheduled", days("02-01"), kind="theme_evening")
    assert (record.now["attendance"], record.now["attendees"]) == (None, [])
    there = [{"participant": first, "first_time": "yes", "interpreter_use": "qualified"}, {"participant": second}]
    record.tell("attendance_recorded", days("02-09"), attendees=there)
    unsaid = {"first_time": "not_recorded", "interpreter_use": "not_recorded"}
    assert record.now["attendees"] == [there[0], {**there[1], **unsaid}]
    assert (record.now["attendance"], record.now["state"]) == (2, "scheduled")
    answer = api.post(f"{record.path}/attendance", {"occurred": days("02-09"), "attendees": [there[0]]}, match="*")
    assert [each["pointer"] for each in answer.json["errors"]] == ["/attendees/0/participant"]
    record.correct(
        2, days("02-09"), attendees=[{"participant": third}, {"participant": second}, {"participant": first}]
    )
    assert [each["participant"] for each in record.now["attendees"]] == [third, second, first]
    record.correct(2, days("02-09"), attendees=[{"participant": third}])
    assert (record.now["attendees"], record.now["attendance"]) == ([{"participant": third, **unsaid}], 1)
    assert record.detail() == record.now

    store, ids = api.running.store(api.ledger), (first, second, third)
    told = [each for each in store.history(UUID(record.now["id"])) if each.version > 1]
    assert [[str(entry.participant) for entry in attendees(each.event)] for each in told] == [
        [first, second],
        [third, second, first],
        [third],
    ]
    silent = [each for each in store.page(0, 100) if str(each.stream_id) == record.now["id"] and each.version > 1]
    assert [attendees(each.event) for each in silent] == [(), (), ()]
    assert [getattr(each.event, "replacement", each.event).n for each in silent] == [2, 3, 1]
    of_the_meeting = [row for row in store.recorder.rows(0, 100) if str(row.stream_id) == record.now["id"]]
    for skeleton in store.mapper.skeletons(of_the_meeting):
        assert not [one for one in ids if one in skeleton.decode() or UUID(one).hex in skeleton.decode()]
    row = record.row()
    assert row is not None
    assert row["attendance"] == 1
    assert not [one for one in ids if one in str(row)]
    subjects = {str(key) for key in persons_with_keys(api, record)}
    assert subjects == {record.now["id"], *ids}


def attendees(event: Any) -> tuple[Any, ...]:
    told: tuple[Any, ...] = getattr(event, "replacement", event).attendees
    return told


def persons_with_keys(api: Api, record: Record) -> set[UUID]:
    with api.running.vault.engine.connect() as connection:
        return {key.subject for key in connection.execute(select(KEYS)) if str(key.record) == record.now["id"]}


def test_attendance_adds_up_and_names_participants_there_are(sqlite_api: Api, a_meeting: Opening) -> None:
    first, second = a_participant(sqlite_api), a_participant(sqlite_api)
    record = a_meeting()
    for one in (first, second):
        body = {"occurred": days("02-09"), "attendees": [{"participant": one}]}
        assert sqlite_api.post(f"{record.path}/attendance", body, match="*").status_code == 200
    assert record.detail()["attendance"] == 2
    for wrong, pointer in (
        ({"participant": record.now["id"]}, "participant"),
        ({"participant": str(uuid4())}, "participant"),
        ({"participant": first, "first_time": "maybe"}, "first_time"),
    ):
        refused = sqlite_api.post(
            f"{record.path}/attendance", {"occurred": days("02-09"), "attendees": [wrong]}, match="*"
        )
        assert [each["pointer"] for each in refused.json["errors"]] == [f"/attendees/0/{pointer}"]
    twice = {"occurred": days("02-09"), "attendees": [{"participant": a_participant(sqlite_api)}] * 2}
    refused = sqlite_api.post(f"{record.path}/attendance", twice, match="*")
    assert [each["pointer"] for each in refused.json["errors"]] == ["/attendees/1/participant"]


def test_attendance_told_after_the_minutes_is_in_order_and_after_a_cancellation_is_not(
    sqlite_api: Api, a_meeting: Opening
) -> None:
    there = {"attendees": [{"participant": a_participant(sqlite_api)}]}
    minuted, cancelled = a_meeting(), a_meeting()
    minuted.tell("minuted", days("02-09"))
    assert minuted.deviate("attendance_recorded", days("02-09"), **there) == []
    cancelled.tell("cancelled", days("02-08"))
    assert cancelled.deviate("attendance_recorded", days("02-09"), **there) == [CANCELLED]
