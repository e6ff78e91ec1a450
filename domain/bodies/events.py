"""What happens to a body, as events; those of its seats are in `domain.bodies.seats`."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from domain.bodies.seats import Quota, Representative, Seat, Stratification
from domain.events import NOT_RECORDED, Casework, Count, Event, SeedLine, Unit, Voice, codes, most, persons


class Stratum(msgspec.Struct, frozen=True, kw_only=True):
    """How many with a code sit in the body, and how many there are among those it speaks for."""

    list: Stratification
    code: Annotated[str, most(64)]
    seated: Count = NOT_RECORDED
    population: Count = NOT_RECORDED


class Described(Event, frozen=True, kw_only=True):
    """What a body is, said when it is opened."""

    kind: Annotated[str, codes("body-kinds")]
    group: Annotated[str, codes("groups")] = NOT_RECORDED
    level: Annotated[str, codes("levels")] = NOT_RECORDED
    form: Annotated[str, codes("forms")] = NOT_RECORDED
    arena: Annotated[str, codes("arenas")] = NOT_RECORDED
    phase: Annotated[str, codes("phases")] = NOT_RECORDED
    statutory_basis: Annotated[str, codes("statutory-bases")] = NOT_RECORDED
    proposed_by: Annotated[str, codes("voices")] = NOT_RECORDED
    unit: Unit = NOT_RECORDED
    seed_line: SeedLine | None = None
    title: Annotated[Casework, most(500)] = None
    purpose: Casework = None


class Proposed(Described, frozen=True, kw_only=True):
    """Somebody proposed the body."""

    NAME: ClassVar[str] = "proposed"


class MandateAdopted(Event, frozen=True, kw_only=True):
    """The body was told what it is for and how long it sits."""

    NAME: ClassVar[str] = "mandate_adopted"

    mandate: Annotated[str, codes("mandates")]
    period_from: date | None = None
    period_to: date | None = None
    remit: Casework = None


class Constituted(Event, frozen=True, kw_only=True):
    """The body was constituted: those elected or appointed to it took up their work."""

    NAME: ClassVar[str] = "constituted"


class Sat(Event, frozen=True, kw_only=True):
    """The body sat; at a meeting this ledger has, if it is named."""

    NAME: ClassVar[str] = "sat"

    meeting: UUID | None = None
    attended: Count = NOT_RECORDED


class JointMeetingHeld(Event, frozen=True, kw_only=True):
    """The body met those it is to influence, such as the management of the reception centre (seed s:274–275)."""

    NAME: ClassVar[str] = "joint_meeting_held"

    meeting: UUID | None = None
    attended: Count = NOT_RECORDED
    counterpart: Unit = NOT_RECORDED


class AccountsInspected(Event, frozen=True, kw_only=True):
    """The body saw the accounts (form f43, seed s:277)."""

    NAME: ClassVar[str] = "accounts_inspected"

    accounts: Casework = None


class PriorityVoted(Event, frozen=True, kw_only=True):
    """The body voted on what the money is to be spent on (seed s:277–279)."""

    NAME: ClassVar[str] = "priority_voted"

    votes_for: Count = NOT_RECORDED
    votes_against: Count = NOT_RECORDED
    priority: Voice = None


class AdviceGiven(Event, frozen=True, kw_only=True):
    """The body gave its advice; what came of it is told of the input, if it was raised as one."""

    NAME: ClassVar[str] = "advice_given"

    input: UUID | None = None
    addressee: Unit = NOT_RECORDED
    advice: Voice = None


class RepresentativenessAssessed(Event, frozen=True, kw_only=True):
    """Those who sit were compared with those they speak for, by strata and never by person (seed s:243–247)."""

    NAME: ClassVar[str] = "representativeness_assessed"

    strata: tuple[Stratum, ...]
    population_on: date | None = None
    source: Casework = None


class InterimAppointed(Event, frozen=True, kw_only=True):
    """An interim council was appointed, until a new one can be elected (UDI RS 2008-034)."""

    NAME: ClassVar[str] = "interim_appointed"

    members: Count = NOT_RECORDED
    election_due: date | None = None


class Dissolved(Event, frozen=True, kw_only=True):
    """The body was dissolved; every seat is empty."""

    NAME: ClassVar[str] = "dissolved"

    reason: Annotated[str, codes("dissolution-reasons")] = NOT_RECORDED
    explanation: Casework = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A body from before the ledger, or told of late, opened in the state it was in.

    No seats `taken` means that nobody recorded who sat in it.
    """

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("body-states")]
    mandate: Annotated[str, codes("mandates")] = NOT_RECORDED
    period_from: date | None = None
    period_to: date | None = None
    seats: Count = NOT_RECORDED
    electorate: Annotated[str, codes("voices")] = NOT_RECORDED
    quotas: tuple[Quota, ...] = ()
    selection_method: Annotated[str, codes("selection-methods")] = NOT_RECORDED
    taken: tuple[Seat, ...] = ()
    representatives: Annotated[tuple[Representative, ...], persons("casework")] = ()
    remit: Casework = None
