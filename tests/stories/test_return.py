"""From the first municipal dwelling to an own home, and back 14 months later.

Ama's household of three is given two rooms it was not asked about. It moves out on 1 March 2023, so follow-ups are due
on 1 June and 1 September 2023, 1 March 2024 and 1 March 2025. The one in September is told of somebody else, and taken
back; that they came back on 2 May 2024 is told in June. Bo moved out some day in 2021, before there was a ledger.

The five points, and what was counted on paper at each:

    point   known by      of what had    Ama's move stands   follow-up owed    who is on no list they should be off
            the end of    happened by
    FIRST   31.03.2022    31.03.2022     (not planned yet)   -                 Bo: never informed, no contact person
    THEN    10.10.2023    10.10.2023     stable              none yet          Bo still
    NOW     02.12.2024    10.10.2023     stable              1 Sept. 2023      nobody: Bo was informed in September
    BEFORE  31.05.2024    31.05.2024     open (at risk)      none yet          nobody
    AFTER   02.12.2024    31.05.2024     returned            none any more     nobody
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.stories.conftest import Point, Story

FIRST = Point("2022-03-31", "2022-03-31")
THEN = Point("2023-10-10", "2023-10-10")
NOW = Point("2024-12-02", "2023-10-10")
BEFORE = Point("2024-05-31", "2024-05-31")
AFTER = Point("2024-12-02", "2024-05-31")
POINTS = (FIRST, THEN, NOW, BEFORE, AFTER)

HOME = {"destination": "own_rented", "tenure": "private_rental"}


class Told(NamedTuple):
    """The story, and its records that are looked at."""

    story: Story
    ama: str
    first: str
    move: str


def tell(story: Story) -> Told:
    """The story, in 25 commands."""

    story.day("2022-01-11", by="a-17")
    alone = ("participant.never_informed", "participant.no_contact_person")
    ama = story.open(
        "Ama", "/v1/participants", "2022-01-10", breaking=alone, pathway="resettlement", settled_on="2022-01-10"
    )
    story.day("2022-01-24", by="a-17")
    story.put(f"{ama}/contact-person", "2022-01-20", contact_person="a-17", contact_unit="flyktning")
    story.post(f"{ama}/information", "2022-01-24", how="conversation_interpreted", language="ti")

    story.day("2022-02-01", by="a-21")
    person = {"participant": ama.rpartition("/")[2]}
    first = story.open("first", "/v1/tenancies", "2022-02-01", **person, household_size=3, voiced_by="household")
    story.day("2022-02-21", by="a-21")
    given = ("tenancy.allocated_without_options",)
    story.post(f"{first}/allocations", "2022-02-18", breaking=given, participation="not_involved")
    story.day("2022-03-01", by="a-21")
    story.put(f"{first}/start", "2022-03-01", tenure="municipal_rental", rooms=2, lease_months=36)
    story.day("2022-03-14", by="a-17")
    bo = story.open("Bo", "/v1/participants/existing", ("2021-01-01", "2021-12-31"), state="active")
    story.open(
        "Bo's move",
        "/v1/move-outs/existing",
        ("2021-01-01", "2021-12-31"),
        participant=bo.rpartition("/")[2],
        state="lost_to_follow_up",
        destination="unknown",
    )
    # Late: there had been one dwelling to look at, of the wrong size.
    story.day("2022-04-04", by="a-21")
    story.post(f"{first}/options", "2022-02-16", n_options=1, constraints=["wrong_size"])
    story.day("2022-09-05", by="a-21")
    story.post(f"{first}/safety-experiences", "2022-09-05", safety="partly_safe", stay_wish="move")

    story.day("2022-11-07", by="a-21")
    plan = {**person, "tenancy": first.rpartition("/")[2], "planned_on": "2023-03-01", "participation": "agreed"}
    move = story.open("Ama's move", "/v1/move-outs", "2022-11-07", **plan, initiated_by="household")
    story.day("2022-12-05", by="a-21")
    story.post(f"{move}/readiness-assessments", "2022-12-05", readiness="ready_with_support", readiness_own="ready")
    story.day("2023-02-06", by="a-21")
    story.post(f"{move}/viewings", "2023-01-16", viewed_tenure="private_rental", viewing_outcome="too_expensive")
    story.post(f"{move}/viewings", "2023-02-06", viewed_tenure="private_rental", viewing_outcome="agreed")
    story.day("2023-03-06", by="a-21")
    story.put(f"{move}/move", "2023-03-01", **HOME, voluntariness_own="not_asked", voluntariness_staff="voluntary")
    story.put(f"{first}/end", "2023-02-28", end_reason="moved_to_own", ended_by="household")
    story.day("2023-06-12", by="a-21")
    story.post(f"{move}/follow-ups", "2023-06-02", stability="stable", own_view="better")
    story.day("2023-10-02", by="a-21")
    story.post(f"{move}/follow-ups", "2023-09-04", milestone=6, stability="stable")
    story.day("2023-10-20", by="a-21")
    story.retract(move, 7, "gjaldt en annen husstand")
    # Late: Bo was told in September, at a meeting, and has had somebody since.
    story.day("2023-11-06", by="a-17")
    story.post(f"{bo}/information", "2023-09-20", how="group_meeting")
    story.put(f"{bo}/contact-person", "2023-09-20", contact_person="a-17", contact_unit="flyktning")

    story.day("2024-03-18", by="a-21")
    missed = ("move_out.not_followed_up",)
    story.post(f"{move}/follow-ups", "2024-03-04", breaking=missed, milestone=12, stability="at_risk")
    own_word = "spurt nå: halvveis frivillig"
    partly = {"voluntariness_own": "partly", "voluntariness_staff": "voluntary", "basis": "interview"}
    story.correct(move, 5, own_word, "2023-03-01", **HOME, **partly)
    # Late, by six weeks: the return. And then who had wanted the move.
    story.day("2024-06-17", by="a-17")
    story.put(f"{move}/return", "2024-05-02", return_reason="lost_lease", months_since_move=14)
    story.day("2024-12-02", by="a-17")
    story.correct(move, 1, "kommunen trengte boligen", "2022-11-07", **plan, initiated_by="municipality")
    return Told(story, ama, first, move)


def test_a_household_comes_back_after_fourteen_months(begin: Callable[[str], Story]) -> None:
    told = tell(begin("2022-01-03"))
    the_records(told)
    the_figures(told.story)
    the_work_lists(told)
    what_was_put_right(told.story, told.move)


def the_records(told: Told) -> None:
    """Each as its detail and its list row tell it."""
    story, first, move = told.story, told.first, told.move
    # The first dwelling. The allocation was a deviation until it was told that something had been shown.
    assert [story.detail(first, point, "state", "n_options", "safety", "end_reason") for point in POINTS[:2]] == [
        {
            "state": "started",
            "n_options": "not_recorded",
            "safety": "not_recorded",
            "end_reason": "not_recorded",
            "deviations": ["tenancy.allocated_without_options"],
        },
        {"state": "ended", "n_options": 1, "safety": "partly_safe", "end_reason": "moved_to_own", "deviations": []},
    ]

    members = ("state", "initiated_by", "viewings", "voluntariness_own", "standing", "next_follow_up_on")
    rows = {
        FIRST: None,
        THEN: ("followed_up", "household", 2, "not_asked", "stable", "2024-03-01", []),
        NOW: ("followed_up", "municipality", 2, "partly", "stable", "2023-09-01", []),
        BEFORE: ("followed_up", "household", 2, "partly", "open", "2025-03-01", ["move_out.not_followed_up"]),
        AFTER: ("returned", "municipality", 2, "partly", "returned", None, ["move_out.not_followed_up"]),
    }
    for point, row in rows.items():
        assert story.detail(move, point, *members) == (row and dict(zip((*members, "deviations"), row, strict=True)))


def the_figures(story: Story) -> None:
    """The tables, counted on paper."""
    bo = {("unknown", "lost", "unknown"): 1}
    assert {point: story.table("move-outs", point, "destination", "standing", "year") for point in POINTS} == {
        FIRST: bo,
        THEN: {**bo, ("own_rented", "stable", "2023"): 1},
        NOW: {**bo, ("own_rented", "stable", "2023"): 1},
        BEFORE: {**bo, ("own_rented", "open", "2023"): 1},
        AFTER: {**bo, ("own_rented", "returned", "2023"): 1},
    }

    # Who wanted it: the initiator, their own word, and as staff saw it.
    who = ("initiator", "voluntariness_own", "voluntariness_staff")
    bo = {("unknown", "unknown", "unknown"): 1}
    assert {point: story.table("move-outs", point, *who) for point in POINTS} == {
        FIRST: bo,
        THEN: {**bo, ("household", "unknown", "voluntary"): 1},
        NOW: {**bo, ("municipality", "partly", "voluntary"): 1},
        BEFORE: {**bo, ("household", "partly", "voluntary"): 1},
        AFTER: {**bo, ("municipality", "partly", "voluntary"): 1},
    }

    assert {point: story.table("deviations", point, "rule", "year") for point in POINTS} == {
        FIRST: {("tenancy.allocated_without_options", "2022"): 1},
        THEN: {},
        NOW: {},
        BEFORE: {("move_out.not_followed_up", "2024"): 1},
        AFTER: {("move_out.not_followed_up", "2024"): 1},
    }


def the_work_lists(told: Told) -> None:
    """Whose, and by which day."""
    story = told.story
    bo = [("Bo", "2021-12-31")]
    expected = {
        "participant.inform": {FIRST: bo, THEN: bo, NOW: [], BEFORE: [], AFTER: []},
        "participant.assign_contact_person": {FIRST: bo, THEN: bo, NOW: [], BEFORE: [], AFTER: []},
        "move_out.follow_up": {
            FIRST: [],
            THEN: [],
            NOW: [("Ama's move", "2023-09-01")],
            BEFORE: [],
            AFTER: [],
        },
    }
    for kind, lists in expected.items():
        assert {point: story.due(kind, point) for point in POINTS} == lists
    # The first fortnight, as it is known to this day: Ama was on both lists, and two rules were departed from.
    fortnight = Point("2024-12-02", "2022-01-15")
    assert story.due("participant.inform", fortnight) == [("Bo", "2021-12-31"), ("Ama", "2022-01-10")]
    alone = ["participant.never_informed", "participant.no_contact_person"]
    assert story.detail(told.ama, fortnight) == {"deviations": alone}
    assert story.table("deviations", fortnight, "rule") == {(rule,): 1 for rule in alone}


def what_was_put_right(story: Story, move: str) -> None:
    """Who told what of the move, what was corrected, and what is seen otherwise since the end of May."""
    entries = story.audit(f"record={move.rpartition('/')[2]}")
    versions = {None: None, **{entry["position"]: entry["version"] for entry in entries}}
    assert [
        (
            entry["type"].partition(".")[2],
            entry["recorded_at"][:10],
            entry["recorded_by"]["id"],
            versions[entry["superseded_by"]],
            [each["rule"] for each in entry["deviations"]],
        )
        for entry in entries
    ] == [
        ("planned", "2022-11-07", "a-21", 12, []),
        ("readiness_assessed", "2022-12-05", "a-21", None, []),
        ("viewing_attended", "2023-02-06", "a-21", None, []),
        ("viewing_attended", "2023-02-06", "a-21", None, []),
        ("moved", "2023-03-06", "a-21", 10, []),
        ("followed_up", "2023-06-12", "a-21", None, []),
        ("followed_up", "2023-10-02", "a-21", 8, []),
        ("retracted", "2023-10-20", "a-21", None, []),
        ("followed_up", "2024-03-18", "a-21", None, ["move_out.not_followed_up"]),
        ("corrected", "2024-03-18", "a-21", None, []),
        ("returned", "2024-06-17", "a-17", None, []),
        ("corrected", "2024-12-02", "a-17", None, []),
    ]

    moved = "from=2024-05-31&on=2024-05-31"
    assert {each["pointer"]: (each["from"], each["to"]) for each in story.differences(move, moved)} == {
        "/state": ("followed_up", "returned"),
        "/initiated_by": ("household", "municipality"),
        "/standing": ("open", "returned"),
        "/next_follow_up_on": ("2025-03-01", None),
        "/months_since_move": ("not_recorded", 14),
        "/return_reason": ("not_recorded", "lost_lease"),
    }
    assert [
        (each["codes"]["standing"], each["from"]["value"], each["to"]["value"])
        for each in story.differences("/v1/tables/move-outs", f"{moved}&valuecodes[standing]=*")
    ] == [("open", 1, None), ("returned", None, 1)]
