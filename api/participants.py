"""Participants over REST."""

from api.records import Feature, Route
from api.schemas import CommandBody, Detail, Filters, ListRow
from domain import participants


class ParticipantRegistration(CommandBody):
    """A person."""


class ParticipantDetail(Detail):
    """One person."""


class ParticipantRow(ListRow):
    """A person in a list."""


class ParticipantFilters(Filters):
    """What a list of participants may be narrowed to."""


FEATURE = Feature(
    noun="participants",
    aggregate=participants.Participant,
    detail=ParticipantDetail,
    row=ParticipantRow,
    filters=ParticipantFilters,
    opens=(Route(event=participants.Registered, path="", body=ParticipantRegistration, summary="Register a person"),),
    commands=(),
)
