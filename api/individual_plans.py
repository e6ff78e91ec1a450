"""Individual plans over REST: schema in, one call, schema out."""

from copy import copy
from typing import Any

from marshmallow import fields, validate

from api.records import DEGREES, Feature, Route
from api.schemas import ENVELOPE, Answer, Code, CommandBody, Day, Detail, Filters, Id, ListRow, Text
from domain import individual_plan_events as happened
from domain.events import NOT_RECORDED
from domain.individual_plans import IndividualPlan

EXPLANATION = 2_000
"""Characters of a reason or a reference."""


def several(list_id: str) -> fields.List[Any]:
    """Several codes of a list; the reason why there are none is itself one code."""
    return fields.List(Code(list_id), load_default=lambda: [NOT_RECORDED], validate=validate.Length(1, 20))


class Described(CommandBody):
    """Whose plan it is, under which regime, and the days the time limit of its decision runs from."""

    participant = Id(required=True)
    legal_regime = Code("legal-regimes", required=True)
    plan_kind = Code("plan-kinds", load_default=NOT_RECORDED)
    settled_on = Day(
        allow_none=True,
        load_default=None,
        metadata={"description": "The day they settled here; the participant's own record says it if this does not."},
    )
    claimed_on = Day(
        allow_none=True,
        load_default=None,
        metadata={"description": "The day they claimed to take part in a programme."},
    )


class PlanInitiation(Described):
    """A plan that is begun."""


class ExistingPlan(Described):
    """A plan from before the ledger, or told of late, in the state it was in."""

    state = Code("plan-states", required=True)
    next_review_due = Day(allow_none=True, load_default=None)


class PlanMapping(CommandBody):
    """What was mapped, by whom, and the domains of life the participant's interests lie in."""

    source = Code("mapping-sources", load_default=NOT_RECORDED)
    topics = several("mapping-topics")
    interests = several("goal-domains")
    interpreter_use = Code("interpreter-uses", load_default=NOT_RECORDED)
    findings = Text(allow_none=True, load_default=None)


class PlanFinalGoal(CommandBody):
    """The final goal, and whether it regards the participant's own interests."""

    regards_interests = Code("plan-agreements", load_default=NOT_RECORDED)
    final_goal = Text(allow_none=True, load_default=None)


class PlanGoal(CommandBody):
    """A goal in one domain of life, and whether both wanted it."""

    goal_domain = Code("goal-domains", required=True)
    agreed = Code("plan-agreements", load_default=NOT_RECORDED)
    goal = Text(allow_none=True, load_default=None)


class PlanDraft(CommandBody):
    """A draft was written."""


class Together(CommandBody):
    """Who took part, whether the participant's view was recorded, and that view."""

    took_part = several("plan-parties")
    participant_view = Code("participant-views", load_default=NOT_RECORDED)
    interpreter_need = Code("interpreter-needs", load_default=NOT_RECORDED)
    interpreter_use = Code("interpreter-uses", load_default=NOT_RECORDED)
    view = Text(allow_none=True, load_default=None)


class PlanCoAuthoring(Together):
    """Who drew the plan up together, and whether they agreed."""

    agreed = Code("plan-agreements", load_default=NOT_RECORDED)


class PlanDecision(CommandBody):
    """How the plan was decided, what it contains, and the decision's reference."""

    decision_form = Code("decision-forms", load_default=NOT_RECORDED)
    contents = several("plan-contents")
    decision_ref = Text(limit=EXPLANATION, allow_none=True, load_default=None)


class PlanContract(CommandBody):
    """The integration contract was signed."""


class PlanReviewSchedule(CommandBody):
    """The day a review was agreed for."""

    due_on = Day(required=True)


class PlanReview(Together):
    """Why the plan was reviewed, with what outcome, whose proposal prevailed, and when the next review is due."""

    review_type = Code("review-types", load_default=NOT_RECORDED)
    outcome = Code("plan-changes", load_default=NOT_RECORDED)
    prevailed = Code("prevailing-proposals", load_default=NOT_RECORDED)
    next_review_due = Day(allow_none=True, load_default=None)


class PlanMissedReview(CommandBody):
    """Why a review that was due was not held."""

    review_type = Code("review-types", load_default=NOT_RECORDED)
    reason = Code("missed-review-reasons", load_default=NOT_RECORDED)
    explanation = Text(limit=EXPLANATION, allow_none=True, load_default=None)


class PlanLifeChange(CommandBody):
    """What changed in the participant's life."""

    change = Code("life-changes", load_default=NOT_RECORDED)
    explanation = Text(limit=EXPLANATION, allow_none=True, load_default=None)


class PlanRevision(CommandBody):
    """How far the plan was changed, and how."""

    extent = Code("plan-changes", load_default=NOT_RECORDED)
    revision = Text(allow_none=True, load_default=None)


class PlanRevisionDecision(CommandBody):
    """How a change of the plan was decided, and the decision's reference."""

    decision_form = Code("decision-forms", load_default=NOT_RECORDED)
    decision_ref = Text(limit=EXPLANATION, allow_none=True, load_default=None)


class PlanDisagreement(CommandBody):
    """What they did not agree about, and both views."""

    topic = Code("disagreement-topics", load_default=NOT_RECORDED)
    participants_view = Text(allow_none=True, load_default=None)
    professional_view = Text(allow_none=True, load_default=None)


class PlanResolution(CommandBody):
    """Whose proposal prevailed, and how they came to terms."""

    prevailed = Code("prevailing-proposals", load_default=NOT_RECORDED)
    resolution = Text(allow_none=True, load_default=None)


class PlanMeasure(CommandBody):
    """A measure, and the event of this plan that stated or proposed its goal."""

    goal_domain = Code("goal-domains", load_default=NOT_RECORDED)
    goal_id = Id(allow_none=True, load_default=None)
    measure = Text(allow_none=True, load_default=None)


class PlanMeasureCompletion(CommandBody):
    """The event of this plan that added the measure, if it is known which."""

    measure_id = Id(allow_none=True, load_default=None)


class PlanComplaint(CommandBody):
    """What the participant appealed against."""

    complaint = Text(allow_none=True, load_default=None)


class PlanComplaintDecision(CommandBody):
    """What came of the complaint."""

    outcome = Code("complaint-outcomes", load_default=NOT_RECORDED)


class PlanClosing(CommandBody):
    """Why the plan came to its end."""

    reason = Code("plan-closing-reasons", load_default=NOT_RECORDED)
    explanation = Text(limit=EXPLANATION, allow_none=True, load_default=None)


class Told(Answer):
    """An event of the plan, as it holds now."""

    event_id = Id(required=True)
    occurred_from = fields.Date(required=True, allow_none=True, attribute="starts")
    occurred_to = fields.Date(required=True, allow_none=True, attribute="event.meta.occurred_to")


def told(body: type[CommandBody], **more: fields.Field[Any]) -> type[Told]:
    """The schema that shows the event a body records: the body's own members, and more."""
    members: dict[str, fields.Field[Any]] = {}
    for name, field in body._declared_fields.items():
        if name not in ENVELOPE:
            members[name] = copy(field)
            members[name].attribute = f"event.{name}"
    return type(f"{body.__name__}Told", (Told,), {**members, **more})


def the_last(body: type[CommandBody]) -> fields.Nested:
    """The last event of its kind, or null if there is none."""
    return fields.Nested(told(body), required=True, allow_none=True)


class PlanDetail(Detail):
    """One plan, as its effective history tells it. Of what may happen many times, the last is shown."""

    state = Code("plan-states", required=True)
    participant = Id(attribute="described.participant")
    legal_regime = Code("legal-regimes", attribute="described.legal_regime")
    plan_kind = Code("plan-kinds", attribute="described.plan_kind")
    pathway = Code("pathways", attribute="described.pathway")
    settled_on = fields.Date(allow_none=True, attribute="described.settled_on")
    claimed_on = fields.Date(allow_none=True, attribute="described.claimed_on")
    decision_due = fields.Date(required=True, allow_none=True)
    review_due = fields.Date(required=True, allow_none=True)
    mapping = the_last(PlanMapping)
    final_goal = the_last(PlanFinalGoal)
    goals = fields.List(
        fields.Nested(told(PlanGoal, originator=Code("plan-parties", required=True, attribute="event.ORIGINATOR"))),
        required=True,
    )
    measures = fields.List(fields.Nested(told(PlanMeasure, completed=fields.Boolean(required=True))), required=True)
    co_authoring = the_last(PlanCoAuthoring)
    decision = the_last(PlanDecision)
    contract = the_last(PlanContract)
    review = the_last(PlanReview)
    life_change = the_last(PlanLifeChange)
    revision = the_last(PlanRevision)
    closing = the_last(PlanClosing)
    disagreement = fields.String(required=True, validate=validate.OneOf([NOT_RECORDED, "recorded", "resolved"]))
    complaint = fields.String(required=True, validate=validate.OneOf([NOT_RECORDED, "filed", "decided"]))
    complaint_outcome = Code("complaint-outcomes", required=True)


class PlanRow(ListRow):
    """A plan in a list; `goals` counts all goals, `own_goals` those the participant stated."""

    state = Code("plan-states", required=True)
    participant = Id(required=True, allow_none=True)
    legal_regime = Code("legal-regimes", required=True)
    plan_kind = Code("plan-kinds", required=True)
    pathway = Code("pathways", required=True)
    decision_due = fields.Date(required=True, allow_none=True)
    decided_to = fields.Date(required=True, allow_none=True)
    review_due = fields.Date(required=True, allow_none=True)
    reviewed_to = fields.Date(required=True, allow_none=True)
    participant_view = Code("participant-views", required=True)
    review_outcome = Code("plan-changes", required=True)
    prevailed = Code("prevailing-proposals", required=True)
    goals = fields.Integer(required=True)
    own_goals = fields.Integer(required=True)
    disagreement = fields.String(required=True)
    complaint = fields.String(required=True)
    closing_reason = Code("plan-closing-reasons", required=True)


class PlanFilters(Filters):
    """What a list of plans may be narrowed to."""

    participant = Id()
    state = Code("plan-states")
    legal_regime = Code("legal-regimes")
    plan_kind = Code("plan-kinds")
    pathway = Code("pathways")
    closing_reason = Code("plan-closing-reasons")


FEATURE = Feature(
    noun="individual_plans",
    aggregate=IndividualPlan,
    detail=PlanDetail,
    row=PlanRow,
    filters=PlanFilters,
    opens=(
        Route(event=happened.Initiated, path="", body=PlanInitiation, summary="Begin a plan"),
        Route(
            event=happened.RegisteredAsExisting,
            path="/existing",
            body=ExistingPlan,
            summary="Register a plan from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(
            event=happened.CompetenceMapped,
            path="/mappings",
            body=PlanMapping,
            summary="Record that the participant's competence was mapped",
        ),
        Route(
            event=happened.CompetenceMappingSupplemented,
            path="/mapping-supplements",
            body=PlanMapping,
            summary="Record that a mapping was added to",
        ),
        Route(event=happened.FinalGoalSet, path="/final-goals", body=PlanFinalGoal, summary="Record the final goal"),
        Route(
            event=happened.GoalStated,
            path="/stated-goals",
            body=PlanGoal,
            summary="Record a goal the participant stated",
            any_version=True,
        ),
        Route(
            event=happened.GoalProposed,
            path="/proposed-goals",
            body=PlanGoal,
            summary="Record a goal the contact person proposed",
            any_version=True,
        ),
        Route(event=happened.Drafted, path="/drafts", body=PlanDraft, summary="Record that a draft was written"),
        Route(
            event=happened.CoAuthored,
            path="/co-authorings",
            body=PlanCoAuthoring,
            summary="Record that the plan was drawn up together",
        ),
        Route(event=happened.Decided, path="/decisions", body=PlanDecision, summary="Record that the plan was decided"),
        Route(
            event=happened.ContractSigned,
            path="/contract",
            method="PUT",
            body=PlanContract,
            summary="Record that the integration contract was signed",
        ),
        Route(
            event=happened.ReviewScheduled,
            path="/review-schedules",
            body=PlanReviewSchedule,
            summary="Record the day a review was agreed for",
        ),
        Route(event=happened.Reviewed, path="/reviews", body=PlanReview, summary="Record a review of the plan"),
        Route(
            event=happened.ReviewMissed,
            path="/missed-reviews",
            body=PlanMissedReview,
            summary="Record that a review that was due was not held",
        ),
        Route(
            event=happened.MaterialLifeChangeRegistered,
            path="/life-changes",
            body=PlanLifeChange,
            summary="Record a material change in the participant's life",
        ),
        Route(event=happened.Revised, path="/revisions", body=PlanRevision, summary="Record a change of the plan"),
        Route(
            event=happened.RevisionDecided,
            path="/revision-decisions",
            body=PlanRevisionDecision,
            summary="Record that a change of the plan was decided",
        ),
        Route(
            event=happened.DisagreementRecorded,
            path="/disagreements",
            body=PlanDisagreement,
            summary="Record what they did not agree about",
            any_version=True,
        ),
        Route(
            event=happened.DisagreementResolved,
            path="/resolutions",
            body=PlanResolution,
            summary="Record how a disagreement was resolved",
        ),
        Route(
            event=happened.MeasureAdded,
            path="/measures",
            body=PlanMeasure,
            summary="Record a measure",
            any_version=True,
        ),
        Route(
            event=happened.MeasureCompleted,
            path="/measure-completions",
            body=PlanMeasureCompletion,
            summary="Record that a measure was completed",
            any_version=True,
        ),
        Route(
            event=happened.ComplaintFiled,
            path="/complaints",
            body=PlanComplaint,
            summary="Record that the participant appealed",
            any_version=True,
        ),
        Route(
            event=happened.ComplaintDecided,
            path="/complaint-decisions",
            body=PlanComplaintDecision,
            summary="Record what came of a complaint",
        ),
        Route(
            event=happened.Closed,
            path="/closure",
            method="PUT",
            body=PlanClosing,
            summary="Record that the plan came to its end",
        ),
        *DEGREES,
    ),
)
