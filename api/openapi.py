"""The contract: OpenAPI 3.1 from the same declarations that parse the requests, and the catalogue of events."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.field_converter import FieldConverterMixin
from marshmallow import Schema, fields

from api import auth, problems
from api.records import Replacement
from api.rest import IF_MATCH, IF_MATCH_OR_ANY, KEY, Operation, Rest
from domain.events import Event, code_fields, text_fields

TITLE = "Medvirkning, the ledger of participation"


class ProblemFault(Schema):
    """One member that is not as the contract says."""

    pointer = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemRule(Schema):
    """One rule that is broken, where it comes from, and whether `deviations` may record it anyway."""

    rule = fields.String(required=True)
    title = fields.String(required=True)
    source = fields.String(required=True, allow_none=True)
    may_be_recorded = fields.Boolean(required=True)


class Problem(Schema):
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
        info={"license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"}, "summary": __doc__},
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
            "code_lists": code_fields(event),
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
    for status, answer in operation.answers.items():
        described["responses"][str(status)] = _answer(operation, answer)
    for status, kinds in _by_status(operation.problems).items():
        described["responses"][str(status)] = {
            "description": "; ".join(problems.title(kind, "en") for kind in kinds),
            "content": {"application/problem+json": {"schema": Problem}},
        }
    if operation.method == "GET" and "{record}" in operation.path:
        described["responses"]["304"] = {"description": "Not changed since the ETag in If-None-Match"}
    return described


def _answer(operation: Operation, answer: type[Schema] | str) -> dict[str, Any]:
    if isinstance(answer, str):
        content: dict[str, Any] = {media: {"schema": {}} for media in answer.split(" ")}
    else:
        content = {"application/json": {"schema": answer}}
    headers: dict[str, Any] = {}
    if operation.scope:
        headers["Medvirkning-Ledger"] = {
            "description": "The municipality's number; `; synthetic` when nothing in the ledger is real.",
            "schema": {"type": "string"},
        }
    return {"description": operation.summary, "headers": headers, "content": content}


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


def _by_status(kinds: Iterable[type[Any]]) -> dict[int, list[type[Any]]]:
    grouped: dict[int, list[type[Any]]] = {}
    for kind in kinds:
        grouped.setdefault(problems.STATUS[kind], []).append(kind)
    return grouped


def _constrained(self: FieldConverterMixin, field: fields.Field[Any], **kwargs: Any) -> dict[str, Any]:
    """The schema of a field that marshmallow's own types do not tell: it says so itself."""
    if isinstance(field, Replacement):
        resolve = self.resolve_nested_schema  # type: ignore[attr-defined]
        return {"anyOf": [resolve(body) for body in field.bodies]}
    contract: dict[str, Any] = getattr(field, "CONTRACT", {})
    return contract
