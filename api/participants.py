"""Participants over REST: schema in, one call, schema out; and the look-up of one by an external id."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import flask
import msgspec

from api import auth
from api import participant_schemas as schemas
from api.envelopes import Envelope
from api.pages import json_response
from api.records import Feature, Route
from api.rest import Call, Operation
from domain import errors
from domain import participant_events as events
from domain.aggregate import Aggregate
from domain.commands import Claim, Command
from domain.participants import EXTERNAL_IDS, Participant, external_id, survivor


class Participants(Feature):
    """Participants, and the look-up of one by an external id."""

    def operations(self) -> list[Operation]:
        """Every operation of the noun, the look-up last."""
        return [
            *super().operations(),
            Operation(
                method="POST",
                path=f"{self.url}/lookups",
                name="look_up_participant",
                summary="Find the participant who has an external id, or whom that one was merged into",
                tag=self.noun,
                scope=auth.READ,
                body=schemas.ParticipantLookup,
                answers={200: schemas.ParticipantFound},
                refusals=(errors.NotFound, errors.Invalid),
                handler=_look_up,
            ),
        ]

    def execute(
        self,
        store: Any,
        name: str,
        record: UUID | None,
        expected: int | None,
        body: Mapping[str, Any],
        meta: Envelope,
        command: Command,
        claims: tuple[Claim, ...] = (),
    ) -> Aggregate:
        """Carries the command out; says what to do where an external id is another participant's."""
        try:
            return super().execute(store, name, record, expected, body, meta, command, claims)
        except errors.Taken as taken:
            members = body.get("replacement", body)
            for kind in EXTERNAL_IDS:
                value = members.get(kind)
                if value and store.claimed(external_id(kind, value, f"/{kind}")) not in (None, record):
                    raise errors.Taken(
                        f"the {kind} belongs to another participant: look that one up and record it there, or, if "
                        "there are two records of one person, retract the number here and merge them"
                    ) from taken
            raise


def _look_up(call: Call) -> flask.Response:
    records, body = call.ledger.records, call.body
    found = records.claimed(external_id(body["kind"], body["value"], "/value"))
    if found is None:
        raise errors.NotFound(f"no participant of this ledger has that {body['kind']}")
    return json_response(msgspec.json.encode({"id": survivor(records, found)}), 200)


FEATURE = Participants(
    noun="participants",
    aggregate=Participant,
    detail=schemas.ParticipantDetail,
    row=schemas.ParticipantRow,
    filters=schemas.ParticipantFilters,
    refusals=(errors.Invalid, errors.Taken),
    opens=(
        Route(event=events.Registered, path="", body=schemas.ParticipantRegistration, summary="Register a participant"),
        Route(
            event=events.RegisteredAsExisting,
            path="/existing",
            body=schemas.ExistingParticipant,
            summary="Register a participant from before the ledger, in the state they were in",
        ),
    ),
    commands=(
        Route(
            event=events.ProfileSet,
            path="/profile",
            method="PUT",
            body=schemas.ParticipantProfile,
            summary="Record what more is known, or what has changed",
        ),
        Route(
            event=events.Informed,
            path="/information",
            body=schemas.ParticipantInformation,
            summary="Record that the person was informed of the record",
            any_version=True,
        ),
        Route(
            event=events.ContactPersonAssigned,
            path="/contact-person",
            method="PUT",
            body=schemas.ParticipantContact,
            summary="Record who the contact person is",
        ),
        Route(
            event=events.ContactPersonCovered,
            path="/contact-person/cover",
            method="PUT",
            body=schemas.ParticipantContact,
            summary="Record who stands in for the contact person",
        ),
        Route(
            event=events.ContactPersonEnded,
            path="/contact-person/end",
            method="PUT",
            body=schemas.ParticipantContactEnd,
            summary="Record that somebody no longer follows the person",
        ),
        Route(
            event=events.InterpreterNeedAssessed,
            path="/interpreter-assessments",
            body=schemas.ParticipantInterpreterNeed,
            summary="Record whether the person needs an interpreter",
        ),
        Route(
            event=events.LanguagePreferenceSet,
            path="/language",
            method="PUT",
            body=schemas.ParticipantLanguage,
            summary="Record which language the person wants to use",
        ),
        Route(
            event=events.ResearchReservationRegistered,
            path="/research-reservation",
            method="PUT",
            body=schemas.ParticipantChange,
            summary="Record that the person reserved themselves against research",
        ),
        Route(
            event=events.ResearchReservationWithdrawn,
            path="/research-reservation/withdrawal",
            method="PUT",
            body=schemas.ParticipantChange,
            summary="Record that the reservation was withdrawn",
        ),
        Route(
            event=events.ProtectionGradeSet,
            path="/protection",
            method="PUT",
            body=schemas.ParticipantProtection,
            summary="Record that the person's address is protected",
        ),
        Route(
            event=events.ProtectionGradeLifted,
            path="/protection/lifting",
            method="PUT",
            body=schemas.ParticipantChange,
            summary="Record that the protection was lifted",
        ),
        Route(
            event=events.StrengthRecorded,
            path="/strengths",
            body=schemas.ParticipantStrength,
            summary="Record what the person can build on",
            any_version=True,
        ),
        Route(
            event=events.ObjectionRegistered,
            path="/objections",
            body=schemas.ParticipantObjection,
            summary="Record what the person objects to",
            any_version=True,
        ),
        Route(
            event=events.ObjectionResolved,
            path="/objections/answers",
            body=schemas.ParticipantObjectionAnswer,
            summary="Record what came of the objection",
        ),
        Route(
            event=events.ProcessingRestricted,
            path="/restriction",
            method="PUT",
            body=schemas.ParticipantRestriction,
            summary="Record that processing was restricted",
        ),
        Route(
            event=events.RestrictionLifted,
            path="/restriction/lifting",
            method="PUT",
            body=schemas.ParticipantChange,
            summary="Record that the restriction was lifted",
        ),
        Route(
            event=events.Departed,
            path="/departure",
            method="PUT",
            body=schemas.ParticipantDeparture,
            summary="Record that the person left the municipality",
        ),
        Route(
            event=events.Returned,
            path="/return",
            method="PUT",
            body=schemas.ParticipantChange,
            summary="Record that the person came back",
        ),
        Route(
            event=events.DisposalDecided,
            path="/disposal",
            method="PUT",
            body=schemas.ParticipantDisposal,
            summary="Record that the disposal of the record was decided",
        ),
        Route(
            event=events.MergedInto,
            path="/merger",
            method="PUT",
            body=schemas.ParticipantMerger,
            summary="Record that another record is of the same person, and stays",
        ),
        Route(
            event=events.Split,
            path="/merger/split",
            method="PUT",
            body=schemas.ParticipantChange,
            summary="Record that the two are not of one person after all",
        ),
    ),
)
