"""Participants over REST: schema in, one call, schema out."""

from marshmallow import fields

from api.records import Feature, Route
from api.schemas import Code, CommandBody, Day, Detail, Filters, ListRow
from domain import participants
from domain.events import NOT_RECORDED


class ParticipantRegistration(CommandBody):
    """A participant who is registered."""

    pathway = Code("pathways", load_default=NOT_RECORDED)
    settled_on = Day(allow_none=True, load_default=None)


class ParticipantDetail(Detail):
    """One participant."""

    state = fields.String(required=True)


class ParticipantRow(ListRow):
    """A participant in a list."""

    state = fields.String(required=True)


class ParticipantFilters(Filters):
    """What a list of participants may be narrowed to."""


FEATURE = Feature(
    noun="participants",
    aggregate=participants.Participant,
    detail=ParticipantDetail,
    row=ParticipantRow,
    filters=ParticipantFilters,
    opens=(
        Route(event=participants.Registered, path="", body=ParticipantRegistration, summary="Register a participant"),
    ),
    commands=(),
)
