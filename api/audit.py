"""The audit over REST: who recorded what, when, in which role, on what basis, what it put right or departed from."""

from typing import Any

import flask
from marshmallow import ValidationError, fields, validate

from api import auth
from api.moments import span
from api.pages import Entry, list_page, page_of
from api.problems import NotYet
from api.rest import Call, Operation
from api.schemas import Answer, Code, Day, Id, Known, Paging, Text, Unit
from domain import codebook

VIEW = "audit"


class Told(fields.Field[int]):
    """An Oslo day or an instant in a query, as microseconds: of a day, the first or the last."""

    CONTRACT = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}

    def __init__(self, *, last: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._last = last

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        try:
            return span(value)[self._last]
        except ValueError as error:
            raise ValidationError("is neither a day nor an RFC 3339 instant") from error


class AuditQuery(Known, Paging):
    """Which entries: all that meet every member given. Actor, role and unit are of who recorded them, then."""

    record = Id(metadata={"description": "Entries about that record."})
    noun = fields.String(
        validate=validate.OneOf(
            sorted({each.partition(".")[0] for each in codebook.load().lists["event-classes"].codes}),
        )
    )
    type = Code("event-classes")
    kind = Code("entry-kinds")
    actor = Text(limit=200, metadata={"description": "Entries recorded by that actor."})
    role = Code("roles")
    unit = Unit(metadata={"description": "The unit it was recorded in."})
    rule = Code("rules")
    deviating = fields.Boolean(truthy={"true"}, falsy={"false"})
    recorded_from = Told(last=False, metadata={"description": "Recorded on that Oslo day, at that instant, or later."})
    recorded_to = Told(last=True, metadata={"description": "Recorded on that Oslo day, at that instant, or earlier."})
    occurred_from = Day(
        metadata={
            "description": "Entries of what may have happened on that day or later; an open end reaches to the day "
            "of recording. A correction tells when its replacement happened; a retraction tells of no day."
        }
    )
    occurred_to = Day(metadata={"description": "Entries of what may have happened on that day or earlier."})


class AuditDeviation(Answer):
    """A rule that was departed from, and the event that departs from it: the entry's own, or an earlier one."""

    rule = Code("rules", required=True)
    event_id = Id(required=True)


class AuditEntry(Entry):
    """One event as it was recorded. `occurred` of a correction is its replacement's."""

    noun = fields.String(required=True)
    record = Id(required=True)
    kind = Code("entry-kinds", required=True)
    target = Id(required=True, allow_none=True, metadata={"description": "The event it corrects or takes back."})
    superseded_by = fields.Integer(
        required=True,
        allow_none=True,
        metadata={
            "description": "Position of the entry that corrects or takes back what this tells; null if none has."
        },
    )
    deviations = fields.List(fields.Nested(AuditDeviation), required=True)


def operations() -> list[Operation]:
    """The audit's one operation."""
    return [
        Operation(
            method="GET",
            path="/v1/audit",
            name="list_audit",
            summary="Every entry of the ledger, newest first: who recorded what, when and on what basis",
            description="Holds codes, days and ids, never text; the reasons stand in the record's own history.",
            tag="audit",
            scope=auth.AUDIT,
            query=AuditQuery,
            answers={200: page_of(AuditEntry)},
            headers=("Position",),
            refusals=(NotYet,),
            handler=_list,
        )
    ]


def _list(call: Call) -> flask.Response:
    records = call.ledger.records
    where = {name: value for name, value in call.query.items() if name not in _NOT_OF_THE_VIEW}
    if "recorded_from" in call.query:
        where["first"] = records.position_at(call.query["recorded_from"] - 1) + 1
    if "recorded_to" in call.query:
        where["last"] = records.position_at(call.query["recorded_to"])
    return list_page(call, VIEW, AuditEntry(many=True), where)


_NOT_OF_THE_VIEW = {*Known._declared_fields, *Paging._declared_fields, "recorded_from", "recorded_to"}
