"""A plan decided without the one it is about: recorded, flagged, counted, and shown to the inspector.

Eli claims a programme on 15 January 2018, so the plan is to be decided by 15 April (introduksjonsloven § 3). It is
decided on 2 May, by the contact person alone. Six months later nobody has time for its review; in January 2019 it is
reviewed without Eli. In February a protocol turns up that shows Eli at the table in April; it is Dan's, and the entry
is taken back. In April 2019 it is told that Eli had a child in August. Dan's plan is as it should be, but for a review
that turns out to have been held four days late.

The five points, and what was counted on paper at each (Eli's reviews, then Dan's):

    point      known by      of what had    reviews that were due                     departures   co-authored?
               the end of    happened by
    DECIDED    31.05.2018    31.05.2018     none yet                                  2            Eli no, Dan yes
    MISSED     30.11.2018    30.11.2018     2 Nov. missed; 20 Sept. in time           3            Eli no, Dan yes
    PROTOCOL   28.02.2019    31.05.2018     none yet                                  1            both yes
    HINDSIGHT  30.09.2019    30.11.2018     19 Oct. (child) owed, 2 Nov. missed;
                                            20 Sept. late                             4            Eli no, Dan yes
    NOW        30.09.2019    30.09.2019     19 Oct. and 2 Nov. late, 15 July in time;
                                            20 Sept. late, 24 March owed              7            Eli no, Dan yes
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.stories.conftest import Point, Story

DECIDED = Point("2018-05-31", "2018-05-31")
MISSED = Point("2018-11-30", "2018-11-30")
PROTOCOL = Point("2019-02-28", "2018-05-31")
HINDSIGHT = Point("2019-09-30", "2018-11-30")
NOW = Point("2019-09-30", "2019-09-30")
POINTS = (DECIDED, MISSED, PROTOCOL, HINDSIGHT, NOW)

ALONE = "individual_plan.decided_without_co_authorship"
LATE = "individual_plan.decided_late"
OVERDUE = "individual_plan.review_overdue"
NO_VIEW = "individual_plan.view_not_recorded"
UNDECIDED = "individual_plan.material_change_without_decision"

INSPECTION = "/v1/inspections/individual_plan_2003"


class Told(NamedTuple):
    """The story, and the two plans."""

    story: Story
    eli: str
    dan: str


def tell(story: Story) -> Told:
    """The story, in 20 commands."""
    story.day("2018-01-15", by="a-17")
    followed = {"informed": "conversation_interpreted", "contact_person": "a-17", "contact_unit": "flyktning"}
    people = [story.open(name, "/v1/participants", "2018-01-15", **followed) for name in ("Eli", "Dan")]
    story.day("2018-02-01", by="a-17")
    act = {"legal_regime": "introduksjonsloven_2003", "plan_kind": "individual_plan", "claimed_on": "2018-01-15"}
    eli, dan = (
        story.open(name, "/v1/individual-plans", "2018-02-01", participant=person.rpartition("/")[2], **act)
        for name, person in zip(("Eli's plan", "Dan's plan"), people, strict=True)
    )
    story.post(f"{eli}/promises", "2018-02-01", degree="3", open_to_influence="mål og tiltak")
    story.day("2018-02-12", by="a-17")
    story.post(f"{eli}/proposed-goals", "2018-02-12", goal_domain="work", agreed="no")
    story.post(f"{eli}/drafts", "2018-02-12")

    story.day("2018-03-20", by="a-17")
    story.post(f"{dan}/stated-goals", "2018-03-05", goal_domain="housing", agreed="yes")
    both = {"took_part": ["participant", "contact_person"], "participant_view": "recorded"}
    story.post(f"{dan}/co-authorings", "2018-03-12", **both, agreed="yes")
    formal = {"decision_form": "individual_decision"}
    story.post(f"{dan}/decisions", "2018-03-20", **formal, contents=["goals", "start", "phases", "measures"])

    story.day("2018-05-02", by="a-17")
    story.post(f"{eli}/decisions", "2018-05-02", breaking=(ALONE, LATE), **formal, contents=["goals", "measures"])
    story.day("2018-10-01", by="a-17")
    as_agreed = {**both, "review_type": "interval", "outcome": "unchanged", "prevailed": "both"}
    story.post(f"{dan}/reviews", "2018-09-18", **as_agreed)
    story.day("2018-11-19", by="a-17")
    story.post(f"{eli}/missed-reviews", "2018-11-12", breaking=(OVERDUE,), review_type="interval", reason="no_capacity")
    story.day("2019-01-21", by="a-17")
    unasked = {"took_part": ["contact_person"], "participant_view": "not_asked", "prevailed": "contact_person"}
    story.post(f"{eli}/reviews", "2019-01-15", breaking=(NO_VIEW,), **unasked, outcome="material")
    # Late, and wrong: the protocol was another's.
    story.day("2019-02-11", by="a-30")
    story.post(f"{eli}/co-authorings", "2018-04-10", **both, basis="document")
    story.day("2019-03-04", by="a-30")
    story.retract(eli, 8, "protokollen gjaldt en annen")
    # Late, by seven months: the child. Then the day Dan's review was held, as the calendar has it.
    story.day("2019-04-01", by="a-17")
    story.post(f"{eli}/life-changes", "2018-08-20", change="child")
    story.day("2019-05-06", by="a-30")
    story.correct(dan, 5, "kalenderen viser 24. september", "2018-09-24", **as_agreed)

    story.day("2019-07-15", by="a-17")
    heard = {"took_part": ["unknown"], "participant_view": "recorded"}
    story.post(f"{eli}/reviews", "2019-07-10", breaking=(UNDECIDED,), **heard, outcome="minor")
    story.day("2019-09-30", by="a-30")
    story.post(f"{eli}/experiences", "2019-09-26", degree="1")
    return Told(story, eli, dan)


def test_a_plan_decided_without_its_participant_is_recorded_flagged_counted_and_inspected(
    begin: Callable[[str], Story],
) -> None:
    told = tell(begin("2018-01-02"))
    the_records(told)
    the_figures(told.story)
    the_work_lists(told.story)
    what_the_inspector_sees(told)
    what_was_put_right(told)


def the_records(told: Told) -> None:
    """State, the day a review is due, and what is flagged."""
    expected = {
        told.eli: {
            DECIDED: ("decided", "2018-11-02", [ALONE, LATE]),
            MISSED: ("decided", "2018-11-02", [ALONE, LATE, OVERDUE]),
            PROTOCOL: ("decided", "2018-11-02", [LATE]),
            HINDSIGHT: ("decided", "2018-10-19", [ALONE, LATE, OVERDUE]),
            NOW: ("reviewed", "2020-01-10", [NO_VIEW, ALONE, LATE, OVERDUE, OVERDUE, UNDECIDED]),
        },
        told.dan: {
            DECIDED: ("decided", "2018-09-20", []),
            MISSED: ("reviewed", "2019-03-18", []),
            PROTOCOL: ("decided", "2018-09-20", []),
            HINDSIGHT: ("reviewed", "2019-03-24", [OVERDUE]),
            NOW: ("reviewed", "2019-03-24", [OVERDUE]),
        },
    }
    for plan, rows in expected.items():
        for point, (state, due, flagged) in rows.items():
            found = told.story.detail(plan, point, "state", "review_due")
            assert found == {"state": state, "review_due": due, "deviations": flagged}


def the_figures(story: Story) -> None:
    """The tables, counted on paper."""
    assert {point: story.table("deviations", point, "rule", "year") for point in POINTS} == {
        DECIDED: {(ALONE, "2018"): 1, (LATE, "2018"): 1},
        MISSED: {(ALONE, "2018"): 1, (LATE, "2018"): 1, (OVERDUE, "2018"): 1},
        PROTOCOL: {(LATE, "2018"): 1},
        HINDSIGHT: {(ALONE, "2018"): 1, (LATE, "2018"): 1, (OVERDUE, "2018"): 2},
        NOW: {
            (ALONE, "2018"): 1,
            (LATE, "2018"): 1,
            (OVERDUE, "2018"): 2,
            (OVERDUE, "2019"): 1,
            (NO_VIEW, "2019"): 1,
            (UNDECIDED, "2019"): 1,
        },
    }
    dimensions = ("outcome", "review_type", "year")
    assert {point: story.table("review-punctuality", point, *dimensions) for point in POINTS} == {
        DECIDED: {},
        MISSED: {("in_time", "interval", "2018"): 1, ("missed", "interval", "2018"): 1},
        PROTOCOL: {},
        HINDSIGHT: {
            ("late", "interval", "2018"): 1,
            ("missed", "interval", "2018"): 1,
            ("not_held_yet", "life_change", "2018"): 1,
        },
        NOW: {
            ("late", "interval", "2018"): 2,
            ("late", "life_change", "2018"): 1,
            ("in_time", "interval", "2019"): 1,
            ("not_held_yet", "interval", "2019"): 1,
        },
    }
    # Eli was promised a say (3) and got to know of it (1); Dan was promised nothing, and decided together (4).
    dan = {("unknown", "4", "unknown"): 1}
    degrees = ("intended", "documented", "experienced")
    assert {point: story.table("degrees", point, *degrees) for point in POINTS} == {
        DECIDED: {("3", "1", "unknown"): 1, **dan},
        MISSED: {("3", "1", "unknown"): 1, **dan},
        PROTOCOL: {("3", "4", "unknown"): 1, **dan},
        HINDSIGHT: {("3", "1", "unknown"): 1, **dan},
        NOW: {("3", "2", "1"): 1, **dan},
    }


def the_work_lists(story: Story) -> None:
    """Whose, and by which day."""
    assert {point: story.due("individual_plan.review", point) for point in POINTS} == {
        DECIDED: [],
        MISSED: [("Eli's plan", "2018-11-02")],
        PROTOCOL: [],
        HINDSIGHT: [("Eli's plan", "2018-10-19")],
        NOW: [("Dan's plan", "2019-03-24")],
    }
    in_april = Point("2018-04-20", "2018-04-20")
    assert story.due("individual_plan.decision", in_april) == [("Eli's plan", "2018-04-15")]
    assert story.due("individual_plan.decision", NOW) == []


def what_the_inspector_sees(told: Told) -> None:
    """The five questions of Eli's plan, with the versions of the events that show each answer; then the sums."""
    story, eli = told.story, told.eli
    versions = {entry["event_id"]: entry["version"] for entry in story.api.items(f"{eli}/history")}
    questions = ("decided", "co_authored", "required_contents", "reassessed", "material_changes_decided")
    decided, contents, nothing = ("yes", [5]), ("partly", [5]), ("not_applicable", [])
    for point, expected in {
        DECIDED: (decided, ("no", [5]), contents, ("not_recorded", []), nothing),
        MISSED: (decided, ("no", [5]), contents, ("no", [6]), nothing),
        PROTOCOL: (decided, ("yes", [8]), contents, ("not_recorded", []), nothing),
        HINDSIGHT: (decided, ("no", [5]), contents, ("no", [6]), nothing),
        NOW: (decided, ("no", [5]), contents, ("partly", [7, 11]), ("no", [7])),
    }.items():
        answer = story.api.get(f"{INSPECTION}/individual-plans/{eli.rpartition('/')[2]}?{point.query}").json
        shown = [(each["answer"], [versions[event] for event in each["evidence"]]) for each in answer["answers"]]
        assert shown == [*expected], point
        assert tuple(each["question"] for each in answer["answers"]) == questions

    alone = story.api.items(f"{INSPECTION}/individual-plans?co_authored=no&{NOW.query}")
    assert [story.names[each["id"]] for each in alone] == ["Eli's plan"]
    summary = story.api.get(f"{INSPECTION}/summary?{NOW.query}").json["questions"]
    assert [{answer: n for answer, n in each["counts"].items() if n} for each in summary] == [
        {"yes": 2},
        {"yes": 1, "no": 1},
        {"yes": 1, "partly": 1},
        {"partly": 2},
        {"no": 1, "not_applicable": 1},
    ]


def what_was_put_right(told: Told) -> None:
    """Who recorded the departure, and who brought it back with the protocol; what is seen otherwise since."""
    story, eli = told.story, told.eli
    decision = story.event(eli, 5)
    assert [
        (entry["version"], entry["kind"], entry["recorded_by"]["id"], entry["deviations"])
        for entry in story.audit(f"rule={ALONE}")
    ] == [
        (5, "recorded", "a-17", [{"rule": ALONE, "event_id": decision}, {"rule": LATE, "event_id": decision}]),
        (9, "retracted", "a-30", [{"rule": ALONE, "event_id": decision}]),
    ]
    assert [each["pointer"] for each in story.differences(eli, f"from={MISSED.known}&on={MISSED.on}")] == [
        "/review_due",
        "/life_change",
    ]
    back = story.differences("/v1/tables/deviations", f"from={PROTOCOL.known}&on={PROTOCOL.on}")
    assert [(each["codes"], each["from"]["value"], each["to"]["value"]) for each in back] == [
        ({"rule": ALONE, "year": "2018"}, None, 1)
    ]
