"""What happens to an individual plan (seed s:284–300): its events, each with what it says of who took part."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

from domain.events import FOUND, MISSING, NOT_RECORDED, Casework, Event, Special, about, codes, several
from domain.personal import OfParticipant


class Described(OfParticipant, frozen=True, kw_only=True):
    """Whose plan it is, under which regime, and the days the time limit of its decision runs from.

    `pathway` is the participant's when the event was recorded; the ledger writes it, nobody else.
    """

    legal_regime: Annotated[str, codes("legal-regimes")]
    plan_kind: Annotated[str, codes("plan-kinds")] = NOT_RECORDED
    settled_on: Annotated[date | None, about("By the participant's own record, if this does not say.")] = None
    claimed_on: Annotated[date | None, about("When they claimed to take part in a programme.")] = None
    pathway: Annotated[str, codes("pathways"), FOUND] = NOT_RECORDED


class Initiated(Described, frozen=True, kw_only=True):
    """Work on a plan began."""

    NAME: ClassVar[str] = "initiated"


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A plan from before the ledger, or told of late, opened in the state it was in."""

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("plan-states")]
    next_review_due: date | None = None


class Mapping(Event, frozen=True, kw_only=True):
    """What the participant knows, wishes and comes from; `interests` are the domains they lie in (seed s:288–290)."""

    source: Annotated[str, codes("mapping-sources")] = NOT_RECORDED
    topics: Annotated[tuple[str, ...], several("mapping-topics", most=20)] = (NOT_RECORDED,)
    interests: Annotated[tuple[str, ...], several("goal-domains", most=20)] = (NOT_RECORDED,)
    interpreter_use: Annotated[str, codes("interpreter-uses")] = NOT_RECORDED
    findings: Casework = None


class CompetenceMapped(Mapping, frozen=True, kw_only=True):
    """The participant's competence was mapped."""

    NAME: ClassVar[str] = "competence_mapped"


class CompetenceMappingSupplemented(Mapping, frozen=True, kw_only=True):
    """A mapping was added to, not made again."""

    NAME: ClassVar[str] = "competence_mapping_supplemented"


class FinalGoalSet(Event, frozen=True, kw_only=True):
    """The final goal was set; `regards_interests` is whether it regards the participant's own."""

    NAME: ClassVar[str] = "final_goal_set"

    regards_interests: Annotated[str, codes("plan-agreements")] = NOT_RECORDED
    final_goal: Casework = None


class Goal(Event, frozen=True, kw_only=True):
    """A goal in one domain of life; `agreed` is whether both wanted it."""

    ORIGINATOR: ClassVar[str]
    """Whose goal it is (codebook list `plan-parties`)."""

    goal_domain: Annotated[str, codes("goal-domains")]
    agreed: Annotated[str, codes("plan-agreements")] = NOT_RECORDED
    goal: Casework = None


class GoalStated(Goal, frozen=True, kw_only=True):
    """The participant said what they want (seed s:289–290)."""

    NAME: ClassVar[str] = "goal_stated"
    ORIGINATOR: ClassVar[str] = "participant"


class GoalProposed(Goal, frozen=True, kw_only=True):
    """The contact person proposed a goal."""

    NAME: ClassVar[str] = "goal_proposed"
    ORIGINATOR: ClassVar[str] = "contact_person"


class Drafted(Event, frozen=True, kw_only=True):
    """A draft was written."""

    NAME: ClassVar[str] = "drafted"


class Together(Event, frozen=True, kw_only=True):
    """Those who took part sat down with the plan, and the participant's view was recorded or not."""

    took_part: Annotated[tuple[str, ...], several("plan-parties", most=20)] = (NOT_RECORDED,)
    participant_view: Annotated[str, codes("participant-views")] = NOT_RECORDED
    interpreter_need: Annotated[str, codes("interpreter-needs")] = NOT_RECORDED
    interpreter_use: Annotated[str, codes("interpreter-uses")] = NOT_RECORDED
    view: Casework = None

    @property
    def without_participant(self) -> bool:
        """Whether it is known who took part, and the participant did not."""
        return not {"participant", *MISSING} & {*self.took_part}


class CoAuthored(Together, frozen=True, kw_only=True):
    """The plan was drawn up together (seed s:291–292)."""

    NAME: ClassVar[str] = "co_authored"

    agreed: Annotated[str, codes("plan-agreements")] = NOT_RECORDED


class Decided(Event, frozen=True, kw_only=True):
    """The plan was decided, with these contents."""

    NAME: ClassVar[str] = "decided"

    decision_form: Annotated[str, codes("decision-forms")] = NOT_RECORDED
    contents: Annotated[tuple[str, ...], several("plan-contents", most=20)] = (NOT_RECORDED,)
    decision_ref: Casework = None


class ContractSigned(Event, frozen=True, kw_only=True):
    """The integration contract was signed."""

    NAME: ClassVar[str] = "contract_signed"


class ReviewScheduled(Event, frozen=True, kw_only=True):
    """A review was agreed for a day; a later agreement replaces it, unless that day has passed."""

    NAME: ClassVar[str] = "review_scheduled"

    due_on: date


class Reviewed(Together, frozen=True, kw_only=True):
    """The plan was reviewed (seed s:292): why, with what outcome, and whose proposal prevailed."""

    NAME: ClassVar[str] = "reviewed"

    review_type: Annotated[str, codes("review-types")] = NOT_RECORDED
    outcome: Annotated[str, codes("plan-changes")] = NOT_RECORDED
    prevailed: Annotated[str, codes("prevailing-proposals")] = NOT_RECORDED
    next_review_due: date | None = None


class ReviewMissed(Event, frozen=True, kw_only=True):
    """A review that was due was not held; it is owed until one is."""

    NAME: ClassVar[str] = "review_missed"

    review_type: Annotated[str, codes("review-types")] = NOT_RECORDED
    reason: Annotated[str, codes("missed-review-reasons")] = NOT_RECORDED
    explanation: Casework = None


class MaterialLifeChangeRegistered(Event, frozen=True, kw_only=True):
    """The participant's life changed so much that the plan is to be reviewed."""

    NAME: ClassVar[str] = "material_life_change_registered"

    change: Annotated[str, codes("life-changes")] = NOT_RECORDED
    explanation: Special = None


class Revised(Event, frozen=True, kw_only=True):
    """The plan was changed."""

    NAME: ClassVar[str] = "revised"

    extent: Annotated[str, codes("plan-changes")] = NOT_RECORDED
    revision: Casework = None


class RevisionDecided(Event, frozen=True, kw_only=True):
    """A change of the plan was decided."""

    NAME: ClassVar[str] = "revision_decided"

    decision_form: Annotated[str, codes("decision-forms")] = NOT_RECORDED
    decision_ref: Casework = None


class DisagreementRecorded(Event, frozen=True, kw_only=True):
    """The participant and the municipality did not want the same."""

    NAME: ClassVar[str] = "disagreement_recorded"

    topic: Annotated[str, codes("disagreement-topics")] = NOT_RECORDED
    participants_view: Casework = None
    professional_view: Casework = None


class DisagreementResolved(Event, frozen=True, kw_only=True):
    """They came to terms, or one prevailed."""

    NAME: ClassVar[str] = "disagreement_resolved"

    prevailed: Annotated[str, codes("prevailing-proposals")] = NOT_RECORDED
    resolution: Casework = None


class MeasureAdded(Event, frozen=True, kw_only=True):
    """A measure was added; `goal_id` is the event that stated or proposed the goal it serves."""

    NAME: ClassVar[str] = "measure_added"

    goal_domain: Annotated[str, codes("goal-domains")] = NOT_RECORDED
    goal_id: UUID | None = None
    measure: Casework = None


class MeasureCompleted(Event, frozen=True, kw_only=True):
    """A measure was completed; `measure_id` is the event that added it."""

    NAME: ClassVar[str] = "measure_completed"

    measure_id: UUID | None = None


class ComplaintFiled(Event, frozen=True, kw_only=True):
    """The participant appealed against the plan or a change of it."""

    NAME: ClassVar[str] = "complaint_filed"

    complaint: Casework = None


class ComplaintDecided(Event, frozen=True, kw_only=True):
    """The complaint was decided."""

    NAME: ClassVar[str] = "complaint_decided"

    outcome: Annotated[str, codes("complaint-outcomes")] = NOT_RECORDED


class Closed(Event, frozen=True, kw_only=True):
    """The plan came to its end."""

    NAME: ClassVar[str] = "closed"

    reason: Annotated[str, codes("plan-closing-reasons")] = NOT_RECORDED
    explanation: Casework = None
