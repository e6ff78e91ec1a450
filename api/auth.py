"""Who may: a bearer token becomes a grant; a role's scopes say which operations it opens. Default deny."""

import flask

from api.problems import Forbidden, Unauthenticated
from api.services import Grant, Tokens

READ, WRITE = "records:read", "records:write"
TABLES, FEED, CODEBOOK = "tables:read", "feed:read", "codebook:read"
AUDIT, TOKENS, HEALTH = "audit:read", "tokens:manage", "health:read"

SCOPES = {
    READ: "Read records and their history",
    WRITE: "Record what happened",
    TABLES: "Read statistics",
    FEED: "Read the event feed",
    CODEBOOK: "Read the codebook",
    AUDIT: "Read the audit and what inspections ask",
    TOKENS: "Make, list and revoke tokens",
    HEALTH: "Read how the server is doing",
}

ROLES: dict[str, frozenset[str]] = {
    "caseworker": frozenset({READ, WRITE, TABLES, CODEBOOK}),
    "coordinator": frozenset({READ, WRITE, TABLES, CODEBOOK, AUDIT}),
    "evaluator": frozenset({READ, TABLES, FEED, CODEBOOK, HEALTH, AUDIT}),
    "system": frozenset({WRITE, FEED, CODEBOOK}),
    "researcher": frozenset({CODEBOOK}),
    "administrator": frozenset({TOKENS, HEALTH}),
}
"""What each role's token may do. The other roles of the codebook get their scopes when what they read exists."""


def authenticate(tokens: Tokens, now: int) -> Grant:
    """The grant of the request's bearer token. Raises Unauthenticated; says nothing of why."""
    scheme, _, token = flask.request.headers.get("Authorization", "").partition(" ")
    grant = tokens.authenticate(token.strip(), now) if scheme.lower() == "bearer" else None
    if grant is None:
        raise Unauthenticated("send `Authorization: Bearer <token>`; `medvirkning token create` makes one")
    return grant


def allow(grant: Grant, scope: str) -> None:
    """Raises Forbidden unless the grant has the scope and its role still does."""
    if scope not in grant.scopes or scope not in ROLES.get(grant.role, frozenset()):
        raise Forbidden(f"this needs the scope {scope}, which a token of role {grant.role} does not have")
