"""The bodies, answers and filters of participants over REST."""

from typing import Any

from marshmallow import fields, validate

from api.schemas import (
    UNIT_PATTERN,
    Answer,
    Code,
    CommandBody,
    Day,
    Detail,
    Filters,
    Id,
    ListRow,
    Pattern,
    Request,
    Text,
    Unit,
)
from api.tokens import ACTOR
from domain.events import NOT_RECORDED
from domain.participants import EXTERNAL_IDS


class Staff(Pattern):
    """The opaque id of a member of the staff, as their tokens have it; never a name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(ACTOR, **kwargs)


class ExternalId(Text):
    """An external id: digits, and spaces if that is how it is written."""

    def __init__(self, digits: int) -> None:
        metadata = {"description": f"{digits} digits; spaces do not count. Sealed; in no list."}
        super().__init__(limit=20, allow_none=True, load_default=None, metadata=metadata)


class Profile(CommandBody):
    """What is known of a person."""

    pathway = Code("pathways", load_default=NOT_RECORDED)
    permit_basis = Code("permit-bases", load_default=NOT_RECORDED)
    arrived_on = Day(allow_none=True, load_default=None)
    settled_on = Day(allow_none=True, load_default=None)
    age_band = Code("age-bands", load_default=NOT_RECORDED)
    gender = Code("genders", load_default=NOT_RECORDED)
    country = Code("countries", load_default=NOT_RECORDED)
    language = Code("languages", load_default=NOT_RECORDED)
    interpreter_need = Code("interpreter-needs", load_default=NOT_RECORDED)
    display_name = Text(limit=200, allow_none=True, load_default=None)
    national_number = ExternalId(EXTERNAL_IDS["national_number"])
    d_number = ExternalId(EXTERNAL_IDS["d_number"])
    duf_number = ExternalId(EXTERNAL_IDS["duf_number"])


class Opening(Profile):
    """What is said of a person when the record is opened."""

    informed = Code("information-ways", load_default=NOT_RECORDED)
    informed_language = Code("languages", load_default=NOT_RECORDED)
    contact_person = Staff(load_default=NOT_RECORDED)
    contact_unit = Unit(load_default=NOT_RECORDED)


class ParticipantRegistration(Opening):
    """A person who is registered."""


class ParticipantProfile(Profile):
    """What more is known; what is not recorded here stays as it was."""


class ParticipantInformation(CommandBody):
    """How the person was informed of the record, and in which language."""

    how = Code("information-ways", required=True)
    language = Code("languages", load_default=NOT_RECORDED)


class ParticipantContact(CommandBody):
    """Who follows the person or stands in, from the day it occurred, and until which day if that is planned."""

    contact_person = Staff(required=True)
    contact_unit = Unit(load_default=NOT_RECORDED)
    until = Day(allow_none=True, load_default=None)


class ParticipantContactEnd(CommandBody):
    """Who no longer follows the person; everybody, if nobody is named."""

    contact_person = Staff(load_default=NOT_RECORDED)


class ParticipantInterpreterNeed(CommandBody):
    """Whether the person needs an interpreter."""

    interpreter_need = Code("interpreter-needs", required=True)


class ParticipantLanguage(CommandBody):
    """The language the person wants to use."""

    language = Code("languages", required=True)


class ParticipantChange(CommandBody):
    """What has nothing more to say than when it happened."""


class ParticipantProtection(CommandBody):
    """The grade of the address protection."""

    grade = Code("protection-grades", required=True)


class ParticipantStrength(CommandBody):
    """What the person can build on."""

    kind = Code("strengths", required=True)
    strength = Text(limit=5_000, allow_none=True, load_default=None)


class ParticipantObjection(CommandBody):
    """What the person objects to."""

    objection = Text(limit=5_000, allow_none=True, load_default=None)


class ParticipantObjectionAnswer(CommandBody):
    """What came of the objection, and why."""

    outcome = Code("objection-outcomes", load_default=NOT_RECORDED)
    reasons = Text(limit=5_000, allow_none=True, load_default=None)


class ParticipantRestriction(CommandBody):
    """Why what is recorded may only be stored."""

    ground = Code("restriction-grounds", load_default=NOT_RECORDED)
    explanation = Text(limit=5_000, allow_none=True, load_default=None)


class ParticipantDeparture(CommandBody):
    """Where the person moved to."""

    destination = Code("departure-destinations", load_default=NOT_RECORDED)


class ParticipantDisposal(CommandBody):
    """The decision the disposal rests on, by its reference."""

    decision = Text(least=1, limit=200, required=True)


class ParticipantMerger(CommandBody):
    """The record that stays, of the same person."""

    participant = Id(required=True)


class ExistingParticipant(Opening):
    """A person from before the ledger, or told of late, in the state they were in."""

    state = Code("participant-states", required=True)


class Contact(Answer):
    """Who follows a person, and when."""

    contact_person = fields.String(required=True)
    contact_unit = fields.String(required=True)
    since = fields.Date(required=True, allow_none=True)
    until = fields.Date(required=True, allow_none=True)


class Strength(Answer):
    """Something the person can build on."""

    kind = Code("strengths", required=True)
    strength = fields.String(required=True, allow_none=True)


class ParticipantCodes(Answer):
    """What a list and a detail both show."""

    state = Code("participant-states", required=True)
    pathway = Code("pathways", required=True)
    permit_basis = Code("permit-bases", required=True)
    arrived_on = fields.Date(required=True, allow_none=True)
    settled_on = fields.Date(required=True, allow_none=True)
    age_band = Code("age-bands", required=True)
    gender = Code("genders", required=True)
    country = Code("countries", required=True)
    language = Code("languages", required=True)
    interpreter_need = Code("interpreter-needs", required=True)
    informed = Code("information-ways", required=True)
    research_reservation = Code("research-reservations", required=True)
    protection_grade = Code("protection-grades", required=True)
    destination = Code("departure-destinations", required=True, allow_none=True)
    merged_into = Id(required=True, allow_none=True)


class ParticipantDetail(Detail, ParticipantCodes):
    """One participant, as their effective history tells it."""

    display_name = fields.String(required=True, allow_none=True)
    national_number = fields.String(required=True, allow_none=True)
    d_number = fields.String(required=True, allow_none=True)
    duf_number = fields.String(required=True, allow_none=True)
    informed_language = Code("languages", required=True)
    contact = fields.Nested(Contact, required=True, allow_none=True)
    cover = fields.Nested(Contact, required=True, allow_none=True)
    strengths = fields.List(fields.Nested(Strength), required=True)
    objection = fields.String(required=True, allow_none=True)
    objection_outcome = Code("objection-outcomes", required=True, allow_none=True)
    objection_reasons = fields.String(required=True, allow_none=True)
    restriction_ground = Code("restriction-grounds", required=True, allow_none=True)
    restriction_explanation = fields.String(required=True, allow_none=True)
    disposal_decision = fields.String(required=True, allow_none=True)


class ParticipantRow(ListRow, ParticipantCodes):
    """A participant in a list: no name and no external id."""

    contact_person = fields.String(required=True, allow_none=True)
    contact_unit = fields.String(required=True, allow_none=True)
    cover_person = fields.String(required=True, allow_none=True)
    cover_unit = fields.String(required=True, allow_none=True)


class ParticipantFilters(Filters):
    """What a list of participants may be narrowed to."""

    state = Code("participant-states")
    pathway = Code("pathways")
    unit = Pattern(UNIT_PATTERN, metadata={"description": "The unit of who follows them or stands in."})
    contact_person = Pattern(ACTOR, metadata={"description": "Who follows them or stands in."})
    protection_grade = Code("protection-grades")
    research_reservation = Code("research-reservations")
    merged_into = Id(metadata={"description": "The aliases of that participant."})


class ParticipantLookup(Request):
    """An external id somebody is looked up by; it stands in no address and no log."""

    kind = fields.String(required=True, validate=validate.OneOf([*EXTERNAL_IDS]))
    value = Text(limit=20, required=True)


class ParticipantFound(Answer):
    """The participant who has it."""

    id = Id(required=True)
