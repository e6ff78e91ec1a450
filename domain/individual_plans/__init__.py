"""Individual plans: drawn up together, decided, and reviewed at intervals and at life changes (seed s:284–300).

drafted → co-authored → decided → in force → reviewed … → closed. A plan is one person's, under one legal regime, for
good. What is due, and by when, follows from that regime's dated rules; a closed plan stays closed.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec

from domain.aggregate import Broken, Others, judged
from domain.commands import Command
from domain.degrees import Experienced, Promised
from domain.duties import Duty
from domain.errors import ImpossibleCorrection, ImpossibleInterval, UnknownReference
from domain.events import MISSING, NOT_RECORDED, Event, codes, one_of
from domain.history import Step
from domain.individual_plans.events import (
    Closed,
    CoAuthored,
    CompetenceMapped,
    CompetenceMappingSupplemented,
    ComplaintDecided,
    ComplaintFiled,
    ContractSigned,
    Decided,
    Described,
    DisagreementRecorded,
    DisagreementResolved,
    Drafted,
    FinalGoalSet,
    Goal,
    GoalProposed,
    GoalStated,
    Initiated,
    Mapping,
    MaterialLifeChangeRegistered,
    MeasureAdded,
    MeasureCompleted,
    RegisteredAsExisting,
    Reviewed,
    ReviewMissed,
    ReviewScheduled,
    Revised,
    RevisionDecided,
    Together,
)
from domain.individual_plans.rules import DRAFTING, INSPECTED, Review, begins, broken, decision_limit, reviews
from domain.inspections import Answer
from domain.members import told
from domain.personal import PersonalRecord

STATES: Final[dict[type[Event], str]] = {
    Initiated: "initiated",
    Drafted: "drafted",
    CoAuthored: "co_authored",
    Decided: "decided",
    ContractSigned: "in_force",
    Reviewed: "reviewed",
    Revised: "revised",
    RevisionDecided: "in_force",
    Closed: "closed",
}
"""The state an event brings a plan into (codebook list `plan-states`)."""


class Aimed(NamedTuple):
    """A goal, and whose it is."""

    event_id: UUID
    occurred_from: date | None
    occurred_to: date | None
    event: Goal
    originator: Annotated[str, codes("plan-parties")]


class Measure(NamedTuple):
    """A measure, the goal it serves, and whether it was completed."""

    event_id: UUID
    occurred_from: date | None
    occurred_to: date | None
    event: MeasureAdded
    completed: bool


class IndividualPlan(PersonalRecord):
    """One plan, as its effective history tells it. Of what may happen many times, the last is kept."""

    noun = "individual_plan"
    events = (
        Initiated,
        RegisteredAsExisting,
        CompetenceMapped,
        CompetenceMappingSupplemented,
        FinalGoalSet,
        GoalStated,
        GoalProposed,
        Drafted,
        CoAuthored,
        Decided,
        ContractSigned,
        ReviewScheduled,
        Reviewed,
        ReviewMissed,
        MaterialLifeChangeRegistered,
        Revised,
        RevisionDecided,
        DisagreementRecorded,
        DisagreementResolved,
        MeasureAdded,
        MeasureCompleted,
        ComplaintFiled,
        ComplaintDecided,
        Closed,
        Promised,
        Experienced,
    )

    hears = (Described,)
    in_lists = (
        "state", "participant", "legal_regime", "plan_kind", "pathway", "decision_due", "decided_to", "review_due",
        "reviewed_to", "participant_view", "review_outcome", "prevailed", "goal_count", "own_goal_count",
        "disagreement", "complaint", "closing_reason",
    )  # fmt: skip
    in_detail = (
        "mapping", "final_goal", "goals", "measures", "co_authoring", "decision", "contract", "review", "life_change",
        "revision", "closing", "complaint_outcome",
    )  # fmt: skip

    state: Annotated[str, codes("plan-states")] = "unknown"
    legal_regime: Annotated[str, codes("legal-regimes")] = NOT_RECORDED
    described: Described | None = None
    mapping: Annotated[Step | None, told(Mapping)] = None
    final_goal: Annotated[Step | None, told(FinalGoalSet)] = None
    co_authoring: Annotated[Step | None, told(CoAuthored)] = None
    decision: Annotated[Step | None, told(Decided)] = None
    contract: Annotated[Step | None, told(ContractSigned)] = None
    review: Annotated[Step | None, told(Reviewed)] = None
    life_change: Annotated[Step | None, told(MaterialLifeChangeRegistered)] = None
    revision: Annotated[Step | None, told(Revised)] = None
    closing: Annotated[Step | None, told(Closed)] = None
    disagreement: Annotated[str, one_of(NOT_RECORDED, "recorded", "resolved")] = NOT_RECORDED
    complaint: Annotated[str, one_of(NOT_RECORDED, "filed", "decided")] = NOT_RECORDED
    complaint_outcome: Annotated[str, codes("complaint-outcomes")] = NOT_RECORDED

    def apply(self, step: Step) -> None:
        self.state = _state(step.event, self.state)
        match step.event:
            case Described():
                self.described = step.event
            case Mapping():
                self.mapping = step
            case FinalGoalSet():
                self.final_goal = step
            case CoAuthored():
                self.co_authoring = step
            case Decided():
                self.decision = step
            case ContractSigned():
                self.contract = step
            case Reviewed():
                self.review = step
            case MaterialLifeChangeRegistered():
                self.life_change = step
            case Revised():
                self.revision = step
            case Closed():
                self.closing = step
            case DisagreementRecorded():
                self.disagreement = "recorded"
            case DisagreementResolved():
                self.disagreement = "resolved"
            case ComplaintFiled():
                self.complaint = "filed"
            case ComplaintDecided(outcome=outcome):
                self.complaint, self.complaint_outcome = "decided", outcome

    @property
    def goals(self) -> tuple[Aimed, ...]:
        """Every goal, in order."""
        aims = [(step, step.event) for step in self.steps if isinstance(step.event, Goal)]
        return tuple(
            Aimed(step.event_id, step.starts, event.meta.occurred_to, event, event.ORIGINATOR) for step, event in aims
        )

    @property
    def goal_count(self) -> int:
        """How many goals there are."""
        return len(self.goals)

    @property
    def own_goal_count(self) -> int:
        """How many goals the participant stated."""
        return sum(isinstance(goal.event, GoalStated) for goal in self.goals)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Every measure, in the order they were added."""
        completed = {step.event.measure_id for step in self.steps if isinstance(step.event, MeasureCompleted)}
        added = [(step, step.event) for step in self.steps if isinstance(step.event, MeasureAdded)]
        return tuple(
            Measure(step.event_id, step.starts, event.meta.occurred_to, event, step.event_id in completed)
            for step, event in added
        )

    @property
    def decided_to(self) -> date | None:
        """The last day it may have been decided on; None, too, when the end is open."""
        return self.decision.event.meta.occurred_to if self.decision else None

    @property
    def reviewed_to(self) -> date | None:
        """The last day the last review may have been on; None, too, when the end is open."""
        return self.review.event.meta.occurred_to if self.review else None

    @property
    def participant_view(self) -> Annotated[str, codes("participant-views")]:
        """Whether the participant's view was recorded at the last review."""
        return self._last(self.review, "participant_view")

    @property
    def review_outcome(self) -> Annotated[str, codes("plan-changes")]:
        """What the last review led to."""
        return self._last(self.review, "outcome")

    @property
    def prevailed(self) -> Annotated[str, codes("prevailing-proposals")]:
        """Whose proposal prevailed at the last review."""
        return self._last(self.review, "prevailed")

    @property
    def closing_reason(self) -> Annotated[str, codes("plan-closing-reasons")]:
        """Why it came to its end."""
        return self._last(self.closing, "reason")

    @staticmethod
    def _last(step: Step | None, member: str) -> str:
        said: str = getattr(step.event, member) if step else NOT_RECORDED
        return said

    @property
    def decision_due(self) -> date | None:
        """The last day to decide it; None when it has been decided or closed, or where no day or no rule is known."""
        over = self.state in ("closed", *MISSING) or any(begins(step.event) for step in self.steps)
        return None if over or self.described is None else decision_limit(self.described)

    @property
    def review_due(self) -> date | None:
        """The earliest day a review is owed by."""
        return min((review.due_on for review in self.reviews if review.owed), default=None)

    @cached_property
    def reviews(self) -> list[Review]:
        """Every review that was ever due or is: at intervals, then at life changes."""
        return reviews(judged(self.steps))

    def duties(self) -> Iterator[Duty]:
        for kind, due_on in (("decision", self.decision_due), ("review", self.review_due)):
            if due_on is not None:
                yield Duty(f"individual_plan.{kind}", due_on, self.subject)

    def inspected(self) -> Iterator[Answer]:
        """What the plan answers to the questions of an inspection, and the events that show it."""
        return (answer(judged(self.steps)) for answer in INSPECTED)

    @classmethod
    def shows(cls, step: Step) -> bool:
        """What the participant certainly had no part in shows no participation of theirs."""
        return not (isinstance(step.event, Together) and step.event.without_participant)

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        return broken(steps)

    def considering(self, event: Event, others: Others) -> Event:
        if not isinstance(event, Described):
            return event
        participant = others("participant", event.participant)
        pathway = getattr(participant, "pathway", NOT_RECORDED)
        settled_on = event.settled_on or getattr(participant, "settled_on", None)
        return msgspec.structs.replace(event, pathway=pathway, settled_on=settled_on)

    @classmethod
    def check(cls, event: Event) -> None:
        if isinstance(event, Reviewed | ReviewScheduled):
            member = "due_on" if isinstance(event, ReviewScheduled) else "next_review_due"
            due, day = getattr(event, member), event.meta.occurred_from
            if due and day and due < day:
                raise ImpossibleInterval(f"/{member}", f"{due} is before {day}, when it was agreed")

    def _refuse_impossible(self, event: Event, command: Command) -> None:
        super()._refuse_impossible(event, command)
        for member, kind in (("goal_id", Goal), ("measure_id", MeasureAdded)):
            named = getattr(event, member, None)
            if named is not None and not any(
                each.event_id == named and isinstance(each.event, kind) for each in self.history
            ):
                raise UnknownReference(f"/{member}", "this plan has no such event")
        said = [getattr(each.event, "replacement", each.event) for each in self.history]
        regimes = [each.legal_regime for each in said if isinstance(each, Described)][-1:]
        if isinstance(event, Described) and not {*regimes} <= {event.legal_regime, *MISSING}:
            detail = "a plan's regime never changes: retract it and register it again"
            raise ImpossibleCorrection("/legal_regime", detail)


def _state(event: Event, state: str) -> str:
    """A closed plan stays closed; what is drafted anew while a plan is decided leaves it decided."""
    new = event.state if isinstance(event, RegisteredAsExisting) else STATES.get(type(event), state)
    kept = state == "closed" or (new in DRAFTING and state not in (*DRAFTING, "unknown"))
    return state if kept else new
