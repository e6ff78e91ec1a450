"""The smallest body of any command, made from its schema: every required member, with a value that is allowed."""

from typing import Any
from uuid import uuid4

from marshmallow import fields

from api.schemas import Code, Count, Day, Id, Interval, Number, Pattern, Request, Unit
from tests.conftest import ON


def smallest(schema: type[Request], **members: Any) -> dict[str, Any]:
    """A body with its required members, and these."""
    required = {
        field.data_key or name: _value(field) for name, field in schema._declared_fields.items() if field.required
    }
    return {**required, **members}


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
