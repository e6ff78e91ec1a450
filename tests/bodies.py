"""The smallest body of any command, made from its schema: every required member, with a value that is allowed."""

from typing import Any
from uuid import uuid4

from marshmallow import fields

from api.participants import FEATURE as PARTICIPANTS
from api.records import Feature
from api.schemas import Code, Count, Day, Id, Interval, Number, Pattern, Request, Unit
from domain import codebook
from tests.conftest import ON, Api


def smallest(schema: type[Request], **members: Any) -> dict[str, Any]:
    """A body with its required members, and these."""
    required = {
        field.data_key or name: _value(field) for name, field in schema._declared_fields.items() if field.required
    }
    if {"list", "code"} <= required.keys():
        required["code"] = next(iter(codebook.load().lists[required["list"]].codes))
    return {**required, **members}


def opened(api: Api, feature: Feature) -> str:
    """The id of a new record, opened by the feature's first command with the smallest body it takes."""
    return _told(api, feature.url, referring(api, smallest(feature.body(feature.opens[0]))))


def referring(api: Api, value: Any) -> Any:
    """The same, with every participant in it one that is there."""
    match value:
        case dict():
            return {
                name: a_participant(api) if name == "participant" else referring(api, value[name]) for name in value
            }
        case list():
            return [referring(api, each) for each in value]
    return value


def a_participant(api: Api, **members: Any) -> str:
    """The id of a participant of whom nothing is known but these."""
    return _told(api, "/v1/participants/existing", smallest(PARTICIPANTS.body(PARTICIPANTS.opens[1]), **members))


def _told(api: Api, url: str, body: dict[str, Any]) -> str:
    answer = api.post(url, body)
    if answer.status_code == 409:
        answer = api.post(url, {**body, "deviations": [{"rule": each["rule"]} for each in answer.json["rules"]]})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    record: str = answer.json["id"]
    return record


def _value(field: Any) -> Any:
    match field:
        case Id():
            return str(uuid4())
        case Day():
            return ON["from"]
        case Count() | Number():
            return 1
        case Unit():
            return "bolig"
        case Code():
            return "unknown" if "unknown" in field.validate.choices else next(iter(field.validate.choices))
        case fields.Nested() if field.schema.__class__ is Interval:
            return ON
        case fields.Nested():
            return smallest(type(field.schema))
        case fields.List():
            return [_value(field.inner)]
        case fields.Dict():
            return {}
        case fields.Boolean():
            return True
        case Pattern():
            return "unknown"
        case fields.String():
            return next(iter(field.validate.choices)) if hasattr(field.validate, "choices") else "ord"
    raise TypeError(f"no value for {field}")
