"""Individual plans over HTTP: who drew them up, what is due and when, every rule, and what an inspection is shown."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from adapters.vault import KEYS
from domain import codebook
from domain.commands import Command
from domain.duties import Duty
from domain.events import MISSING, Meta
from domain.individual_plans import IndividualPlan
from domain.individual_plans.events import RegisteredAsExisting
from domain.time import microseconds, months_after
from tests.bodies import a_participant
from tests.conftest import Api, Ids
from tests.features.conftest import Opening, Record
from tests.features.histories import BY, Memory
from tests.features.tables import Table

ALONE = "individual_plan.decided_without_co_authorship"
LATE = "individual_plan.decided_late"
OVERDUE = "individual_plan.review_overdue"
WHO = "individual_plan.participation_not_recorded"
VIEW = "individual_plan.view_not_recorded"
UNDECIDED = "individual_plan.material_change_without_decision"
CLOSED = "individual_plan.reviewed_after_closing"
AGAIN = "individual_plan.competence_mapped_again"
APPEAL = "individual_plan.appeal_period"

TOGETHER: dict[str, Any] = {"took_part": ["participant", "contact_person"], "participant_view": "recorded"}
STAFF_ONLY: dict[str, Any] = {**TOGETHER, "took_part": ["contact_person"]}
MATERIAL: dict[str, Any] = {**TOGETHER, "outcome": "material"}
NEW_ACT, OLD_ACT = "integreringsloven_2021", "introduksjonsloven_2003"
STATES = list(codebook.load().lists["plan-states"].codes)

Told = tuple[str, str, dict[str, Any]]
DRAWN_UP: list[Told] = [("co_authored", "2025-01-10", TOGETHER), ("decided", "2025-01-15", {})]


def on(first: str | None, last: str | None = "") -> dict[str, str | None]:
    """An interval of days, given as `2025-02-03`; of one day when no last is given."""
    return {"from": first, "to": first if last == "" else last}


@pytest.fixture
def a_plan(sqlite_api: Api) -> Opening:
    """Opens a plan of a resettlement refugee under the 2021 act, begun on 2 January 2025 if nothing else is said."""

    def opening(name: str = "initiated", when: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {
            "participant": a_participant(sqlite_api, pathway="resettlement"),
            "legal_regime": NEW_ACT,
            "settled_on": "2025-01-01",
        }
        return Record(sqlite_api, "individual_plans", name, when or on("2025-01-02"), **{**described, **members})

    return opening


def tell(plan: Record, told: list[Told]) -> Record:
    """Tells a plan what happened, each on a day."""
    for name, day, members in told:
        plan.tell(name, on(day), **members)
    return plan


def rules(plan: Record) -> list[str]:
    """The rules a plan departs from."""
    return [each["rule"] for each in plan.detail()["deviations"]]


def folded(plan: Record) -> IndividualPlan:
    """A plan as the domain has it."""
    return plan.api.running.store(plan.api.ledger).get(IndividualPlan, UUID(plan.now["id"]))


def inspected(plan: Record) -> dict[str, str]:
    """The answers to an inspection."""
    return {answer.question: answer.answer for answer in folded(plan).inspected()}


def test_a_plan_goes_the_whole_way_from_initiated_to_closed(api: Api) -> None:
    participant = a_participant(api, pathway="reception_centre", settled_on="2025-01-01")
    described = {"participant": participant, "legal_regime": NEW_ACT, "plan_kind": "integration_plan"}
    plan = Record(api, "individual_plans", "initiated", on("2025-01-02"), **described)
    opened = {**described, "state": "initiated", "settled_on": "2025-01-01", "decision_due": "2025-04-01"}
    assert plan.now.items() >= opened.items()

    mapping = {"source": "municipality", "topics": ["competence", "interests"], "interests": ["housing", "work"]}
    plan.tell("competence_mapped", on("2025-01-03"), **mapping, interpreter_use="qualified", findings="Snekker.")
    plan.tell("competence_mapping_supplemented", on("2025-01-04"), topics=["background"])
    plan.tell("final_goal_set", on("2025-01-05"), regards_interests="yes", final_goal="Fagbrev.")
    plan.tell("goal_stated", on("2025-01-06"), goal_domain="housing", agreed="yes", goal="Egen bolig.")
    plan.tell("goal_proposed", on("2025-01-07"), goal_domain="language", agreed="partly", goal="B1.")
    stated, proposed = plan.now["goals"]
    assert (stated["originator"], stated["goal"]) == ("participant", "Egen bolig.")
    assert (proposed["originator"], proposed["agreed"]) == ("contact_person", "partly")
    plan.tell("measure_added", on("2025-01-08"), goal_domain="housing", goal_id=stated["event_id"], measure="Kurs.")
    assert plan.tell("drafted", on("2025-01-09"))["state"] == "drafted"
    shared = {**TOGETHER, "interpreter_need": "needed", "interpreter_use": "qualified", "agreed": "yes", "view": "Bra."}
    assert plan.tell("co_authored", on("2025-01-10"), **shared)["state"] == "co_authored"
    assert plan.now["co_authoring"].items() >= shared.items()
    contents = {"decision_form": "individual_decision", "contents": ["final_goal", "duration"], "decision_ref": "25/7"}
    decided = plan.tell("decided", on("2025-01-15"), **contents)
    assert decided["decision"].items() >= {**contents, "occurred_to": "2025-01-15"}.items()
    assert decided.items() >= {"state": "decided", "decision_due": None, "review_due": "2025-07-15"}.items()
    assert plan.tell("contract_signed", on("2025-01-16"))["state"] == "in_force"
    assert plan.tell("review_scheduled", on("2025-02-01"), due_on="2025-06-01")["review_due"] == "2025-06-01"
    plan.tell("review_missed", on("2025-05-30"), reason="no_interpreter")
    reviewed = {"review_type": "interval", "outcome": "material", "prevailed": "participant", "view": "Til byen."}
    plan.tell("reviewed", on("2025-06-01"), **TOGETHER, **reviewed, next_review_due="2025-09-01")
    assert plan.now.items() >= {"state": "reviewed", "review_due": "2025-09-01"}.items()
    assert plan.tell("revised", on("2025-06-02"), extent="material", revision="Nye mål.")["state"] == "revised"
    assert plan.tell("revision_decided", on("2025-06-03"), decision_ref="25/8")["state"] == "in_force"
    life_change = {"change": "child", "explanation": "Fikk en datter."}
    plan.tell("material_life_change_registered", on("2025-06-04"), **life_change)
    assert plan.now["review_due"] == "2025-08-03"
    assert plan.tell("disagreement_recorded", on("2025-06-05"), topic="measures")["disagreement"] == "recorded"
    assert plan.tell("disagreement_resolved", on("2025-06-06"), prevailed="both")["disagreement"] == "resolved"
    [measure] = plan.now["measures"]
    assert not measure["completed"]
    plan.tell("measure_completed", on("2025-06-07"), measure_id=measure["event_id"])
    assert plan.now["measures"][0].items() >= {"completed": True, "goal_id": stated["event_id"]}.items()
    assert plan.tell("complaint_filed", on("2025-06-10"), complaint="For lite norsk.")["complaint"] == "filed"
    assert plan.tell("complaint_decided", on("2025-06-20"), outcome="partly")["complaint_outcome"] == "partly"
    plan.tell("promised", on("2025-01-02"), degree="4")
    plan.tell("experienced", on("2025-06-21"), degree="2", comment="Vi ble hørt.")
    plan.tell("closed", on("2025-07-01"), reason="completed", explanation="Fagbrev i hånd.")

    ended = {"state": "closed", "review_due": None, "decision_due": None, "deviations": [], "complaint": "decided"}
    assert plan.now.items() >= {**described, **ended}.items()
    assert plan.detail() == plan.now
    degrees = plan.now["degrees"]
    assert (degrees["intended"], degrees["documented"], degrees["experienced"]) == ("4", "4", "2")
    row = plan.row(f"?participant={participant}&state=closed")
    assert row is not None
    same = {"state", "participant", "legal_regime", "plan_kind", "review_due", "disagreement", "complaint"}
    assert {name: row[name] for name in same} == {name: plan.now[name] for name in same}
    told = {"goals": 2, "own_goals": 1, "decided_to": "2025-01-15", "reviewed_to": "2025-06-01", "deviations": 0}
    told |= {"participant_view": "recorded", "review_outcome": "material", "prevailed": "participant"}
    assert row.items() >= {**told, "closing_reason": "completed"}.items()
    assert not row.keys() & {"view", "goal", "decision_ref", "measure"}
    assert {each["type"] for each in plan.history()} == {
        f"individual_plan.{event.NAME}" for event in IndividualPlan.events if event is not RegisteredAsExisting
    }


def test_a_plan_is_sealed_under_its_participants_own_keys(a_plan: Opening) -> None:
    plan = a_plan()
    plan.tell("goal_stated", on("2025-01-06"), goal_domain="housing", goal="Egen bolig.")
    plan.tell("material_life_change_registered", on("2025-01-07"), explanation="Ble syk.")
    with plan.api.running.vault.engine.connect() as connection:
        keys = connection.execute(select(KEYS)).all()
    found = {(str(key.subject), key.data_class) for key in keys if str(key.record) == plan.now["id"]}
    assert found == {(plan.now["participant"], name) for name in ("record", "casework", "special")}


BROKEN: list[Any] = [
    pytest.param(ALONE, "§ 15", [], ("decided", "2025-01-15", {}), id="nobody asked"),
    pytest.param(
        ALONE, "§ 15", [("co_authored", "2025-01-10", STAFF_ONLY)], ("decided", "2025-01-15", {}), id="staff alone"
    ),
    pytest.param(
        LATE, "§ 12", [("co_authored", "2025-01-10", TOGETHER)], ("decided", "2025-04-02", {}), id="decided late"
    ),
    pytest.param(OVERDUE, "§ 15", DRAWN_UP, ("reviewed", "2025-07-16", TOGETHER), id="reviewed late"),
    pytest.param(OVERDUE, "§ 15", DRAWN_UP, ("review_missed", "2025-07-16", {}), id="missed"),
    pytest.param(OVERDUE, "§ 15", DRAWN_UP, ("closed", "2025-07-16", {}), id="closed unreviewed"),
    pytest.param(
        OVERDUE,
        "§ 15",
        [*DRAWN_UP, ("material_life_change_registered", "2025-02-01", {})],
        ("reviewed", "2025-04-03", TOGETHER),
        id="life change",
    ),
    pytest.param(
        WHO,
        "good practice",
        [],
        ("co_authored", "2025-01-10", {"participant_view": "recorded"}),
        id="who drew it up",
    ),
    pytest.param(
        WHO, "good practice", DRAWN_UP, ("reviewed", "2025-05-10", {"participant_view": "declined"}), id="who reviewed"
    ),
    pytest.param(
        VIEW, "s:214", DRAWN_UP, ("reviewed", "2025-05-10", {**TOGETHER, "participant_view": "not_asked"}), id="unasked"
    ),
    pytest.param(
        VIEW,
        "s:214",
        [],
        ("co_authored", "2025-01-10", {**TOGETHER, "participant_view": "not_recorded"}),
        id="view",
    ),
    pytest.param(
        UNDECIDED,
        "§ 21",
        [*DRAWN_UP, ("reviewed", "2025-05-10", MATERIAL)],
        ("reviewed", "2025-08-10", TOGETHER),
        id="material review",
    ),
    pytest.param(
        UNDECIDED,
        "§ 21",
        [*DRAWN_UP, ("revised", "2025-05-10", {"extent": "material"})],
        ("closed", "2025-06-10", {}),
        id="material revision",
    ),
    pytest.param(
        CLOSED,
        "good practice",
        [*DRAWN_UP, ("closed", "2025-05-10", {})],
        ("reviewed", "2025-05-11", TOGETHER),
        id="closed",
    ),
    pytest.param(
        AGAIN,
        "ch. 3",
        [("competence_mapped", "2025-01-03", {"source": "imdi"})],
        ("competence_mapped", "2025-01-04", {"source": "municipality"}),
        id="mapped again",
    ),
    pytest.param(APPEAL, "§ 29", DRAWN_UP, ("complaint_filed", "2025-02-06", {}), id="appealed late"),
]


@pytest.mark.parametrize(("rule", "source", "earlier", "breaking"), BROKEN)
def test_a_broken_rule_is_asked_about_and_then_recorded_and_counted(
    a_plan: Opening, rule: str, source: str, earlier: list[Told], breaking: Told
) -> None:
    plan = tell(a_plan(), earlier)
    name, day, members = breaking
    before = plan.detail()

    asked = plan.send(name, on(day), **members)
    assert asked.status_code == 409
    [broken] = asked.json["rules"]
    assert broken["rule"] == rule
    assert source in broken["source"]
    assert plan.detail() == before

    plan.tell(name, on(day), **members, deviations=[{"rule": rule, "reason": "slik ble det"}])
    entry = plan.history()[-1]
    assert entry["deviations"] == [{"rule": rule, "event_id": None, "reason": "slik ble det"}]
    assert plan.now["deviations"] == [{"rule": rule, "event_id": entry["event_id"], "reason": "slik ble det"}]
    row = plan.row()
    assert row is not None
    assert row["deviations"] == 1


DAYS_DECIDE = [each for each in BROKEN if each.values[0] in (LATE, OVERDUE, UNDECIDED, CLOSED, APPEAL)]


@pytest.mark.parametrize(("rule", "source", "earlier", "breaking"), DAYS_DECIDE)
def test_days_that_may_be_in_order_do_not_accuse(
    a_plan: Opening, rule: str, source: str, earlier: list[Told], breaking: Told
) -> None:
    plan = tell(a_plan(), earlier)
    name, day, members = breaking
    assert plan.send(name, on(None, day), **members).status_code == 200


@pytest.mark.parametrize(
    ("earlier", "kept"),
    [
        pytest.param(
            [("co_authored", "2025-01-10", {**TOGETHER, "took_part": ["unknown"]})], ("decided", {}), id="who"
        ),
        pytest.param([("co_authored", "2025-01-15", TOGETHER)], ("decided", {}), id="the same day"),
        pytest.param([], ("co_authored", {**TOGETHER, "participant_view": "declined"}), id="declined"),
        pytest.param([], ("co_authored", {**TOGETHER, "participant_view": "unknown"}), id="unknown view"),
        pytest.param([("competence_mapped", "2025-01-03", {})], ("competence_mapping_supplemented", {}), id="added"),
    ],
)
def test_what_keeps_the_rules_is_not_asked_about(
    a_plan: Opening, earlier: list[Told], kept: tuple[str, dict[str, Any]]
) -> None:
    name, members = kept
    assert tell(a_plan(), earlier).send(name, on("2025-01-15"), **members).status_code == 200


def test_the_time_limit_of_a_decision_runs_from_the_last_of_settlement_and_claim(a_plan: Opening) -> None:
    plan = a_plan(settled_on="2024-11-30", claimed_on="2025-02-28")
    assert plan.now["decision_due"] == "2025-05-28"
    tell(plan, [("co_authored", "2025-01-10", TOGETHER), ("decided", "2025-05-28", {})])
    assert a_plan(settled_on="2024-11-30").now["decision_due"] == "2025-02-28"
    assert a_plan(settled_on=None).now["decision_due"] is None
    assert a_plan(legal_regime="unknown").now["decision_due"] is None
    assert a_plan(settled_on="9999-12-31").now["decision_due"] == "9999-12-31"


def test_only_a_resettlement_refugee_under_the_new_act_is_mapped_once(a_plan: Opening, sqlite_api: Api) -> None:
    twice: list[Told] = [("competence_mapped", "2025-01-03", {}), ("competence_mapped", "2025-01-04", {})]
    tell(a_plan(legal_regime=OLD_ACT), twice)
    for pathway in ("reception_centre", "unknown"):
        tell(a_plan(participant=a_participant(sqlite_api, pathway=pathway)), twice)


LATE_NEWS: list[Any] = [
    pytest.param(ALONE, [("decided", "2025-01-15", {})], ("co_authored", "2025-01-10", TOGETHER), id="co-authored"),
    pytest.param(
        OVERDUE,
        [*DRAWN_UP, ("reviewed", "2025-10-01", TOGETHER)],
        ("reviewed", "2025-06-01", TOGETHER),
        id="another review",
    ),
    pytest.param(
        OVERDUE,
        [*DRAWN_UP, ("closed", "2025-10-01", {})],
        ("reviewed", "2025-06-01", TOGETHER),
        id="a review before the closing",
    ),
    pytest.param(
        UNDECIDED,
        [*DRAWN_UP, ("reviewed", "2025-05-10", MATERIAL), ("reviewed", "2025-08-10", TOGETHER)],
        ("revision_decided", "2025-06-01", {}),
        id="the decision",
    ),
    pytest.param(
        UNDECIDED,
        [*DRAWN_UP, ("revised", "2025-05-10", {"extent": "material"}), ("closed", "2025-06-10", {})],
        ("revision_decided", "2025-05-01", {}),
        id="a decision carried out later",
    ),
    pytest.param(
        APPEAL,
        [*DRAWN_UP, ("complaint_filed", "2025-03-01", {})],
        ("revision_decided", "2025-02-20", {}),
        id="what was appealed",
    ),
]


@pytest.mark.parametrize(("rule", "told", "news"), LATE_NEWS)
def test_late_news_mends_a_deviation_and_taken_back_it_causes_it_again(
    a_plan: Opening, rule: str, told: list[Told], news: Told
) -> None:
    plan = a_plan()
    for name, day, members in told:
        plan.deviate(name, on(day), **members)
    assert rules(plan) == [rule]
    name, day, members = news
    plan.tell(name, on(day), **members)
    assert rules(plan) == []
    assert plan.retract(plan.now["version"]).status_code == 200
    assert rules(plan) == [rule]
    assert plan.history()[-1]["deviations"] == [{**plan.now["deviations"][0], "reason": None}]


CORRECTED: list[Any] = [
    pytest.param(ALONE, DRAWN_UP, 2, ("2025-01-10", STAFF_ONLY), ("2025-01-10", TOGETHER), id="who drew it up"),
    pytest.param(LATE, DRAWN_UP, 3, ("2025-04-02", {}), ("2025-04-01", {}), id="the day of the decision"),
    pytest.param(
        OVERDUE,
        [*DRAWN_UP, ("reviewed", "2025-07-15", TOGETHER)],
        4,
        ("2025-07-16", TOGETHER),
        ("2025-07-15", TOGETHER),
        id="the day of the review",
    ),
    pytest.param(
        WHO,
        DRAWN_UP,
        2,
        ("2025-01-10", {"participant_view": "recorded"}),
        ("2025-01-10", {"participant_view": "recorded", "took_part": ["unknown"]}),
        id="who took part",
    ),
    pytest.param(
        VIEW,
        DRAWN_UP,
        2,
        ("2025-01-10", {**TOGETHER, "participant_view": "not_asked"}),
        ("2025-01-10", TOGETHER),
        id="the view",
    ),
    pytest.param(
        UNDECIDED,
        [*DRAWN_UP, ("reviewed", "2025-05-10", TOGETHER), ("closed", "2025-06-10", {})],
        4,
        ("2025-05-10", MATERIAL),
        ("2025-05-10", {**TOGETHER, "outcome": "minor"}),
        id="the outcome",
    ),
    pytest.param(
        CLOSED,
        [*DRAWN_UP, ("reviewed", "2025-05-10", TOGETHER), ("closed", "2025-06-10", {})],
        5,
        ("2025-05-09", {}),
        ("2025-05-11", {}),
        id="the day of the closing",
    ),
    pytest.param(
        APPEAL,
        [*DRAWN_UP, ("complaint_filed", "2025-02-01", {})],
        4,
        ("2025-02-06", {}),
        ("2025-02-05", {}),
        id="the day of the complaint",
    ),
]


@pytest.mark.parametrize(("rule", "told", "at", "causing", "mending"), CORRECTED)
def test_a_correction_causes_a_deviation_unasked_and_another_mends_it(
    a_plan: Opening, rule: str, told: list[Told], at: int, causing: tuple[str, Any], mending: tuple[str, Any]
) -> None:
    plan = tell(a_plan(), told)
    for (day, members), broken in ((causing, [rule]), (mending, [])):
        assert plan.correct(at, on(day), **members).status_code == 200
        assert rules(plan) == broken


def test_a_mapping_told_late_makes_the_one_after_it_the_second(a_plan: Opening) -> None:
    plan = tell(a_plan(), [("competence_mapped", "2025-01-05", {})])
    second = plan.event(2)
    plan.tell("competence_mapped", on("2025-01-03"), source="imdi")
    assert plan.now["deviations"] == [{"rule": AGAIN, "event_id": second, "reason": None}]
    plan.retract(3)
    assert rules(plan) == []


def test_a_review_that_is_overdue_twice_over_is_one_deviation_of_the_first_event_that_shows_it(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, ("material_life_change_registered", "2025-02-01", {})])
    assert plan.deviate("reviewed", on("2025-08-01"), **TOGETHER) == [OVERDUE]
    missed = tell(a_plan(), DRAWN_UP)
    assert missed.deviate("review_missed", on("2025-07-20"), reason="overlooked") == [OVERDUE]
    assert missed.deviate("reviewed", on("2025-08-01"), **TOGETHER) == []
    assert rules(missed) == [OVERDUE]


def test_a_review_scheduled_anew_moves_its_day_unless_that_has_passed(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, ("review_scheduled", "2025-02-01", {"due_on": "2025-03-01"})])
    assert plan.now["review_due"] == "2025-03-01"
    assert plan.tell("review_scheduled", on("2025-03-01"), due_on="2025-04-01")["review_due"] == "2025-04-01"
    assert plan.tell("review_scheduled", on("2025-04-02"), due_on="2025-05-01")["review_due"] == "2025-04-01"
    assert plan.tell("decided", on("2025-04-03"))["review_due"] == "2025-04-01"
    assert plan.deviate("reviewed", on("2025-05-01"), **TOGETHER) == [OVERDUE]
    assert plan.now["review_due"] == "2025-11-01"


def test_a_plan_drawn_up_together_after_it_was_decided_was_decided_alone(a_plan: Opening) -> None:
    plan = a_plan()
    assert plan.deviate("decided", on("2025-01-15")) == [ALONE]
    plan.tell("co_authored", on("2025-01-16"), **TOGETHER)
    assert rules(plan) == [ALONE]


def test_a_review_that_may_have_come_in_time_is_the_one_that_was_due(a_plan: Opening) -> None:
    plan = tell(a_plan(), DRAWN_UP)
    assert plan.deviate("reviewed", on("2025-11-01"), **TOGETHER) == [OVERDUE]
    plan.tell("reviewed", on("2025-06-01", "2025-12-31"), **TOGETHER)
    assert rules(plan) == []


def test_a_day_that_may_have_been_agreed_before_a_review_is_not_owed_after_it(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, ("reviewed", "2025-02-20", TOGETHER)])
    plan.tell("review_scheduled", on("2025-02-01", "2025-03-10"), due_on="2025-03-15")
    assert plan.now["review_due"] == "2025-08-20"
    assert plan.tell("review_scheduled", on("2025-02-21"), due_on="2025-04-15")["review_due"] == "2025-04-15"


def test_the_earliest_of_what_is_agreed_and_what_the_rules_say_is_due(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, ("review_scheduled", "2025-02-01", {"due_on": "2025-12-01"})])
    assert plan.now["review_due"] == "2025-07-15"
    assert plan.tell("material_life_change_registered", on("2025-03-01"))["review_due"] == "2025-04-30"
    plan.tell("reviewed", on("2025-03-02"), **TOGETHER, next_review_due="2025-05-01")
    assert plan.now["review_due"] == "2025-05-01"
    no_rule = tell(a_plan(legal_regime="unknown"), DRAWN_UP)
    assert no_rule.now["review_due"] is None


def test_a_plan_owes_its_decision_then_its_reviews_and_nothing_once_closed(a_plan: Opening) -> None:
    plan = a_plan()
    person = UUID(plan.now["participant"])
    assert [*folded(plan).duties()] == [Duty("individual_plan.decision", date(2025, 4, 1), person)]
    tell(plan, DRAWN_UP)
    assert [*folded(plan).duties()] == [Duty("individual_plan.review", date(2025, 7, 15), person)]
    plan.tell("closed", on("2025-05-01"))
    assert [*folded(plan).duties()] == []
    assert plan.tell("drafted", on("2025-05-02"))["state"] == "closed"
    dropped = a_plan()
    dropped.tell("closed", on("2025-02-01"))
    assert [*folded(dropped).duties()] == []


def test_a_plan_drafted_anew_stays_decided(a_plan: Opening) -> None:
    plan = tell(a_plan(), DRAWN_UP)
    assert plan.tell("drafted", on("2025-02-01"))["state"] == "decided"
    assert plan.tell("co_authored", on("2025-02-02"), **TOGETHER)["state"] == "decided"


@pytest.mark.parametrize("state", [*STATES, *sorted(MISSING)])
def test_a_plan_is_registered_as_existing_in_any_state_and_not_accused_of_what_is_untold(
    a_plan: Opening, state: str
) -> None:
    existing = {"state": state, "next_review_due": "2025-03-01", "legal_regime": OLD_ACT, "settled_on": "2009-01-01"}
    plan = a_plan("registered_as_existing", on("2009-08-01", None), **existing)
    assert plan.detail().items() >= {"state": state, "legal_regime": OLD_ACT, "deviations": []}.items()
    assert plan.now["review_due"] == (None if state == "closed" else "2025-03-01")
    assert plan.now["decision_due"] == ("2009-04-01" if state in ("initiated", "drafted", "co_authored") else None)
    alone = plan.send("decided", on("2025-02-01")).json.get("rules", [])
    asked = {"initiated": {ALONE, LATE}, "drafted": {ALONE, LATE}, "co_authored": {LATE}}
    assert {each["rule"] for each in alone} == asked.get(state, set())


def test_what_is_told_of_before_a_plan_was_registered_as_existing_is_not_judged_by_it(a_plan: Opening) -> None:
    plan = a_plan("registered_as_existing", on("2026-01-10"), state="in_force", next_review_due="2026-02-01")
    tell(plan, [("decided", "2024-01-15", {}), ("reviewed", "2025-06-01", MATERIAL)])
    assert plan.now["review_due"] == "2026-02-01"
    assert plan.deviate("reviewed", on("2026-02-02"), **TOGETHER) == [OVERDUE]


def test_a_plan_stays_one_persons_and_under_one_regime(a_plan: Opening, sqlite_api: Api) -> None:
    plan = a_plan(legal_regime="unknown")
    described = {"participant": plan.now["participant"], "legal_regime": OLD_ACT}
    assert plan.correct(1, on("2025-01-02"), **described).json["legal_regime"] == OLD_ACT
    for members, pointer in (
        ({"legal_regime": NEW_ACT}, "/replacement/legal_regime"),
        ({"legal_regime": "unknown"}, "/replacement/legal_regime"),
        ({"participant": a_participant(sqlite_api)}, "/replacement/participant"),
    ):
        refused = plan.correct(1, on("2025-01-02"), **{**described, **members})
        assert refused.status_code == 422
        assert refused.json["type"] == "/problems/impossible-correction"
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert plan.correct(1, on("2025-01-03"), **described).status_code == 200


@pytest.mark.parametrize(
    ("name", "members", "pointer"),
    [
        ("initiated", {"participant": str(uuid4())}, "/participant"),
        ("initiated", {"pathway": "resettlement"}, "/pathway"),
        ("initiated", {"legal_regime": "grunnloven"}, "/legal_regime"),
        ("reviewed", {"took_part": ["participant", "neighbour"]}, "/took_part/1"),
        ("reviewed", {"took_part": []}, "/took_part"),
        ("decided", {"contents": ["poetry"]}, "/contents/0"),
        ("review_scheduled", {"due_on": "soon"}, "/due_on"),
        ("review_scheduled", {"due_on": "2025-01-14"}, "/due_on"),
        ("reviewed", {"next_review_due": "2025-01-14"}, "/next_review_due"),
        ("measure_added", {"goal_id": str(uuid4())}, "/goal_id"),
        ("measure_completed", {"measure_id": str(uuid4())}, "/measure_id"),
    ],
)
def test_the_impossible_is_refused_and_pointed_at(
    a_plan: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    plan = a_plan()
    if name == "initiated":
        described = {"participant": plan.now["participant"], "legal_regime": NEW_ACT, "occurred": on("2025-01-02")}
        refused = plan.api.post("/v1/individual-plans", {**described, **members})
    else:
        refused = plan.send(name, on("2025-01-15"), **members)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]


def test_a_measure_serves_a_goal_of_its_own_plan_and_no_other_event(a_plan: Opening) -> None:
    plan, other = a_plan(), a_plan()
    for each in (plan, other):
        each.tell("goal_stated", on("2025-01-06"), goal_domain="work")
    for goal in (plan.event(1), other.event(2)):
        assert plan.send("measure_added", on("2025-01-07"), goal_id=goal).status_code == 422
    plan.tell("measure_added", on("2025-01-07"), goal_id=plan.event(2))
    assert plan.correct(3, on("2025-01-07"), goal_id=other.event(2)).status_code == 422


def test_what_the_participant_had_no_part_in_documents_no_participation(a_plan: Opening) -> None:
    plan = tell(a_plan(), [("co_authored", "2025-01-10", STAFF_ONLY), ("reviewed", "2025-02-10", STAFF_ONLY)])
    assert plan.now["degrees"]["documented"] == "none"
    plan.tell("goal_stated", on("2025-02-11"), goal_domain="work")
    assert plan.now["degrees"]["documented"] == "3"
    plan.tell("co_authored", on("2025-02-12"), **TOGETHER)
    assert plan.now["degrees"]["documented"] == "4"


NOTHING = dict.fromkeys(["decided", "co_authored", "required_contents"], "not_recorded")
NOTHING |= dict.fromkeys(["reassessed", "material_changes_decided"], "not_applicable")
NORWEGIAN = ["final_goal", "norwegian_goal", "extent_of_training", "duration", "content"]


@pytest.mark.parametrize(
    ("told", "answers"),
    [
        pytest.param([], NOTHING, id="nothing told"),
        pytest.param(DRAWN_UP, {"co_authored": "yes", "reassessed": "not_recorded"}, id="not due yet"),
        pytest.param([("decided", "2025-01-15", {})], {"co_authored": "no", "decided": "not_recorded"}, id="alone"),
        pytest.param([("co_authored", "2025-01-10", STAFF_ONLY)], {"co_authored": "no"}, id="staff alone"),
        pytest.param(
            [("co_authored", "2025-01-10", {**TOGETHER, "participant_view": "unknown"})],
            {"co_authored": "partly"},
            id="there, view unknown",
        ),
        pytest.param(
            [("co_authored", "2025-01-10", {**TOGETHER, "took_part": ["unknown"]})],
            {"co_authored": "not_recorded"},
            id="unknown who",
        ),
        pytest.param(
            [("decided", "2025-01-15", {"decision_form": "individual_decision", "contents": NORWEGIAN})],
            {"decided": "yes", "required_contents": "yes"},
            id="all contents",
        ),
        pytest.param(
            [("decided", "2025-01-15", {"decision_form": "other", "contents": ["start", "duration"]})],
            {"decided": "no", "required_contents": "partly"},
            id="some contents",
        ),
        pytest.param(
            [("decided", "2025-01-15", {"contents": ["start"]})], {"required_contents": "no"}, id="another act"
        ),
        pytest.param(
            [("decided", "2025-01-15", {"contents": ["duration", "unknown"]})],
            {"required_contents": "not_recorded"},
            id="contents half known",
        ),
        pytest.param([*DRAWN_UP, ("reviewed", "2025-07-15", TOGETHER)], {"reassessed": "yes"}, id="in time"),
        pytest.param([*DRAWN_UP, ("reviewed", "2025-07-16", TOGETHER)], {"reassessed": "partly"}, id="late"),
        pytest.param([*DRAWN_UP, ("closed", "2025-07-16", {})], {"reassessed": "no"}, id="never"),
        pytest.param(
            [*DRAWN_UP, ("reviewed", "2025-05-10", MATERIAL)], {"material_changes_decided": "not_recorded"}, id="open"
        ),
        pytest.param(
            [*DRAWN_UP, ("reviewed", "2025-05-10", MATERIAL), ("closed", "2025-06-10", {})],
            {"material_changes_decided": "no"},
            id="undecided",
        ),
        pytest.param(
            [
                *DRAWN_UP,
                ("reviewed", "2025-05-10", MATERIAL),
                ("revision_decided", "2025-05-20", {}),
                ("reviewed", "2025-08-10", MATERIAL),
                ("closed", "2025-09-10", {}),
            ],
            {"material_changes_decided": "partly"},
            id="one of two decided",
        ),
        pytest.param(
            [*DRAWN_UP, ("reviewed", "2025-05-10", MATERIAL), ("revision_decided", "2025-05-20", {})],
            {"material_changes_decided": "yes"},
            id="decided",
        ),
    ],
)
def test_an_inspection_is_answered_by_what_happened(a_plan: Opening, told: list[Told], answers: dict[str, str]) -> None:
    plan = a_plan()
    for name, day, members in told:
        plan.deviate(name, on(day), **members)
    assert inspected(plan).keys() == NOTHING.keys()
    assert inspected(plan).items() >= answers.items()


def test_an_inspection_is_shown_the_events(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, ("reviewed", "2025-05-10", MATERIAL), ("revision_decided", "2025-05-20", {})])
    co_authored, decided, reviewed, revision = (UUID(plan.event(at)) for at in range(2, 6))
    assert {answer.question: answer.evidence for answer in folded(plan).inspected()} == {
        "decided": (decided,),
        "co_authored": (co_authored,),
        "required_contents": (decided,),
        "reassessed": (reviewed,),
        "material_changes_decided": (revision,),
    }


def test_the_required_contents_are_those_of_the_plans_own_regime(a_plan: Opening) -> None:
    told: dict[str, Any] = {"contents": ["start", "phases", "measures"]}
    for regime, answer in (
        (OLD_ACT, "yes"),
        (NEW_ACT, "no"),
        ("integreringsloven_kollektiv_beskyttelse", "not_applicable"),
        ("unknown", "not_recorded"),
    ):
        plan = a_plan(legal_regime=regime)
        plan.deviate("decided", on("2025-01-15"), **told)
        assert inspected(plan)["required_contents"] == answer


def punctuality(api: Api, day: str, query: str = "valuecodes[year]=2025") -> dict[str, int | str | None]:
    """How the reviews that were due have gone as it stands on a day, by outcome."""
    table = Table(api, f"on={day}&valuecodes[outcome]=*&{query}", "review-punctuality")
    at = {name: table.codes(name)[0] for name in table.body["id"] if name != "outcome"}
    return {outcome: table.cell(outcome=outcome, **at) for outcome in table.codes("outcome")}


def test_reviews_are_counted_by_how_they_stand_on_the_day_of_reading(a_plan: Opening, sqlite_api: Api) -> None:
    in_time, late, closed, owed = plans = [tell(a_plan(), DRAWN_UP) for _ in range(4)]
    in_time.tell("reviewed", on("2025-07-15"), **TOGETHER)
    late.deviate("review_missed", on("2025-07-20"), reason="overlooked")
    late.deviate("reviewed", on("2025-08-01"), **TOGETHER)
    closed.deviate("closed", on("2025-09-01"))
    for day, counted in (
        ("2025-07-15", (1, 0, 0, 0)),
        ("2025-07-16", (1, 0, 0, 3)),
        ("2025-07-20", (1, 0, 1, 2)),
        ("2025-08-01", (1, 1, 0, 2)),
        ("2025-09-01", (1, 1, 1, 1)),
    ):
        found = punctuality(sqlite_api, day)
        assert {outcome: n for outcome, n in found.items() if isinstance(n, int) and n} == {
            outcome: n for outcome, n in zip(("in_time", "late", "missed", "not_held_yet"), counted, strict=True) if n
        }, day
    assert [plan.now["legal_regime"] for plan in plans] == [NEW_ACT] * 4
    regime = f"valuecodes[year]=2025&valuecodes[legal_regime]={NEW_ACT}&valuecodes[review_type]=interval"
    assert punctuality(sqlite_api, "2025-09-01", regime)["not_held_yet"] == 1
    owed.tell("reviewed", on("2025-07-01"), **TOGETHER)
    assert punctuality(sqlite_api, "2025-09-01")["in_time"] == 2
    assert punctuality(sqlite_api, "2026-03-02", "valuecodes[year]=2026")["not_held_yet"] == 3


def test_a_review_at_a_life_change_is_counted_as_one(a_plan: Opening, sqlite_api: Api) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, ("material_life_change_registered", "2025-02-01", {})])
    plan.tell("reviewed", on("2025-03-01"), **TOGETHER)
    for kind in ("life_change", "interval"):
        query = f"valuecodes[year]=2025&valuecodes[review_type]={kind}"
        assert punctuality(sqlite_api, "2025-03-01", query)["in_time"] == 1


class Turn(NamedTuple):
    """What happened to a plan: on which day, and with which day as its member."""

    name: str
    day: date
    due: date | None = None


BEGINNING = date(2023, 1, 1)
NOW = microseconds(datetime(2026, 3, 2, 9, tzinfo=UTC))
DAYS = st.integers(0, 900).map(lambda more: BEGINNING + timedelta(more))
KINDS = {event.NAME: event for event in IndividualPlan.events}
MISSED = "review_missed at a life change"
NAMES = [
    "decided",
    "material_life_change_registered",
    "review_missed",
    MISSED,
    "reviewed",
    "review_scheduled",
    "closed",
]
TURNS = st.lists(
    st.builds(
        lambda name, day, later: Turn(name, day, later and day + timedelta(later)),
        st.sampled_from(NAMES),
        DAYS,
        st.none() | st.integers(1, 300),
    ).filter(lambda turn: turn.due or turn.name != "review_scheduled"),
    max_size=12,
)


def a_plan_of(turns: list[Turn], unsure: dict[int, tuple[int, int]] | None = None) -> IndividualPlan:
    """A plan these turns were told of, in this order; `unsure` is how many days some may be off, before and after."""
    command, kept = Command(now=NOW, new_id=Ids(), client="told", accept_all=True), Memory()
    plan = IndividualPlan(command.new_id())
    described = {"participant": command.new_id(), "legal_regime": NEW_ACT}
    for i, turn in enumerate([Turn("initiated", BEGINNING), *turns]):
        before, after = (unsure or {}).get(i - 1, (0, 0))
        last = min(turn.day + timedelta(after), date(2026, 3, 2))
        meta = Meta(occurred_from=turn.day - timedelta(before), occurred_to=last, recorded_by=BY)
        of_each: dict[str, dict[str, Any]] = {
            "initiated": described,
            "reviewed": {"next_review_due": turn.due},
            "review_scheduled": {"due_on": turn.due},
            MISSED: {"review_type": "life_change"},
        }
        name, members = turn.name.split(" ")[0], of_each.get(turn.name, {})
        plan = kept.save(plan.record(KINDS[name](meta=meta, **members), command), command)
    return plan


def by_hand(turns: list[Turn], today: date) -> list[tuple[str, date, str]]:
    """Every review that was due by what had happened on a day, and how it stood then; a day at a time."""
    settled: list[tuple[str, date, str]] = []
    owed: dict[Any, tuple[date, bool]] = {}
    agreed: date | None = None
    since: date | None = None
    decided = False

    def at_intervals() -> date | None:
        return min((day for day in (agreed, since and months_after(since, 6)) if day), default=None)

    happened = sorted((turn for turn in turns if turn.day <= today), key=lambda turn: turn.day)
    missed = False
    for n, turn in enumerate(happened):
        due = at_intervals()
        overdue = due is not None and turn.day > due
        match turn.name:
            case "decided":
                decided = True
                if not overdue:
                    since, missed = turn.day, False
            case "review_scheduled" if not overdue:
                agreed, missed = turn.due, False
            case "review_missed" if due:
                missed = True
            case "material_life_change_registered" if decided:
                owed[n] = (turn.day + timedelta(60), False)
            case _ if turn.name == MISSED:
                owed = {n: (day, True) for n, (day, _) in owed.items()}
            case "reviewed":
                met = [("life_change", day) for day, _ in owed.values()] + ([("interval", due)] if due else [])
                settled += [(kind, day, "late" if turn.day > day else "in_time") for kind, day in met]
                owed, agreed, since, missed = {}, turn.due, turn.day, False
            case "closed":
                left = [("life_change", day) for day, _ in owed.values()] + ([("interval", due)] if due else [])
                return sorted([*settled, *((kind, day, "missed") for kind, day in left if turn.day > day)])
    due = at_intervals()
    left = [("life_change", *each) for each in owed.values()] + ([("interval", due, missed)] if due else [])
    standing = [(kind, day, "missed" if given_up else "not_held_yet") for kind, day, given_up in left if today > day]
    return sorted([*settled, *standing])


def test_reviews_are_due_and_held_as_a_day_by_day_account_has_it(counts: Callable[[int, int], int]) -> None:
    @settings(max_examples=counts(150, 2_000), deadline=None)
    @given(TURNS)
    def check(turns: list[Turn]) -> None:
        reviews = a_plan_of(turns).reviews
        mentioned = {day for turn in turns for day in (turn.day, turn.due) if day}
        mentioned |= {day for review in reviews for _, day in review.outcomes()}
        for today in {day + timedelta(more) for day in mentioned for more in (-1, 0, 1)}:
            told = [(each, [name for name, since in each.outcomes() if since <= today]) for each in reviews]
            shown = sorted((each.kind, each.due_on, names[-1]) for each, names in told if names)
            assert shown == by_hand(turns, today), today

    check()


def test_the_outcomes_of_a_review_follow_each_other_as_days_pass(counts: Callable[[int, int], int]) -> None:
    @settings(max_examples=counts(100, 1_000), deadline=None)
    @given(TURNS, st.dictionaries(st.integers(0, 11), st.tuples(st.integers(0, 90), st.integers(0, 90))))
    def check(turns: list[Turn], unsure: dict[int, tuple[int, int]]) -> None:
        for review in a_plan_of(turns, unsure).reviews:
            told = [*review.outcomes()]
            assert all(earlier <= later for (_, earlier), (_, later) in pairwise(told))
            assert [name for name, _ in told] == sorted(
                {name for name, _ in told}, key=["in_time", "not_held_yet", "missed", "late"].index
            )

    check()


def test_to_be_less_sure_of_when_something_was_decided_or_reviewed_never_accuses(
    counts: Callable[[int, int], int],
) -> None:
    @settings(max_examples=counts(150, 2_000), deadline=None)
    @given(TURNS, st.dictionaries(st.integers(0, 11), st.tuples(st.integers(0, 200), st.integers(0, 200))))
    def check(turns: list[Turn], unsure: dict[int, tuple[int, int]]) -> None:
        fuzzy = {i for i, turn in enumerate(turns) if turn.name in ("decided", "reviewed")}
        before = sum(review.broken_at is not None for review in a_plan_of(turns).reviews)
        off = {i: days for i, days in unsure.items() if i in fuzzy}
        assert sum(review.broken_at is not None for review in a_plan_of(turns, off).reviews) <= before

    check()
