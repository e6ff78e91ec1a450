"""Every rule of the codebook is one that something departs from: asked about, then recorded, flagged and counted."""

from typing import Any

import pytest
from werkzeug.test import TestResponse

from domain import codebook
from domain.personal import PersonalRecord
from tests.bodies import a_participant
from tests.conftest import Api
from tests.features.conftest import on
from tests.features.tables import Table

Told = tuple[str, str, dict[str, Any]]
"""A command by the event it records, the day it happened, and its members."""

RULES = codebook.load().lists["rules"].codes
BODY = {"kind": "residents_council", "statutory_basis": "udi_rs_2008_034"}
INPUT = {"kind": "proposal", "level": "system", "voiced_by": "refugees"}
PLAN = {"legal_regime": "integreringsloven_2021"}
TOGETHER = {"took_part": ["participant", "contact_person"], "participant_view": "recorded"}

scheduled: Told = ("scheduled", "2026-01-05", {"kind": "dialogue_meeting"})
raised: Told = ("raised", "2026-01-05", INPUT)
rejected: Told = ("decided", "2026-01-07", {"outcome": "rejected", "reason": "law"})
adopted: Told = ("decided", "2026-01-07", {"outcome": "adopted", "reason": "law", "deciding_unit": "bolig"})
opened: Told = ("opened", "2026-01-05", {"plan_type": "thematic_plan", "deadline": "2026-01-26"})
proposed: Told = ("proposed", "2026-01-05", BODY)
mandated: Told = ("mandate_adopted", "2026-01-06", {"mandate": "written"})
assigned: Told = ("assigned", "2026-01-05", {})
initiated: Told = ("initiated", "2025-11-03", PLAN)
drawn_up: Told = ("co_authored", "2025-11-10", TOGETHER)
decided: Told = ("decided", "2025-11-17", {})
need: Told = ("need_stated", "2026-01-05", {})
planned: Told = ("planned", "2025-01-06", {})

CASES: dict[str, tuple[str, list[Told]]] = {
    "meeting.interpreter_need_not_assessed": (
        "meetings",
        [scheduled, ("held", "2026-01-12", {"interpreter_need": "not_assessed"})],
    ),
    "meeting.held_after_cancellation": (
        "meetings",
        [scheduled, ("cancelled", "2026-01-08", {}), ("held", "2026-01-12", {"interpreter_need": "needed"})],
    ),
    "meeting.recorded_after_end": (
        "meetings",
        [scheduled, ("cancelled", "2026-01-08", {}), ("minuted", "2026-01-12", {})],
    ),
    "input.decided_without_reason": ("inputs", [raised, ("decided", "2026-01-12", {"outcome": "rejected"})]),
    "input.verified_by_decider": (
        "inputs",
        [raised, adopted, ("verified", "2026-01-12", {"verifying_unit": "bolig"})],
    ),
    "input.recorded_after_end": ("inputs", [raised, rejected, ("effected", "2026-01-12", {})]),
    "participant.never_informed": ("participants", [("registered", "2026-01-05", {"contact_person": "a-17"})]),
    "participant.no_contact_person": ("participants", [("registered", "2026-01-05", {"informed": "written"})]),
    "participant.recorded_after_departure": (
        "participants",
        [
            ("registered_as_existing", "2026-01-05", {"state": "departed"}),
            ("language_preference_set", "2026-01-12", {"language": "nb"}),
        ],
    ),
    "hearing.period_too_short": (
        "hearings",
        [("opened", "2026-01-05", {"plan_type": "kommuneplan", "deadline": "2026-01-26"})],
    ),
    "hearing.closed_early": ("hearings", [opened, ("closed", "2026-01-25", {})]),
    "hearing.closed_with_inputs_unanswered": (
        "hearings",
        [
            (
                "registered_as_existing",
                "2026-01-05",
                {"plan_type": "thematic_plan", "state": "answered", "answered": 1, "of": 2},
            )
        ],
    ),
    "hearing.recorded_after_end": (
        "hearings",
        [opened, ("closed", "2026-01-26", {}), ("invitation_sent", "2026-01-27", {})],
    ),
    "body.sat_without_mandate": (
        "bodies",
        [proposed, ("mandate_adopted", "2026-01-06", {"mandate": "none"}), ("sat", "2026-01-12", {})],
    ),
    "body.quota_unmet": (
        "bodies",
        [proposed, ("seated", "2026-01-06", {"taken": [{"gender": "man"}]}), ("constituted", "2026-01-12", {})],
    ),
    "body.seat_vacant": (
        "bodies",
        [
            proposed,
            ("seats_defined", "2026-01-06", {"seats": 2}),
            ("seated", "2026-01-07", {"taken": [{"gender": "woman"}]}),
            ("constituted", "2026-01-12", {}),
        ],
    ),
    "body.recorded_after_dissolution": (
        "bodies",
        [proposed, mandated, ("dissolved", "2026-01-12", {}), ("advice_given", "2026-01-13", {})],
    ),
    "guidance.child_interpreted": (
        "guidance",
        [assigned, ("session_held", "2026-01-12", {"mode": "guide", "interpreter": "child"})],
    ),
    "guidance.relative_interpreted": (
        "guidance",
        [assigned, ("session_held", "2026-01-12", {"mode": "guide", "interpreter": "relative"})],
    ),
    "guidance.recorded_after_end": (
        "guidance",
        [assigned, ("closed", "2026-01-12", {}), ("session_held", "2026-01-13", {"mode": "guide"})],
    ),
    "individual_plan.decided_without_co_authorship": ("individual_plans", [initiated, decided]),
    "individual_plan.decided_late": (
        "individual_plans",
        [("initiated", "2025-11-03", {**PLAN, "claimed_on": "2025-11-03"}), drawn_up, ("decided", "2026-02-04", {})],
    ),
    "individual_plan.review_overdue": (
        "individual_plans",
        [
            ("registered_as_existing", "2025-11-03", {**PLAN, "state": "decided", "next_review_due": "2026-02-02"}),
            ("reviewed", "2026-02-03", TOGETHER),
        ],
    ),
    "individual_plan.participation_not_recorded": (
        "individual_plans",
        [initiated, ("co_authored", "2026-01-12", {"participant_view": "recorded"})],
    ),
    "individual_plan.view_not_recorded": (
        "individual_plans",
        [initiated, ("co_authored", "2026-01-12", {"took_part": ["participant"]})],
    ),
    "individual_plan.material_change_without_decision": (
        "individual_plans",
        [
            initiated,
            drawn_up,
            decided,
            ("revised", "2026-01-12", {"extent": "material"}),
            ("reviewed", "2026-02-02", TOGETHER),
        ],
    ),
    "individual_plan.reviewed_after_closing": (
        "individual_plans",
        [initiated, drawn_up, decided, ("closed", "2026-01-12", {}), ("reviewed", "2026-01-13", TOGETHER)],
    ),
    "individual_plan.competence_mapped_again": (
        "individual_plans",
        [initiated, ("competence_mapped", "2025-11-05", {}), ("competence_mapped", "2026-01-12", {})],
    ),
    "individual_plan.appeal_period": (
        "individual_plans",
        [initiated, drawn_up, decided, ("complaint_filed", "2025-12-09", {})],
    ),
    "tenancy.allocated_without_options": ("tenancies", [need, ("allocated", "2026-01-12", {})]),
    "tenancy.started_before_need_heard": ("tenancies", [need, ("started", "2026-01-04", {})]),
    "tenancy.recorded_after_end": (
        "tenancies",
        [need, ("ended", "2026-01-12", {}), ("renewed", "2026-01-13", {})],
    ),
    "move_out.not_followed_up": (
        "move_outs",
        [planned, ("moved", "2025-02-03", {"destination": "own_rented"}), ("followed_up", "2025-08-04", {})],
    ),
    "move_out.recorded_after_end": (
        "move_outs",
        [planned, ("abandoned", "2026-01-12", {}), ("readiness_assessed", "2026-01-13", {})],
    ),
}
"""For each rule the least that departs from it: the last command told does, and departs from no other."""


@pytest.mark.parametrize("rule", RULES)
def test_what_departs_from_a_rule_is_asked_about_then_recorded_flagged_and_counted(rule: str, sqlite_api: Api) -> None:
    noun, told = CASES[rule]
    story = Story(sqlite_api, noun)
    for each in told[:-1]:
        assert story.tell(each).status_code in (200, 201)

    refused = story.tell(told[-1])
    assert refused.status_code == 409, refused.get_data(as_text=True)
    [named] = refused.json["rules"]
    assert (named["rule"], named["source"]) == (rule, RULES[rule].source)
    assert len(story.history()) == len(told) - 1

    recorded = story.tell(told[-1], deviations=[{"rule": rule, "reason": "slik var det"}])
    event = story.history()[-1]["event_id"]
    assert recorded.json["deviations"] == [{"rule": rule, "event_id": event, "reason": "slik var det"}]
    assert sum(row["deviations"] for row in sqlite_api.items(story.url)) == 1
    year = told[-1][1][:4]
    table = Table(sqlite_api, "valuecodes[rule]=*&valuecodes[year]=*", "deviations")
    assert {each: table.cell(rule=each, year=year) for each in RULES} == dict.fromkeys(RULES, "..") | {rule: 1}
    [entry] = sqlite_api.items(f"/v1/audit?rule={rule}")
    assert (entry["event_id"], entry["deviations"]) == (event, [{"rule": rule, "event_id": event}])


def test_no_case_is_of_a_rule_the_codebook_does_not_have() -> None:
    assert CASES.keys() == RULES.keys()


class Story:
    """One record of a noun, told command by command; of a resettlement refugee where it is about somebody."""

    def __init__(self, api: Api, noun: str) -> None:
        feature = next(each for each in api.running.features if each.noun == noun)
        self._api, self.url, self._record = api, feature.url, ""
        self._routes = {route.event.NAME: route for route in (*feature.opens, *feature.commands)}
        about_somebody = issubclass(feature.aggregate, PersonalRecord)
        self._whose = {"participant": a_participant(api, pathway="resettlement")} if about_somebody else {}

    def tell(self, told: Told, **more: Any) -> TestResponse:
        """Sends a command, the first to open the record."""
        name, day, members = told
        route, body = self._routes[name], {"occurred": on(day), **members, **more}
        if self._record:
            version = self._api.get(self._record).headers["ETag"]
            return self._api.send(route.method, self._record + route.path, body, match=version)
        answer = self._api.post(self.url + route.path, {**self._whose, **body})
        if answer.status_code == 201:
            self._record = answer.headers["Location"]
        return answer

    def history(self) -> list[dict[str, Any]]:
        """Everything recorded of it."""
        return self._api.items(f"{self._record}/history") if self._record else []
