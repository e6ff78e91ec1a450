"""Inputs and what came of them: the influence chain (seed s:198, s:204–218, s:257).

raised → acknowledged → assessed → answered → decided → effected → verified; feedback given and rated beside it.
Answered, decided and effected are three different things; a skipped state is no deviation.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from domain.aggregate import Aggregate, Broken, Reference, refuse_unknown
from domain.duties import Duty
from domain.events import (
    MISSING,
    NOT_RECORDED,
    Casework,
    Event,
    IdOrUnknown,
    Rating,
    SeedLine,
    Unit,
    Voice,
    codes,
    most,
    one_of,
    text,
)
from domain.history import Step

Said = Annotated[str | None, text("said")]
"""What was said: the person's voice at system level, casework at individual level."""


class Concern(msgspec.Struct, frozen=True):
    """What an input is about: a code of one of the codebook's lists."""

    list: Annotated[str, one_of("forms", "arenas", "phases", "housing-criteria", "barriers", "tensions", "outcomes")]
    code: Annotated[str, most(64)]


class Described(Event, frozen=True, kw_only=True):
    """What an input is and who it comes from."""

    kind: Annotated[str, codes("input-kinds")]
    level: Annotated[str, codes("levels")]
    voiced_by: Annotated[str, codes("voices")]
    on_behalf_of: Annotated[str, codes("voices")] = NOT_RECORDED
    source: IdOrUnknown = "unknown"
    concerns: Annotated[tuple[Concern, ...], most(50)] = ()
    maturity: Annotated[str, codes("maturities")] = NOT_RECORDED
    seed_line: SeedLine | None = None
    said: Said = None
    hearing: UUID | None = None

    @property
    def meeting(self) -> UUID | None:
        """The meeting it was raised at, if that is known."""
        return None if self.source == "unknown" else UUID(self.source)

    def data_class(self, declared: str, field: str) -> str:
        if declared != "said":
            return declared
        return "casework" if self.level == "individual" else "voice"


class Raised(Described, frozen=True, kw_only=True):
    """Somebody said something they want the municipality to act on, know or answer."""

    NAME: ClassVar[str] = "raised"


class Acknowledged(Event, frozen=True, kw_only=True):
    """The municipality told them that it was heard, who will answer and by when."""

    NAME: ClassVar[str] = "acknowledged"

    answering_unit: Unit = NOT_RECORDED
    answer_due: date | None = None


class Assessed(Event, frozen=True, kw_only=True):
    """The professional view was written down (seed s:214)."""

    NAME: ClassVar[str] = "assessed"

    assessing_unit: Unit = NOT_RECORDED
    assessment: Casework = None


class Answered(Event, frozen=True, kw_only=True):
    """They were answered."""

    NAME: ClassVar[str] = "answered"

    answering_unit: Unit = NOT_RECORDED
    answer: Casework = None


class Decided(Event, frozen=True, kw_only=True):
    """It was decided what to do with the input, and why."""

    NAME: ClassVar[str] = "decided"

    outcome: Annotated[str, codes("input-outcomes")]
    reason: Annotated[str, codes("decision-reasons")] = NOT_RECORDED
    deciding_unit: Unit = NOT_RECORDED
    reasons: Casework = None


class Effected(Event, frozen=True, kw_only=True):
    """Something changed because of the input."""

    NAME: ClassVar[str] = "effected"

    change: Annotated[str, codes("change-types")] = NOT_RECORDED
    effect: Casework = None


class Verified(Event, frozen=True, kw_only=True):
    """Somebody looked, and the change is there."""

    NAME: ClassVar[str] = "verified"

    verifying_unit: Unit = NOT_RECORDED
    evidence: Casework = None


class FeedbackGiven(Event, frozen=True, kw_only=True):
    """Those who raised it were told what came of it."""

    NAME: ClassVar[str] = "feedback_given"

    channel: Annotated[str, codes("feedback-channels")] = NOT_RECORDED
    feedback: Casework = None


class FeedbackRated(Event, frozen=True, kw_only=True):
    """Those who raised it said what they think of the feedback: 1 (did not help) to 5 (it mattered)."""

    NAME: ClassVar[str] = "feedback_rated"

    rating: Rating = NOT_RECORDED
    comment: Voice = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """An input from before the ledger, or told of late, opened in the state it was in."""

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("input-states")]
    outcome: Annotated[str, codes("input-outcomes")] = NOT_RECORDED
    reason: Annotated[str, codes("decision-reasons")] = NOT_RECORDED
    deciding_unit: Unit = NOT_RECORDED
    verifying_unit: Unit = NOT_RECORDED
    answer: Casework = None
    reasons: Casework = None


CHAIN = ("raised", "acknowledged", "assessed", "answered", "decided", "effected", "verified")
"""The states of the influence chain, in the order they usually come."""


class Input(Aggregate):
    """One input with its chain, as its effective history tells it."""

    noun = "input"
    events = (
        Raised,
        Acknowledged,
        Assessed,
        Answered,
        Decided,
        Effected,
        Verified,
        FeedbackGiven,
        FeedbackRated,
        RegisteredAsExisting,
    )

    hears = (Described,)
    in_lists = (
        "state", "feedback_state", "kind", "level", "voiced_by", "on_behalf_of", "source", "hearing", "concerns",
        "maturity", "outcome", "reason", "answering_unit", "answer_due", "deciding_unit", "verifying_unit",
        "raised_from", "raised_to", "seed_line",
    )  # fmt: skip
    in_detail = (
        "assessment", "answer", "reasons", "change", "effect", "evidence", "feedback_channel", "feedback", "rating",
        "rating_comment",
    )  # fmt: skip

    state: Annotated[str, codes("input-states")] = "unknown"
    feedback_state: Annotated[str, one_of("not_given", "feedback_given", "feedback_rated")] = "not_given"
    level: Annotated[str, codes("levels")] = NOT_RECORDED
    kind: Annotated[str, codes("input-kinds")] = NOT_RECORDED
    source: IdOrUnknown = "unknown"
    hearing: UUID | None = None
    raised: Step | None = None
    first_answered: Step | None = None
    answering_unit: Unit = NOT_RECORDED
    answer_due: date | None = None
    assessment: Casework = None
    answer: Casework = None
    outcome: Annotated[str, codes("input-outcomes")] = NOT_RECORDED
    reason: Annotated[str, codes("decision-reasons")] = NOT_RECORDED
    deciding_unit: Unit = NOT_RECORDED
    reasons: Casework = None
    change: Annotated[str, codes("change-types")] = NOT_RECORDED
    effect: Casework = None
    verifying_unit: Unit = NOT_RECORDED
    evidence: Casework = None
    feedback_channel: Annotated[str, codes("feedback-channels")] = NOT_RECORDED
    feedback: Casework = None
    rating: Rating = NOT_RECORDED
    rating_comment: Voice = None

    def apply(self, step: Step) -> None:
        event = step.event
        if isinstance(event, FeedbackGiven | FeedbackRated):
            self.feedback_state = event.NAME
        else:
            self.state = _state(event)
        if isinstance(event, Described):
            self.raised = step
        if _answered(event):
            self.first_answered = self.first_answered or step
        match event:
            case Acknowledged():
                self.answering_unit, self.answer_due = event.answering_unit, event.answer_due
            case Assessed():
                self.assessment = event.assessment
            case Answered():
                self.answer = event.answer
                if event.answering_unit not in MISSING:
                    self.answering_unit = event.answering_unit
            case Decided() | RegisteredAsExisting():
                self.outcome, self.reason = event.outcome, event.reason
                self.deciding_unit, self.reasons = event.deciding_unit, event.reasons
            case Effected():
                self.change, self.effect = event.change, event.effect
            case Verified():
                self.verifying_unit, self.evidence = event.verifying_unit, event.evidence
            case FeedbackGiven():
                self.feedback_channel, self.feedback = event.channel, event.feedback
            case FeedbackRated():
                self.rating, self.rating_comment = event.rating, event.comment
        if isinstance(event, RegisteredAsExisting):
            self.verifying_unit, self.answer = event.verifying_unit, event.answer

    def duties(self) -> Iterator[Duty]:
        if self.answer_due is not None and self.state in ("acknowledged", "assessed"):
            yield Duty("input.answer", self.answer_due)

    @property
    def raised_at(self) -> UUID | None:
        """The meeting or the hearing it was raised at, if that is known."""
        return self.hearing if self.source == "unknown" else UUID(self.source)

    @property
    def raised_from(self) -> date | None:
        """The first day it may have been raised on."""
        return self.raised.starts if self.raised else None

    @property
    def raised_to(self) -> date | None:
        """The last day it may have been raised on; None, too, when the end is open."""
        return self.raised.event.meta.occurred_to if self.raised else None

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        deciders: set[str] = set()
        for step in steps:
            event = step.event
            if _decided_without_reason(event):
                yield Broken("input.decided_without_reason", step.event_id)
            if isinstance(event, Decided | RegisteredAsExisting):
                deciders = {event.deciding_unit} - MISSING
            if isinstance(event, Verified | RegisteredAsExisting) and event.verifying_unit in deciders:
                yield Broken("input.verified_by_decider", step.event_id)
            if any(_ended_by(end.event, event) and step.certainly_after(end) for end in steps):
                yield Broken("input.recorded_after_end", step.event_id)

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        if isinstance(event, Described) and event.meeting is not None:
            yield Reference("meeting", event.meeting, "/source")
        if isinstance(event, Described) and event.hearing is not None:
            yield Reference("hearing", event.hearing, "/hearing")

    @classmethod
    def check(cls, event: Event) -> None:
        if isinstance(event, Described):
            for i, concern in enumerate(event.concerns):
                refuse_unknown(concern.list, concern.code, f"/concerns/{i}/code")


def _state(event: Event) -> str:
    return event.state if isinstance(event, RegisteredAsExisting) else event.NAME


def _answered(event: Event) -> bool:
    """Of an input registered in a later state nobody knows that it was not answered."""
    return _state(event) in CHAIN[3:] if isinstance(event, RegisteredAsExisting) else isinstance(event, Answered)


def _decided_without_reason(event: Event) -> bool:
    """Whoever records a decision owes its reason; of an older one it may simply not be known any more."""
    if isinstance(event, RegisteredAsExisting):
        return event.outcome not in MISSING and event.reason in ("not_asked", "declined")
    return isinstance(event, Decided) and event.reason in MISSING


def _ended_by(end: Event, event: Event) -> bool:
    """Whether the chain had come to its end with `end`, so that nothing like `event` was to follow."""
    if not isinstance(event, RegisteredAsExisting) and event.NAME not in CHAIN:
        return False
    if _state(end) == "verified":
        return True
    outcome = getattr(end, "outcome", None)
    return outcome in ("rejected", "out_of_scope") and isinstance(event, Effected | Verified)
