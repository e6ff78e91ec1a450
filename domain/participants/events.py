"""What happens to a participant's record: registered, informed, followed by somebody, departed (seed s:42, s:64-66)."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from domain.events import NEEDED, NOT_RECORDED, Casework, Event, Identity, Unit, about, codes, most

Staff = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"})]
"""The opaque id of a member of the staff, as their tokens have it; never a name. The API sees to its form."""


class Profile(Event, frozen=True, kw_only=True):
    """What is known of a person: codes and dates in the skeleton, name and external ids sealed apart."""

    pathway: Annotated[str, codes("pathways")] = NOT_RECORDED
    permit_basis: Annotated[str, codes("permit-bases")] = NOT_RECORDED
    arrived_on: date | None = None
    settled_on: date | None = None
    age_band: Annotated[str, codes("age-bands")] = NOT_RECORDED
    gender: Annotated[str, codes("genders")] = NOT_RECORDED
    country: Annotated[str, codes("countries")] = NOT_RECORDED
    language: Annotated[str, codes("languages")] = NOT_RECORDED
    interpreter_need: Annotated[str, codes("interpreter-needs")] = NOT_RECORDED
    display_name: Annotated[Identity, most(200)] = None
    national_number: Annotated[Identity, most(20), about("11 digits; spaces do not count. In no list.")] = None
    d_number: Annotated[Identity, most(20), about("11 digits; spaces do not count. In no list.")] = None
    duf_number: Annotated[Identity, most(20), about("12 digits; spaces do not count. In no list.")] = None


class Opening(Profile, frozen=True, kw_only=True):
    """What is said of a person when the record is opened: how they were informed of it, and who follows them."""

    informed: Annotated[str, codes("information-ways")] = NOT_RECORDED
    informed_language: Annotated[str, codes("languages")] = NOT_RECORDED
    contact_person: Staff = NOT_RECORDED
    contact_unit: Unit = NOT_RECORDED


class Registered(Opening, frozen=True, kw_only=True):
    """A person was registered, and has a pseudonym from then on."""

    NAME: ClassVar[str] = "registered"


class ProfileSet(Profile, frozen=True, kw_only=True):
    """More became known of the person, or something changed; what is not recorded here stays as it was."""

    NAME: ClassVar[str] = "profile_set"


class Informed(Event, frozen=True, kw_only=True):
    """The person was told what is recorded of them, why, and what they may ask for."""

    NAME: ClassVar[str] = "informed"

    how: Annotated[str, codes("information-ways"), NEEDED] = NOT_RECORDED
    language: Annotated[str, codes("languages")] = NOT_RECORDED


class Following(Event, frozen=True, kw_only=True):
    """Somebody on the staff follows the person; `contact_person` is an actor's opaque id, `until` a planned end."""

    contact_person: Staff
    contact_unit: Unit = NOT_RECORDED
    until: date | None = None


class ContactPersonAssigned(Following, frozen=True, kw_only=True):
    """The person got a contact person, in the place of the one before."""

    NAME: ClassVar[str] = "contact_person_assigned"


class ContactPersonCovered(Following, frozen=True, kw_only=True):
    """Somebody stands in beside or for the contact person."""

    NAME: ClassVar[str] = "contact_person_covered"


class ContactPersonEnded(Event, frozen=True, kw_only=True):
    """That member of the staff no longer follows the person; whoever it was, where that is not said."""

    NAME: ClassVar[str] = "contact_person_ended"

    contact_person: Staff = NOT_RECORDED


class InterpreterNeedAssessed(Event, frozen=True, kw_only=True):
    """Somebody assessed whether the person needs an interpreter (tolkeloven)."""

    NAME: ClassVar[str] = "interpreter_need_assessed"

    interpreter_need: Annotated[str, codes("interpreter-needs"), NEEDED] = NOT_RECORDED


class LanguagePreferenceSet(Event, frozen=True, kw_only=True):
    """The person said which language they want to use."""

    NAME: ClassVar[str] = "language_preference_set"

    language: Annotated[str, codes("languages"), NEEDED] = NOT_RECORDED


class ResearchReservationRegistered(Event, frozen=True, kw_only=True):
    """The person reserved themselves against research with what identifies them directly."""

    NAME: ClassVar[str] = "research_reservation_registered"


class ResearchReservationWithdrawn(Event, frozen=True, kw_only=True):
    """The person withdrew the reservation."""

    NAME: ClassVar[str] = "research_reservation_withdrawn"


class ProtectionGradeSet(Event, frozen=True, kw_only=True):
    """The person's address was protected, at that grade."""

    NAME: ClassVar[str] = "protection_grade_set"

    grade: Annotated[str, codes("protection-grades")]


class ProtectionGradeLifted(Event, frozen=True, kw_only=True):
    """The person's address is no longer protected."""

    NAME: ClassVar[str] = "protection_grade_lifted"


class StrengthRecorded(Event, frozen=True, kw_only=True):
    """Something the person can build on, such as their cultural background (seed s:300-301)."""

    NAME: ClassVar[str] = "strength_recorded"

    kind: Annotated[str, codes("strengths")]
    strength: Casework = None


class ObjectionRegistered(Event, frozen=True, kw_only=True):
    """The person objected to what is recorded of them (GDPR art. 21)."""

    NAME: ClassVar[str] = "objection_registered"

    objection: Casework = None


class ObjectionResolved(Event, frozen=True, kw_only=True):
    """The objection was answered."""

    NAME: ClassVar[str] = "objection_resolved"

    outcome: Annotated[str, codes("objection-outcomes")] = NOT_RECORDED
    reasons: Casework = None


class ProcessingRestricted(Event, frozen=True, kw_only=True):
    """What is recorded of the person may only be stored, for the time being (GDPR art. 18)."""

    NAME: ClassVar[str] = "processing_restricted"

    ground: Annotated[str, codes("restriction-grounds")] = NOT_RECORDED
    explanation: Casework = None


class RestrictionLifted(Event, frozen=True, kw_only=True):
    """What is recorded of the person may be used again."""

    NAME: ClassVar[str] = "restriction_lifted"


class Departed(Event, frozen=True, kw_only=True):
    """The person left the municipality."""

    NAME: ClassVar[str] = "departed"

    destination: Annotated[str, codes("departure-destinations")] = NOT_RECORDED


class Returned(Event, frozen=True, kw_only=True):
    """The person came back."""

    NAME: ClassVar[str] = "returned"


class DisposalDecided(Event, frozen=True, kw_only=True):
    """It was decided that the record is to be disposed of; `decision` refers to the decision (arkivlova § 13)."""

    NAME: ClassVar[str] = "disposal_decided"

    decision: Annotated[Casework, NEEDED, most(200)] = None


class MergedInto(Event, frozen=True, kw_only=True):
    """This and another record are of one person: from here on an alias of the other; nothing is sealed anew."""

    NAME: ClassVar[str] = "merged_into"

    participant: UUID


class Split(Event, frozen=True, kw_only=True):
    """The two were not of one person after all: this record stands for itself again."""

    NAME: ClassVar[str] = "split"


class RegisteredAsExisting(Opening, frozen=True, kw_only=True):
    """A person known from before the ledger, or told of late, registered in the state they were in."""

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("participant-states")]
