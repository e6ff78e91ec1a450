"""Individual plans: drawn up together, decided, and reviewed at intervals and at life changes (seed s:284–300).

drafted → co-authored → decided → in force → reviewed … → closed. A plan is one person's, under one legal regime, for
good. What is due, and by when, follows from that regime's dated rules; a closed plan stays closed.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.aggregate import Broken, Others, judged, refuse_unknown
from domain.commands import Command
from domain.degrees import Experienced, Promised
from domain.duties import Duty
from domain.errors import ImpossibleCorrection, ImpossibleInterval, UnknownReference
from domain.events import MISSING, NOT_RECORDED, Event
from domain.history import Step
from domain.individual_plan_events import (
    MANY,
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
from domain.individual_plan_rules import DRAFTING, INSPECTED, Review, begins, broken, decision_limit, reviews
from domain.inspections import Answer
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


class Measure(NamedTuple):
    """A measure, the goal it serves, and whether it was completed."""

    event_id: UUID
    event: MeasureAdded
    starts: date | None
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

    state = "unknown"
    described: Described | None = None
    mapping: Step | None = None
    final_goal: Step | None = None
    goals: tuple[Step, ...] = ()
    co_authoring: Step | None = None
    decision: Step | None = None
    contract: Step | None = None
    review: Step | None = None
    life_change: Step | None = None
    revision: Step | None = None
    closing: Step | None = None
    disagreement = NOT_RECORDED
    complaint = NOT_RECORDED
    complaint_outcome = NOT_RECORDED

    def apply(self, step: Step) -> None:
        self.state = _state(step.event, self.state)
        match step.event:
            case Described():
                self.described = step.event
            case Mapping():
                self.mapping = step
            case FinalGoalSet():
                self.final_goal = step
            case Goal():
                self.goals = (*self.goals, step)
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
    def measures(self) -> list[Measure]:
        """Every measure, in the order they were added."""
        completed = {step.event.measure_id for step in self.steps if isinstance(step.event, MeasureCompleted)}
        return [
            Measure(step.event_id, step.event, step.starts, step.event_id in completed)
            for step in self.steps
            if isinstance(step.event, MeasureAdded)
        ]

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
        for member, list_id in MANY.items():
            for i, code in enumerate(getattr(event, member, ())):
                refuse_unknown(list_id, code, f"/{member}/{i}")
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
        told = [getattr(each.event, "replacement", each.event) for each in self.history]
        regimes = [each.legal_regime for each in told if isinstance(each, Described)][-1:]
        if isinstance(event, Described) and not {*regimes} <= {event.legal_regime, *MISSING}:
            detail = "a plan's regime never changes: retract it and register it again"
            raise ImpossibleCorrection("/legal_regime", detail)


def _state(event: Event, state: str) -> str:
    """A closed plan stays closed; what is drafted anew while a plan is decided leaves it decided."""
    new = event.state if isinstance(event, RegisteredAsExisting) else STATES.get(type(event), state)
    kept = state == "closed" or (new in DRAFTING and state not in (*DRAFTING, "unknown"))
    return state if kept else new
