"""What happens around a hearing, as events; the record is in `domain.hearings`."""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from domain.events import FOUND, NOT_RECORDED, Casework, Count, Event, Person, SeedLine, Unit, codes, most, persons

DocumentVersion = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"})]
"""Which version of the document is meant, such as `2026-02-01` or `v2`, or a code of `missing`; the API sees to it."""

_LANGUAGE = "^([a-z]{2,3}|unknown|not_asked|not_recorded|declined)$"
_ISO_639 = "A language by ISO 639, such as `nb` or `prs`, or a code of the list `missing`."
Language = Annotated[str, msgspec.Meta(extra_json_schema={"pattern": _LANGUAGE}, description=_ISO_639)]
"""The API sees to its form."""

Languages = Annotated[tuple[Language, ...], most(50)]
Inputs = Annotated[tuple[UUID, ...], most(500)]


class Recipients(msgspec.Struct, frozen=True):
    """How many of a kind were on the list, and how many of them speak for refugees."""

    kind: Annotated[str, codes("recipient-kinds")]
    n: Count = NOT_RECORDED
    refugee_voices: Count = NOT_RECORDED


class Submitter(Person, frozen=True, kw_only=True):
    """A participant who submitted a statement."""


class Described(Event, frozen=True, kw_only=True):
    """What is heard, and until when, said when the hearing is opened."""

    plan_type: Annotated[str, codes("plan-types")]
    document_version: DocumentVersion = NOT_RECORDED
    deadline: date | None = None
    languages: Languages = ()
    responsible_unit: Unit = NOT_RECORDED
    level: Annotated[str, codes("levels")] = NOT_RECORDED
    form: Annotated[str, codes("forms")] = NOT_RECORDED
    arena: Annotated[str, codes("arenas")] = NOT_RECORDED
    phase: Annotated[str, codes("phases")] = NOT_RECORDED
    seed_line: SeedLine | None = None
    title: Annotated[Casework, most(500)] = None
    matter: Casework = None


class Opened(Described, frozen=True, kw_only=True):
    """The document was put out for everybody to comment on."""

    NAME: ClassVar[str] = "opened"


class RecipientListFixed(Event, frozen=True, kw_only=True):
    """It was fixed who is invited: a snapshot, whatever becomes of the register it was taken from (seed s:320–322)."""

    NAME: ClassVar[str] = "recipient_list_fixed"

    invited: Count = NOT_RECORDED
    recipients: Annotated[tuple[Recipients, ...], most(50)] = ()
    refugee_voice: Annotated[str, codes("refugee-voice-listed")] = NOT_RECORDED
    register: UUID | None = None


class InvitationSent(Event, frozen=True, kw_only=True):
    """Recipients were told of the hearing and asked for their view."""

    NAME: ClassVar[str] = "invitation_sent"

    sent_to: Count = NOT_RECORDED
    channel: Annotated[str, codes("feedback-channels")] = NOT_RECORDED
    languages: Languages = ()


class Extended(Event, frozen=True, kw_only=True):
    """The hearing was given a new deadline."""

    NAME: ClassVar[str] = "extended"

    deadline: date


class StatementReceived(Event, frozen=True, kw_only=True):
    """Somebody stated their view of a version of the document, in time or late (seed s:239, s:317)."""

    NAME: ClassVar[str] = "statement_received"

    submitted_by: Annotated[str, codes("voices")]
    on_behalf_of: Annotated[str, codes("voices")] = NOT_RECORDED
    on_behalf_of_n: Count = NOT_RECORDED
    document_version: DocumentVersion = NOT_RECORDED
    language: Language = NOT_RECORDED
    inputs: Inputs = ()
    statement: Casework = None
    submitters: Annotated[tuple[Submitter, ...], persons("casework"), most(50)] = ()


class Closed(Event, frozen=True, kw_only=True):
    """The period ended."""

    NAME: ClassVar[str] = "closed"


class Summarised(Event, frozen=True, kw_only=True):
    """The statements were summed up, and the inputs in them told apart."""

    NAME: ClassVar[str] = "summarised"

    inputs_found: Count = NOT_RECORDED
    inputs: Inputs = ()
    summary: Casework = None


class Answered(Event, frozen=True, kw_only=True):
    """The municipality declared the hearing dealt with: `answered` inputs `of` those named, as the ledger found them.

    An input counts as answered if it may have been by then; one that was taken back does not count at all.
    """

    NAME: ClassVar[str] = "answered"

    answered: Annotated[Count, FOUND] = NOT_RECORDED
    of: Annotated[Count, FOUND] = NOT_RECORDED
    answering_unit: Unit = NOT_RECORDED
    answer: Casework = None


class Cancelled(Event, frozen=True, kw_only=True):
    """The hearing was called off, or the document withdrawn."""

    NAME: ClassVar[str] = "cancelled"

    explanation: Casework = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A hearing from before the ledger, or told of late, opened in the state it was in; occurred when it was opened."""

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("hearing-states")]
    invited: Count = NOT_RECORDED
    refugee_voice: Annotated[str, codes("refugee-voice-listed")] = NOT_RECORDED
    statements: Count = NOT_RECORDED
    answered: Count = NOT_RECORDED
    of: Count = NOT_RECORDED
    summary: Casework = None
