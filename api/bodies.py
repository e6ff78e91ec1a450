"""Bodies over REST: schema in, one call, schema out."""

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
from domain import bodies, seats
from domain.events import NOT_RECORDED

EMPTY_OR_LISTED = validate.Length(max=100)
LISTED = validate.Length(min=1, max=100)


class BodySeat(Request):
    """Seats taken or left by people who are alike; `roles` are all the roles each of them holds."""

    n = Number(load_default=1, validate=validate.Range(1, 100_000))
    constituency = Code("voices", load_default=NOT_RECORDED)
    gender = Code("genders", load_default=NOT_RECORDED)
    age_band = Code("age-bands", load_default=NOT_RECORDED)
    residence_time = Code("residence-times", load_default=NOT_RECORDED)
    roles = fields.List(Code("roles"), load_default=list, validate=validate.Length(max=10))
    unit = Unit(load_default=NOT_RECORDED)


class Trait(Request):
    """A code of one of the lists a body's seats are counted by."""

    list = fields.String(required=True, validate=validate.OneOf([*seats.STRATA]))
    code = Text(limit=64, required=True)


class BodyQuota(Trait):
    """Seats reserved for those who have a code."""

    n = Number(required=True, validate=validate.Range(1, 100_000))


class BodyStratum(Trait):
    """How many with a code sit in the body, and how many there are among those it speaks for."""

    seated = Count(load_default=NOT_RECORDED)
    population = Count(load_default=NOT_RECORDED)


class BodyRepresentative(Request):
    """A participant who took a seat, or left one."""

    participant = Id(required=True)


class Described(CommandBody):
    """What a body is."""

    kind = Code("body-kinds", required=True)
    group = Code("groups", load_default=NOT_RECORDED)
    level = Code("levels", load_default=NOT_RECORDED)
    form = Code("forms", load_default=NOT_RECORDED)
    arena = Code("arenas", load_default=NOT_RECORDED)
    phase = Code("phases", load_default=NOT_RECORDED)
    statutory_basis = Code("statutory-bases", load_default=NOT_RECORDED)
    proposed_by = Code("voices", load_default=NOT_RECORDED)
    unit = Unit(load_default=NOT_RECORDED)
    seed_line = Pattern(SEED_LINE_PATTERN, allow_none=True, load_default=None)
    title = Text(limit=500, allow_none=True, load_default=None)
    purpose = Text(allow_none=True, load_default=None)


class BodyProposal(Described):
    """A body somebody proposed."""


class BodyMandate(CommandBody):
    """What the body is for, and for how long."""

    mandate = Code("mandates", required=True)
    period_from = Day(allow_none=True, load_default=None)
    period_to = Day(allow_none=True, load_default=None)
    remit = Text(allow_none=True, load_default=None)


class BodySeats(CommandBody):
    """How many seats there are, who fills them, and which are reserved."""

    seats = Count(load_default=NOT_RECORDED)
    electorate = Code("voices", load_default=NOT_RECORDED)
    quotas = fields.List(fields.Nested(BodyQuota), load_default=list, validate=EMPTY_OR_LISTED)


class BodySeating(CommandBody):
    """Who took seats, counted; and by name, if they are participants."""

    selection_method = Code("selection-methods", load_default=NOT_RECORDED)
    taken = fields.List(fields.Nested(BodySeat), required=True, validate=LISTED)
    representatives = fields.List(fields.Nested(BodyRepresentative), load_default=list, validate=EMPTY_OR_LISTED)


class BodyResignation(CommandBody):
    """Who left their seats, counted; and by name, if they are participants."""

    reason = Code("resignation-reasons", load_default=NOT_RECORDED)
    left = fields.List(fields.Nested(BodySeat), required=True, validate=LISTED)
    representatives = fields.List(fields.Nested(BodyRepresentative), load_default=list, validate=EMPTY_OR_LISTED)


class BodyConstitution(CommandBody):
    """The body took up its work."""


class BodySitting(CommandBody):
    """Where the body sat, and how many came."""

    meeting = Id(allow_none=True, load_default=None)
    attended = Count(load_default=NOT_RECORDED)


class BodyJointMeeting(BodySitting):
    """Whom the body met, where, and how many came."""

    counterpart = Unit(load_default=NOT_RECORDED)


class BodyInspection(CommandBody):
    """Which accounts the body saw."""

    accounts = Text(allow_none=True, load_default=None)


class BodyVote(CommandBody):
    """What the body wants the money spent on, and how it voted."""

    votes_for = Count(load_default=NOT_RECORDED)
    votes_against = Count(load_default=NOT_RECORDED)
    priority = Text(allow_none=True, load_default=None)


class BodyAdvice(CommandBody):
    """What the body advised, whom, and the input it was raised as."""

    input = Id(allow_none=True, load_default=None)
    addressee = Unit(load_default=NOT_RECORDED)
    advice = Text(allow_none=True, load_default=None)


class BodyRepresentativeness(CommandBody):
    """Who sits, compared with those the body speaks for; `population_on` is the day those were counted."""

    strata = fields.List(fields.Nested(BodyStratum), required=True, validate=LISTED)
    population_on = Day(allow_none=True, load_default=None)
    source = Text(limit=2_000, allow_none=True, load_default=None)


class BodyInterim(CommandBody):
    """How many sit meanwhile, and by when the next council is to be elected."""

    members = Count(load_default=NOT_RECORDED)
    election_due = Day(allow_none=True, load_default=None)


class BodyDissolution(CommandBody):
    """Why the body was dissolved."""

    reason = Code("dissolution-reasons", load_default=NOT_RECORDED)
    explanation = Text(limit=2_000, allow_none=True, load_default=None)


class ExistingBody(Described):
    """A body from before the ledger, or told of late, in the state it was in."""

    state = Code("body-states", required=True)
    mandate = Code("mandates", load_default=NOT_RECORDED)
    period_from = Day(allow_none=True, load_default=None)
    period_to = Day(allow_none=True, load_default=None)
    seats = Count(load_default=NOT_RECORDED)
    electorate = Code("voices", load_default=NOT_RECORDED)
    quotas = fields.List(fields.Nested(BodyQuota), load_default=list, validate=EMPTY_OR_LISTED)
    selection_method = Code("selection-methods", load_default=NOT_RECORDED)
    taken = fields.List(fields.Nested(BodySeat), load_default=list, validate=EMPTY_OR_LISTED)
    representatives = fields.List(fields.Nested(BodyRepresentative), load_default=list, validate=EMPTY_OR_LISTED)
    remit = Text(allow_none=True, load_default=None)


class BodyShare(Request):
    """How many of those who sit have a code of a list."""

    list = fields.String(required=True)
    code = fields.String(required=True)
    n = Number(required=True)


class BodyDetail(Detail):
    """One body, as its effective history tells it. `composition` counts traits: one person may hold two roles."""

    state = Code("body-states", required=True)
    kind = Code("body-kinds", attribute="described.kind")
    group = Code("groups", attribute="described.group")
    level = Code("levels", attribute="described.level")
    form = Code("forms", attribute="described.form")
    arena = Code("arenas", attribute="described.arena")
    phase = Code("phases", attribute="described.phase")
    statutory_basis = Code("statutory-bases", attribute="described.statutory_basis")
    proposed_by = Code("voices", attribute="described.proposed_by")
    unit = fields.String(attribute="described.unit")
    seed_line = fields.String(allow_none=True, attribute="described.seed_line")
    title = fields.String(allow_none=True, attribute="described.title")
    purpose = fields.String(allow_none=True, attribute="described.purpose")
    mandate = Code("mandates", attribute="mandate.mandate", dump_default=NOT_RECORDED)
    period_from = fields.Date(allow_none=True, attribute="mandate.period_from", dump_default=None)
    period_to = fields.Date(allow_none=True, attribute="mandate.period_to", dump_default=None)
    remit = fields.String(allow_none=True, attribute="mandate.remit", dump_default=None)
    seats = Count(attribute="defined.seats", dump_default=NOT_RECORDED)
    electorate = Code("voices", attribute="defined.electorate", dump_default=NOT_RECORDED)
    quotas = fields.List(fields.Nested(BodyQuota), attribute="defined.quotas", dump_default=list)
    selection_method = Code("selection-methods", required=True)
    seated = fields.Integer(required=True, allow_none=True)
    composition = fields.List(fields.Nested(BodyShare), required=True)
    representatives = fields.List(Id(), required=True)
    sittings = fields.Integer(required=True)
    last_sat_on = fields.Date(required=True, allow_none=True)
    interim_members = Count(attribute="interim.members")
    election_due = fields.Date(allow_none=True, attribute="interim.election_due", dump_default=None)
    strata = fields.List(fields.Nested(BodyStratum), attribute="assessed.strata", dump_default=list)
    population_on = fields.Date(allow_none=True, attribute="assessed.population_on", dump_default=None)
    dissolution_reason = Code("dissolution-reasons", attribute="dissolved.reason")
    dissolution_explanation = fields.String(allow_none=True, attribute="dissolved.explanation", dump_default=None)


class BodyRow(ListRow):
    """A body in a list."""

    state = Code("body-states", required=True)
    kind = Code("body-kinds", required=True)
    group = Code("groups", required=True)
    level = Code("levels", required=True)
    form = Code("forms", required=True)
    arena = Code("arenas", required=True)
    phase = Code("phases", required=True)
    statutory_basis = Code("statutory-bases", required=True)
    proposed_by = Code("voices", required=True)
    mandate = Code("mandates", required=True)
    period_to = fields.Date(required=True, allow_none=True)
    seats = fields.Integer(required=True, allow_none=True)
    seated = fields.Integer(required=True, allow_none=True)
    women = fields.Integer(required=True, allow_none=True)
    sittings = fields.Integer(required=True)
    last_sat_on = fields.Date(required=True, allow_none=True)
    seed_line = fields.String(required=True, allow_none=True)


class BodyFilters(Filters):
    """What a list of bodies may be narrowed to."""

    state = Code("body-states")
    kind = Code("body-kinds")
    group = Code("groups")
    level = Code("levels")
    form = Code("forms")
    arena = Code("arenas")
    phase = Code("phases")


FEATURE = Feature(
    noun="bodies",
    aggregate=bodies.Body,
    detail=BodyDetail,
    row=BodyRow,
    filters=BodyFilters,
    opens=(
        Route(event=bodies.Proposed, path="", body=BodyProposal, summary="Propose a body"),
        Route(
            event=bodies.RegisteredAsExisting,
            path="/existing",
            body=ExistingBody,
            summary="Register a body from before the ledger, in the state it was in",
        ),
    ),
    commands=(
        Route(event=bodies.MandateAdopted, path="/mandates", body=BodyMandate, summary="Record the mandate"),
        Route(event=seats.SeatsDefined, path="/seats", body=BodySeats, summary="Record which seats there are"),
        Route(event=seats.Seated, path="/seatings", body=BodySeating, summary="Record that representatives took seats"),
        Route(
            event=seats.Resigned,
            path="/resignations",
            body=BodyResignation,
            summary="Record that representatives left their seats",
        ),
        Route(
            event=bodies.Constituted,
            path="/constitutions",
            body=BodyConstitution,
            summary="Record that the body was constituted",
        ),
        Route(event=bodies.Sat, path="/sittings", body=BodySitting, summary="Record that the body sat"),
        Route(
            event=bodies.JointMeetingHeld,
            path="/joint-meetings",
            body=BodyJointMeeting,
            summary="Record that the body met those it is to influence",
        ),
        Route(
            event=bodies.AccountsInspected,
            path="/inspections",
            body=BodyInspection,
            summary="Record that the body saw the accounts",
        ),
        Route(event=bodies.PriorityVoted, path="/votes", body=BodyVote, summary="Record a vote on priorities"),
        Route(event=bodies.AdviceGiven, path="/advice", body=BodyAdvice, summary="Record the body's advice"),
        Route(
            event=bodies.RepresentativenessAssessed,
            path="/representativeness",
            body=BodyRepresentativeness,
            summary="Record how those who sit compare with those they speak for",
        ),
        Route(
            event=bodies.InterimAppointed,
            path="/interims",
            body=BodyInterim,
            summary="Record that an interim council was appointed",
        ),
        Route(
            event=bodies.Dissolved,
            path="/dissolutions",
            body=BodyDissolution,
            summary="Record that the body was dissolved",
        ),
        *DEGREES,
    ),
)
