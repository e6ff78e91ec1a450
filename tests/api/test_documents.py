"""The contract and the catalogue of events: valid, complete, as committed, and kept for as long as a ledger stands."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openapi_spec_validator
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import openapi
from api.app import VERSION, contract
from api.bootstrap import codec, features
from domain.tables import TABLES
from tests.conftest import Api

ROOT = Path(__file__).parents[2]
CATALOGUE = json.loads(ROOT.joinpath("openapi/events.json").read_bytes())
CONTRACT = json.loads(ROOT.joinpath("openapi/openapi.json").read_bytes())
OPERATIONS = [
    (f"{method.upper()} {path}", operation)
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
]


def _generated(document: dict[str, Any]) -> Any:
    return json.loads(json.dumps(document, default=list))


def test_the_contract_is_valid_openapi() -> None:
    openapi_spec_validator.validate(CONTRACT)


def test_the_served_contract_is_the_committed_one(sqlite_api: Api) -> None:
    served = sqlite_api.get("/openapi.json", role=None)
    assert (served.status_code, served.mimetype) == (200, "application/json")
    assert served.json == CONTRACT, "run `make generate`"


def test_the_committed_contract_is_what_the_code_declares() -> None:
    assert _generated(openapi.document(contract(features()), VERSION)) == CONTRACT, "run `make generate`"


def test_the_committed_catalogue_is_what_the_code_declares() -> None:
    generated = _generated(openapi.events(codec().classes))
    assert lost(CATALOGUE, generated) == []
    assert generated == CATALOGUE, "run `make generate`"


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(("name", "operation"), OPERATIONS, ids=[name for name, _ in OPERATIONS])
def test_every_operation_says_what_it_does_who_may_and_what_it_answers(name: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert len(operation["tags"]) == 1
    assert "security" in operation
    answers = operation["responses"]
    assert [status for status in answers if status.startswith("2")]
    for status, answer in answers.items():
        answer = _resolved(answer)
        assert "X-Correlation-ID" in answer["headers"]
        if status not in ("204", "304"):
            for media, content in answer["content"].items():
                assert "/" in media
                assert content["schema"], f"{name} {status} {media} has no schema"
        if status[0] in "45":
            [(media, content)] = answer["content"].items()
            assert media == "application/problem+json"
            assert content["schema"]["allOf"][1]["properties"]["type"]["enum"]
    assert {"405", "422"} <= answers.keys()
    assert not operation["security"] or {"401", "403", "503"} <= answers.keys()
    assert ("requestBody" in operation) <= ({"400", "413", "415"} <= answers.keys())
    assert ("{" in name) <= ("404" in answers)


def test_commands_on_a_record_need_its_version_and_may_have_a_key() -> None:
    for name, operation in OPERATIONS:
        writes = operation["security"] == [{"bearer": ["records:write"]}]
        headers = {_resolved(each)["name"] for each in operation["parameters"] if _resolved(each)["in"] == "header"}
        assert ("Idempotency-Key" in headers) == writes, name
        assert ("If-Match" in headers) == (writes and "{record}" in name), name
        assert ("If-Match" in headers) == ({"412", "428"} <= operation["responses"].keys()), name


def test_lists_and_feed_are_paged_alike() -> None:
    paged = {name for name, operation in OPERATIONS if "limit" in _query(operation)}
    members = {f"GET /v1/tables/{table}/members" for table in TABLES}
    lists = {f"GET {feature.url}{path}" for feature in features() for path in ("", "/differences")} | {
        f"GET /v1/inspections/{{set}}/{feature.noun.replace('_', '-')}"
        for feature in features()
        if hasattr(feature.aggregate, "inspected")
    }
    beside = {"GET /v1/events", "GET /v1/audit", "GET /v1/work-lists/{list}"}
    assert paged == lists | members | beside
    for name, operation in OPERATIONS:
        if name in paged:
            assert _query(operation)["limit"]["maximum"] == 200
    for feature in features():
        page = CONTRACT["components"]["schemas"][f"{feature.row.__name__}Page"]
        assert set(page["required"]) == {"items", "next"}


def test_requests_refuse_unknown_members_and_answers_may_grow() -> None:
    schemas = CONTRACT["components"]["schemas"]
    for name in ("MeetingScheduled", "InputDecided", "MeetingCorrectionBody", "TokenBody", "Interval"):
        assert schemas[name]["additionalProperties"] is False
    for name in ("MeetingDetail", "InputRow", "HistoryEntry", "CloudEvent", "Dataset", "Problem", "TokenRow"):
        assert schemas[name].get("additionalProperties") is not False


def test_answers_grow_at_every_depth_and_have_no_bounds() -> None:
    for feature in features():
        for name in (feature.detail.__name__, feature.row.__name__):
            for part in _parts(CONTRACT["components"]["schemas"][name]):
                assert part.get("additionalProperties") is not False, part
                assert not part.keys() & {"maxItems", "minItems", "maxLength", "minLength"}, part


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and all within it."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield from _parts(_resolved(schema))
        yield schema
        for inner in schema.values():
            yield from _parts(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _parts(inner)


def _resolved(part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    found: dict[str, Any] = CONTRACT["components"][kind][name]
    return found


def _query(operation: dict[str, Any]) -> dict[str, Any]:
    parameters = map(_resolved, operation["parameters"])
    return {each["name"]: each["schema"] for each in parameters if each["in"] == "query"}


def lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What of a catalogue no longer holds in a later one; a new field with a default takes nothing away."""
    return [
        f"{name}: {what}"
        for name, event in before.items()
        for what in ([*_lost_fields(event, after[name])] if name in after else ["the event is gone"])
    ]


def _lost_fields(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    if after["schema_version"] > before["schema_version"]:
        return
    for marks in ("code_lists", "sealed_text"):
        for field, mark in before[marks].items():
            if after[marks].get(field) != mark:
                yield f"{field} was marked {mark!r}"
    for kind, struct in before["schema"]["$defs"].items():
        now = after["schema"]["$defs"].get(kind, {"properties": {}})
        for field, schema in struct.get("properties", {}).items():
            if now["properties"].get(field) != schema:
                yield f"{kind}.{field} is gone or has changed"
        for field in sorted({*now.get("required", ())} - {*struct.get("required", ())}):
            yield f"{kind}.{field} has no default"


STRUCTS = [
    (name, kind, field)
    for name, event in CATALOGUE.items()
    for kind, struct in event["schema"]["$defs"].items()
    for field in struct.get("properties", {})
]


@settings(deadline=None)
@given(where=st.sampled_from(STRUCTS), change=st.sampled_from(["gone", "retyped", "redefaulted", "renamed"]))
def test_a_changed_or_removed_field_of_a_stored_event_is_noticed(where: tuple[str, str, str], change: str) -> None:
    name, kind, field = where
    later = copy.deepcopy(CATALOGUE)
    fields = later[name]["schema"]["$defs"][kind]["properties"]
    was = fields.pop(field)
    if change == "retyped":
        fields[field] = {**was, "type": "number"}
    elif change == "redefaulted":
        fields[field] = {**was, "default": "something_else"}
    elif change == "renamed":
        fields[f"{field}_"] = was
    assert lost(CATALOGUE, later)


def test_a_removed_event_and_a_field_moved_out_of_the_sealed_text_are_noticed() -> None:
    later = copy.deepcopy(CATALOGUE)
    del later["meeting.held"]
    later["meeting.minuted"]["sealed_text"] = {}
    assert lost(CATALOGUE, later) == [
        "meeting.held: the event is gone",
        "meeting.minuted: minutes was marked 'casework'",
    ]


def test_a_new_field_needs_a_default() -> None:
    later = copy.deepcopy(CATALOGUE)
    held = later["meeting.held"]["schema"]["$defs"]["Held"]
    held["properties"]["chaired_by"] = {"type": "string", "default": "unknown"}
    assert lost(CATALOGUE, later) == []
    held["required"].append("chaired_by")
    assert lost(CATALOGUE, later) == ["meeting.held: Held.chaired_by has no default"]
