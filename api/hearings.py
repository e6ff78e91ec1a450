"""Hearings over REST: schema in, one call, schema out."""

from uuid import UUID

from marshmallow import fields, validate

from api.records import DEGREES, Feature, Route
from api.schemas import (
    SEED_LINE_PATTERN,
    Answer,
    Code,
    CommandBody,
    Count,
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
from domain import hearing_events as happened
from domain.events import NOT_RECORDED
from domain.hearings import Hearing

LANGUAGE_PATTERN = "^([a-z]{2,3}|unknown|not_asked|not_recorded|declined)$"
VERSION_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
ISO_639 = {"description": "A language by ISO 639, such as `nb` or `prs`, or a code of the list `missing`."}


def languages() -> fields.List[str]:
    """The languages something was said in."""
    return fields.List(Pattern(LANGUAGE_PATTERN, metadata=ISO_639), load_default=list, validate=validate.Length(max=50))


def input_ids() -> fields.List[UUID]:
    """The inputs that something names."""
    return fields.List(Id(), load_default=list, validate=validate.Length(max=500))


class Recipients(Request):
    """How many of a kind were on the list, and how many of them speak for refugees."""

    kind = Code("recipient-kinds", required=True)
    n = Count(load_default=NOT_RECORDED)
    refugee_voices = Count(load_default=NOT_RECORDED)


class Submitter(Request):
    """A participant who submitted a statement."""

    participant = Id(required=True)


class Described(CommandBody):
    """What is heard, and until when."""

    plan_type = Code("plan-types", required=True)
    document_version = Pattern(VERSION_PATTERN, load_default=NOT_RECORDED)
    deadline = Day(allow_none=True, load_default=None)
    languages = languages()
    responsible_unit = Unit(load_default=NOT_RECORDED)
    level = Code("levels", load_default=NOT_RECORDED)
    form = Code("forms", load_default=NOT_RECORDED)
    arena = Code("arenas", load_default=NOT_RECORDED)
    phase = Code("phases", load_default=NOT_RECORDED)
    seed_line = Pattern(SEED_LINE_PATTERN, allow_none=True, load_default=None)
    title = Text(limit=500, allow_none=True, load_default=None)
    matter = Text(allow_none=True, load_default=None)


class HearingOpening(Described):
    """A hearing that begins."""


class HearingRecipientList(CommandBody):
    """Who is invited, counted by kind, as the list was when it was fixed."""

    invited = Count(load_default=NOT_RECORDED)
    recipients = fields.List(fields.Nested(Recipients), load_default=list, validate=validate.Length(max=50))
    refugee_voice = Code("refugee-voice-listed", load_default=NOT_RECORDED)
    register = Id(allow_none=True, load_default=None)


class HearingInvitation(CommandBody):
    """How many were told of the hearing, how and in which languages."""

    sent_to = Count(load_default=NOT_RECORDED)
    channel = Code("feedback-channels", load_default=NOT_RECORDED)
    languages = languages()


class HearingExtension(CommandBody):
    """The new deadline."""

    deadline = Day(required=True)


class HearingStatement(CommandBody):
    """Whose view it is, of which version of the document, and the inputs it raises."""

    submitted_by = Code("voices", required=True)
    on_behalf_of = Code("voices", load_default=NOT_RECORDED)
    on_behalf_of_n = Count(load_default=NOT_RECORDED)
    document_version = Pattern(VERSION_PATTERN, load_default=NOT_RECORDED)
    language = Pattern(LANGUAGE_PATTERN, load_default=NOT_RECORDED, metadata=ISO_639)
    inputs = input_ids()
    statement = Text(allow_none=True, load_default=None)
    submitters = fields.List(fields.Nested(Submitter), load_default=list, validate=validate.Length(max=50))


class HearingClosing(CommandBody):
    """The end of the period."""


class HearingSummary(CommandBody):
    """What the statements say, and the inputs found in them."""

    inputs_found = Count(load_default=NOT_RECORDED)
    inputs = input_ids()
    summary = Text(allow_none=True, load_default=None)


class HearingAnswer(CommandBody):
    """What the hearing led to. How many of its inputs have an answer the ledger finds itself."""

    answering_unit = Unit(load_default=NOT_RECORDED)
    answer = Text(allow_none=True, load_default=None)


class HearingCancellation(CommandBody):
    """Why it was called off."""

    explanation = Text(limit=2_000, allow_none=True, load_default=None)


class ExistingHearing(Described):
    """A hearing from before the ledger, or told of late, in the state it was in. `occurred` is when it was opened."""

    state = Code("hearing-states", required=True)
    invited = Count(load_default=NOT_RECORDED)
    refugee_voice = Code("refugee-voice-listed", load_default=NOT_RECORDED)
    statements = Count(load_default=NOT_RECORDED)
    answered = Count(load_default=NOT_RECORDED)
    of = Count(load_default=NOT_RECORDED)
    summary = Text(allow_none=True, load_default=None)


class ReceivedStatement(Answer):
    """A statement as received. `late` is null where the days do not tell."""

    received_from = fields.Date(required=True, allow_none=True)
    received_to = fields.Date(required=True, allow_none=True)
    late = fields.Boolean(required=True, allow_none=True)
    submitted_by = Code("voices", required=True, attribute="event.submitted_by")
    on_behalf_of = Code("voices", required=True, attribute="event.on_behalf_of")
    on_behalf_of_n = Count(required=True, attribute="event.on_behalf_of_n")
    document_version = fields.String(required=True, attribute="event.document_version")
    language = fields.String(required=True, attribute="event.language")
    inputs = fields.List(Id(), required=True, attribute="event.inputs")
    statement = fields.String(required=True, allow_none=True, attribute="event.statement")
    submitters = fields.List(fields.Nested(Submitter), required=True, attribute="event.submitters")


class HearingDetail(Detail):
    """One hearing, as its effective history tells it. `answered` and `of` are as it was declared dealt with."""

    state = Code("hearing-states", required=True)
    plan_type = Code("plan-types", attribute="described.plan_type")
    document_version = fields.String(attribute="described.document_version")
    languages = fields.List(fields.String(), attribute="described.languages")
    responsible_unit = fields.String(attribute="described.responsible_unit")
    level = Code("levels", attribute="described.level")
    form = Code("forms", attribute="described.form")
    arena = Code("arenas", attribute="described.arena")
    phase = Code("phases", attribute="described.phase")
    seed_line = fields.String(allow_none=True, attribute="described.seed_line")
    title = fields.String(allow_none=True, attribute="described.title")
    matter = fields.String(allow_none=True, attribute="described.matter")
    opened_from = fields.Date(allow_none=True, attribute="opened.starts")
    opened_to = fields.Date(allow_none=True, attribute="opened.event.meta.occurred_to")
    deadline = fields.Date(required=True, allow_none=True)
    period_days = fields.Integer(required=True, allow_none=True)
    least_days = fields.Integer(required=True, allow_none=True)
    invited = Count(required=True)
    refugee_voice = Code("refugee-voice-listed", required=True)
    recipients = fields.List(fields.Nested(Recipients), attribute="recipient_list.recipients")
    register = Id(allow_none=True, attribute="recipient_list.register")
    statement_count = Count(required=True)
    late_count = fields.Integer(required=True)
    statements = fields.List(fields.Nested(ReceivedStatement), required=True)
    inputs = fields.List(Id(), required=True, metadata={"description": "In the order its events named them."})
    inputs_found = Count(required=True)
    summary = fields.String(required=True, allow_none=True)
    answered = Count(required=True)
    of = Count(required=True)
    answering_unit = fields.String(attribute="answering.event.answering_unit")
    answer = fields.String(allow_none=True, attribute="answering.event.answer")
    cancellation_explanation = fields.String(required=True, allow_none=True)


class HearingRow(ListRow):
    """A hearing in a list."""

    state = Code("hearing-states", required=True)
    plan_type = Code("plan-types", required=True)
    document_version = fields.String(required=True)
    responsible_unit = fields.String(required=True)
    level = Code("levels", required=True)
    form = Code("forms", required=True)
    arena = Code("arenas", required=True)
    phase = Code("phases", required=True)
    opened_from = fields.Date(required=True, allow_none=True)
    opened_to = fields.Date(required=True, allow_none=True)
    deadline = fields.Date(required=True, allow_none=True)
    invited = fields.Integer(required=True, allow_none=True)
    refugee_voice = Code("refugee-voice-listed", required=True)
    statement_count = fields.Integer(required=True, allow_none=True)
    late_count = fields.Integer(required=True)
    answered = fields.Integer(required=True, allow_none=True)
    of = fields.Integer(required=True, allow_none=True)
    seed_line = fields.String(required=True, allow_none=True)


class HearingFilters(Filters):
    """What a list of hearings may be narrowed to."""

    state = Code("hearing-states")
    plan_type = Code("plan-types")
    responsible_unit = Unit()
    level = Code("levels")
    form = Code("forms")
    arena = Code("arenas")
    phase = Code("phases")
    refugee_voice = Code("refugee-voice-listed")


FEATURE = Feature(
    noun="hearings",
    aggregate=Hearing,
    detail=HearingDetail,
    row=HearingRow,
    filters=HearingFilters,
    opens=(
        Route(event=happened.Opened, path="", body=HearingOpening, summary="Open a hearing"),
        Route(
            event=happened.RegisteredAsExisting,
            path="/existing",
            body=ExistingHearing,
            summary="Register a hearing from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(
            event=happened.RecipientListFixed,
            path="/recipient-list",
            method="PUT",
            body=HearingRecipientList,
            summary="Record who is invited, as the list is when it is fixed",
        ),
        Route(
            event=happened.InvitationSent,
            path="/invitations",
            body=HearingInvitation,
            summary="Record that recipients were told of the hearing",
            any_version=True,
        ),
        Route(
            event=happened.Extended,
            path="/extensions",
            body=HearingExtension,
            summary="Record a new deadline",
        ),
        Route(
            event=happened.StatementReceived,
            path="/statements",
            body=HearingStatement,
            summary="Record a statement, in time or late",
            any_version=True,
        ),
        Route(
            event=happened.Closed,
            path="/closing",
            method="PUT",
            body=HearingClosing,
            summary="Record that the period ended",
        ),
        Route(
            event=happened.Summarised,
            path="/summary",
            method="PUT",
            body=HearingSummary,
            summary="Record the summary of the statements",
        ),
        Route(
            event=happened.Answered,
            path="/answer",
            method="PUT",
            body=HearingAnswer,
            summary="Record that the hearing is dealt with; the ledger finds how many of its inputs have an answer",
        ),
        Route(
            event=happened.Cancelled,
            path="/cancellation",
            method="PUT",
            body=HearingCancellation,
            summary="Record that the hearing was called off",
        ),
        *DEGREES,
    ),
)
