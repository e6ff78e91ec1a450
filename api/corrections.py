"""The bodies that correct a record: one of its events is replaced, whole, or taken back."""

from typing import Any

from marshmallow import fields

from api.schemas import Code, CommandBody, Id, Performer, Request, Text
from domain.aggregate import Aggregate


class RetractionBody(Request):
    """Takes an event back. The correction of a record is itself recorded now, so it has no `occurred`."""

    event_id = Id(required=True)
    reason = Text(limit=2_000, allow_none=True, load_default=None)
    performed_by = fields.Nested(Performer, load_default=lambda: {"role": "unknown", "unit": "unknown"})
    basis = Code("bases", load_default="unknown")


def correction_of(kind: type[Aggregate], bodies: tuple[type[CommandBody], ...]) -> type[Request]:
    """The body that replaces one event of a noun: the replacement is a whole body of the event's own command."""
    own = {"replacement": Replacement(bodies, required=True)}
    return type(f"{kind.__name__}CorrectionBody", (RetractionBody,), own)


class Replacement(fields.Dict):
    """The whole body of the command that recorded the event to correct."""

    def __init__(self, bodies: tuple[type[CommandBody], ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bodies = bodies
