"""Tenancies: the first municipal dwelling and those after it, and what say the person had in each (seed s:226–229).

need stated → options presented → chosen or allocated → started → renewed → ended. A skipped state is no deviation.
That there was no real choice, with what stood in the way, is an answer. A member that two events have is of the record:
the last to say it holds.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from domain.aggregate import Broken, refuse_unknown
from domain.degrees import Experienced, Promised
from domain.events import MISSING, NOT_RECORDED, Count, Event
from domain.history import Step
from domain.personal import PersonalRecord
from domain.tenancy_events import (
    Allocated,
    Chosen,
    ConditionReported,
    Criterion,
    Ended,
    NeedStated,
    OptionsPresented,
    PreferenceRecorded,
    PushCareNoted,
    RegisteredAsExisting,
    Renewed,
    SafetyExperienceReported,
    Started,
    TermSet,
)

STATES: Final = ("need_stated", "options_presented", "chosen", "allocated", "started", "renewed", "ended")
"""The states of a tenancy, in the order they usually come."""

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

    state = "unknown"
    started: Step | None = None
    ended: Step | None = None
    household_size: Count = NOT_RECORDED
    rooms_needed: Count = NOT_RECORDED
    criteria: tuple[Criterion, ...] = ()
    voiced_by = NOT_RECORDED
    need: str | None = None
    preferred_tenure = NOT_RECORDED
    preference: str | None = None
    n_options: Count = NOT_RECORDED
    constraints: tuple[str, ...] = ()
    options: str | None = None
    choice = NOT_RECORDED
    criteria_met: tuple[str, ...] = ()
    choice_words: str | None = None
    allocating_unit = NOT_RECORDED
    participation = NOT_RECORDED
    allocation_reasons: str | None = None
    tenure = NOT_RECORDED
    rooms: Count = NOT_RECORDED
    lease_months: Count = NOT_RECORDED
    term_ends_on: date | None = None
    kobo_id: str | None = None
    term_participation = NOT_RECORDED
    term_reasons: str | None = None
    condition = NOT_RECORDED
    condition_about: tuple[str, ...] = ()
    reported_by = NOT_RECORDED
    condition_report: str | None = None
    safety = NOT_RECORDED
    stay_wish = NOT_RECORDED
    safety_words: str | None = None
    tension = NOT_RECORDED
    balance = NOT_RECORDED
    noted_by = NOT_RECORDED
    tension_note: str | None = None
    end_reason = NOT_RECORDED
    ended_by = NOT_RECORDED
    end_explanation: str | None = None

    def apply(self, step: Step) -> None:
        self.hear(step.event)
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

    @classmethod
    def check(cls, event: Event) -> None:
        for i, criterion in enumerate(getattr(event, "criteria", ())):
            refuse_unknown("housing-criteria", criterion.code, f"/criteria/{i}/code")
        for member, list_id in (
            ("constraints", "housing-constraints"),
            ("criteria_met", "housing-criteria"),
            ("condition_about", "housing-criteria"),
        ):
            for i, code in enumerate(getattr(event, member, ())):
                refuse_unknown(list_id, code, f"/{member}/{i}")


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
