"""Individual plans in lists, and their reviews in the count of how those that were due have gone."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, Uuid

from adapters.views.facts import Count, Fact, Related
from adapters.views.lists import ListView, code
from domain.cells import UNKNOWN
from domain.events import NOT_RECORDED
from domain.individual_plan_events import GoalStated
from domain.individual_plans import IndividualPlan


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("state"),
        Column("participant", Uuid),
        code("legal_regime"),
        code("plan_kind"),
        code("pathway"),
        Column("decision_due", Date),
        Column("decided_to", Date),
        Column("review_due", Date),
        Column("reviewed_to", Date),
        code("participant_view"),
        code("review_outcome"),
        code("prevailed"),
        Column("goals", Integer, nullable=False),
        Column("own_goals", Integer, nullable=False),
        code("disagreement"),
        code("complaint"),
        code("closing_reason"),
        Column("deviations", Integer, nullable=False),
    )


def row(plan: IndividualPlan) -> Mapping[str, Any]:
    """The list row of a plan; what was said of reviews is of the last one."""
    described = plan.described
    decision, closing = plan.decision, plan.closing
    review = plan.review.event if plan.review else None
    return {
        "state": plan.state,
        "participant": described.participant if described else None,
        "legal_regime": described.legal_regime if described else "unknown",
        "plan_kind": described.plan_kind if described else "unknown",
        "pathway": described.pathway if described else "unknown",
        "decision_due": plan.decision_due,
        "decided_to": decision.event.meta.occurred_to if decision else None,
        "review_due": plan.review_due,
        "reviewed_to": review.meta.occurred_to if review else None,
        "participant_view": getattr(review, "participant_view", NOT_RECORDED),
        "review_outcome": getattr(review, "outcome", NOT_RECORDED),
        "prevailed": getattr(review, "prevailed", NOT_RECORDED),
        "goals": len(plan.goals),
        "own_goals": sum(isinstance(goal.event, GoalStated) for goal in plan.goals),
        "disagreement": plan.disagreement,
        "complaint": plan.complaint,
        "closing_reason": getattr(closing.event if closing else None, "reason", NOT_RECORDED),
        "deviations": len(plan.deviations),
    }


def count(plan: IndividualPlan, related: Related) -> Iterator[Fact]:
    """A review that was due counts once, in the year of its due day, by how it went: held or not, it was due."""
    for review in plan.reviews:
        codes = (review.kind, plan.described.legal_regime if plan.described else UNKNOWN)
        outcomes, year = list(review.outcomes()), f"{review.due_on.year:04}"
        for at, (outcome, since) in enumerate(outcomes):
            yield Fact((outcome, *codes), since, year)
            if at + 1 < len(outcomes):
                yield Fact((outcome, *codes), outcomes[at + 1][1], year, n=-1)


VIEW = ListView(name="individual_plans", kind=IndividualPlan, columns=columns, row=row)
COUNTERS: Mapping[str, Count] = {"review-punctuality": count}
