"""Recipients, the registers of who is heard, over REST: schema in, one call, schema out."""

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
from domain import recipients
from domain.events import NOT_RECORDED


class RegisterListed(Request):
    """Recipients on a list that nobody entered one by one."""

    kind = Code("recipient-kinds", required=True)
    refugee_voice = Code("refugee-voice-listed", load_default=NOT_RECORDED)
    n = Number(required=True, validate=validate.Range(1, 100_000))


class RegisterIndividual(Request):
    """A participant who is heard as themselves, or for their household."""

    participant = Id(required=True)


class Described(CommandBody):
    """What a register is for."""

    scope = Code("register-scopes", required=True)
    unit = Unit(load_default=NOT_RECORDED)
    seed_line = Pattern(SEED_LINE_PATTERN, allow_none=True, load_default=None)
    title = Text(limit=500, allow_none=True, load_default=None)


class RegisterOpening(Described):
    """A register that is opened."""


class RegisterAddition(CommandBody):
    """Who is put on the list. The sender gives the recipient its id, by which it is verified and removed."""

    recipient = Id(required=True)
    kind = Code("recipient-kinds", required=True)
    represents_group = Code("groups", load_default=NOT_RECORDED)
    refugee_voice = Code("refugee-voice-listed", load_default=NOT_RECORDED)
    channel = Code("recipient-channels", load_default=NOT_RECORDED)
    since = Day(allow_none=True, load_default=None)
    body = Id(allow_none=True, load_default=None)
    addressee = Text(limit=500, allow_none=True, load_default=None)
    contact = Text(limit=2_000, allow_none=True, load_default=None)
    individuals = fields.List(fields.Nested(RegisterIndividual), load_default=list, validate=validate.Length(max=10))


class RegisterVerification(CommandBody):
    """Which recipient is there and can be reached."""

    recipient = Id(required=True)
    verifying_unit = Unit(load_default=NOT_RECORDED)


class RegisterRemoval(CommandBody):
    """Who is taken off the list, and why."""

    recipient = Id(required=True)
    reason = Code("removal-reasons", load_default=NOT_RECORDED)


class RegisterGap(CommandBody):
    """The kind of group nobody on the list speaks for."""

    gap = Code("coverage-gaps", required=True)


class RegisterGapClosing(RegisterGap):
    """The kind of group somebody on the list speaks for now, and who."""

    recipient = Id(allow_none=True, load_default=None)


class ExistingRegister(Described):
    """A register from before the ledger, or told of late: who is on it, counted, and its gaps."""

    listed = fields.List(fields.Nested(RegisterListed), load_default=list, validate=validate.Length(max=100))
    gaps = fields.List(Code("coverage-gaps"), load_default=list, validate=validate.Length(max=50))


class RegisterRecipient(Request):
    """A recipient on the list."""

    recipient = Id(required=True, attribute="entry.recipient")
    kind = Code("recipient-kinds", required=True, attribute="entry.kind")
    represents_group = Code("groups", required=True, attribute="entry.represents_group")
    refugee_voice = Code("refugee-voice-listed", required=True, attribute="entry.refugee_voice")
    channel = Code("recipient-channels", required=True, attribute="entry.channel")
    since = fields.Date(required=True, allow_none=True, attribute="entry.since")
    body = Id(required=True, allow_none=True, attribute="entry.body")
    addressee = fields.String(required=True, allow_none=True, attribute="entry.addressee")
    contact = fields.String(required=True, allow_none=True, attribute="entry.contact")
    individuals = fields.List(fields.Nested(RegisterIndividual), required=True, attribute="entry.individuals")
    verified_on = fields.Date(required=True, allow_none=True)


class RegisterHeard(Request):
    """How many of a kind are on the list, and how many of them are known to speak for refugees."""

    kind = Code("recipient-kinds", required=True)
    n = Number(required=True)
    refugee_voices = Count(required=True)


class RegisterDetail(Detail):
    """One register, as its effective history tells it. `heard` is what a hearing that fixes its list now invites."""

    scope = Code("register-scopes", attribute="described.scope")
    unit = fields.String(attribute="described.unit")
    seed_line = fields.String(allow_none=True, attribute="described.seed_line")
    title = fields.String(allow_none=True, attribute="described.title")
    listed = fields.List(fields.Nested(RegisterListed), required=True)
    recipients = fields.List(fields.Nested(RegisterRecipient), required=True, attribute="entered")
    heard = fields.List(fields.Nested(RegisterHeard), required=True)
    gaps = fields.List(Code("coverage-gaps"), required=True)
    last_verified_on = fields.Date(required=True, allow_none=True)


class RegisterRow(ListRow):
    """A register in a list."""

    scope = Code("register-scopes", required=True)
    unit = fields.String(required=True)
    recipients = fields.Integer(required=True)
    refugee_voices = fields.Integer(required=True)
    refugee_voice_unknown = fields.Integer(required=True)
    gaps = fields.Integer(required=True)
    last_verified_on = fields.Date(required=True, allow_none=True)
    seed_line = fields.String(required=True, allow_none=True)


class RegisterFilters(Filters):
    """What a list of registers may be narrowed to."""

    scope = Code("register-scopes")
    unit = Unit()


FEATURE = Feature(
    noun="recipients",
    aggregate=recipients.ConsultationRegister,
    detail=RegisterDetail,
    row=RegisterRow,
    filters=RegisterFilters,
    opens=(
        Route(event=recipients.Opened, path="", body=RegisterOpening, summary="Open a register of who is heard"),
        Route(
            event=recipients.RegisteredAsExisting,
            path="/existing",
            body=ExistingRegister,
            summary="Register a register from before the ledger, with who is on it and its gaps",
        ),
    ),
    commands=(
        Route(
            event=recipients.RecipientAdded,
            path="/additions",
            body=RegisterAddition,
            summary="Put a recipient on the list",
        ),
        Route(
            event=recipients.RecipientVerified,
            path="/verifications",
            body=RegisterVerification,
            summary="Record that a recipient is there and can be reached",
            any_version=True,
        ),
        Route(
            event=recipients.RecipientRemoved,
            path="/removals",
            body=RegisterRemoval,
            summary="Take a recipient off the list",
        ),
        Route(
            event=recipients.CoverageGapFlagged,
            path="/gaps",
            body=RegisterGap,
            summary="Flag a kind of group nobody on the list speaks for",
            any_version=True,
        ),
        Route(
            event=recipients.GapClosed,
            path="/gap-closings",
            body=RegisterGapClosing,
            summary="Record that somebody on the list speaks for that kind of group now",
        ),
        *DEGREES,
    ),
)
