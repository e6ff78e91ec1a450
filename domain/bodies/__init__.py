"""Bodies: councils, committees and groups that speak for others (seed s:237–240, s:243–249, s:269–279, s:310–322).

proposed → mandated → constituted → sitting → dissolved; an interim council until the next is elected. A skipped state
is no deviation. Who sits is told as counted seats; a participant who is named is sealed under their own key.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

from domain import rules
from domain.aggregate import Aggregate, Broken, Reference, refuse_unknown
from domain.bodies.events import (
    AccountsInspected,
    AdviceGiven,
    Constituted,
    Described,
    Dissolved,
    InterimAppointed,
    JointMeetingHeld,
    MandateAdopted,
    PriorityVoted,
    Proposed,
    RegisteredAsExisting,
    RepresentativenessAssessed,
    Sat,
    Stratum,
)
from domain.bodies.seats import (
    Filling,
    Quota,
    Resigned,
    Seat,
    Seated,
    SeatsDefined,
    Share,
    refuse_impossible_seats,
)
from domain.degrees import Experienced, Promised
from domain.duties import Duty
from domain.errors import ImpossibleInterval
from domain.events import MISSING, NOT_RECORDED, Casework, Count, Event, codes
from domain.history import Step

_NEEDS_NO_MANDATE = MISSING | {"cohort", "one_per_family", "other"}
"""Kinds that sit without one: everybody of a cohort and one of each family simply are the body (s:237, s:338)."""

_WRITTEN = ("kommuneloven_5_12", "udi_rs_2008_034")
"""Statutory bases that ask for a written mandate."""


class Body(Aggregate):
    """One body, as its effective history tells it."""

    noun = "body"
    events = (
        Proposed,
        MandateAdopted,
        SeatsDefined,
        Seated,
        Resigned,
        Constituted,
        Sat,
        JointMeetingHeld,
        AccountsInspected,
        PriorityVoted,
        AdviceGiven,
        RepresentativenessAssessed,
        InterimAppointed,
        Dissolved,
        RegisteredAsExisting,
        Promised,
        Experienced,
    )

    hears = (Described,)
    in_lists = (
        "state", "kind", "group", "level", "form", "arena", "phase", "statutory_basis", "proposed_by", "mandate",
        "period_to", "seats", "seated", "women", "sittings", "last_sat_on", "seed_line",
    )  # fmt: skip
    in_detail = (
        "period_from", "remit", "electorate", "quotas", "selection_method", "composition", "representatives",
        "interim_members", "election_due", "strata", "population_on", "dissolution_reason", "dissolution_explanation",
    )  # fmt: skip

    state: Annotated[str, codes("body-states")] = "unknown"
    mandate: Annotated[str, codes("mandates")] = NOT_RECORDED
    period_from: date | None = None
    period_to: date | None = None
    remit: Casework = None
    seats: Count = NOT_RECORDED
    electorate: Annotated[str, codes("voices")] = NOT_RECORDED
    quotas: tuple[Quota, ...] = ()
    selection_method: Annotated[str, codes("selection-methods")] = NOT_RECORDED
    seated: int | None = None
    representatives: tuple[UUID, ...] = ()
    interim_members: Count = NOT_RECORDED
    election_due: date | None = None
    sittings: int = 0
    last_sat: Step | None = None
    strata: tuple[Stratum, ...] = ()
    population_on: date | None = None
    dissolution_reason: Annotated[str, codes("dissolution-reasons")] = NOT_RECORDED
    dissolution_explanation: Casework = None
    _traits: Mapping[tuple[str, str], int] = MappingProxyType({})

    def apply(self, step: Step) -> None:
        event = step.event
        self.state = _state(event, self.state)
        if isinstance(event, MandateAdopted | RegisteredAsExisting):
            self.mandate, self.remit = event.mandate, event.remit
            self.period_from, self.period_to = event.period_from, event.period_to
        if isinstance(event, SeatsDefined | RegisteredAsExisting):
            self.seats, self.electorate, self.quotas = event.seats, event.electorate, event.quotas
        if isinstance(event, InterimAppointed | Dissolved):
            self._traits, self.seated, self.representatives = {}, None, ()
        if isinstance(event, Seated | RegisteredAsExisting):
            self.selection_method = event.selection_method
            self._count(event.taken, 1)
            self.representatives += tuple(each.participant for each in event.representatives)
        match event:
            case Resigned():
                self._count(event.left, -1)
                gone = {each.participant for each in event.representatives}
                self.representatives = tuple(each for each in self.representatives if each not in gone)
            case Sat() | JointMeetingHeld():
                self.sittings, self.last_sat = self.sittings + 1, step
            case RepresentativenessAssessed():
                self.strata, self.population_on = event.strata, event.population_on
            case InterimAppointed():
                self.interim_members, self.election_due = event.members, event.election_due
            case Constituted():
                self.interim_members, self.election_due = NOT_RECORDED, None
            case Dissolved():
                self.dissolution_reason, self.dissolution_explanation = event.reason, event.explanation

    def _count(self, seats: Sequence[Seat], sign: int) -> None:
        counted = dict(self._traits)
        for seat in seats:
            self.seated = max(0, (self.seated or 0) + sign * seat.n)
            for trait in seat.traits():
                counted[trait] = max(0, counted.get(trait, 0) + sign * seat.n)
        self._traits = counted

    @property
    def composition(self) -> tuple[Share, ...]:
        """Who sits in it, counted by each of `STRATA` and by role; one person may hold two roles."""
        return tuple(Share(list_id, code, n) for (list_id, code), n in sorted(self._traits.items()) if n)

    @property
    def women(self) -> int | None:
        """How many women sit in it; None where that is not known of every seat."""
        known = self.seated is not None and not any(self._traits.get(("genders", code)) for code in MISSING)
        return self._traits.get(("genders", "woman"), 0) if known else None

    @property
    def last_sat_on(self) -> date | None:
        """The last day it may have sat on, the last time it did."""
        return self.last_sat.ends if self.last_sat else None

    def duties(self) -> Iterator[Duty]:
        if self.state == "interim" and self.election_due is not None:
            yield Duty("body.election", self.election_due)

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        described = next((step.event for step in steps if isinstance(step.event, Described)), None)
        basis = described.statutory_basis if described else NOT_RECORDED
        needs_mandate = described is not None and described.kind not in _NEEDS_NO_MANDATE
        emptied = [step for step in steps if isinstance(step.event, Dissolved | InterimAppointed)]
        for step in steps:
            if isinstance(step.event, _ACTS) and _dissolved_before(step, steps):
                yield Broken("body.recorded_after_dissolution", step.event_id)
            if _interim(step, steps):
                continue
            if _sits(step.event) and needs_mandate and _without_mandate(step, steps, basis):
                yield Broken("body.sat_without_mandate", step.event_id)
            if _sits(step.event) or _constituted(step.event):
                filling = Filling(step, steps, emptied)
                if filling.unmet(_women_by_law(basis, step)):
                    yield Broken("body.quota_unmet", step.event_id)
                if filling.vacant():
                    yield Broken("body.seat_vacant", step.event_id)

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        if isinstance(event, Sat | JointMeetingHeld) and event.meeting is not None:
            yield Reference("meeting", event.meeting, "/meeting")
        if isinstance(event, AdviceGiven) and event.input is not None:
            yield Reference("input", event.input, "/input")
        if isinstance(event, Seated | Resigned | RegisteredAsExisting):
            for i, each in enumerate(event.representatives):
                yield Reference("participant", each.participant, f"/representatives/{i}/participant")

    @classmethod
    def check(cls, event: Event) -> None:
        refuse_impossible_seats(event)
        if isinstance(event, MandateAdopted | RegisteredAsExisting):
            first, last = event.period_from, event.period_to
            if first and last and first > last:
                raise ImpossibleInterval("/period_to", f"{last} is before {first}")
        if isinstance(event, RepresentativenessAssessed):
            for i, stratum in enumerate(event.strata):
                refuse_unknown(stratum.list, stratum.code, f"/strata/{i}/code")


_ACTS = (Sat, JointMeetingHeld, AccountsInspected, PriorityVoted, AdviceGiven, Resigned, Dissolved)
"""What no dissolved body does; to prepare the next one is no deviation."""


def _state(event: Event, before: str) -> str:
    """Mandates may be renewed and seats filled at any time; that does not take a body back to where it was."""
    match event:
        case RegisteredAsExisting():
            return event.state
        case Proposed():
            return "proposed" if before == "unknown" else before
        case MandateAdopted():
            return "mandated" if before in ("unknown", "proposed") else before
        case Constituted():
            return "constituted"
        case Sat() | JointMeetingHeld():
            return before if before == "interim" else "sitting"
        case InterimAppointed():
            return "interim"
        case Dissolved():
            return "dissolved"
    return before


def _sits(event: Event) -> bool:
    existing = isinstance(event, RegisteredAsExisting) and event.state == "sitting"
    return existing or isinstance(event, Sat | JointMeetingHeld)


def _constituted(event: Event) -> bool:
    existing = isinstance(event, RegisteredAsExisting) and event.state == "constituted"
    return existing or isinstance(event, Constituted)


def _women_by_law(basis: str, step: Step) -> Sequence[Quota]:
    """What the law reserved on the first day it may have been; where that is open, nothing is known."""
    n = rules.value("seats_for_women", basis, step.starts) if step.starts else None
    return [Quota("genders", "woman", n)] if n else []


def _without_mandate(sitting: Step, steps: Sequence[Step], basis: str) -> bool:
    lacking = {"none", "oral"} if basis in _WRITTEN else {"none"}
    adopted = [
        step.event.mandate
        for step in steps
        if isinstance(step.event, MandateAdopted | RegisteredAsExisting)
        and (step is sitting or not step.certainly_after(sitting))
    ]
    return all(mandate in lacking for mandate in adopted)


def _interim(sitting: Step, steps: Sequence[Step]) -> bool:
    """Whether an interim council may have sat: it sits by law, without an election (UDI RS 2008-034)."""
    if isinstance(sitting.event, Constituted):
        return False
    ended = [step for step in steps if isinstance(step.event, Constituted) and sitting.certainly_after(step)]
    return any(
        getattr(step.event, "state", step.event.NAME) in ("interim", "interim_appointed")
        and not step.certainly_after(sitting)
        and not any(end.certainly_after(step) for end in ended)
        for step in steps
    )


def _dissolved_before(act: Step, steps: Sequence[Step]) -> bool:
    """Whether it happened after a dissolution, and certainly before anything began the body anew."""
    begun = [
        step
        for step in steps
        if isinstance(step.event, InterimAppointed | Constituted) and not step.certainly_after(act)
    ]
    return any(
        getattr(step.event, "state", step.event.NAME) == "dissolved"
        and act.certainly_after(step)
        and all(step.certainly_after(anew) for anew in begun)
        for step in steps
    )
