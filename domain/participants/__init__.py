"""Participants: each person who takes part, under a pseudonym; name and external ids are sealed (seed s:42, s:64-66).

registered → active → departed → disposed; an objection and a restriction lie over these. Active is who has been settled
here or has a contact person: the relation that access follows (seed s:292). Everyone registered is informed of it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from domain.aggregate import Aggregate, Broken, Others, Reference
from domain.commands import Claim, Command
from domain.duties import Duty
from domain.errors import FutureDate, ImpossibleInterval, Invalid
from domain.events import MISSING, NOT_RECORDED, Casework, Event, Unit, about, codes
from domain.history import Step
from domain.participants.events import (
    ContactPersonAssigned,
    ContactPersonCovered,
    ContactPersonEnded,
    Departed,
    DisposalDecided,
    Following,
    Informed,
    InterpreterNeedAssessed,
    LanguagePreferenceSet,
    MergedInto,
    ObjectionRegistered,
    ObjectionResolved,
    Opening,
    ProcessingRestricted,
    Profile,
    ProfileSet,
    ProtectionGradeLifted,
    ProtectionGradeSet,
    Registered,
    RegisteredAsExisting,
    ResearchReservationRegistered,
    ResearchReservationWithdrawn,
    RestrictionLifted,
    Returned,
    Split,
    Staff,
    StrengthRecorded,
)
from domain.store import Store
from domain.time import oslo_day

EXTERNAL_IDS: Final = {"national_number": 11, "d_number": 11, "duf_number": 12}
"""The kinds of external id, and how many digits each has."""

NOT_INFORMED = "not_informed"


class Contact(NamedTuple):
    """Who follows a person, from which day, and until which, if that is planned."""

    contact_person: Staff
    contact_unit: Unit
    since: date | None
    until: date | None


class Participant(Aggregate):
    """One person, as their effective history tells it. The record's id is the pseudonym."""

    noun = "participant"
    personal = True
    events = (
        Registered,
        ProfileSet,
        Informed,
        ContactPersonAssigned,
        ContactPersonCovered,
        ContactPersonEnded,
        InterpreterNeedAssessed,
        LanguagePreferenceSet,
        ResearchReservationRegistered,
        ResearchReservationWithdrawn,
        ProtectionGradeSet,
        ProtectionGradeLifted,
        StrengthRecorded,
        ObjectionRegistered,
        ObjectionResolved,
        ProcessingRestricted,
        RestrictionLifted,
        Departed,
        Returned,
        DisposalDecided,
        MergedInto,
        Split,
        RegisteredAsExisting,
    )

    hears = (Profile, InterpreterNeedAssessed, LanguagePreferenceSet)
    in_lists = (
        "state", "pathway", "permit_basis", "arrived_on", "settled_on", "age_band", "gender", "country", "language",
        "interpreter_need", "informed", "research_reservation", "protection_grade", "destination", "merged_into",
        "contact_person", "contact_unit", "cover_person", "cover_unit",
    )  # fmt: skip
    in_detail = (
        "informed_language", "contact", "cover", "strengths", "objection", "objection_outcome", "objection_reasons",
        "restriction_ground", "restriction_explanation", "disposal_decision",
    )  # fmt: skip

    stage = "unknown"
    objecting = False
    restricted = False
    settled_on: date | None = None
    informed: Annotated[str, codes("information-ways")] = NOT_RECORDED
    informed_language: Annotated[str, codes("languages")] = NOT_RECORDED
    contact: Contact | None = None
    cover: Contact | None = None
    research_reservation: Annotated[str, codes("research-reservations")] = NOT_RECORDED
    protection_grade: Annotated[str, codes("protection-grades")] = NOT_RECORDED
    strengths: tuple[StrengthRecorded, ...] = ()
    objection: Casework = None
    objection_outcome: Annotated[str | None, codes("objection-outcomes")] = None
    objection_reasons: Casework = None
    restriction_ground: Annotated[str | None, codes("restriction-grounds")] = None
    restriction_explanation: Casework = None
    destination: Annotated[str | None, codes("departure-destinations")] = None
    disposal_decision: Casework = None
    merged_into: Annotated[UUID | None, about("The participant this record is an alias of.")] = None

    @property
    def contact_person(self) -> Staff | None:
        """Who follows the person."""
        return self.contact.contact_person if self.contact else None

    @property
    def contact_unit(self) -> Unit | None:
        """The unit of who follows the person."""
        return self.contact.contact_unit if self.contact else None

    @property
    def cover_person(self) -> Staff | None:
        """Who stands in."""
        return self.cover.contact_person if self.cover else None

    @property
    def cover_unit(self) -> Unit | None:
        """The unit of who stands in."""
        return self.cover.contact_unit if self.cover else None

    @property
    def state(self) -> Annotated[str, codes("participant-states")]:
        """Where the person stands: what bounds the use of the record goes before where they are."""
        if self.stage == "disposed":
            return "disposed"
        if self.restricted:
            return "restricted"
        return "objection" if self.objecting else self.stage

    def apply(self, step: Step) -> None:
        event = step.event
        match event:
            case Opening():
                self._open(event, step)
            case Informed():
                self.informed, self.informed_language = event.how, event.language
            case ContactPersonAssigned():
                self.contact = _contact(event, step, event.until)
            case ContactPersonCovered():
                self.cover = _contact(event, step, event.until)
            case ContactPersonEnded():
                self.contact = _left(self.contact, event)
                self.cover = _left(self.cover, event)
            case ResearchReservationRegistered():
                self.research_reservation = "reserved"
            case ResearchReservationWithdrawn():
                self.research_reservation = "withdrawn"
            case ProtectionGradeSet():
                self.protection_grade = event.grade
            case ProtectionGradeLifted():
                self.protection_grade = "none"
            case StrengthRecorded():
                self.strengths = (*self.strengths, event)
            case ObjectionRegistered():
                self.objecting, self.objection = True, event.objection
                self.objection_outcome = self.objection_reasons = None
            case ObjectionResolved():
                self.objecting, self.objection_outcome, self.objection_reasons = False, event.outcome, event.reasons
            case ProcessingRestricted():
                self.restricted = True
                self.restriction_ground, self.restriction_explanation = event.ground, event.explanation
            case RestrictionLifted():
                self.restricted, self.restriction_ground, self.restriction_explanation = False, None, None
            case Departed():
                self.stage, self.destination = "departed", event.destination
            case Returned():
                self.stage, self.destination = "active", None
            case DisposalDecided():
                self.stage, self.disposal_decision = "disposed", event.decision
            case MergedInto():
                self.merged_into = event.participant
            case Split():
                self.merged_into = None
        if self.stage == "registered" and _activates(event):
            self.stage = "active"

    def _open(self, event: Opening, step: Step) -> None:
        if event.informed != NOT_RECORDED:
            self.informed, self.informed_language = event.informed, event.informed_language
        if event.contact_person not in MISSING:
            self.contact = _contact(event, step, None)
        state = event.state if isinstance(event, RegisteredAsExisting) else "registered"
        self.restricted, self.objecting = state == "restricted", state == "objection"
        if self.restricted or self.objecting:
            state = "active" if self.settled_on or self.contact else "registered"
        self.stage = state

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        informed = any(_informs(step.event) for step in steps)
        denied = any(_denies_informing(step.event) for step in steps)
        for step in steps:
            event = step.event
            if isinstance(event, Opening) and not informed and (denied or isinstance(event, Registered)):
                yield Broken("participant.never_informed", step.event_id)
            if isinstance(event, Registered | ContactPersonEnded) and _certainly_alone(step, steps):
                yield Broken("participant.no_contact_person", step.event_id)
            if isinstance(event, _WORK) and _certainly_departed(step, steps):
                yield Broken("participant.recorded_after_departure", step.event_id)

    def duties(self) -> Iterator[Duty]:
        if self.stage not in ("registered", "active") or self.merged_into:
            return
        if not any(_informs(step.event) for step in self.steps):
            yield Duty("participant.inform", person=self.id)
        if not self.contact and not self.cover:
            yield Duty("participant.assign_contact_person", person=self.id)

    def claiming(self) -> Iterable[Claim]:
        """Every external id the effective history has: one that was changed later still leads to the person."""
        for step in self.steps:
            for kind in EXTERNAL_IDS:
                if value := getattr(step.event, kind, None):
                    yield external_id(kind, value, f"/{kind}")

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        if isinstance(event, MergedInto):
            yield Reference("participant", event.participant, "/participant")

    @classmethod
    def considering(cls, event: Event, others: Others) -> Event:
        if isinstance(event, MergedInto):
            other = others("participant", event.participant)
            if isinstance(other, Participant) and other.merged_into:
                raise Invalid("/participant", f"is itself merged into {other.merged_into}: merge into that one")
        return event

    @classmethod
    def check(cls, event: Event) -> None:
        for kind in EXTERNAL_IDS:
            if value := getattr(event, kind, None):
                external_id(kind, value, f"/{kind}")
        if isinstance(event, Profile) and event.arrived_on and event.settled_on and event.settled_on < event.arrived_on:
            raise ImpossibleInterval("/settled_on", f"{event.settled_on} is before they arrived, {event.arrived_on}")
        since = event.meta.occurred_from
        if isinstance(event, Following) and event.until and since and event.until < since:
            raise ImpossibleInterval("/until", f"{event.until} is before {since}")

    def _refuse_impossible(self, event: Event, command: Command) -> None:
        super()._refuse_impossible(event, command)
        if isinstance(event, MergedInto) and event.participant == self.id:
            raise Invalid("/participant", "is the record itself")
        for member in ("arrived_on", "settled_on"):
            day = getattr(event, member, None)
            if day is not None and day > oslo_day(command.now):
                raise FutureDate(f"/{member}", f"{day} has not come")


def external_id(kind: str, value: str, pointer: str) -> Claim:
    """The claim of an external id; spaces in it do not count. Raises Invalid when it has not that kind's digits.

    Check digits are not judged: synthetic ledgers need numbers nobody has, and the national ones change in 2032.
    """
    digits = value.replace(" ", "")
    if not re.fullmatch(f"[0-9]{{{EXTERNAL_IDS[kind]}}}", digits):
        raise Invalid(pointer, f"is not {EXTERNAL_IDS[kind]} digits")
    return Claim(kind, digits)


def survivor(store: Store, record: UUID) -> UUID:
    """The record a participant's is an alias of, by whatever many mergers; itself if it is none."""
    # A split taken back may close a ring of aliases; then each is as good as the others.
    seen: set[UUID] = set()
    while record not in seen:
        seen.add(record)
        record = store.get(Participant, record).merged_into or record
    return record


_WORK = (
    ProfileSet,
    ContactPersonAssigned,
    ContactPersonCovered,
    InterpreterNeedAssessed,
    LanguagePreferenceSet,
    StrengthRecorded,
    Departed,
)
"""What is not done for somebody who has left; they keep their rights, and a relation may be ended afterwards."""


def _contact(event: Opening | Following, step: Step, until: date | None) -> Contact:
    return Contact(event.contact_person, event.contact_unit, step.starts, until)


def _left(contact: Contact | None, ended: ContactPersonEnded) -> Contact | None:
    """Whoever still follows the person after one has ceased to."""
    return None if contact is None or ended.contact_person in {*MISSING, contact.contact_person} else contact


def _activates(event: Event) -> bool:
    """Whether the person was settled here, or got somebody who follows them; who existed is in the state told."""
    if isinstance(event, RegisteredAsExisting):
        return False
    settled = isinstance(event, Profile) and event.settled_on is not None
    return settled or _followed_by(event) in ("contact", "cover")


def _informs(event: Event) -> bool:
    if isinstance(event, Informed):
        return event.how != NOT_INFORMED
    return isinstance(event, Opening) and event.informed not in {*MISSING, NOT_INFORMED}


def _denies_informing(event: Event) -> bool:
    return NOT_INFORMED in (getattr(event, "how", None), getattr(event, "informed", None))


def _certainly_alone(end: Step, steps: Sequence[Step]) -> bool:
    """Whether nobody followed the person from then on, though somebody was owed, on every reading of the days."""
    return all(
        _followed_by(step.event) is None
        or (
            end.certainly_after(step)
            and any(
                _over(other.event, step.event)
                and other.certainly_after(step)
                and (other is end or end.certainly_after(other))
                for other in steps
            )
        )
        for step in steps
    )


def _followed_by(event: Event) -> str | None:
    """Why no contact person is missing after an event: somebody follows the person, or nobody is owed."""
    match event:
        case Departed():
            return "departure"
        case RegisteredAsExisting(state="departed" | "disposed"):
            return "departure"
        case MergedInto():
            return "alias"
        case ContactPersonCovered():
            return "cover"
        case ContactPersonAssigned():
            return "contact"
        case Opening() if event.contact_person not in MISSING:
            return "contact"
    return None


def _over(later: Event, event: Event) -> bool:
    """Whether what followed from an event ends with the later one."""
    why = _followed_by(event)
    match later:
        case Returned():
            return why == "departure"
        case Split():
            return why == "alias"
        case ContactPersonAssigned():
            return why == "contact"
        case ContactPersonEnded():
            who = getattr(event, "contact_person", NOT_RECORDED)
            return why in ("contact", "cover") and later.contact_person in {*MISSING, who}
    return False


def _certainly_departed(step: Step, steps: Sequence[Step]) -> bool:
    """Whether the person had left before a step, and not come back, on every reading of the days."""
    returns = [other for other in steps if isinstance(other.event, Returned)]
    return any(
        _followed_by(left.event) == "departure"
        and step.certainly_after(left)
        and all(back.certainly_after(step) or left.certainly_after(back) for back in returns)
        for left in steps
    )
