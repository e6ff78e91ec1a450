"""One declaration → URL rule, parsing of the request, and OpenAPI operation.

Order of a request: authenticate → scope (403) → syntax (400, 415, 422) and missing
If-Match (428) → visible (404) → command key → If-Match (412) → rule (409).
"""

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isinf
from typing import Any, Literal
from uuid import UUID

import flask
import msgspec
import rfc8785
from marshmallow import Schema, ValidationError

from api import auth, problems
from api.problems import Malformed, TooLarge, Unprocessable, UnsupportedMediaType, VersionNeeded
from api.schemas import Request, faults
from api.services import Grant, LedgerServices, Services
from domain import errors
from domain.commands import Command

MAX_BODY = 1024 * 1024
MAX_KEY = 255
IF_MATCH = r'^("[0-9]{1,18}(\.[0-9a-f]{1,64})?")$'
IF_MATCH_OR_ANY = r'^(\*|"[0-9]{1,18}(\.[0-9a-f]{1,64})?")$'
KEY = r"^[\x21-\x7e]{1,255}$"
_CONVERTERS = {"record": "uuid", "token": "uuid"}

Handler = Callable[["Call"], flask.Response]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of the contract. `path` is relative to the root; `{record}` in it is a UUID.

    `answers` maps a status to the schema of its JSON body, to a schema for each media type, or to None for no body;
    `headers` names what comes with them (`openapi.HEADERS`). `if_match` is `version` for commands that need the
    version they rest on, `any` for additive ones.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    name: str
    summary: str
    tag: str
    handler: Handler
    scope: str | None
    answers: Mapping[int, type[Schema] | Mapping[str, Any] | None]
    headers: tuple[str, ...] = ()
    query: type[Request] = Request
    body: type[Request] | None = None
    if_match: Literal["version", "any"] | None = None
    refusals: tuple[type[errors.Refusal], ...] = ()
    description: str = ""

    @property
    def keyed(self) -> bool:
        """Whether it records something in the ledger, under a command key if the sender gives one."""
        return self.scope == auth.WRITE

    @property
    def problems(self) -> list[type[errors.Refusal]]:
        """Every refusal the operation may answer with."""
        found: list[type[errors.Refusal]] = [problems.MethodNotAllowed, Unprocessable, *self.refusals]
        if self.scope:
            found += [problems.Unauthenticated, problems.Forbidden, problems.Unavailable]
        if "{" in self.path:
            found.append(errors.NotFound)
        if self.body:
            found += [Malformed, TooLarge, UnsupportedMediaType]
        if self.keyed:
            found.append(errors.KeyReused)
        if self.if_match:
            found += [VersionNeeded, errors.Stale, errors.DeviationNeeded]
        return sorted(set(found), key=lambda kind: (problems.STATUS[kind], kind.__name__))


@dataclass(frozen=True)
class Call:
    """A request, parsed and allowed."""

    services: Services
    operation: Operation
    path: Mapping[str, Any]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = None
    grant: Grant | None = None
    expected: int | None = None
    key: str | None = None

    @property
    def granted(self) -> Grant:
        """The grant; an operation with a scope always has one."""
        assert self.grant is not None
        return self.grant

    @property
    def ledger(self) -> LedgerServices:
        """The ledger the token is for; there is no way to another."""
        return self.services.ledger(self.granted.ledger)

    @property
    def record(self) -> UUID:
        """The record the path names."""
        record: UUID = self.path["record"]
        return record

    def command(self, **kwargs: Any) -> Command:
        """The command this request is, with the digest that makes its repeat recognisable."""
        digest = None
        if self.key is not None:
            digest = self.ledger.records.digest(b"command", _canonical(self.raw))
        return Command(
            now=self.services.clock(),
            new_id=self.services.new_id,
            client=self.granted.client,
            key=self.key,
            digest=digest,
            **kwargs,
        )


class Rest:
    """The operations of the API, in the order they were declared."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def add(self, *operations: Operation) -> None:
        """Declares operations."""
        self.operations += operations

    def mount(self, app: flask.Flask, services: Services) -> None:
        """Routes every operation to its handler, through the one door below."""
        made = functools.cache(lambda schema: schema())
        for operation in self.operations:
            rule = re.sub(r"\{(\w+)\}", lambda m: f"<{_CONVERTERS.get(m[1], 'string')}:{m[1]}>", operation.path)
            app.add_url_rule(
                rule,
                endpoint=operation.name,
                view_func=_door(operation, services, made),
                methods=[operation.method],
                strict_slashes=True,
            )


def _door(
    operation: Operation, services: Services, made: Callable[[type[Request]], Request]
) -> Callable[..., flask.Response]:
    query, body = made(operation.query), made(operation.body) if operation.body else None

    def view(**path: Any) -> flask.Response:
        grant = None
        if operation.scope:
            grant = auth.authenticate(services.tokens, services.clock())
            auth.allow(grant, operation.scope)
            flask.g.ledger = services.ledger(grant.ledger)
        wrong: list[tuple[str, str]] = []
        parsed = _load(query, _arguments(), "/query", wrong)
        raw = _json() if body else None
        members = _load(body, raw, "", wrong) if body else {}
        if wrong:
            raise Unprocessable(wrong)
        expected = _if_match(operation.if_match) if operation.if_match else None
        key = _key() if operation.keyed else None
        call = Call(services, operation, path, parsed, members, raw, grant, expected, key)
        answer = operation.handler(call)
        if grant:
            answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    return view


def _arguments() -> dict[str, str]:
    arguments = {}
    for name, values in flask.request.args.lists():
        if len(values) > 1:
            raise Unprocessable([(f"/query/{name}", "is given more than once")])
        arguments[name] = values[0]
    return arguments


def _json() -> Any:
    request = flask.request
    if request.content_length is not None and request.content_length > MAX_BODY:
        raise TooLarge("send at most 1 MiB in one request")
    if request.mimetype != "application/json" or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMediaType("send application/json in UTF-8")
    try:
        return _READER.decode(request.get_data())
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if _is_json(request.get_data()):
            raise Unprocessable([("", "holds a number or a character that no reader keeps")]) from error
        raise Malformed("the body is not JSON") from error


def _number(text: str) -> int | float:
    """A number is its value, however it is written: 3.0 is 3."""
    number = float(text)
    if isinf(number):
        raise ValueError("too large")
    return int(number) if number.is_integer() else number


_READER = msgspec.json.Decoder(float_hook=_number)


def _is_json(body: bytes) -> bool:
    """Whether it is JSON all the same: the standard library reads numbers of any size and lone surrogates."""
    try:
        json.loads(body.decode(), parse_constant=int)
    except (ValueError, RecursionError):
        return False
    return True


def _load(schema: Request, data: Any, prefix: str, wrong: list[tuple[str, str]]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = schema.load(data)
        return loaded
    except ValidationError as error:
        wrong += faults(error, prefix)
        return {}


def _canonical(body: Any) -> bytes:
    """The request as RFC 8785 JSON: method, path, query and body."""
    request = flask.request
    try:
        return rfc8785.dumps([request.method, request.path, dict(request.args), body])
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise Unprocessable([("", "holds a number that JSON readers do not keep exactly (RFC 8785)")]) from error


def _if_match(rule: Literal["version", "any"]) -> int | None:
    header = flask.request.headers.get("If-Match")
    if header is None:
        raise VersionNeeded("send If-Match with the ETag of the record as you last read it")
    pattern = IF_MATCH_OR_ANY if rule == "any" else IF_MATCH
    if not re.fullmatch(pattern, header, re.ASCII):
        raise Malformed('If-Match is one ETag of the record, such as "3.5f0c9a"')
    return None if header == "*" else int(header.strip('"').partition(".")[0])


def _key() -> str | None:
    key = flask.request.headers.get("Idempotency-Key")
    if key is not None and not re.fullmatch(KEY, key, re.ASCII):
        raise Malformed(f"Idempotency-Key is 1 to {MAX_KEY} printable ASCII characters without spaces")
    return key
