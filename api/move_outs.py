"""Move-outs over REST: schema in, one call, schema out."""

from marshmallow import fields, validate

from api.records import DEGREES, Feature, Route
from api.schemas import Code, CommandBody, Count, Day, Detail, Filters, Id, IdOrUnknown, ListRow, Text
from domain import move_out_events as events
from domain.events import NOT_RECORDED
from domain.move_outs import MoveOut


class Described(CommandBody):
    """Who is to move out of which tenancy, at whose initiative, and how they took part in planning it."""

    participant = Id(required=True)
    tenancy = IdOrUnknown(load_default="unknown")
    initiated_by = Code("initiators", load_default=NOT_RECORDED)
    participation = Code("housing-participations", load_default=NOT_RECORDED)
    planned_on = Day(allow_none=True, load_default=None)
    plan = Text(allow_none=True, load_default=None)
    plan_words = Text(limit=5_000, allow_none=True, load_default=None)


class MoveOutPlan(Described):
    """A plan to move out."""


class ReadinessAssessment(CommandBody):
    """Whether they are ready for a home of their own: as staff saw it, and as they say themselves."""

    readiness = Code("readinesses", load_default=NOT_RECORDED)
    readiness_own = Code("readinesses", load_default=NOT_RECORDED)
    assessment = Text(allow_none=True, load_default=None)


class Viewing(CommandBody):
    """A dwelling they looked at, and what came of it."""

    viewed_tenure = Code("tenures", load_default=NOT_RECORDED)
    viewing_outcome = Code("viewing-outcomes", load_default=NOT_RECORDED)
    viewing_words = Text(limit=5_000, allow_none=True, load_default=None)


class HowMoved(CommandBody):
    """How they moved, and whether they wanted to: in their own word, and as staff saw it."""

    tenure = Code("tenures", load_default=NOT_RECORDED)
    voluntariness_own = Code("voluntarinesses", load_default=NOT_RECORDED)
    voluntariness_staff = Code("voluntarinesses", load_default=NOT_RECORDED)
    move_words = Text(limit=5_000, allow_none=True, load_default=None)


class Move(HowMoved):
    """Where they moved to."""

    destination = Code("move-out-destinations", required=True)


class MoveOutFollowUp(CommandBody):
    """How it goes after the move, what they need, and what they think of having moved."""

    milestone = Count(
        load_default=NOT_RECORDED,
        metadata={"description": "Months after the move that it is the follow-up of; by its day if not said."},
    )
    stability = Code("stabilities", load_default=NOT_RECORDED)
    needs = fields.List(Code("housing-criteria"), load_default=list, validate=validate.Length(max=50))
    own_view = Code("move-out-views", load_default=NOT_RECORDED)
    follow_up_words = Text(limit=5_000, allow_none=True, load_default=None)
    follow_up_note = Text(limit=5_000, allow_none=True, load_default=None)


class StabilityConfirmation(CommandBody):
    """How long they have lived stably in the home they moved to."""

    months_since_move = Count(load_default=NOT_RECORDED)
    stability_note = Text(limit=5_000, allow_none=True, load_default=None)


class ReturnToMunicipalHousing(CommandBody):
    """Why they came back, and how long after."""

    months_since_move = Count(load_default=NOT_RECORDED)
    return_reason = Code("return-reasons", load_default=NOT_RECORDED)
    return_words = Text(limit=5_000, allow_none=True, load_default=None)


class LossToFollowUp(CommandBody):
    """Why nobody knows any longer how they live."""

    lost_reason = Code("lost-reasons", load_default=NOT_RECORDED)


class Abandonment(CommandBody):
    """Why the plan was given up, and at whose initiative."""

    abandon_reason = Code("abandon-reasons", load_default=NOT_RECORDED)
    abandoned_by = Code("initiators", load_default=NOT_RECORDED)
    abandon_explanation = Text(limit=5_000, allow_none=True, load_default=None)


class ExistingMoveOut(Described, HowMoved):
    """A move-out from before the ledger, or told of late, in the state it was in."""

    state = Code("move-out-states", required=True)
    destination = Code("move-out-destinations", load_default=NOT_RECORDED)


class MoveOutDetail(Detail):
    """One move-out, as its effective history tells it."""

    participant = Id(required=True, attribute="subject")
    state = Code("move-out-states", required=True)
    tenancy = IdOrUnknown(required=True)
    initiated_by = Code("initiators", required=True)
    participation = Code("housing-participations", required=True)
    planned_on = fields.Date(required=True, allow_none=True)
    plan = fields.String(required=True, allow_none=True)
    plan_words = fields.String(required=True, allow_none=True)
    readiness = Code("readinesses", required=True)
    readiness_own = Code("readinesses", required=True)
    assessment = fields.String(required=True, allow_none=True)
    viewings = fields.Integer(required=True)
    viewed_tenure = Code("tenures", required=True)
    viewing_outcome = Code("viewing-outcomes", required=True)
    viewing_words = fields.String(required=True, allow_none=True)
    moved_from = fields.Date(required=True, allow_none=True)
    moved_to = fields.Date(required=True, allow_none=True)
    destination = Code("move-out-destinations", required=True)
    tenure = Code("tenures", required=True)
    voluntariness_own = Code("voluntarinesses", required=True)
    voluntariness_staff = Code("voluntarinesses", required=True)
    move_words = fields.String(required=True, allow_none=True)
    standing = Code("move-out-standings", required=True)
    next_follow_up_on = fields.Date(required=True, allow_none=True)
    milestone = Count(required=True)
    stability = Code("stabilities", required=True)
    needs = fields.List(Code("housing-criteria"), required=True)
    own_view = Code("move-out-views", required=True)
    follow_up_words = fields.String(required=True, allow_none=True)
    follow_up_note = fields.String(required=True, allow_none=True)
    months_since_move = Count(required=True)
    stability_note = fields.String(required=True, allow_none=True)
    return_reason = Code("return-reasons", required=True)
    return_words = fields.String(required=True, allow_none=True)
    lost_reason = Code("lost-reasons", required=True)
    abandon_reason = Code("abandon-reasons", required=True)
    abandoned_by = Code("initiators", required=True)
    abandon_explanation = fields.String(required=True, allow_none=True)


class MoveOutRow(ListRow):
    """A move-out in a list."""

    participant = Id(required=True)
    state = Code("move-out-states", required=True)
    tenancy = IdOrUnknown(required=True)
    initiated_by = Code("initiators", required=True)
    participation = Code("housing-participations", required=True)
    planned_on = fields.Date(required=True, allow_none=True)
    readiness = Code("readinesses", required=True)
    readiness_own = Code("readinesses", required=True)
    viewings = fields.Integer(required=True)
    moved_from = fields.Date(required=True, allow_none=True)
    moved_to = fields.Date(required=True, allow_none=True)
    destination = Code("move-out-destinations", required=True)
    tenure = Code("tenures", required=True)
    voluntariness_own = Code("voluntarinesses", required=True)
    voluntariness_staff = Code("voluntarinesses", required=True)
    standing = Code("move-out-standings", required=True)
    next_follow_up_on = fields.Date(required=True, allow_none=True)
    own_view = Code("move-out-views", required=True)
    return_reason = Code("return-reasons", required=True)
    lost_reason = Code("lost-reasons", required=True)
    abandon_reason = Code("abandon-reasons", required=True)


class MoveOutFilters(Filters):
    """What a list of move-outs may be narrowed to."""

    participant = Id()
    tenancy = IdOrUnknown()
    state = Code("move-out-states")
    initiated_by = Code("initiators")
    destination = Code("move-out-destinations")
    voluntariness_own = Code("voluntarinesses")
    voluntariness_staff = Code("voluntarinesses")
    standing = Code("move-out-standings")


FEATURE = Feature(
    noun="move_outs",
    aggregate=MoveOut,
    detail=MoveOutDetail,
    row=MoveOutRow,
    filters=MoveOutFilters,
    opens=(
        Route(event=events.Planned, path="", body=MoveOutPlan, summary="Plan a move out of municipal housing"),
        Route(
            event=events.RegisteredAsExisting,
            path="/existing",
            body=ExistingMoveOut,
            summary="Register a move-out from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(
            event=events.ReadinessAssessed,
            path="/readiness-assessments",
            body=ReadinessAssessment,
            summary="Record whether they are ready for a home of their own",
        ),
        Route(
            event=events.ViewingAttended,
            path="/viewings",
            body=Viewing,
            summary="Record that they looked at a dwelling",
            any_version=True,
        ),
        Route(event=events.Moved, path="/move", method="PUT", body=Move, summary="Record that they moved"),
        Route(
            event=events.FollowedUp,
            path="/follow-ups",
            body=MoveOutFollowUp,
            summary="Record how it goes after the move",
            any_version=True,
        ),
        Route(
            event=events.StabilityConfirmed,
            path="/stability-confirmations",
            body=StabilityConfirmation,
            summary="Record that they live stably in the home they moved to",
        ),
        Route(
            event=events.Returned,
            path="/return",
            method="PUT",
            body=ReturnToMunicipalHousing,
            summary="Record that they came back to municipal housing",
        ),
        Route(
            event=events.LostToFollowUp,
            path="/losses",
            body=LossToFollowUp,
            summary="Record that nobody knows any longer how they live",
        ),
        Route(
            event=events.Abandoned,
            path="/abandonment",
            method="PUT",
            body=Abandonment,
            summary="Record that the plan was given up",
        ),
        *DEGREES,
    ),
)
