"""Tenancies: the first municipal dwelling and those after it, and what say the person had in each (seed s:226–229).

need stated → options presented → chosen or allocated → started → renewed → ended. A skipped state is no deviation.
That there was no real choice, with what stood in the way, is an answer. A member that two events have is of the record:
the last to say it holds.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, ClassVar, Final

import msgspec

from domain.aggregate import Broken
from domain.degrees import Experienced, Promised
from domain.events import (
    MISSING,
    NOT_RECORDED,
    Casework,
    Count,
    Event,
    Identity,
    Rating,
    Unit,
    Voice,
    codes,
    most,
    several,
)
from domain.history import Step
from domain.personal import OfParticipant, PersonalRecord

STATES: Final = ("need_stated", "options_presented", "chosen", "allocated", "started", "renewed", "ended")
"""The states of a tenancy, in the order they usually come."""

Constraints = Annotated[tuple[str, ...], several("housing-constraints")]
CriteriaCodes = Annotated[tuple[str, ...], several("housing-criteria")]


class Criterion(msgspec.Struct, frozen=True):
    """What matters in a dwelling (codebook list `housing-criteria`), from 1 (would be nice) to 5 (must be so)."""

    code: Annotated[str, codes("housing-criteria")]
    weight: Rating = NOT_RECORDED


class Described(OfParticipant, frozen=True, kw_only=True):
    """Whose tenancy it is, and what the household needs."""

    household_size: Count = NOT_RECORDED
    rooms_needed: Count = NOT_RECORDED
    criteria: Annotated[tuple[Criterion, ...], most(50)] = ()
    voiced_by: Annotated[str, codes("voices")] = NOT_RECORDED
    need: Voice = None


class NeedStated(Described, frozen=True, kw_only=True):
    """The need of a dwelling was stated."""

    NAME: ClassVar[str] = "need_stated"


class PreferenceRecorded(Event, frozen=True, kw_only=True):
    """They said what they wish for."""

    NAME: ClassVar[str] = "preference_recorded"

    criteria: Annotated[tuple[Criterion, ...], most(50)] = ()
    preferred_tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    voiced_by: Annotated[str, codes("voices")] = NOT_RECORDED
    preference: Voice = None


class OptionsPresented(Event, frozen=True, kw_only=True):
    """They were shown what there was to choose from: how many dwellings, and what kept others out (seed s:226–227)."""

    NAME: ClassVar[str] = "options_presented"

    n_options: Count = NOT_RECORDED
    constraints: Constraints = ()
    options: Casework = None


class Chosen(Event, frozen=True, kw_only=True):
    """They chose: how far the choice was theirs, what limited it, and which of their criteria the dwelling meets."""

    NAME: ClassVar[str] = "chosen"

    choice: Annotated[str, codes("housing-choices")]
    constraints: Constraints = ()
    criteria_met: CriteriaCodes = ()
    choice_words: Voice = None


class Allocated(Event, frozen=True, kw_only=True):
    """A dwelling was allocated to them: by which unit, and how they took part in that."""

    NAME: ClassVar[str] = "allocated"

    allocating_unit: Unit = NOT_RECORDED
    participation: Annotated[str, codes("housing-participations")] = NOT_RECORDED
    constraints: Constraints = ()
    criteria_met: CriteriaCodes = ()
    allocation_reasons: Casework = None


class Started(Event, frozen=True, kw_only=True):
    """The tenancy began. `kobo_id` is what it is called in Kobo, its source of truth; nothing is read out of it."""

    NAME: ClassVar[str] = "started"

    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    household_size: Count = NOT_RECORDED
    rooms: Count = NOT_RECORDED
    lease_months: Count = NOT_RECORDED
    term_ends_on: date | None = None
    kobo_id: Annotated[Identity, most(200)] = None


class Term(Event, frozen=True, kw_only=True):
    """How long they may stay, and how they took part in settling it."""

    lease_months: Count = NOT_RECORDED
    term_ends_on: date | None = None
    term_participation: Annotated[str, codes("housing-participations")] = NOT_RECORDED
    term_reasons: Casework = None


class TermSet(Term, frozen=True, kw_only=True):
    """The term of the tenancy was set (seed s:135–137)."""

    NAME: ClassVar[str] = "term_set"


class Renewed(Term, frozen=True, kw_only=True):
    """The tenancy was renewed."""

    NAME: ClassVar[str] = "renewed"


class ConditionReported(Event, frozen=True, kw_only=True):
    """Somebody told how the dwelling and its surroundings are, and what of them it is about (seed s:116–121)."""

    NAME: ClassVar[str] = "condition_reported"

    condition: Annotated[str, codes("housing-conditions")] = NOT_RECORDED
    condition_about: CriteriaCodes = ()
    reported_by: Annotated[str, codes("voices")] = NOT_RECORDED
    condition_report: Casework = None


class SafetyExperienceReported(Event, frozen=True, kw_only=True):
    """They said how safe they feel there, and whether they wish to stay (seed s:105, s:133–134, s:228–229)."""

    NAME: ClassVar[str] = "safety_experience_reported"

    safety: Annotated[str, codes("safety-experiences")] = NOT_RECORDED
    stay_wish: Annotated[str, codes("stay-wishes")] = NOT_RECORDED
    safety_words: Voice = None


class PushCareNoted(Event, frozen=True, kw_only=True):
    """A tension was noted, such as pushing them on against caring for them (seed s:105–106)."""

    NAME: ClassVar[str] = "push_care_noted"

    tension: Annotated[str, codes("tensions")] = "push_care"
    balance: Annotated[str, codes("push-care-balances")] = NOT_RECORDED
    noted_by: Annotated[str, codes("voices")] = NOT_RECORDED
    tension_note: Casework = None


class Ended(Event, frozen=True, kw_only=True):
    """The tenancy ended: why, and at whose initiative."""

    NAME: ClassVar[str] = "ended"

    end_reason: Annotated[str, codes("tenancy-end-reasons")] = NOT_RECORDED
    ended_by: Annotated[str, codes("initiators")] = NOT_RECORDED
    end_explanation: Casework = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A tenancy from before the ledger, or told of late, opened in the state it was in."""

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("tenancy-states")]
    choice: Annotated[str, codes("housing-choices")] = NOT_RECORDED
    constraints: Constraints = ()
    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    rooms: Count = NOT_RECORDED
    lease_months: Count = NOT_RECORDED
    term_ends_on: date | None = None
    kobo_id: Annotated[Identity, most(200)] = None


_EXPERIENCES = (ConditionReported, SafetyExperienceReported, PushCareNoted)
"""What may be told of a tenancy after its end, too."""


class Tenancy(PersonalRecord):
    """One tenancy, as its effective history tells it."""

    noun = "tenancy"
    events = (
        NeedStated,
        PreferenceRecorded,
        OptionsPresented,
        Chosen,
        Allocated,
        Started,
        TermSet,
        Renewed,
        ConditionReported,
        SafetyExperienceReported,
        PushCareNoted,
        Ended,
        RegisteredAsExisting,
        Promised,
        Experienced,
    )
    hears = events
    in_lists = (
        "participant", "state", "preferred_tenure", "n_options", "constraints", "choice", "participation", "tenure",
        "household_size", "rooms", "started_from", "started_to", "term_ends_on", "condition", "safety", "stay_wish",
        "balance", "ended_from", "ended_to", "end_reason", "ended_by",
    )  # fmt: skip

    state: Annotated[str, codes("tenancy-states")] = "unknown"
    started: Step | None = None
    ended: Step | None = None

    def apply(self, step: Step) -> None:
        state = _state(step.event)
        if state is not None:
            self.state = state
        if state == "started":
            self.started = step
        if state == "ended":
            self.ended = step

    @property
    def started_from(self) -> date | None:
        """The first day it may have begun on."""
        return self.started.starts if self.started else None

    @property
    def started_to(self) -> date | None:
        """The last day it may have begun on; None, too, when the end is open."""
        return self.started.event.meta.occurred_to if self.started else None

    @property
    def ended_from(self) -> date | None:
        """The first day it may have ended on."""
        return self.ended.starts if self.ended else None

    @property
    def ended_to(self) -> date | None:
        """The last day it may have ended on; None, too, when the end is open."""
        return self.ended.event.meta.occurred_to if self.ended else None

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        # Of a tenancy from before the ledger nobody can say what was not done.
        whole = not any(isinstance(step.event, RegisteredAsExisting) for step in steps)
        answers = [step for step in steps if _answers(step.event)]
        heard = [step for step in steps if isinstance(step.event, NeedStated | PreferenceRecorded | Chosen)]
        ends = [step for step in steps if _state(step.event) == "ended"]
        for step in steps:
            event = step.event
            if whole and _given(event) and all(answer.certainly_after(step) for answer in answers):
                yield Broken("tenancy.allocated_without_options", step.event_id)
            if whole and heard and isinstance(event, Started) and all(said.certainly_after(step) for said in heard):
                yield Broken("tenancy.started_before_need_heard", step.event_id)
            if not isinstance(event, _EXPERIENCES) and any(step.certainly_after(end) for end in ends):
                yield Broken("tenancy.recorded_after_end", step.event_id)


def _state(event: Event) -> str | None:
    if isinstance(event, RegisteredAsExisting):
        return event.state
    return event.NAME if event.NAME in STATES else None


def _given(event: Event) -> bool:
    """Whether a dwelling was given to them, rather than chosen by them alone."""
    return isinstance(event, Allocated) or (
        isinstance(event, Chosen) and event.choice != "own_choice" and event.choice not in MISSING
    )


def _answers(event: Event) -> bool:
    """Whether the event shows what there was to choose from, or says why there was nothing."""
    if isinstance(event, OptionsPresented) and event.n_options != 0:
        return True
    return bool(getattr(event, "constraints", ())) or (isinstance(event, Chosen) and event.choice == "own_choice")
