"""Who may: a bearer token becomes a grant; a role's scopes say which operations it opens. Default deny."""

import flask

from api.problems import Forbidden, Unauthenticated
from api.services import Grant, Tokens

READ, WRITE = "records:read", "records:write"
TABLES, FEED, CODEBOOK = "tables:read", "feed:read", "codebook:read"
PERSONS = "feed:persons"
AUDIT, TOKENS, HEALTH = "audit:read", "tokens:manage", "health:read"
SELF = "self:read"
"""What every token may: ask whose it is. Tokens made before there was this scope may, too."""

SCOPES = {
    READ: "Read records and their history",
    WRITE: "Record what happened",
    TABLES: "Read statistics",
    FEED: "Read the event feed",
    PERSONS: "Read events about persons on the feed, under an agreement",
    CODEBOOK: "Read the codebook",
    AUDIT: "Read the audit and what inspections ask",
    TOKENS: "Make, list and revoke tokens",
    HEALTH: "Read how the server is doing",
    SELF: "Ask whose token it is",
}

ROLES: dict[str, frozenset[str]] = {
    "caseworker": frozenset({READ, WRITE, TABLES, CODEBOOK, SELF}),
    "coordinator": frozenset({READ, WRITE, TABLES, CODEBOOK, AUDIT, SELF}),
    "evaluator": frozenset({READ, TABLES, FEED, CODEBOOK, HEALTH, AUDIT, SELF}),
    "system": frozenset({WRITE, FEED, CODEBOOK, SELF}),
    "researcher": frozenset({CODEBOOK, SELF}),
    "administrator": frozenset({TOKENS, HEALTH, SELF}),
}
"""What each role's token may do. The other roles of the codebook get their scopes when what they read exists."""

AGREED = {"system": frozenset({PERSONS})}
"""What a role's token may do beyond that, where an agreement says so; off by default."""


def scopes(role: str, *, agreement: bool = False) -> frozenset[str]:
    """The scopes of a token of that role. Raises ValueError where there is nothing to agree on with the role."""
    if not agreement:
        return ROLES[role]
    if role not in AGREED:
        raise ValueError(f"an agreement opens nothing to the role {role}, only to {', '.join(AGREED)}")
    return ROLES[role] | AGREED[role]


def authenticate(tokens: Tokens, now: int) -> Grant:
    """The grant of the request's bearer token. Raises Unauthenticated; says nothing of why."""
    grant = tokens.authenticate(bearer(), now)
    if grant is None:
        raise Unauthenticated("send `Authorization: Bearer <token>`; `medvirkning token create` makes one")
    return grant


def bearer() -> str:
    """The request's bearer token; empty if it has none."""
    scheme, _, token = flask.request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def allow(grant: Grant, scope: str) -> None:
    """Raises Forbidden unless the grant has the scope and its role still does."""
    if not may(grant, scope):
        raise Forbidden(f"this needs the scope {scope}, which a token of role {grant.role} does not have")


def may(grant: Grant, scope: str) -> bool:
    """Whether the grant has the scope and its role still does."""
    if scope == SELF:
        return grant.role in ROLES
    return scope in grant.scopes and scope in ROLES.get(grant.role, frozenset()) | AGREED.get(grant.role, frozenset())
