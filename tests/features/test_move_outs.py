"""Move-outs over HTTP: the way to an own home, how it went there, and when that is to be followed up."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise, product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.commands import Command
from domain.duties import Duty
from domain.events import Event, Meta
from domain.move_outs import (
    Abandoned,
    FollowedUp,
    LostToFollowUp,
    Moved,
    MoveOut,
    Planned,
    Returned,
    StabilityConfirmed,
)
from domain.time import microseconds
from tests.bodies import a_participant
from tests.conftest import Api, Ids
from tests.features.conftest import Opening, Record, broken, on
from tests.features.histories import BY
from tests.features.tables import Table

LATE, ENDED = "move_out.not_followed_up", "move_out.recorded_after_end"
PERSON = UUID("00000000-0000-4000-8000-000000000007")
OWNED: dict[str, Any] = {"destination": "own_owned"}
MOVED = date(2023, 1, 31)
DUE = {3: date(2023, 4, 30), 6: date(2023, 7, 31), 12: date(2024, 1, 31), 24: date(2025, 1, 31)}


@pytest.fixture
def a_move_out(sqlite_api: Api) -> Opening:
    """Opens a move-out on 1 January 2023, planned unless another command is named."""

    def opening(name: str = "planned", at: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {"participant": a_participant(sqlite_api), **members}
        return Record(sqlite_api, "move_outs", name, at or on("2023-01-01"), **described)

    return opening


def told(kind: type[Event], first: date | None, last: date | None = None, **members: Any) -> Event:
    """What happened between two days, or on one."""
    return kind(meta=Meta(occurred_from=first, occurred_to=last or first, recorded_by=BY), **members)


def history(*events: Event) -> MoveOut:
    """The record these events make, whatever they break, told in 2030."""
    command = Command(now=microseconds(datetime(2030, 3, 2, tzinfo=UTC)), new_id=Ids(), client="test", accept_all=True)
    record = MoveOut(UUID(int=1))
    for event in (told(Planned, date(2020, 1, 1), participant=PERSON), *events):
        record = record.record(event, command)
    return record


def test_a_household_moves_out_is_followed_up_and_comes_back(api: Api) -> None:
    plan = {"participant": a_participant(api), "initiated_by": "municipality", "participation": "asked"}
    plan |= {"planned_on": "2023-02-01", "plan": "Eie innen ett år.", "plan_words": "Vi vil eie."}
    ready = {"readiness": "ready_with_support", "readiness_own": "ready", "assessment": "Trenger hjelp."}
    viewed = {"viewed_tenure": "owned", "viewing_outcome": "agreed", "viewing_words": "Den var fin."}
    wanted = {"voluntariness_own": "partly", "voluntariness_staff": "voluntary", "move_words": "Vi måtte."}
    seen = {"milestone": 3, "stability": "at_risk", "needs": ["quiet", "help_available"], "own_view": "worse"}
    back = {"months_since_move": 12, "return_reason": "economy", "return_words": "Renten ble for høy."}
    steps: list[tuple[str, str, dict[str, Any], str, str | None]] = [
        ("readiness_assessed", "2022-11-01", ready, "not_recorded", None),
        ("viewing_attended", "2022-12-01", viewed, "not_recorded", None),
        ("moved", "2023-01-31", {**OWNED, "tenure": "owned", **wanted}, "open", "2023-04-30"),
        ("followed_up", "2023-05-02", seen, "open", "2023-07-31"),
        ("followed_up", "2023-08-01", {"stability": "stable"}, "stable", "2024-01-31"),
        ("followed_up", "2023-08-02", {"follow_up_words": "Det er dyrt."}, "stable", "2024-01-31"),
        ("followed_up", "2023-08-03", {"stability": "unstable"}, "open", "2024-01-31"),
        ("stability_confirmed", "2023-09-01", {"stability_note": "Bor godt."}, "stable", "2024-01-31"),
        ("lost_to_follow_up", "2023-12-01", {"lost_reason": "no_contact"}, "lost", None),
        ("followed_up", "2023-12-02", {"follow_up_note": "Søker støtte."}, "open", "2025-01-31"),
        ("returned", "2024-02-01", back, "returned", None),
    ]
    record = Record(api, "move_outs", "planned", on("2022-10-01"), **plan)
    said: dict[str, Any] = {**plan, "deviations": []}
    for name, day, members, standing, due in steps:
        record.tell(name, on(day), **members)
        said |= {**members, "state": name, "standing": standing, "next_follow_up_on": due}
        assert record.now.items() >= said.items(), (name, day)
    assert record.now["viewings"] == 1


def test_late_news_corrections_and_retractions_accuse_and_acquit(a_move_out: Opening) -> None:
    record = a_move_out()
    record.tell("moved", on("2023-01-31"), **OWNED)
    record.tell("followed_up", on("2023-05-01"))
    record.tell("followed_up", on("2023-08-01"))
    record.retract(3)
    assert record.now["deviations"] == [{"rule": LATE, "event_id": record.event(4), "reason": None}]
    record.correct(2, on("2023-01-31", "2023-05-31"), **OWNED)
    assert (broken(record), record.now["moved_from"], record.now["moved_to"]) == ([], "2023-01-31", "2023-05-31")
    record.tell("abandoned", on("2023-01-15"))
    assert broken(record) == [ENDED, ENDED]


@pytest.mark.parametrize(
    ("state", "due", "rules"),
    [("moved", "2023-04-30", []), ("followed_up", None, []), ("returned", None, [ENDED]), ("abandoned", None, [ENDED])],
)
def test_of_a_move_from_before_the_ledger_nobody_says_who_was_not_followed_up(
    a_move_out: Opening, state: str, due: str | None, rules: list[str]
) -> None:
    record = a_move_out("registered_as_existing", on("2023-01-31"), state=state)
    assert (record.now["moved_from"], record.now["next_follow_up_on"]) == (due and "2023-01-31", due)
    assert record.deviate("followed_up", on("2024-02-01")) == rules


def test_only_a_tenancy_of_the_same_person_can_be_moved_out_of(a_move_out: Opening, sqlite_api: Api) -> None:
    record = a_move_out()
    person = record.now["participant"]
    own, others = (
        Record(sqlite_api, "tenancies", "need_stated", on("2020-01-01"), participant=whose).now["id"]
        for whose in (person, a_participant(sqlite_api))
    )
    for tenancy in (others, str(PERSON), "the flat by the school"):
        body = {"occurred": on("2023-01-01"), "participant": person, "tenancy": tenancy}
        assert sqlite_api.post("/v1/move-outs", body).json["errors"][0]["pointer"] == "/tenancy"
    refused = record.correct(1, on("2023-01-01"), participant=person, tenancy=others)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/replacement/tenancy")
    assert record.correct(1, on("2023-01-01"), participant=person, tenancy=own).json["tenancy"] == own


def test_a_list_is_narrowed_by_how_it_stands_and_what_they_moved_out_of(a_move_out: Opening, sqlite_api: Api) -> None:
    first = a_move_out()
    whose = {"participant": first.now["participant"]}
    tenancy = Record(sqlite_api, "tenancies", "need_stated", on("2020-01-01"), **whose).now["id"]
    second = a_move_out(**whose, tenancy=tenancy)
    second.tell("moved", on("2023-01-31"), **OWNED, voluntariness_own="involuntary")
    for query in ("standing=open", "voluntariness_own=involuntary", f"tenancy={tenancy}", "destination=own_owned"):
        assert (first.row(f"?{query}"), second.row(f"?{query}")) == (None, second.row()), query
    assert (first.row("?tenancy=unknown"), second.row("?tenancy=unknown")) == (first.row(), None)
    assert second.row("?standing=open&on=2023-01-30") is None


def test_a_move_counts_in_its_year_by_how_it_stands_on_the_day_asked_for(a_move_out: Opening, sqlite_api: Api) -> None:
    returned, lost, late = a_move_out(initiated_by="municipality"), a_move_out(), a_move_out()
    returned.tell("moved", on("2023-01-31"), **OWNED, voluntariness_own="involuntary", voluntariness_staff="voluntary")
    returned.tell("returned", on("2023-03-15"))
    lost.tell("moved", on("2023-02-10"), **OWNED)
    lost.tell("lost_to_follow_up", on("2023-04-01", "2023-04-20"))
    late.tell("moved", on("2023-04-01", "2023-12-31"), **OWNED)
    late.tell("returned", on("2023-10-01"))
    a_move_out("registered_as_existing", on("2023-02-01"), state="stability_confirmed")
    a_move_out().tell("abandoned", on("2023-01-05"))

    def counted(day: str, names: tuple[str, ...] = ("standing", "year")) -> dict[tuple[str, ...], Any]:
        table = Table(sqlite_api, "&".join([f"on={day}", *(f"valuecodes[{name}]=*" for name in names)]), "move-outs")
        places = product(*map(table.codes, names))
        cells = {codes: table.cell(**dict(zip(names, codes, strict=True))) for codes in places}
        return {codes: n for codes, n in cells.items() if n not in (0, "..")}

    stable = {("stable", "unknown"): 1}
    assert counted("2023-01-30") == {}
    assert counted("2023-03-14") == {("open", "2023"): 2, **stable}
    assert counted("2023-04-19") == {("returned", "2023"): 1, ("open", "2023"): 1, **stable}
    assert counted("2023-04-20") == {("returned", "2023"): 1, ("lost", "2023"): 1, **stable}
    assert counted("2024-01-01") == {("returned", "2023"): 2, ("lost", "2023"): 1, **stable}
    wanted = counted("2023-04-20", ("initiator", "voluntariness_own", "voluntariness_staff"))
    assert wanted == {("municipality", "involuntary", "voluntary"): 1, ("unknown", "unknown", "unknown"): 2}


MOVE, PERHAPS, ONCE = (told(Moved, first, MOVED, **OWNED) for first in (MOVED, date(2022, 11, 30), None))
IN_APRIL, IN_AUGUST = (told(FollowedUp, day) for day in (date(2023, 4, 30), date(2023, 8, 1)))
BACK, GIVEN_UP = told(Returned, date(2023, 3, 1)), told(Abandoned, date(2023, 3, 1))


@pytest.mark.parametrize(
    ("events", "owed", "rules"),
    [
        ([PERHAPS, IN_APRIL, told(FollowedUp, date(2023, 10, 31))], [12, 24], []),
        ([PERHAPS, told(FollowedUp, date(2023, 3, 10)), told(StabilityConfirmed, date(2023, 7, 31))], [6, 12, 24], []),
        ([ONCE, told(FollowedUp, None, date(2023, 4, 30)), told(FollowedUp, date(2024, 1, 31))], [24], []),
        ([told(Moved, MOVED, destination="other_municipality"), told(FollowedUp, date(2024, 1, 31))], [], []),
        ([told(Moved, date(2022, 11, 1), **OWNED), MOVE, IN_AUGUST, IN_APRIL], [12, 24], []),
        ([MOVE, IN_AUGUST, told(FollowedUp, date(2023, 2, 10))], [12, 24], [LATE]),
        ([MOVE, IN_AUGUST, told(FollowedUp, date(2023, 2, 10), date(2023, 6, 1))], [12, 24], []),
        ([MOVE, IN_AUGUST, told(FollowedUp, date(2024, 2, 1))], [24], [LATE]),
        ([MOVE, IN_AUGUST, told(FollowedUp, date(2025, 1, 31))], [], [LATE, LATE]),
        ([MOVE, IN_APRIL, told(FollowedUp, date(2023, 2, 1), milestone=12)], [24], []),
        ([MOVE, IN_APRIL, told(StabilityConfirmed, date(2024, 2, 1))], [6, 12, 24], [LATE]),
        ([MOVE, IN_AUGUST, told(StabilityConfirmed, date(2025, 2, 1))], [], [LATE, LATE]),
        ([MOVE, told(Returned, date(2023, 7, 1))], [], [LATE]),
        ([MOVE, told(LostToFollowUp, date(2023, 7, 1)), told(FollowedUp, date(2025, 1, 31))], [], [LATE]),
        ([MOVE, BACK, told(StabilityConfirmed, date(2023, 2, 28))], [], []),
        ([MOVE, BACK, told(StabilityConfirmed, date(2025, 10, 1))], [], [ENDED]),
        ([MOVE, BACK, told(FollowedUp, date(2023, 5, 1))], [], [ENDED]),
        ([MOVE, GIVEN_UP, GIVEN_UP], [], [ENDED]),
    ],
)
def test_who_moved_is_followed_up_until_an_end_and_a_missed_milestone_is_a_deviation_once(
    events: list[Event], owed: list[int], rules: list[str]
) -> None:
    record = history(*events)
    assert list(record.duties()) == [Duty("move_out.follow_up", DUE[month], PERSON) for month in owed]
    assert [deviation.rule for deviation in record.deviations] == rules


def test_a_follow_up_before_the_last_day_of_an_uncertain_move_is_one() -> None:
    moved = told(Moved, date(2023, 1, 1), date(2023, 6, 30), **OWNED)
    owed = history(moved, told(FollowedUp, date(2023, 5, 1))).duties()
    assert [duty.due_on for duty in owed] == [date(2023, 12, 30), date(2024, 6, 30), date(2025, 6, 30)]


def test_a_follow_up_is_of_a_milestone_from_half_way_after_the_one_before_to_half_way_to_the_next() -> None:
    turns = [MOVED, date(2023, 3, 17), date(2023, 6, 16), date(2023, 11, 1), date(2024, 8, 2), date(2025, 8, 2)]
    for met, (first, after) in enumerate(pairwise([*turns, date(2029, 12, 31)])):
        for day in (first, after - timedelta(1)):
            owed = [duty.due_on for duty in history(MOVE, told(FollowedUp, day)).duties()]
            assert owed == [*DUE.values()][met % 5 :], day


def test_a_missed_follow_up_is_a_deviation_only_if_it_is_on_every_reading_of_the_days(
    counts: Callable[[int, int], int],
) -> None:
    followed = [(FollowedUp, {"milestone": milestone}) for milestone in ("not_recorded", 3, 12)]
    seen = st.sampled_from([*followed, (StabilityConfirmed, {}), (LostToFollowUp, {})])
    wait = st.lists(st.integers(0, 200), min_size=2, max_size=2).map(sorted)
    found: set[bool] = set()

    @settings(max_examples=counts(300, 3_000), deadline=None)
    @given(st.integers(0, 90), wait, st.lists(st.tuples(seen, st.integers(0, 1_100), wait), min_size=1, max_size=5))
    def check(began: int, moving: list[int], after: list[Any]) -> None:
        loose, exact = [], []
        for (kind, members), days, (passed, last) in (((Moved, OWNED), began, moving), *after):
            first = MOVED + timedelta(days)
            loose.append(told(kind, first, first + timedelta(last), **members))
            exact.append(told(kind, first + timedelta(passed), **members))
        accused, justly = (LATE in {each.rule for each in history(*events).deviations} for events in (loose, exact))
        found.add(accused)
        assert justly or not accused

    check()
    assert found == {True, False}
