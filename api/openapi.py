"""The contract: OpenAPI 3.1 from the same declarations that parse the requests, and the catalogue of events."""

import re
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.field_converter import FieldConverterMixin
from marshmallow import Schema, fields

from api import auth, problems
from api.corrections import Replacement
from api.rest import IF_MATCH, IF_MATCH_OR_ANY, KEY, Operation, Rest
from api.schemas import Answer
from domain import errors
from domain.events import Event, code_fields, lists_of_codes, text_fields

TITLE = "Medvirkning, the ledger of participation"

HEADERS: dict[str, dict[str, Any]] = {
    "X-Correlation-ID": {"description": "The request's id: the one that was sent, or a new one.", "type": "string"},
    "Medvirkning-Ledger": {
        "description": "The municipality's number; `; synthetic` when nothing in the ledger is real.",
        "type": "string",
        "pattern": "^[0-9]{4}(; synthetic)?$",
    },
    "Position": {
        "description": "The ledger position the answer is of; give it as `min_position` to read your own writes.",
        "type": "integer",
        "minimum": 0,
    },
    "ETag": {
        "description": "The record's version and a digest of the body; send it back as If-Match or If-None-Match.",
        "type": "string",
        "pattern": '^"[0-9]+\\.[0-9a-f]{16}"$',
    },
    "Location": {"description": "Where the new record is.", "type": "string", "format": "uri-reference"},
    "Link": {"description": "`rel=next`: where to read on.", "type": "string"},
    "Content-Language": {"description": "The language of labels and titles.", "enum": list(problems.LANGUAGES)},
    "WWW-Authenticate": {"description": "How to authenticate.", "type": "string"},
    "Allow": {"description": "The methods the resource takes.", "type": "string"},
    "Retry-After": {"description": "Seconds to wait.", "type": "integer", "minimum": 0},
}
Kinds = tuple[type[errors.Refusal], ...]
PROBLEM_HEADERS = {401: ("WWW-Authenticate",), 405: ("Allow",), 503: ("Retry-After",)}
PARAMETERS = {
    "X-Correlation-ID": "Stands in logs, in the events recorded and in problems, and is echoed; a new one if it is not "
    "1 to 128 letters, digits or any of `._:-`.",
    "traceparent": "Echoed (W3C Trace Context).",
    "Accept-Language": "The language of labels and of a problem's title: nb, nn or en.",
}


class ProblemFault(Answer):
    """One member that is not as the contract says."""

    pointer = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemRule(Answer):
    """One rule that is broken, where it comes from, and whether `deviations` may record it anyway."""

    rule = fields.String(required=True)
    title = fields.String(required=True)
    source = fields.String(required=True, allow_none=True)
    may_be_recorded = fields.Boolean(required=True)


class Problem(Answer):
    """A refusal (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True, metadata={"description": "The request's correlation id."})
    errors = fields.List(fields.Nested(ProblemFault))
    rules = fields.List(fields.Nested(ProblemRule))


def document(rest: Rest, version: str) -> dict[str, Any]:
    """The whole contract as an OpenAPI document."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title=TITLE,
        version=version,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={
            "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            "summary": "Who was heard, on what, and what came of it.",
        },
    )
    assert plugin.converter is not None
    converter = plugin.converter
    converter.add_attribute_function(_constrained)  # type: ignore[no-untyped-call]
    spec.components.security_scheme(
        "bearer",
        {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made by `medvirkning token create`. Scopes: "
            + "; ".join(f"`{scope}` {what}" for scope, what in auth.SCOPES.items()),
        },
    )
    for name, schema in HEADERS.items():
        described = {name: value for name, value in schema.items() if name != "description"}
        spec.components.header(name, {"description": schema["description"], "required": True, "schema": described})
    for name, description in PARAMETERS.items():
        spec.components.parameter(name, "header", {"description": description, "schema": {"type": "string"}})
    for kinds in dict.fromkeys(kinds for operation in rest.operations for kinds in _by_status(operation.problems)):
        spec.components.response(_named(kinds), _problem(kinds))
    for operation in rest.operations:
        spec.path(path=operation.path, operations={operation.method.lower(): _operation(operation)})
    found: dict[str, Any] = spec.to_dict()
    return found


def events(classes: Mapping[str, type[Event]]) -> dict[str, Any]:
    """The catalogue: JSON Schema of every stored event, with its code lists and its sealed text."""
    catalogue = {}
    for name, event in sorted(classes.items()):
        schema = msgspec.json.schema(event, schema_hook=lambda kind: {})
        catalogue[name] = {
            "schema_version": event.SCHEMA_VERSION,
            "description": (event.__doc__ or "").strip(),
            "code_lists": code_fields(event) | lists_of_codes(event),
            "sealed_text": text_fields(event),
            "schema": schema,
        }
    return catalogue


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": re.sub(r"\W", "_", operation.name),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": list(_parameters(operation)),
        "responses": {},
    }
    if operation.description:
        described["description"] = operation.description
    described["security"] = [{"bearer": [operation.scope]}] if operation.scope else []
    if operation.body:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": operation.body}},
        }
    of_ledger = ("Medvirkning-Ledger",) if operation.scope else ()
    for status, answer in operation.answers.items():
        described["responses"][str(status)] = {
            "description": operation.summary,
            "headers": _headers(*of_ledger, *operation.headers),
            **_content(answer),
        }
    for kinds in _by_status(operation.problems):
        described["responses"][str(problems.STATUS[kinds[0]])] = _named(kinds)
    if _conditional(operation):
        described["responses"]["304"] = {
            "description": "Not changed since the ETag in If-None-Match",
            "headers": _headers(*of_ledger, *operation.headers),
        }
    return described


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Correlation-ID", *names)}


def _content(answer: type[Schema] | Mapping[str, Any] | None) -> dict[str, Any]:
    if answer is None:
        return {}
    by_media = answer if isinstance(answer, Mapping) else {"application/json": answer}
    return {"content": {media: {"schema": schema} for media, schema in by_media.items()}}


def _problem(kinds: Kinds) -> dict[str, Any]:
    types = [f"/problems/{problems.slug(kind)}" for kind in kinds]
    schema = {"allOf": [Problem, {"properties": {"type": {"enum": types}}}]}
    return {
        "description": "; ".join(problems.title(kind, "en") for kind in kinds),
        "headers": _headers("Content-Language", *PROBLEM_HEADERS.get(problems.STATUS[kinds[0]], ())),
        "content": {"application/problem+json": {"schema": schema}},
    }


def _named(kinds: Kinds) -> str:
    return ".".join(kind.__name__ for kind in kinds)


def _conditional(operation: Operation) -> bool:
    return operation.method == "GET" and "ETag" in operation.headers


def _parameters(operation: Operation) -> Iterable[Any]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        schema = {"type": "string", "format": "uuid"} if name in ("record", "token") else {"type": "string"}
        yield {"in": "path", "name": name, "required": True, "schema": schema}
    yield {"in": "query", "schema": operation.query}
    if operation.if_match:
        pattern = IF_MATCH_OR_ANY if operation.if_match == "any" else IF_MATCH
        yield {
            "in": "header",
            "name": "If-Match",
            "required": True,
            "description": "The ETag of the record as last read; its version is what counts.",
            "schema": {"type": "string", "pattern": pattern},
        }
    if operation.keyed:
        yield {
            "in": "header",
            "name": "Idempotency-Key",
            "description": "Makes a repeat of the same request answer what the first one did, however late.",
            "schema": {"type": "string", "pattern": KEY},
        }
    if _conditional(operation):
        yield {
            "in": "header",
            "name": "If-None-Match",
            "description": "ETags of the record as the reader has it; 304 when it is still that.",
            "schema": {"type": "string"},
        }
    yield from PARAMETERS


def _by_status(kinds: Iterable[type[errors.Refusal]]) -> list[Kinds]:
    return [tuple(group) for _, group in groupby(kinds, problems.STATUS.__getitem__)]


def _constrained(self: FieldConverterMixin, field: fields.Field[Any], **kwargs: Any) -> dict[str, Any]:
    """The schema of a field that marshmallow's own types do not tell: it says so itself."""
    if isinstance(field, Replacement):
        resolve = self.resolve_nested_schema  # type: ignore[attr-defined]
        return {"anyOf": [resolve(body) for body in field.bodies]}
    contract: dict[str, Any] = getattr(field, "CONTRACT", {})
    return contract
