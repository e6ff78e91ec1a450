"""Meetings over REST: schema in, one call, schema out."""

from marshmallow import fields, validate

from api.records import DEGREES, Feature, Route
from api.schemas import (
    SEED_LINE_PATTERN,
    Code,
    CommandBody,
    Count,
    Day,
    Detail,
    Filters,
    Id,
    ListRow,
    Number,
    Pattern,
    Request,
    Text,
    Unit,
)
from domain import meetings
from domain.events import NOT_RECORDED


class Tally(Request):
    """Heads counted at a meeting; each a number, or why there is none."""

    invited = Count(load_default=NOT_RECORDED)
    attended = Count(load_default=NOT_RECORDED)
    refugees = Count(load_default=NOT_RECORDED)
    staff = Count(load_default=NOT_RECORDED)
    others = Count(load_default=NOT_RECORDED)
    first_time = Count(load_default=NOT_RECORDED)


class CodeCount(Request):
    """How many of a group have a code."""

    code = Text(limit=64, required=True)
    n = Count(required=True)


class Marginal(Request):
    """A group's distribution over one list of the codebook."""

    list = fields.String(
        required=True,
        validate=validate.OneOf(["genders", "age-bands", "residence-times", "countries", "pathways"]),
    )
    counts = fields.List(fields.Nested(CodeCount), required=True, validate=validate.Length(min=1, max=300))


class Group(Request):
    """A counted group: n persons nobody names, with marginals."""

    n = Number(required=True, validate=validate.Range(1, 100_000))
    marginals = fields.List(fields.Nested(Marginal), load_default=list, validate=validate.Length(max=10))


class Described(CommandBody):
    """What a meeting is."""

    kind = Code("meeting-kinds", required=True)
    composition = Code("meeting-compositions", load_default=NOT_RECORDED)
    level = Code("levels", load_default=NOT_RECORDED)
    form = Code("forms", load_default=NOT_RECORDED)
    arena = Code("arenas", load_default=NOT_RECORDED)
    phase = Code("phases", load_default=NOT_RECORDED)
    units = fields.List(Unit(), load_default=list, validate=validate.Length(max=50))
    interpreter_need = Code("interpreter-needs", load_default=NOT_RECORDED)
    seed_line = Pattern(SEED_LINE_PATTERN, allow_none=True, load_default=None)
    title = Text(limit=500, allow_none=True, load_default=None)
    place = Text(limit=500, allow_none=True, load_default=None)
    agenda = Text(allow_none=True, load_default=None)
    planned_on = Day(allow_none=True, load_default=None)


class MeetingSchedule(Described):
    """A meeting that is planned."""


class MeetingInvitation(CommandBody):
    """How many were invited, and whether anybody asked if they need an interpreter."""

    invited = Count(load_default=NOT_RECORDED)
    interpreter_need = Code("interpreter-needs", load_default=NOT_RECORDED)


class MeetingHolding(CommandBody):
    """Who was there, counted."""

    interpreter_need = Code("interpreter-needs", load_default=NOT_RECORDED)
    interpreter_use = Code("interpreter-uses", load_default=NOT_RECORDED)
    tally = fields.Nested(Tally, load_default=dict)
    group = fields.Nested(Group, allow_none=True, load_default=None)


class Attendee(Request):
    """A participant who was there."""

    participant = Id(required=True)
    first_time = Code("yes-no", load_default=NOT_RECORDED)
    interpreter_use = Code("interpreter-uses", load_default=NOT_RECORDED)


class MeetingAttendance(CommandBody):
    """The participants who were there, beside those already recorded."""

    attendees = fields.List(fields.Nested(Attendee), required=True, validate=validate.Length(min=1, max=500))


class MeetingMinutes(CommandBody):
    """What was said and agreed."""

    minutes = Text(allow_none=True, load_default=None)


class MeetingCancellation(CommandBody):
    """Why it was called off."""

    reason = Code("cancellation-reasons", load_default=NOT_RECORDED)
    explanation = Text(limit=2_000, allow_none=True, load_default=None)


class ExistingMeeting(Described):
    """A meeting from before the ledger, or told of late, in the state it was in."""

    state = Code("meeting-states", required=True)
    interpreter_use = Code("interpreter-uses", load_default=NOT_RECORDED)
    tally = fields.Nested(Tally, load_default=dict)
    group = fields.Nested(Group, allow_none=True, load_default=None)
    minutes = Text(allow_none=True, load_default=None)


class MeetingDetail(Detail):
    """One meeting, as its effective history tells it."""

    state = Code("meeting-states", required=True)
    kind = Code("meeting-kinds", attribute="described.kind")
    composition = Code("meeting-compositions", attribute="described.composition")
    level = Code("levels", attribute="described.level")
    form = Code("forms", attribute="described.form")
    arena = Code("arenas", attribute="described.arena")
    phase = Code("phases", attribute="described.phase")
    units = fields.List(fields.String(), attribute="described.units")
    seed_line = fields.String(allow_none=True, attribute="described.seed_line")
    title = fields.String(allow_none=True, attribute="described.title")
    place = fields.String(allow_none=True, attribute="described.place")
    agenda = fields.String(allow_none=True, attribute="described.agenda")
    planned_on = fields.Date(required=True, allow_none=True)
    held_from = fields.Date(required=True, allow_none=True)
    held_to = fields.Date(required=True, allow_none=True)
    interpreter_need = Code("interpreter-needs", required=True)
    interpreter_use = Code("interpreter-uses", required=True)
    tally = fields.Nested(Tally, required=True)
    group = fields.Nested(Group, required=True, allow_none=True)
    attendance = fields.Integer(
        required=True, allow_none=True, metadata={"description": "How many participants are recorded by pseudonym."}
    )
    attendees = fields.List(fields.Nested(Attendee), required=True)
    minutes = fields.String(required=True, allow_none=True)
    cancellation_reason = Code("cancellation-reasons", required=True, allow_none=True)
    cancellation_explanation = fields.String(required=True, allow_none=True)


class MeetingRow(ListRow):
    """A meeting in a list."""

    state = Code("meeting-states", required=True)
    kind = Code("meeting-kinds", required=True)
    composition = Code("meeting-compositions", required=True)
    level = Code("levels", required=True)
    form = Code("forms", required=True)
    arena = Code("arenas", required=True)
    phase = Code("phases", required=True)
    planned_on = fields.Date(required=True, allow_none=True)
    held_from = fields.Date(required=True, allow_none=True)
    held_to = fields.Date(required=True, allow_none=True)
    interpreter_need = Code("interpreter-needs", required=True)
    interpreter_use = Code("interpreter-uses", required=True)
    attended = fields.Integer(required=True, allow_none=True)
    group_n = fields.Integer(required=True, allow_none=True)
    attendance = fields.Integer(required=True, allow_none=True)
    seed_line = fields.String(required=True, allow_none=True)


class MeetingFilters(Filters):
    """What a list of meetings may be narrowed to."""

    state = Code("meeting-states")
    kind = Code("meeting-kinds")
    composition = Code("meeting-compositions")
    level = Code("levels")
    form = Code("forms")
    arena = Code("arenas")
    phase = Code("phases")


FEATURE = Feature(
    noun="meetings",
    aggregate=meetings.Meeting,
    detail=MeetingDetail,
    row=MeetingRow,
    filters=MeetingFilters,
    opens=(
        Route(event=meetings.Scheduled, path="", body=MeetingSchedule, summary="Schedule a meeting"),
        Route(
            event=meetings.RegisteredAsExisting,
            path="/existing",
            body=ExistingMeeting,
            summary="Register a meeting from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(
            event=meetings.Invited,
            path="/invitations",
            body=MeetingInvitation,
            summary="Record that people were invited",
            any_version=True,
        ),
        Route(
            event=meetings.Held,
            path="/holding",
            method="PUT",
            body=MeetingHolding,
            summary="Record that the meeting was held",
        ),
        Route(
            event=meetings.AttendanceRecorded,
            path="/attendance",
            body=MeetingAttendance,
            summary="Record which participants were there, by pseudonym",
            any_version=True,
        ),
        Route(
            event=meetings.Minuted,
            path="/minutes",
            method="PUT",
            body=MeetingMinutes,
            summary="Record the minutes",
        ),
        Route(
            event=meetings.Cancelled,
            path="/cancellation",
            method="PUT",
            body=MeetingCancellation,
            summary="Record that the meeting was called off",
        ),
        *DEGREES,
    ),
)
