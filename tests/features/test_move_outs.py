"""Move-outs over HTTP: the way to an own home, the follow-ups after it, and what is refused; milestones by rule."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import Command
from domain.duties import Duty
from domain.events import MISSING, Event, Meta
from domain.move_outs import FollowedUp, LostToFollowUp, Moved, MoveOut, Planned, Returned, StabilityConfirmed
from domain.time import microseconds, months_after
from tests.bodies import a_participant
from tests.conftest import Api, Ids
from tests.features.conftest import Opening, Record, broken, on
from tests.features.histories import BY
from tests.features.tables import Table

LATE = "move_out.not_followed_up"
ENDED = "move_out.recorded_after_end"
MILESTONES = (3, 6, 12, 24)
PERSON = UUID("00000000-0000-4000-8000-000000000007")
MOVED = date(2023, 1, 31)
OWNED: dict[str, Any] = {"destination": "own_owned"}


@pytest.fixture
def a_move_out(sqlite_api: Api) -> Opening:
    """Opens a move-out on 1 January 2023, planned unless another command is named."""

    def opening(name: str = "planned", at: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {"participant": a_participant(sqlite_api), **members}
        return Record(sqlite_api, "move_outs", name, at or on("2023-01-01"), **described)

    return opening


@pytest.fixture
def moved(a_move_out: Opening) -> Record:
    """A household that moved on 31 January 2023."""
    record = a_move_out()
    record.tell("moved", on("2023-01-31"), **OWNED)
    return record


def history(*events: Event) -> MoveOut:
    """The record these events make, whatever they break, told in 2030."""
    command = Command(now=microseconds(datetime(2030, 3, 2, tzinfo=UTC)), new_id=Ids(), client="test", accept_all=True)
    record = MoveOut(UUID(int=1))
    for event in (Planned(meta=between(date(2020, 1, 1)), participant=PERSON), *events):
        record = record.record(event, command)
    return record


def between(first: date | None, last: date | None = None) -> Meta:
    """The envelope of what happened between two days, or on one."""
    return Meta(occurred_from=first, occurred_to=last or first, recorded_by=BY)


def due(record: MoveOut) -> list[date | None]:
    """The days of the follow-ups that are owed."""
    duties = list(record.duties())
    assert {(duty.kind, duty.person) for duty in duties} <= {("move_out.follow_up", PERSON)}
    return [duty.due_on for duty in duties]


def test_a_household_moves_out_and_is_followed_up(api: Api) -> None:
    person = a_participant(api)
    tenancy = Record(api, "tenancies", "need_stated", on("2020-01-01"), participant=person).now["id"]
    plan = {
        "participant": person,
        "tenancy": tenancy,
        "initiated_by": "municipality",
        "participation": "asked",
        "planned_on": "2023-02-01",
        "plan": "Eie innen ett år.",
        "plan_words": "Vi vil eie.",
    }
    record = Record(api, "move_outs", "planned", on("2022-10-01"), **plan)
    assert record.now.items() >= {**plan, "state": "planned", "standing": "not_recorded", "viewings": 0}.items()

    steps: list[tuple[str, str, dict[str, Any]]] = [
        (
            "readiness_assessed",
            "2022-11-01",
            {"readiness": "ready_with_support", "readiness_own": "ready", "assessment": "Trenger hjelp med økonomien."},
        ),
        (
            "viewing_attended",
            "2022-12-01",
            {"viewed_tenure": "owned", "viewing_outcome": "agreed", "viewing_words": "Den var fin."},
        ),
        (
            "moved",
            "2023-01-31",
            {
                **OWNED,
                "tenure": "owned",
                "voluntariness_own": "partly",
                "voluntariness_staff": "voluntary",
                "move_words": "Vi måtte.",
            },
        ),
        (
            "followed_up",
            "2023-05-02",
            {
                "milestone": 3,
                "stability": "at_risk",
                "needs": ["economic_competence", "help_available"],
                "own_view": "worse",
                "follow_up_words": "Det er dyrt.",
                "follow_up_note": "Søker bostøtte.",
            },
        ),
        ("followed_up", "2023-08-01", {"stability": "stable", "own_view": "better"}),
        ("stability_confirmed", "2023-12-01", {"months_since_move": 10, "stability_note": "Bor godt."}),
        (
            "returned",
            "2024-01-01",
            {"months_since_move": 11, "return_reason": "economy", "return_words": "Renten ble for høy."},
        ),
    ]
    standings = ["not_recorded", "not_recorded", "open", "open", "stable", "stable", "returned"]
    follow_ups = [None, None, "2023-04-30", "2023-07-31", "2024-01-31", "2024-01-31", None]
    told: dict[str, Any] = dict(plan)
    for (name, day, members), standing, follow_up in zip(steps, standings, follow_ups, strict=True):
        told |= members
        record.tell(name, on(day), **members)
        stands = {"state": name, "standing": standing, "next_follow_up_on": follow_up, "deviations": []}
        assert record.now.items() >= {**told, **stands}.items(), name

    moved = {"moved_from": "2023-01-31", "moved_to": "2023-01-31", "viewings": 1}
    assert record.now.items() >= moved.items()
    assert record.detail() == record.now
    row = record.row()
    assert row is not None
    shown = row.keys() - {"deviations", "opened"}
    assert {name: row[name] for name in shown} == {name: record.now[name] for name in shown}
    assert not row.keys() & {"plan", "assessment", "move_words", "follow_up_words", "return_words", "needs"}


BROKEN = [
    pytest.param(LATE, [], ("followed_up", "2023-08-01"), id="missed the first"),
    pytest.param(LATE, [("followed_up", "2023-05-01")], ("stability_confirmed", "2024-01-01"), id="missed the second"),
    pytest.param(LATE, [], ("returned", "2023-07-01"), id="returned"),
    pytest.param(LATE, [], ("lost_to_follow_up", "2023-07-01"), id="lost"),
    pytest.param(ENDED, [("returned", "2023-03-01")], ("followed_up", "2023-05-01"), id="after the return"),
    pytest.param(ENDED, [("abandoned", "2023-02-01")], ("viewing_attended", "2023-02-02"), id="after it was given up"),
]


@pytest.mark.parametrize(("rule", "earlier", "breaking"), BROKEN)
def test_a_broken_rule_is_asked_about_and_then_recorded_and_counted(
    moved: Record, rule: str, earlier: list[tuple[str, str]], breaking: tuple[str, str]
) -> None:
    for name, day in earlier:
        moved.tell(name, on(day))
    name, day = breaking
    before = moved.detail()

    asked = moved.send(name, on(day))
    assert asked.status_code == 409
    [asked_about] = asked.json["rules"]
    assert asked_about["rule"] == rule
    assert asked_about["title"]
    assert "good practice" in asked_about["source"]
    assert moved.detail() == before

    moved.tell(name, on(day), deviations=[{"rule": rule, "reason": "slik ble det"}])
    entry = moved.history()[-1]
    assert moved.detail()["deviations"] == [{"rule": rule, "event_id": entry["event_id"], "reason": "slik ble det"}]
    row = moved.row()
    assert row is not None
    assert row["deviations"] == 1


def test_a_missed_milestone_is_counted_once_at_the_first_event_after_its_time(moved: Record) -> None:
    assert moved.deviate("followed_up", on("2023-08-01")) == [LATE]
    assert moved.deviate("followed_up", on("2024-02-01")) == []
    assert moved.deviate("followed_up", on("2025-10-01")) == [LATE]


@pytest.mark.parametrize(
    ("members", "at", "mended"),
    [
        ({}, on("2023-05-01"), True),
        ({}, on("2023-03-20", "2023-10-01"), True),
        ({}, on(None, "2023-06-01"), True),
        ({"milestone": 3}, on("2023-07-20"), True),
        ({"milestone": 6}, on("2023-05-01"), False),
        ({}, on("2023-02-10"), False),
    ],
    ids=["in time", "perhaps in time", "nobody knows since when", "named", "named another", "too early"],
)
def test_a_follow_up_told_of_late_mends_the_milestone_it_may_have_been_of(
    moved: Record, members: dict[str, Any], at: dict[str, str | None], mended: bool
) -> None:
    assert moved.deviate("followed_up", on("2023-08-01")) == [LATE]
    moved.deviate("followed_up", at, **members)
    assert (broken(moved) == []) == mended


def test_taking_a_follow_up_back_makes_the_next_event_a_deviation_unasked(moved: Record) -> None:
    moved.tell("followed_up", on("2023-05-01"))
    moved.tell("followed_up", on("2023-08-01"))
    moved.retract(3)
    assert moved.now["deviations"] == [{"rule": LATE, "event_id": moved.event(4), "reason": None}]
    assert moved.history()[-1]["deviations"] == moved.now["deviations"]


def test_a_move_that_was_later_than_first_told_accuses_nobody(moved: Record) -> None:
    assert moved.deviate("stability_confirmed", on("2023-08-01")) == [LATE]
    moved.correct(2, on("2023-01-31", "2023-05-31"), **OWNED)
    assert broken(moved) == []


@pytest.mark.parametrize("first", ["2023-01-01", None])
def test_a_follow_up_is_of_every_milestone_that_the_days_of_the_move_allow(
    a_move_out: Opening, first: str | None
) -> None:
    record = a_move_out()
    record.tell("moved", on(first, "2023-05-31"), **OWNED)
    record.tell("followed_up", on("2023-06-20"))
    record.tell("stability_confirmed", on("2023-11-01"))
    assert broken(record) == []


def test_an_end_told_of_late_makes_what_came_after_it_a_deviation(moved: Record) -> None:
    moved.tell("followed_up", on("2023-05-01"))
    moved.tell("abandoned", on("2023-01-15"))
    assert {each["rule"] for each in moved.now["deviations"]} == {ENDED}
    moved.retract(4)
    assert broken(moved) == []


def test_who_is_found_again_is_followed_up_again(moved: Record) -> None:
    moved.tell("followed_up", on("2023-05-01"))
    moved.tell("lost_to_follow_up", on("2023-08-01"), lost_reason="no_contact")
    assert (moved.now["standing"], moved.now["next_follow_up_on"]) == ("lost", None)
    moved.tell("followed_up", on("2024-02-01"))
    assert (moved.now["standing"], moved.now["next_follow_up_on"], broken(moved)) == ("open", "2025-01-31", [])


def test_a_follow_up_that_says_nothing_of_stability_leaves_it_as_it_was(moved: Record) -> None:
    moved.tell("followed_up", on("2023-05-01"), stability="stable")
    moved.tell("followed_up", on("2023-08-01"), stability="not_asked")
    assert moved.now["standing"] == "stable"
    moved.tell("followed_up", on("2024-02-01"), stability="unstable")
    assert moved.now["standing"] == "open"


def test_nobody_owes_a_follow_up_to_who_moved_to_another_municipality(a_move_out: Opening) -> None:
    record = a_move_out()
    record.tell("moved", on("2023-01-31"), destination="other_municipality")
    record.tell("lost_to_follow_up", on("2024-01-31"))
    assert (broken(record), record.now["next_follow_up_on"]) == ([], None)


@pytest.mark.parametrize("state", ["planned", "moved", "followed_up", "returned", "abandoned", *sorted(MISSING)])
def test_a_move_out_is_registered_as_existing_in_any_state(a_move_out: Opening, state: str) -> None:
    described = {
        "state": state,
        "destination": "own_rented",
        "voluntariness_own": "not_asked",
        "initiated_by": "mutual",
    }
    record = a_move_out("registered_as_existing", on("2024-12-01"), **described)
    assert record.detail().items() >= {**described, "tenancy": "unknown", "deviations": []}.items()
    follow_up = "2025-03-01" if state == "moved" else None
    assert (record.now["moved_from"], record.now["next_follow_up_on"]) == (follow_up and "2024-12-01", follow_up)


def test_of_a_move_from_before_the_ledger_nobody_says_who_was_not_followed_up(a_move_out: Opening) -> None:
    record = a_move_out("registered_as_existing", on("2023-01-31"), state="moved")
    record.tell("followed_up", on("2024-02-01"))
    assert broken(record) == []
    returned = a_move_out("registered_as_existing", on("2023-01-31"), state="returned")
    assert returned.deviate("followed_up", on("2024-02-01")) == [ENDED]


def test_a_follow_up_is_on_the_work_list_until_it_is_held(a_move_out: Opening, sqlite_api: Api) -> None:
    record = a_move_out()
    record.tell("moved", on("2025-12-01"), **OWNED)
    due_now = "/v1/work-lists/move_out.follow_up"
    [item] = sqlite_api.items(due_now)
    owed = {"record": record.now["id"], "due_on": "2026-03-01", "participant": record.now["participant"]}
    assert item.items() >= owed.items()
    record.tell("followed_up", on("2026-03-01"))
    assert sqlite_api.items(due_now) == []


@pytest.mark.parametrize("agreement", [True, False])
def test_its_events_are_read_under_an_agreement_only(moved: Record, sqlite_api: Api, *, agreement: bool) -> None:
    token = sqlite_api.token("system", agreement=agreement)
    read = sqlite_api.get("/v1/events?after=0", role=None, headers={"Authorization": f"Bearer {token}"})
    assert (moved.now["id"] in read.get_data(as_text=True)) == agreement


IMPOSSIBLE = [
    ({"occurred": on("2026-03-03")}, "/occurred/from"),
    ({"participant": "00000000-0000-4000-8000-000000000000"}, "/participant"),
    ({"tenancy": "00000000-0000-4000-8000-000000000000"}, "/tenancy"),
    ({"tenancy": "the flat by the school"}, "/tenancy"),
    ({"initiated_by": "the_neighbour"}, "/initiated_by"),
    ({"address": "Storgata 1"}, "/address"),
]


@pytest.mark.parametrize(("members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(sqlite_api: Api, members: dict[str, Any], pointer: str) -> None:
    body = {"occurred": on("2023-01-01"), "participant": a_participant(sqlite_api), **members}
    refused = sqlite_api.post("/v1/move-outs", body)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert sqlite_api.items("/v1/move-outs") == []


def test_a_need_after_the_move_is_one_of_the_codebook(moved: Record) -> None:
    refused = moved.send("followed_up", on("2023-05-01"), needs=["space", "a_view"])
    assert [each["pointer"] for each in refused.json["errors"]] == ["/needs/1"]


def test_only_a_tenancy_of_the_same_person_can_be_moved_out_of(a_move_out: Opening, sqlite_api: Api) -> None:
    record = a_move_out()
    person, other = record.now["participant"], a_participant(sqlite_api)
    tenancies = {
        whose: Record(sqlite_api, "tenancies", "need_stated", on("2020-01-01"), participant=whose).now["id"]
        for whose in (person, other)
    }
    body = {"occurred": on("2023-01-01"), "participant": person, "tenancy": tenancies[other]}
    refused = sqlite_api.post("/v1/move-outs", body)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, ["/tenancy"])
    refused = record.correct(1, on("2023-01-01"), participant=person, tenancy=tenancies[other])
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (
        422,
        ["/replacement/tenancy"],
    )
    refused = record.correct(1, on("2023-01-01"), participant=other)
    assert [each["pointer"] for each in refused.json["errors"]] == ["/replacement/participant"]
    assert record.correct(1, on("2023-01-01"), participant=person, tenancy=tenancies[person]).status_code == 200
    assert record.now["tenancy"] == tenancies[person]


def test_a_list_is_narrowed_by_how_it_stands_and_what_they_moved_out_of(a_move_out: Opening, sqlite_api: Api) -> None:
    first = a_move_out()
    person = first.now["participant"]
    tenancy = Record(sqlite_api, "tenancies", "need_stated", on("2020-01-01"), participant=person).now["id"]
    second = a_move_out(participant=person, tenancy=tenancy)
    second.tell("moved", on("2023-01-31"), **OWNED, voluntariness_own="involuntary")

    def found(query: str) -> list[str]:
        return [row["id"] for row in sqlite_api.items(f"/v1/move-outs?{query}")]

    for query in ("standing=open", "voluntariness_own=involuntary", f"tenancy={tenancy}", "destination=own_owned"):
        assert found(query) == [second.now["id"]], query
    assert found("tenancy=unknown") == [first.now["id"]]
    assert found(f"participant={person}") == [second.now["id"], first.now["id"]]
    assert found("standing=open&on=2023-01-30") == []


def test_a_move_counts_in_its_year_by_how_it_stands_on_the_day_asked_for(a_move_out: Opening, sqlite_api: Api) -> None:
    returned = a_move_out(initiated_by="municipality")
    returned.tell("moved", on("2023-01-31"), **OWNED, voluntariness_own="involuntary", voluntariness_staff="voluntary")
    returned.tell("returned", on("2023-03-15"))
    lost = a_move_out()
    lost.tell("moved", on("2023-02-10"), destination="own_rented")
    lost.tell("lost_to_follow_up", on("2023-04-20"))
    a_move_out("registered_as_existing", on("2023-02-01"), state="stability_confirmed", destination="own_rented")
    a_move_out().tell("abandoned", on("2023-01-05"))

    def standing(day: str) -> dict[tuple[str, str], Any]:
        table = Table(sqlite_api, f"valuecodes[standing]=*&valuecodes[year]=*&on={day}", "move-outs")
        places = [(code, year) for code in table.codes("standing") for year in table.codes("year")]
        cells = {(code, year): table.cell(standing=code, year=year) for code, year in places}
        return {place: cell for place, cell in cells.items() if cell not in (0, "..")}

    assert standing("2023-01-30") == {}
    assert standing("2023-03-14") == {("open", "2023"): 2, ("stable", "unknown"): 1}
    assert standing("2023-04-19") == {("returned", "2023"): 1, ("open", "2023"): 1, ("stable", "unknown"): 1}
    assert standing("2023-04-20") == {("returned", "2023"): 1, ("lost", "2023"): 1, ("stable", "unknown"): 1}

    by = "valuecodes[initiator]=*&valuecodes[voluntariness_own]=*&valuecodes[voluntariness_staff]=*"
    table = Table(sqlite_api, by, "move-outs")
    said = {"voluntariness_own": "involuntary", "voluntariness_staff": "voluntary"}
    assert table.cell(initiator="municipality", **said) == 1


def test_how_it_stands_is_told_from_the_day_it_was_seen() -> None:
    record = history(
        Moved(meta=between(MOVED), destination="own_rented"),
        FollowedUp(meta=between(date(2023, 5, 1)), stability="stable"),
        StabilityConfirmed(meta=between(date(2023, 6, 1))),
        LostToFollowUp(meta=between(date(2023, 8, 1), date(2023, 8, 31))),
        Returned(meta=between(date(2024, 1, 1))),
    )
    assert [tuple(standing) for standing in record.standings()] == [
        ("open", MOVED, date(2023, 5, 1)),
        ("stable", date(2023, 5, 1), date(2023, 8, 31)),
        ("lost", date(2023, 8, 31), date(2024, 1, 1)),
        ("returned", date(2024, 1, 1), None),
    ]
    assert list(history().standings()) == []


def test_what_was_seen_stands_though_the_move_may_have_been_as_late() -> None:
    record = history(
        Moved(meta=between(date(2023, 1, 1), date(2023, 12, 31)), destination="own_rented"),
        Returned(meta=between(date(2023, 10, 1))),
    )
    assert [standing.code for standing in record.standings()] == ["returned"]


def test_a_follow_up_is_owed_at_each_milestone_after_the_last_day_they_may_have_moved() -> None:
    moved = Moved(meta=between(date(2023, 1, 1), MOVED), destination="own_owned")
    record = history(moved)
    assert list(record.duties()) == [
        Duty("move_out.follow_up", day, PERSON)
        for day in (date(2023, 4, 30), date(2023, 7, 31), date(2024, 1, 31), date(2025, 1, 31))
    ]
    assert list(history().duties()) == []


@pytest.mark.parametrize("end", [Returned, LostToFollowUp])
def test_nothing_is_owed_to_who_returned_or_is_lost(end: type[Event]) -> None:
    assert due(history(Moved(meta=between(MOVED), destination="own_owned"), end(meta=between(date(2023, 3, 1))))) == []


def test_stability_confirmed_ends_what_is_owed_from_the_last_milestone_on_and_not_before() -> None:
    moved = Moved(meta=between(MOVED), destination="own_owned")
    assert len(due(history(moved, StabilityConfirmed(meta=between(date(2024, 2, 1)))))) == 4
    assert due(history(moved, StabilityConfirmed(meta=between(date(2025, 2, 1))))) == []


def times(months: int) -> st.SearchStrategy[date]:
    """Days from the move until so many months after."""
    return st.dates(MOVED, months_after(MOVED, months))


def test_a_milestone_is_met_from_half_way_after_the_one_before_to_half_way_to_the_next(
    counts: Callable[[int, int], int],
) -> None:
    marks = [months_after(MOVED, months) for months in (0, *MILESTONES, 36)]

    @settings(max_examples=counts(200, 2_000), deadline=None)
    @given(times(48))
    def check(day: date) -> None:
        followed = history(Moved(meta=between(MOVED), destination="own_owned"), FollowedUp(meta=between(day)))
        owed = marks[1:5]
        for before, mark, after in zip(marks, marks[1:], marks[2:], strict=False):
            if day - before > mark - day and day - mark <= after - day:
                owed = [each for each in owed if each > mark]
        assert due(followed) == owed

    check()


def test_a_named_milestone_is_met_whenever_it_was_held(counts: Callable[[int, int], int]) -> None:
    @settings(max_examples=counts(100, 1_000), deadline=None)
    @given(times(36), st.sets(st.sampled_from(MILESTONES), min_size=1))
    def check(day: date, named: set[int]) -> None:
        held = [FollowedUp(meta=between(day), milestone=milestone) for milestone in sorted(named)]
        record = history(Moved(meta=between(MOVED), destination="own_owned"), *held)
        assert due(record) == [months_after(MOVED, month) for month in MILESTONES if month > max(named)]

    check()


def intervals(draw: st.DrawFn, last: int) -> tuple[date, date]:
    """A day on which something was, and the last day it may have been."""
    first = draw(times(last))
    return first, first + timedelta(draw(st.integers(0, 200)))


@st.composite
def lives(draw: st.DrawFn) -> list[tuple[type[Event], dict[str, Any], date, date, int]]:
    """A move and what was seen after it: event, members, first and last day, and which day between them it was."""
    after = draw(
        st.lists(st.sampled_from([FollowedUp, FollowedUp, StabilityConfirmed, LostToFollowUp]), min_size=1, max_size=5)
    )
    told: list[tuple[type[Event], dict[str, Any], date, date, int]] = []
    for kind in (Moved, *after):
        first, last = intervals(draw, 3 if kind is Moved else 36)
        members: dict[str, Any] = {"destination": "own_rented"} if kind is Moved else {}
        if kind is FollowedUp:
            members = {"milestone": draw(st.sampled_from(["not_recorded", 3, 12]))}
        told.append((kind, members, first, last, draw(st.integers(0, (last - first).days))))
    return told


def test_a_missed_follow_up_is_a_deviation_only_if_it_is_on_every_reading_of_the_days(
    counts: Callable[[int, int], int],
) -> None:
    def accused(events: Sequence[Event]) -> bool:
        return any(deviation.rule == LATE for deviation in history(*events).deviations)

    found: set[bool] = set()

    @settings(max_examples=counts(300, 3_000), deadline=None)
    @given(lives())
    def check(told: list[tuple[type[Event], dict[str, Any], date, date, int]]) -> None:
        loose = [kind(meta=between(first, last), **members) for kind, members, first, last, _ in told]
        exact = [kind(meta=between(first + timedelta(passed)), **members) for kind, members, first, _, passed in told]
        found.add(accused(loose))
        assert accused(exact) or not accused(loose)

    check()
    assert found == {True, False}
