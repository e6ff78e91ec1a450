"""Individual plans over HTTP: who drew them up, what is due and when, every rule, and what an inspection is shown."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import codebook
from domain.commands import Command
from domain.duties import Duty
from domain.events import MISSING, Meta
from domain.individual_plans import IndividualPlan
from domain.time import microseconds, months_after
from tests.bodies import a_participant
from tests.conftest import Api, Ids
from tests.features.conftest import Opening, Record, broken, on
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
WHO_UNKNOWN: dict[str, Any] = {**TOGETHER, "took_part": ["unknown"]}
UNASKED: dict[str, Any] = {**TOGETHER, "participant_view": "not_asked"}
MATERIAL: dict[str, Any] = {**TOGETHER, "outcome": "material"}
NEW_ACT, OLD_ACT = "integreringsloven_2021", "introduksjonsloven_2003"
STATES = list(codebook.load().lists["plan-states"].codes)

Told = tuple[str, str, dict[str, Any]]
CO_AUTHORED: Told = ("co_authored", "2025-01-10", TOGETHER)
DECIDED: Told = ("decided", "2025-01-15", {})
DRAWN_UP: list[Told] = [CO_AUTHORED, DECIDED]
LIFE_CHANGED: Told = ("material_life_change_registered", "2025-02-01", {})
REVIEWED: Told = ("reviewed", "2025-05-10", TOGETHER)
CHANGED: Told = ("reviewed", "2025-05-10", MATERIAL)
REVISED: Told = ("revised", "2025-05-10", {"extent": "material"})
ENDED: Told = ("closed", "2025-06-10", {})


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
    """Tells a plan what happened, each on a day, whatever rules that breaks."""
    for name, day, members in told:
        plan.deviate(name, on(day), **members)
    return plan


def folded(plan: Record) -> IndividualPlan:
    """A plan as the domain has it."""
    return plan.api.running.store(plan.api.ledger).get(IndividualPlan, UUID(plan.now["id"]))


def inspected(plan: Record) -> dict[str, str]:
    """The answers to an inspection."""
    return {answer.question: answer.answer for answer in folded(plan).inspected()}


def test_a_plan_goes_the_whole_way_from_initiated_to_closed(api: Api) -> None:
    participant = a_participant(api, pathway="reception_centre", settled_on="2025-01-01")
    opening = {"participant": participant, "legal_regime": NEW_ACT}
    plan = Record(api, "individual_plans", "initiated", on("2025-01-02"), **opening)
    assert plan.now.items() >= {"state": "initiated", "settled_on": "2025-01-01", "decision_due": "2025-04-01"}.items()
    plan.tell("final_goal_set", on("2025-01-05"), regards_interests="yes")
    assert plan.now["final_goal"]["regards_interests"] == "yes"
    plan.tell("goal_stated", on("2025-01-06"), goal_domain="housing")
    plan.tell("goal_proposed", on("2025-01-07"), goal_domain="language", agreed="partly")
    assert [goal["originator"] for goal in plan.now["goals"]] == ["participant", "contact_person"]
    plan.tell("measure_added", on("2025-01-08"), goal_domain="housing", goal_id=plan.event(3))
    assert plan.now["measures"][0].items() >= {"completed": False, "goal_id": plan.event(3)}.items()
    plan.tell("measure_completed", on("2025-06-07"), measure_id=plan.event(5))
    assert plan.now["measures"][0]["completed"]
    assert plan.tell("drafted", on("2025-01-09"))["state"] == "drafted"
    assert plan.tell("co_authored", on("2025-01-10"), **TOGETHER)["state"] == "co_authored"
    decided = {"state": "decided", "decision_due": None, "review_due": "2025-07-15"}
    assert plan.tell("decided", on("2025-01-15")).items() >= decided.items()
    assert plan.tell("contract_signed", on("2025-01-16"))["state"] == "in_force"
    assert plan.tell("review_scheduled", on("2025-02-01"), due_on="2025-06-01")["review_due"] == "2025-06-01"
    plan.tell("review_missed", on("2025-05-30"), reason="no_interpreter")
    plan.tell("reviewed", on("2025-06-01"), **MATERIAL, prevailed="participant", next_review_due="2025-09-01")
    assert plan.now.items() >= {"state": "reviewed", "review_due": "2025-09-01"}.items()
    assert plan.tell("revised", on("2025-06-02"), extent="material")["state"] == "revised"
    assert plan.tell("revision_decided", on("2025-06-03"))["state"] == "in_force"
    assert plan.tell("material_life_change_registered", on("2025-06-04"))["review_due"] == "2025-08-03"
    assert plan.tell("disagreement_recorded", on("2025-06-05"))["disagreement"] == "recorded"
    assert plan.tell("disagreement_resolved", on("2025-06-06"))["disagreement"] == "resolved"
    assert plan.tell("complaint_filed", on("2025-06-10"))["complaint"] == "filed"
    complained = {"complaint": "decided", "complaint_outcome": "partly"}
    assert plan.tell("complaint_decided", on("2025-06-20"), outcome="partly").items() >= complained.items()
    plan.tell("closed", on("2025-07-01"), reason="completed")
    assert plan.now.items() >= {"state": "closed", "review_due": None, "deviations": [], **complained}.items()
    assert plan.now["degrees"]["documented"] == "4"
    told = {
        "goal_count": 2,
        "own_goal_count": 1,
        "decided_to": "2025-01-15",
        "reviewed_to": "2025-06-01",
        "complaint": "decided",
    }
    told |= {"participant_view": "recorded", "review_outcome": "material", "prevailed": "participant"}
    row = plan.row(f"?participant={participant}&state=closed") or {}
    assert row.items() >= {**told, "closing_reason": "completed"}.items()


KEPT = None
JUDGED: list[tuple[str | None, list[Told], Told]] = [
    (ALONE, [], DECIDED),
    (ALONE, [("co_authored", "2025-01-10", STAFF_ONLY)], DECIDED),
    (LATE, [CO_AUTHORED], ("decided", "2025-04-02", {})),
    (OVERDUE, DRAWN_UP, ("reviewed", "2025-07-16", TOGETHER)),
    (OVERDUE, DRAWN_UP, ("review_missed", "2025-07-16", {})),
    (OVERDUE, DRAWN_UP, ("closed", "2025-07-16", {})),
    (OVERDUE, [*DRAWN_UP, LIFE_CHANGED], ("reviewed", "2025-04-03", TOGETHER)),
    (WHO, [], ("co_authored", "2025-01-10", {"participant_view": "recorded"})),
    (WHO, DRAWN_UP, ("reviewed", "2025-05-10", {"participant_view": "declined"})),
    (VIEW, DRAWN_UP, ("reviewed", "2025-05-10", UNASKED)),
    (VIEW, [], ("co_authored", "2025-01-10", {**TOGETHER, "participant_view": "not_recorded"})),
    (UNDECIDED, [*DRAWN_UP, CHANGED], ("reviewed", "2025-08-10", TOGETHER)),
    (UNDECIDED, [*DRAWN_UP, REVISED], ENDED),
    (CLOSED, [*DRAWN_UP, ("closed", "2025-05-09", {})], REVIEWED),
    (AGAIN, [("competence_mapped", "2025-01-03", {})], ("competence_mapped", "2025-01-04", {})),
    (APPEAL, DRAWN_UP, ("complaint_filed", "2025-02-06", {})),
    (APPEAL, [*DRAWN_UP, ("revision_decided", "2025-03-01", {})], ("complaint_filed", "2025-02-06", {})),
    (KEPT, [("co_authored", "2025-01-10", WHO_UNKNOWN)], DECIDED),
    (KEPT, [("co_authored", "2025-01-15", TOGETHER)], DECIDED),
    (KEPT, [CO_AUTHORED], ("decided", "2025-04-01", {})),
    (KEPT, DRAWN_UP, ("reviewed", "2025-07-15", TOGETHER)),
    (KEPT, [*DRAWN_UP, LIFE_CHANGED], ("reviewed", "2025-04-02", TOGETHER)),
    (KEPT, [], ("co_authored", "2025-01-15", {**TOGETHER, "participant_view": "declined"})),
    (KEPT, [], ("co_authored", "2025-01-15", {**TOGETHER, "participant_view": "unknown"})),
    (KEPT, [*DRAWN_UP, ("reviewed", "2025-05-10", {**TOGETHER, "outcome": "minor"})], ENDED),
    (KEPT, [("competence_mapped", "2025-01-03", {})], ("competence_mapping_supplemented", "2025-01-15", {})),
    (KEPT, DRAWN_UP, ("complaint_filed", "2025-02-05", {})),
]


@pytest.mark.parametrize(("rule", "earlier", "last"), JUDGED)
def test_a_rule_is_kept_until_the_first_day_that_breaks_it_and_by_days_that_may_be_in_order(
    a_plan: Opening, rule: str | None, earlier: list[Told], last: Told
) -> None:
    name, day, members = last
    assert tell(a_plan(), earlier).deviate(name, on(day), **members) == ([rule] if rule else [])
    if rule in (LATE, OVERDUE, UNDECIDED, CLOSED, APPEAL):
        assert tell(a_plan(), earlier).deviate(name, on(None, day), **members) == []


@pytest.mark.parametrize(
    ("members", "due"),
    [
        ({"settled_on": "2024-11-30", "claimed_on": "2025-02-28"}, "2025-05-28"),
        ({"settled_on": "2024-11-30"}, "2025-02-28"),
        ({"settled_on": "9999-12-31"}, "9999-12-31"),
        ({"settled_on": None}, None),
        ({"legal_regime": "unknown"}, None),
    ],
)
def test_the_time_limit_of_a_decision_runs_from_the_last_of_settlement_and_claim(
    a_plan: Opening, members: dict[str, Any], due: str | None
) -> None:
    plan = a_plan(**members)
    assert plan.now["decision_due"] == due
    plan.tell("co_authored", on("2025-01-10"), **TOGETHER)
    assert plan.deviate("decided", on("2025-05-28")) == ([LATE] if due == "2025-02-28" else [])


def test_only_a_resettlement_refugee_under_the_new_act_is_mapped_once(a_plan: Opening, sqlite_api: Api) -> None:
    others = [{"participant": a_participant(sqlite_api, pathway=each)} for each in ("reception_centre", "unknown")]
    for members in ({"legal_regime": OLD_ACT}, *others):
        plan = tell(a_plan(**members), [("competence_mapped", "2025-01-03", {})])
        assert plan.deviate("competence_mapped", on("2025-01-04")) == []


LATE_NEWS: list[tuple[str, list[Told], Told]] = [
    (ALONE, [DECIDED], CO_AUTHORED),
    (OVERDUE, [*DRAWN_UP, ("reviewed", "2025-10-01", TOGETHER)], ("reviewed", "2025-06-01", TOGETHER)),
    (OVERDUE, [*DRAWN_UP, ("closed", "2025-10-01", {})], ("reviewed", "2025-06-01", TOGETHER)),
    (UNDECIDED, [*DRAWN_UP, CHANGED, ("reviewed", "2025-08-10", TOGETHER)], ("revision_decided", "2025-06-01", {})),
    (UNDECIDED, [*DRAWN_UP, REVISED, ENDED], ("revision_decided", "2025-05-01", {})),
    (APPEAL, [*DRAWN_UP, ("complaint_filed", "2025-03-01", {})], ("revision_decided", "2025-02-20", {})),
]


@pytest.mark.parametrize(("rule", "told", "news"), LATE_NEWS)
def test_late_news_mends_a_deviation_and_taken_back_it_causes_it_again(
    a_plan: Opening, rule: str, told: list[Told], news: Told
) -> None:
    plan = tell(a_plan(), told)
    assert broken(plan) == [rule]
    assert broken(tell(plan, [news])) == []
    plan.retract(plan.now["version"])
    assert broken(plan) == [rule]
    assert plan.history()[-1]["deviations"] == [{**plan.now["deviations"][0], "reason": None}]


CORRECTED: list[tuple[str, list[Told], int, Told]] = [
    (ALONE, DRAWN_UP, 2, ("co_authored", "2025-01-10", STAFF_ONLY)),
    (LATE, DRAWN_UP, 3, ("decided", "2025-04-02", {})),
    (OVERDUE, [*DRAWN_UP, REVIEWED], 4, ("reviewed", "2025-07-16", TOGETHER)),
    (WHO, DRAWN_UP, 2, ("co_authored", "2025-01-10", {"participant_view": "recorded"})),
    (VIEW, DRAWN_UP, 2, ("co_authored", "2025-01-10", UNASKED)),
    (UNDECIDED, [*DRAWN_UP, REVIEWED, ENDED], 4, CHANGED),
    (CLOSED, [*DRAWN_UP, REVIEWED, ENDED], 5, ("closed", "2025-05-09", {})),
    (APPEAL, [*DRAWN_UP, ("complaint_filed", "2025-02-01", {})], 4, ("complaint_filed", "2025-02-06", {})),
]


@pytest.mark.parametrize(("rule", "told", "at", "causing"), CORRECTED)
def test_a_correction_causes_a_deviation_unasked_and_another_mends_it(
    a_plan: Opening, rule: str, told: list[Told], at: int, causing: Told
) -> None:
    plan = tell(a_plan(), told)
    for (_, day, members), rules in ((causing, [rule]), (told[at - 2], [])):
        assert plan.correct(at, on(day), **members).status_code == 200
        assert broken(plan) == rules


def test_a_mapping_told_late_makes_the_one_after_it_the_second(a_plan: Opening) -> None:
    plan = tell(a_plan(), [("competence_mapped", day, {}) for day in ("2025-01-05", "2025-01-03")])
    assert plan.now["deviations"] == [{"rule": AGAIN, "event_id": plan.event(2), "reason": None}]
    plan.retract(3)
    assert broken(plan) == []


def test_a_review_that_is_overdue_twice_over_is_one_deviation_of_the_first_event_that_shows_it(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, LIFE_CHANGED])
    assert plan.deviate("reviewed", on("2025-08-01"), **TOGETHER) == [OVERDUE]
    missed = tell(a_plan(), DRAWN_UP)
    assert missed.deviate("review_missed", on("2025-07-20")) == [OVERDUE]
    assert missed.deviate("reviewed", on("2025-08-01"), **TOGETHER) == []
    assert broken(missed) == [OVERDUE]


def test_a_review_scheduled_anew_moves_its_day_unless_that_has_passed(a_plan: Opening) -> None:
    plan = tell(a_plan(), DRAWN_UP)
    for due_on in ("2025-02-01", "2025-03-01"):
        assert plan.tell("review_scheduled", on("2025-02-01"), due_on=due_on)["review_due"] == due_on
    assert plan.tell("review_scheduled", on("2025-03-01"), due_on="2025-04-01")["review_due"] == "2025-04-01"
    assert plan.tell("review_scheduled", on("2025-04-02"), due_on="2025-05-01")["review_due"] == "2025-04-01"
    assert plan.tell("decided", on("2025-04-03"))["review_due"] == "2025-04-01"
    assert plan.deviate("reviewed", on("2025-05-01"), **TOGETHER) == [OVERDUE]
    assert plan.now["review_due"] == "2025-11-01"


def test_a_plan_drawn_up_together_after_it_was_decided_was_decided_alone(a_plan: Opening) -> None:
    assert broken(tell(a_plan(), [DECIDED, ("co_authored", "2025-01-16", TOGETHER)])) == [ALONE]


def test_a_review_that_may_have_come_in_time_is_the_one_that_was_due(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, ("reviewed", "2025-11-01", TOGETHER)])
    assert broken(plan) == [OVERDUE]
    assert plan.tell("reviewed", on("2025-06-01", "2025-12-31"), **TOGETHER)["deviations"] == []


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
    assert tell(a_plan(legal_regime="unknown"), DRAWN_UP).now["review_due"] is None


def test_a_plan_owes_its_decision_then_its_reviews_and_nothing_once_closed(a_plan: Opening) -> None:
    plan, dropped = a_plan(), tell(a_plan(), [ENDED])
    person = UUID(plan.now["participant"])
    assert [*folded(plan).duties()] == [Duty("individual_plan.decision", date(2025, 4, 1), person)]
    assert [*folded(tell(plan, DRAWN_UP)).duties()] == [Duty("individual_plan.review", date(2025, 7, 15), person)]
    assert [*folded(tell(plan, [ENDED])).duties()] == [*folded(dropped).duties()] == []


def test_a_plan_drafted_anew_stays_decided_or_closed(a_plan: Opening) -> None:
    for anew in (("drafted", "2025-06-11", {}), ("co_authored", "2025-06-11", TOGETHER)):
        assert tell(a_plan(), [*DRAWN_UP, anew]).now["state"] == "decided"
        assert tell(a_plan(), [*DRAWN_UP, ENDED, anew]).now["state"] == "closed"
    assert tell(a_plan(), [*DRAWN_UP, ENDED, ("revised", "2025-06-11", {})]).now["state"] == "closed"


@pytest.mark.parametrize("state", [*STATES, *sorted(MISSING)])
def test_a_plan_registered_as_existing_is_not_accused_of_what_is_untold(a_plan: Opening, state: str) -> None:
    existing = {"state": state, "next_review_due": "2025-03-01", "legal_regime": OLD_ACT, "settled_on": "2009-01-01"}
    plan = a_plan("registered_as_existing", on("2009-08-01", None), **existing)
    assert plan.now["deviations"] == []
    assert plan.now["review_due"] == (None if state == "closed" else "2025-03-01")
    assert plan.now["decision_due"] == ("2009-04-01" if state in ("initiated", "drafted", "co_authored") else None)
    asked = {"initiated": {ALONE, LATE}, "drafted": {ALONE, LATE}, "co_authored": {LATE}}
    assert {*plan.deviate("decided", on("2025-02-01"))} == asked.get(state, set())


def test_what_is_told_of_before_a_plan_was_registered_as_existing_is_not_judged_by_it(a_plan: Opening) -> None:
    plan = a_plan("registered_as_existing", on("2026-01-10"), state="in_force", next_review_due="2026-02-01")
    assert broken(tell(plan, [("decided", "2024-01-15", {}), ("reviewed", "2025-06-01", MATERIAL)])) == []
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
        assert (refused.status_code, refused.json["type"]) == (422, "/problems/impossible-correction")
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert plan.correct(1, on("2025-01-03"), **described).status_code == 200


@pytest.mark.parametrize(
    ("name", "members", "pointer"),
    [
        ("reviewed", {"took_part": ["participant", "neighbour"]}, "/took_part/1"),
        ("reviewed", {"took_part": []}, "/took_part"),
        ("decided", {"contents": ["poetry"]}, "/contents/0"),
        ("review_scheduled", {"due_on": "2025-01-14"}, "/due_on"),
        ("reviewed", {"next_review_due": "2025-01-14"}, "/next_review_due"),
        ("measure_added", {"goal_id": str(uuid4())}, "/goal_id"),
        ("measure_completed", {"measure_id": str(uuid4())}, "/measure_id"),
    ],
)
def test_the_impossible_is_refused_and_pointed_at(
    a_plan: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    refused = a_plan().send(name, on("2025-01-15"), **members)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])


def test_the_pathway_is_the_participants_and_not_the_senders_to_say(a_plan: Opening) -> None:
    plan = a_plan()
    opening = {"participant": plan.now["participant"], "legal_regime": NEW_ACT, "occurred": on("2025-01-02")}
    refused = plan.api.post("/v1/individual-plans", {**opening, "pathway": "resettlement"})
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, ["/pathway"])


def test_a_measure_serves_a_goal_of_its_own_plan_and_no_other_event(a_plan: Opening) -> None:
    plan, other = (tell(a_plan(), [("goal_stated", "2025-01-06", {"goal_domain": "work"})]) for _ in range(2))
    for goal in (plan.event(1), other.event(2)):
        assert plan.send("measure_added", on("2025-01-07"), goal_id=goal).status_code == 422
    plan.tell("measure_added", on("2025-01-07"), goal_id=plan.event(2))
    assert plan.correct(3, on("2025-01-07"), goal_id=other.event(2)).status_code == 422


def test_what_the_participant_had_no_part_in_documents_no_participation(a_plan: Opening) -> None:
    plan = tell(a_plan(), [(name, "2025-01-10", STAFF_ONLY) for name in ("co_authored", "reviewed")])
    assert plan.now["degrees"]["documented"] == "none"
    assert plan.tell("goal_stated", on("2025-02-11"), goal_domain="work")["degrees"]["documented"] == "3"
    assert plan.tell("co_authored", on("2025-02-12"), **TOGETHER)["degrees"]["documented"] == "4"


NOTHING = dict.fromkeys(["decided", "co_authored", "required_contents"], "not_recorded")
NOTHING |= dict.fromkeys(["reassessed", "material_changes_decided"], "not_applicable")
NORWEGIAN = ["final_goal", "norwegian_goal", "extent_of_training", "duration", "content"]
REVISION: Told = ("revision_decided", "2025-05-20", {})


@pytest.mark.parametrize(
    ("told", "answers"),
    [
        ([], NOTHING),
        (DRAWN_UP, {"co_authored": "yes", "reassessed": "not_recorded"}),
        ([DECIDED], {"co_authored": "no", "decided": "not_recorded"}),
        ([("co_authored", "2025-01-10", STAFF_ONLY)], {"co_authored": "no"}),
        ([("co_authored", "2025-01-10", {**TOGETHER, "participant_view": "unknown"})], {"co_authored": "partly"}),
        ([("co_authored", "2025-01-10", WHO_UNKNOWN)], {"co_authored": "not_recorded"}),
        ([("decided", "2025-01-15", {"decision_form": "individual_decision"})], {"decided": "yes"}),
        ([("decided", "2025-01-15", {"decision_form": "other"})], {"decided": "no"}),
        ([("decided", "2025-01-15", {"contents": NORWEGIAN})], {"required_contents": "yes"}),
        ([("decided", "2025-01-15", {"contents": ["start", "duration"]})], {"required_contents": "partly"}),
        ([("decided", "2025-01-15", {"contents": ["start"]})], {"required_contents": "no"}),
        ([("decided", "2025-01-15", {"contents": ["duration", "unknown"]})], {"required_contents": "not_recorded"}),
        ([*DRAWN_UP, ("reviewed", "2025-07-15", TOGETHER)], {"reassessed": "yes"}),
        ([*DRAWN_UP, ("reviewed", "2025-07-16", TOGETHER)], {"reassessed": "partly"}),
        ([*DRAWN_UP, ("closed", "2025-07-16", {})], {"reassessed": "no"}),
        ([*DRAWN_UP, CHANGED], {"material_changes_decided": "not_recorded"}),
        ([*DRAWN_UP, CHANGED, ENDED], {"material_changes_decided": "no"}),
        (
            [*DRAWN_UP, CHANGED, REVISION, ("reviewed", "2025-08-10", MATERIAL), ("closed", "2025-09-10", {})],
            {"material_changes_decided": "partly"},
        ),
        ([*DRAWN_UP, CHANGED, REVISION], {"material_changes_decided": "yes"}),
    ],
)
def test_an_inspection_is_answered_by_what_happened(a_plan: Opening, told: list[Told], answers: dict[str, str]) -> None:
    found = inspected(tell(a_plan(), told))
    assert found.keys() == NOTHING.keys()
    assert found.items() >= answers.items()


def test_an_inspection_is_shown_the_events(a_plan: Opening) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, CHANGED, REVISION])
    co_authored, decided, reviewed, revision = (UUID(plan.event(at)) for at in range(2, 6))
    assert {answer.question: answer.evidence for answer in folded(plan).inspected()} == {
        "decided": (decided,),
        "co_authored": (co_authored,),
        "required_contents": (decided,),
        "reassessed": (reviewed,),
        "material_changes_decided": (revision,),
    }


@pytest.mark.parametrize(
    ("regime", "answer"),
    [
        (OLD_ACT, "yes"),
        (NEW_ACT, "no"),
        ("integreringsloven_kollektiv_beskyttelse", "not_applicable"),
        ("unknown", "not_recorded"),
    ],
)
def test_the_required_contents_are_those_of_the_plans_own_regime(a_plan: Opening, regime: str, answer: str) -> None:
    plan = tell(a_plan(legal_regime=regime), [("decided", "2025-01-15", {"contents": ["start", "phases", "measures"]})])
    assert inspected(plan)["required_contents"] == answer


def punctuality(api: Api, day: str, query: str = "valuecodes[year]=2025") -> dict[str, int | str | None]:
    """How the reviews that were due have gone as it stands on a day, by outcome."""
    table = Table(api, f"on={day}&valuecodes[outcome]=*&{query}", "review-punctuality")
    at = {name: table.codes(name)[0] for name in table.body["id"] if name != "outcome"}
    return {outcome: table.cell(outcome=outcome, **at) for outcome in table.codes("outcome")}


def test_reviews_are_counted_by_how_they_stand_on_the_day_of_reading(a_plan: Opening, sqlite_api: Api) -> None:
    in_time, late, closed, owed = (tell(a_plan(), DRAWN_UP) for _ in range(4))
    in_time.tell("reviewed", on("2025-07-15"), **TOGETHER)
    late.deviate("review_missed", on("2025-07-20"), reason="overlooked")
    late.deviate("reviewed", on("2025-08-01"), **TOGETHER)
    closed.deviate("closed", on("2025-09-01"))
    for day, counted in (
        ("2025-07-15", (1, "..", "..", "..")),
        ("2025-07-16", (1, "..", "..", 3)),
        ("2025-07-20", (1, "..", 1, 2)),
        ("2025-08-01", (1, 1, "..", 2)),
        ("2025-09-01", (1, 1, 1, 1)),
    ):
        found = punctuality(sqlite_api, day)
        assert tuple(found[each] for each in ("in_time", "late", "missed", "not_held_yet")) == counted, day
    regime = f"valuecodes[year]=2025&valuecodes[legal_regime]={NEW_ACT}&valuecodes[review_type]=interval"
    assert punctuality(sqlite_api, "2025-09-01", regime)["not_held_yet"] == 1
    owed.tell("reviewed", on("2025-07-01"), **TOGETHER)
    assert punctuality(sqlite_api, "2025-09-01")["in_time"] == 2
    assert punctuality(sqlite_api, "2026-03-02", "valuecodes[year]=2026")["not_held_yet"] == 3


def test_a_review_at_a_life_change_is_counted_as_one(a_plan: Opening, sqlite_api: Api) -> None:
    plan = tell(a_plan(), [*DRAWN_UP, LIFE_CHANGED])
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
NAMES = ["decided", LIFE_CHANGED[0], "review_missed", MISSED, "reviewed", "review_scheduled", "closed"]
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
