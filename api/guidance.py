"""Guidance over REST: schema in, one call, schema out."""

from marshmallow import fields, validate

from api.records import DEGREES, Feature, Route
from api.schemas import (
    SEED_LINE_PATTERN,
    Code,
    CommandBody,
    Count,
    Detail,
    Filters,
    Id,
    ListRow,
    OneToFive,
    Pattern,
    Request,
    Text,
    Unit,
)
from domain import guidance
from domain.events import NOT_RECORDED


class Described(CommandBody):
    """Who is guided, by which unit, in what."""

    participant = Id(required=True)
    unit = Unit(load_default=NOT_RECORDED)
    themes = fields.List(Code("guidance-themes"), load_default=list, validate=validate.Length(max=20))
    arena = Code("arenas", load_default=NOT_RECORDED)
    phase = Code("phases", load_default=NOT_RECORDED)
    seed_line = Pattern(SEED_LINE_PATTERN, allow_none=True, load_default=None)
    need = Text(allow_none=True, load_default=None)


class GuidanceAssignment(Described):
    """A participant who is given a guide."""


class GuidanceSession(CommandBody):
    """What the session was about, how, in which language and through whom."""

    mode = Code("guidance-modes", load_default=NOT_RECORDED)
    themes = fields.List(Code("guidance-themes"), load_default=list, validate=validate.Length(max=20))
    language = Code("languages", load_default=NOT_RECORDED)
    interpreter = Code("guidance-interpreters", load_default=NOT_RECORDED)
    minutes = Count(load_default=NOT_RECORDED)
    place = Code("guidance-places", load_default=NOT_RECORDED)
    notes = Text(allow_none=True, load_default=None)


class GuidanceMastery(CommandBody):
    """What the participant masters of a theme, before and after."""

    theme = Code("guidance-themes", required=True)
    before = Code("mastery-levels", load_default=NOT_RECORDED)
    after = Code("mastery-levels", load_default=NOT_RECORDED)


class GuidanceEvaluation(CommandBody):
    """How useful the participant says it was."""

    usefulness = OneToFive(load_default=NOT_RECORDED)
    comment = Text(limit=5_000, allow_none=True, load_default=None)


class GuidanceClosing(CommandBody):
    """Why it came to its end."""

    reason = Code("guidance-endings", load_default=NOT_RECORDED)
    explanation = Text(limit=2_000, allow_none=True, load_default=None)


class ExistingGuidance(Described):
    """Guidance from before the ledger, or told of late, in the state it was in."""

    state = Code("guidance-states", required=True)
    held = Count(load_default=NOT_RECORDED)
    interpreter = Code("guidance-interpreters", load_default=NOT_RECORDED)


class GuidanceSessionTold(Request):
    """One session."""

    mode = Code("guidance-modes", required=True)
    themes = fields.List(Code("guidance-themes"), required=True)
    language = Code("languages", required=True)
    interpreter = Code("guidance-interpreters", required=True)
    minutes = Count(required=True)
    place = Code("guidance-places", required=True)
    notes = fields.String(required=True, allow_none=True)


class GuidanceMasteryTold(Request):
    """What was last assessed of a theme."""

    theme = Code("guidance-themes", required=True)
    before = Code("mastery-levels", required=True)
    after = Code("mastery-levels", required=True)


class GuidanceDetail(Detail):
    """The guidance of one participant, as its effective history tells it; `held_before` were before the ledger."""

    state = Code("guidance-states", required=True)
    participant = Id(required=True, attribute="subject")
    unit = fields.String(attribute="described.unit")
    themes = fields.List(Code("guidance-themes"), attribute="described.themes")
    arena = Code("arenas", attribute="described.arena")
    phase = Code("phases", attribute="described.phase")
    seed_line = fields.String(allow_none=True, attribute="described.seed_line")
    need = fields.String(allow_none=True, attribute="described.need")
    held_before = Count(required=True)
    sessions = fields.List(fields.Nested(GuidanceSessionTold), required=True)
    last_session_on = fields.Date(required=True, allow_none=True)
    mastery = fields.List(fields.Nested(GuidanceMasteryTold), required=True)
    usefulness = OneToFive(attribute="evaluated.usefulness", dump_default=NOT_RECORDED)
    comment = fields.String(allow_none=True, attribute="evaluated.comment", dump_default=None)
    closing_reason = Code("guidance-endings", attribute="closed.reason")
    closing_explanation = fields.String(allow_none=True, attribute="closed.explanation", dump_default=None)


class GuidanceRow(ListRow):
    """Guidance in a list: how many sessions informed, guided and showed, and how long they took together."""

    state = Code("guidance-states", required=True)
    unit = fields.String(required=True)
    arena = Code("arenas", required=True)
    phase = Code("phases", required=True)
    sessions = fields.Integer(required=True)
    informed = fields.Integer(required=True)
    guided = fields.Integer(required=True)
    demonstrated = fields.Integer(required=True)
    minutes = fields.Integer(required=True)
    last_session_on = fields.Date(required=True, allow_none=True)
    seed_line = fields.String(required=True, allow_none=True)


class GuidanceFilters(Filters):
    """What a list of guidance may be narrowed to."""

    state = Code("guidance-states")
    unit = Unit()
    arena = Code("arenas")
    phase = Code("phases")


FEATURE = Feature(
    noun="guidance",
    aggregate=guidance.Guidance,
    detail=GuidanceDetail,
    row=GuidanceRow,
    filters=GuidanceFilters,
    opens=(
        Route(event=guidance.Assigned, path="", body=GuidanceAssignment, summary="Give a participant a guide"),
        Route(
            event=guidance.RegisteredAsExisting,
            path="/existing",
            body=ExistingGuidance,
            summary="Register guidance from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(
            event=guidance.SessionHeld,
            path="/sessions",
            body=GuidanceSession,
            summary="Record a session",
        ),
        Route(
            event=guidance.MasteryAssessed,
            path="/mastery",
            body=GuidanceMastery,
            summary="Record what the participant masters, before and after",
        ),
        Route(
            event=guidance.EvaluatedByUser,
            path="/evaluations",
            body=GuidanceEvaluation,
            summary="Record how useful the participant says it was",
            any_version=True,
        ),
        Route(
            event=guidance.Closed,
            path="/closing",
            method="PUT",
            body=GuidanceClosing,
            summary="Record that the guidance came to its end",
        ),
        *DEGREES,
    ),
)
