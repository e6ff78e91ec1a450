"""What happens in a tenancy, from the need to the end, as events; the record is in `domain.tenancies`."""

from datetime import date
from typing import Annotated, ClassVar

import msgspec

from domain.events import NOT_RECORDED, Casework, Count, Event, Identity, Missing, Unit, Voice, codes
from domain.personal import OfParticipant


class Criterion(msgspec.Struct, frozen=True):
    """What matters in a dwelling (codebook list `housing-criteria`), from 1 (would be nice) to 5 (must be so)."""

    code: str
    weight: Annotated[int, msgspec.Meta(ge=1, le=5)] | Missing = NOT_RECORDED


class Described(OfParticipant, frozen=True, kw_only=True):
    """Whose tenancy it is, and what the household needs."""

    household_size: Count = NOT_RECORDED
    rooms_needed: Count = NOT_RECORDED
    criteria: tuple[Criterion, ...] = ()
    voiced_by: Annotated[str, codes("voices")] = NOT_RECORDED
    need: Voice = None


class NeedStated(Described, frozen=True, kw_only=True):
    """The need of a dwelling was stated."""

    NAME: ClassVar[str] = "need_stated"


class PreferenceRecorded(Event, frozen=True, kw_only=True):
    """They said what they wish for."""

    NAME: ClassVar[str] = "preference_recorded"

    criteria: tuple[Criterion, ...] = ()
    preferred_tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    voiced_by: Annotated[str, codes("voices")] = NOT_RECORDED
    preference: Voice = None


class OptionsPresented(Event, frozen=True, kw_only=True):
    """They were shown what there was to choose from: how many dwellings, and what kept others out (seed s:226–227)."""

    NAME: ClassVar[str] = "options_presented"

    n_options: Count = NOT_RECORDED
    constraints: tuple[str, ...] = ()
    options: Casework = None


class Chosen(Event, frozen=True, kw_only=True):
    """They chose: how far the choice was theirs, what limited it, and which of their criteria the dwelling meets."""

    NAME: ClassVar[str] = "chosen"

    choice: Annotated[str, codes("housing-choices")]
    constraints: tuple[str, ...] = ()
    criteria_met: tuple[str, ...] = ()
    choice_words: Voice = None


class Allocated(Event, frozen=True, kw_only=True):
    """A dwelling was allocated to them: by which unit, and how they took part in that."""

    NAME: ClassVar[str] = "allocated"

    allocating_unit: Unit = NOT_RECORDED
    participation: Annotated[str, codes("housing-participations")] = NOT_RECORDED
    constraints: tuple[str, ...] = ()
    criteria_met: tuple[str, ...] = ()
    allocation_reasons: Casework = None


class Started(Event, frozen=True, kw_only=True):
    """The tenancy began. `kobo_id` is what it is called in Kobo, its source of truth; nothing is read out of it."""

    NAME: ClassVar[str] = "started"

    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    household_size: Count = NOT_RECORDED
    rooms: Count = NOT_RECORDED
    lease_months: Count = NOT_RECORDED
    term_ends_on: date | None = None
    kobo_id: Identity = None


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
    condition_about: tuple[str, ...] = ()
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
    constraints: tuple[str, ...] = ()
    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    rooms: Count = NOT_RECORDED
    lease_months: Count = NOT_RECORDED
    term_ends_on: date | None = None
    kobo_id: Identity = None
