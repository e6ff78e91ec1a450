"""Participants over REST: schema in, one call, schema out; and the look-up of one by an external id."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import flask
import msgspec
from marshmallow import fields, validate

from api import auth
from api.envelopes import Envelope
from api.pages import json_response
from api.records import Feature, Route
from api.rest import Call, Operation
from api.schemas import UNIT_PATTERN, Answer, Id, Pattern, Request, Text
from api.tokens import ACTOR
from domain import errors
from domain.aggregate import Aggregate
from domain.commands import Claim, Command
from domain.participants import EXTERNAL_IDS, Participant, external_id, survivor
from domain.participants import events as of


class ParticipantLookup(Request):
    """An external id somebody is looked up by; it stands in no address and no log."""

    kind = fields.String(required=True, validate=validate.OneOf([*EXTERNAL_IDS]))
    value = Text(limit=20, required=True)


class ParticipantFound(Answer):
    """The participant who has it."""

    id = Id(required=True)


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
                body=ParticipantLookup,
                answers={200: ParticipantFound},
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
    filters=("state", "pathway", "protection_grade", "research_reservation", "merged_into"),
    more_filters={
        "unit": Pattern(UNIT_PATTERN, metadata={"description": "The unit of who follows them or stands in."}),
        "contact_person": Pattern(ACTOR, metadata={"description": "Who follows them or stands in."}),
    },
    refusals=(errors.Invalid, errors.Taken),
    opens=(
        Route(of.Registered, "", "Register a participant"),
        Route(
            of.RegisteredAsExisting,
            "/existing",
            "Register a participant from before the ledger, in the state they were in",
        ),
    ),
    commands=(
        Route(of.ProfileSet, "/profile", "Record what more is known, or what has changed", method="PUT"),
        Route(of.Informed, "/information", "Record that the person was informed of the record", any_version=True),
        Route(of.ContactPersonAssigned, "/contact-person", "Record who the contact person is", method="PUT"),
        Route(
            of.ContactPersonCovered,
            "/contact-person/cover",
            "Record who stands in for the contact person",
            method="PUT",
        ),
        Route(
            of.ContactPersonEnded,
            "/contact-person/end",
            "Record that somebody no longer follows the person",
            method="PUT",
        ),
        Route(of.InterpreterNeedAssessed, "/interpreter-assessments", "Record whether the person needs an interpreter"),
        Route(of.LanguagePreferenceSet, "/language", "Record which language the person wants to use", method="PUT"),
        Route(
            of.ResearchReservationRegistered,
            "/research-reservation",
            "Record that the person reserved themselves against research",
            method="PUT",
        ),
        Route(
            of.ResearchReservationWithdrawn,
            "/research-reservation/withdrawal",
            "Record that the reservation was withdrawn",
            method="PUT",
        ),
        Route(of.ProtectionGradeSet, "/protection", "Record that the person's address is protected", method="PUT"),
        Route(of.ProtectionGradeLifted, "/protection/lifting", "Record that the protection was lifted", method="PUT"),
        Route(of.StrengthRecorded, "/strengths", "Record what the person can build on", any_version=True),
        Route(of.ObjectionRegistered, "/objections", "Record what the person objects to", any_version=True),
        Route(of.ObjectionResolved, "/objections/answers", "Record what came of the objection"),
        Route(of.ProcessingRestricted, "/restriction", "Record that processing was restricted", method="PUT"),
        Route(of.RestrictionLifted, "/restriction/lifting", "Record that the restriction was lifted", method="PUT"),
        Route(of.Departed, "/departure", "Record that the person left the municipality", method="PUT"),
        Route(of.Returned, "/return", "Record that the person came back", method="PUT"),
        Route(of.DisposalDecided, "/disposal", "Record that the disposal of the record was decided", method="PUT"),
        Route(of.MergedInto, "/merger", "Record that another record is of the same person, and stays", method="PUT"),
        Route(of.Split, "/merger/split", "Record that the two are not of one person after all", method="PUT"),
    ),
)
