"""Bearer tokens over REST, for administrators of the token's own ledger."""

from typing import Any

import flask
import msgspec
from marshmallow import fields, validate

from api import auth
from api.pages import json_response
from api.problems import Unprocessable
from api.rest import Call, Operation
from api.schemas import Answer, Flag, Pattern, Request, Unit
from domain import errors
from domain.time import rfc3339

ACTOR = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
DAY = 86_400_000_000
MAX_DAYS = 366


class TokenBody(Request):
    """Whom a token is for, and how long. `actor` is an opaque id, never a name."""

    role = fields.String(required=True, validate=validate.OneOf(sorted(auth.ROLES)))
    unit = Unit(load_default="not_recorded")
    actor = Pattern(ACTOR, required=True)
    client = Pattern(ACTOR, allow_none=True, load_default=None)
    days = fields.Integer(strict=True, load_default=90, validate=validate.Range(1, MAX_DAYS))
    agreement = Flag(
        load_default=False,
        metadata={"description": "Whether an agreement lets the system read events about persons on the feed."},
    )


class TokenRow(Answer):
    """A token, without its secret."""

    id = fields.UUID(required=True)
    role = fields.String(required=True)
    unit = fields.String(required=True)
    actor = fields.String(required=True)
    client = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    expires_at = fields.String(required=True, metadata={"format": "date-time"})


class TokenMade(TokenRow):
    """A new token; `token` is shown this once."""

    token = fields.String(required=True)


class TokenList(Answer):
    """The ledger's tokens that neither expired nor were revoked."""

    items = fields.List(fields.Nested(TokenRow), required=True)
    next = fields.String(required=True, allow_none=True)


class OwnLedger(Answer):
    """The ledger a token is for."""

    number = fields.String(required=True)
    synthetic = fields.Boolean(required=True)


class OwnToken(TokenRow):
    """Whose token it is."""

    ledger = fields.Nested(OwnLedger, required=True)


def operations() -> list[Operation]:
    """Whose the token is; list, make and revoke."""
    shared: dict[str, Any] = {"tag": "tokens", "scope": auth.TOKENS}
    return [
        Operation(
            **shared,
            method="GET",
            path="/v1/tokens",
            name="list_tokens",
            summary="The ledger's live tokens",
            answers={200: TokenList},
            handler=_list,
        ),
        Operation(
            **shared,
            method="POST",
            path="/v1/tokens",
            name="create_token",
            summary="Make a token; it is shown once",
            body=TokenBody,
            answers={201: TokenMade},
            handler=_create,
        ),
        Operation(
            **shared,
            method="DELETE",
            path="/v1/tokens/{token}",
            name="revoke_token",
            summary="Revoke a token, at once",
            answers={204: None},
            handler=_revoke,
        ),
        Operation(
            method="GET",
            path="/v1/me",
            name="get_me",
            summary="Whose token it is, and what it opens",
            tag="tokens",
            scope=auth.SELF,
            answers={200: OwnToken},
            handler=_me,
        ),
    ]


def row(grant: Any) -> dict[str, Any]:
    """What may be shown of a token."""
    return {
        "id": grant.id,
        "role": grant.role,
        "unit": grant.unit,
        "actor": grant.actor,
        "client": grant.client,
        "scopes": sorted(grant.scopes),
        "expires_at": rfc3339(grant.expires_at),
    }


def _list(call: Call) -> flask.Response:
    now = call.services.clock()
    items = [row(grant) for grant in call.services.tokens.list(call.granted.ledger, now)]
    return json_response(msgspec.json.encode({"items": items, "next": None}), 200)


def _create(call: Call) -> flask.Response:
    body, now = call.body, call.services.clock()
    try:
        scopes = auth.scopes(body["role"], agreement=body["agreement"])
    except ValueError as error:
        raise Unprocessable([("/agreement", str(error))]) from error
    token, grant = call.services.tokens.create(
        ledger=call.granted.ledger,
        role=body["role"],
        unit=body["unit"],
        actor=body["actor"],
        client=body["client"] or body["actor"],
        scopes=scopes,
        now_us=now,
        expires_at=now + body["days"] * DAY,
    )
    return json_response(msgspec.json.encode({**row(grant), "token": token}), 201)


def _revoke(call: Call) -> flask.Response:
    if not call.services.tokens.revoke(call.granted.ledger, call.path["token"], call.services.clock()):
        raise errors.NotFound("this ledger has no such token")
    return flask.Response(status=204)


def _me(call: Call) -> flask.Response:
    ledger = {"number": call.ledger.number, "synthetic": call.ledger.synthetic}
    return json_response(msgspec.json.encode({**row(call.granted), "ledger": ledger}), 200)
