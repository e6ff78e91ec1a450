"""Inputs and what came of them over REST: schema in, one call, schema out."""

from marshmallow import fields, validate

from api.records import Feature, Route
from api.schemas import (
    SEED_LINE_PATTERN,
    Code,
    CommandBody,
    Day,
    Detail,
    Filters,
    Id,
    IdOrUnknown,
    ListRow,
    OneToFive,
    Pattern,
    Request,
    Text,
    Unit,
)
from domain import inputs
from domain.events import NOT_RECORDED


class Concern(Request):
    """What an input is about: a code of one of the codebook's lists."""

    list = fields.String(
        required=True,
        validate=validate.OneOf(["forms", "arenas", "phases", "housing-criteria", "barriers", "tensions", "outcomes"]),
    )
    code = Text(limit=64, required=True)


class Described(CommandBody):
    """What an input is and who it comes from."""

    kind = Code("input-kinds", required=True)
    level = Code("levels", required=True)
    voiced_by = Code("voices", required=True)
    on_behalf_of = Code("voices", load_default=NOT_RECORDED)
    source = IdOrUnknown(load_default="unknown")
    concerns = fields.List(fields.Nested(Concern), load_default=list, validate=validate.Length(max=50))
    maturity = Code("maturities", load_default=NOT_RECORDED)
    seed_line = Pattern(SEED_LINE_PATTERN, allow_none=True, load_default=None)
    said = Text(allow_none=True, load_default=None)
    hearing = Id(allow_none=True, load_default=None)


class RaisedInput(Described):
    """What somebody said that the municipality is to act on, know or answer."""


class InputAcknowledgement(CommandBody):
    """Who will answer, and by when."""

    answering_unit = Unit(load_default=NOT_RECORDED)
    answer_due = Day(allow_none=True, load_default=None)


class InputAssessment(CommandBody):
    """The professional view."""

    assessing_unit = Unit(load_default=NOT_RECORDED)
    assessment = Text(allow_none=True, load_default=None)


class InputAnswer(CommandBody):
    """What they were answered."""

    answering_unit = Unit(load_default=NOT_RECORDED)
    answer = Text(allow_none=True, load_default=None)


class InputDecision(CommandBody):
    """What was decided, and why."""

    outcome = Code("input-outcomes", required=True)
    reason = Code("decision-reasons", load_default=NOT_RECORDED)
    deciding_unit = Unit(load_default=NOT_RECORDED)
    reasons = Text(allow_none=True, load_default=None)


class InputEffect(CommandBody):
    """What changed."""

    change = Code("change-types", load_default=NOT_RECORDED)
    effect = Text(allow_none=True, load_default=None)


class InputVerification(CommandBody):
    """Who looked, and what they saw."""

    verifying_unit = Unit(load_default=NOT_RECORDED)
    evidence = Text(allow_none=True, load_default=None)


class InputFeedback(CommandBody):
    """What those who raised it were told."""

    channel = Code("feedback-channels", load_default=NOT_RECORDED)
    feedback = Text(allow_none=True, load_default=None)


class InputFeedbackRating(CommandBody):
    """What those who raised it think of the feedback."""

    rating = OneToFive(load_default=NOT_RECORDED)
    comment = Text(allow_none=True, load_default=None)


class ExistingInput(Described):
    """An input from before the ledger, or told of late, in the state it was in."""

    state = Code("input-states", required=True)
    outcome = Code("input-outcomes", load_default=NOT_RECORDED)
    reason = Code("decision-reasons", load_default=NOT_RECORDED)
    deciding_unit = Unit(load_default=NOT_RECORDED)
    verifying_unit = Unit(load_default=NOT_RECORDED)
    answer = Text(allow_none=True, load_default=None)
    reasons = Text(allow_none=True, load_default=None)


class InputDetail(Detail):
    """One input with its chain, as its effective history tells it."""

    state = Code("input-states", required=True)
    feedback_state = fields.String(
        required=True, validate=validate.OneOf(["not_given", "feedback_given", "feedback_rated"])
    )
    kind = Code("input-kinds", attribute="described.kind")
    level = Code("levels", attribute="described.level")
    voiced_by = Code("voices", attribute="described.voiced_by")
    on_behalf_of = Code("voices", attribute="described.on_behalf_of")
    source = IdOrUnknown(attribute="described.source")
    concerns = fields.List(fields.Nested(Concern), attribute="described.concerns")
    maturity = Code("maturities", attribute="described.maturity")
    seed_line = fields.String(allow_none=True, attribute="described.seed_line")
    said = fields.String(allow_none=True, attribute="described.said")
    hearing = Id(allow_none=True, attribute="described.hearing")
    raised_from = fields.Date(required=True, allow_none=True)
    raised_to = fields.Date(required=True, allow_none=True)
    answering_unit = fields.String(required=True)
    answer_due = fields.Date(required=True, allow_none=True)
    assessment = fields.String(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    outcome = Code("input-outcomes", required=True)
    reason = Code("decision-reasons", required=True)
    deciding_unit = fields.String(required=True)
    reasons = fields.String(required=True, allow_none=True)
    change = Code("change-types", required=True)
    effect = fields.String(required=True, allow_none=True)
    verifying_unit = fields.String(required=True)
    evidence = fields.String(required=True, allow_none=True)
    feedback_channel = Code("feedback-channels", required=True)
    feedback = fields.String(required=True, allow_none=True)
    rating = OneToFive(required=True)
    rating_comment = fields.String(required=True, allow_none=True)


class InputRow(ListRow):
    """An input in a list."""

    state = Code("input-states", required=True)
    feedback_state = fields.String(required=True)
    kind = Code("input-kinds", required=True)
    level = Code("levels", required=True)
    voiced_by = Code("voices", required=True)
    on_behalf_of = Code("voices", required=True)
    source = IdOrUnknown(required=True)
    hearing = Id(required=True, allow_none=True)
    concerns = fields.List(fields.Nested(Concern), required=True)
    maturity = Code("maturities", required=True)
    outcome = Code("input-outcomes", required=True)
    reason = Code("decision-reasons", required=True)
    answering_unit = fields.String(required=True)
    answer_due = fields.Date(required=True, allow_none=True)
    deciding_unit = fields.String(required=True)
    verifying_unit = fields.String(required=True)
    raised_from = fields.Date(required=True, allow_none=True)
    raised_to = fields.Date(required=True, allow_none=True)
    seed_line = fields.String(required=True, allow_none=True)


class InputFilters(Filters):
    """What a list of inputs may be narrowed to."""

    state = Code("input-states")
    kind = Code("input-kinds")
    level = Code("levels")
    voiced_by = Code("voices")
    maturity = Code("maturities")
    outcome = Code("input-outcomes")
    source = IdOrUnknown()
    hearing = Id()
    concern = Pattern(
        "^[a-z][a-z-]{0,40}(:[A-Za-z0-9_]{1,40})?$",
        metadata={"description": "What it concerns: a codebook list, or one code of it as `forms:f25`."},
    )


FEATURE = Feature(
    noun="inputs",
    aggregate=inputs.Input,
    detail=InputDetail,
    row=InputRow,
    filters=InputFilters,
    opens=(
        Route(event=inputs.Raised, path="", body=RaisedInput, summary="Raise an input"),
        Route(
            event=inputs.RegisteredAsExisting,
            path="/existing",
            body=ExistingInput,
            summary="Register an input from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(
            event=inputs.Acknowledged,
            path="/acknowledgements",
            body=InputAcknowledgement,
            summary="Record that they were told who will answer, and by when",
        ),
        Route(
            event=inputs.Assessed,
            path="/assessments",
            body=InputAssessment,
            summary="Record the professional view",
        ),
        Route(event=inputs.Answered, path="/answers", body=InputAnswer, summary="Record the answer"),
        Route(event=inputs.Decided, path="/decisions", body=InputDecision, summary="Record what was decided"),
        Route(event=inputs.Effected, path="/effects", body=InputEffect, summary="Record what changed"),
        Route(
            event=inputs.Verified,
            path="/verifications",
            body=InputVerification,
            summary="Record that somebody looked, and the change is there",
        ),
        Route(
            event=inputs.FeedbackGiven,
            path="/feedback",
            body=InputFeedback,
            summary="Record that they were told what came of it",
            any_version=True,
        ),
        Route(
            event=inputs.FeedbackRated,
            path="/feedback-ratings",
            body=InputFeedbackRating,
            summary="Record what they think of the feedback",
            any_version=True,
        ),
    ),
)
