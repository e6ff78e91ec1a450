"""From a parsed body to an event: who recorded it, who did it, when, and on what basis."""

from collections.abc import Callable, Mapping
from typing import Any

import flask
import msgspec

from api.schemas import ENVELOPE
from api.services import Grant
from domain.commands import Command
from domain.events import Actor, Deviation, Event, Meta

Envelope = Callable[[Mapping[str, Any]], Meta]
"""Makes an event's envelope from a command's body; who recorded it is already in it."""


def envelope(grant: Grant, **more: Any) -> Envelope:
    """The envelope of what this token records."""
    actor = Actor(id=grant.actor, role=grant.role, unit=grant.unit)
    correlation = flask.g.get("correlation_id")
    return lambda body: meta_of(body, actor, correlation_id=correlation, **more)


def meta_of(body: Mapping[str, Any], actor: Actor, **more: Any) -> Meta:
    """The envelope: the body's `occurred`, `performed_by` and `basis`, and who recorded it."""
    occurred = body.get("occurred", {})
    return msgspec.convert(
        {
            "occurred_from": occurred.get("from_"),
            "occurred_to": occurred.get("to"),
            "performed_by": body["performed_by"],
            "basis": body["basis"],
            "recorded_by": actor,
            **more,
        },
        Meta,
    )


def event_of(event: type[Event], body: Mapping[str, Any], meta: Envelope) -> Event:
    """The event a parsed body describes."""
    members = {name: value for name, value in body.items() if name not in ENVELOPE}
    return msgspec.convert({**members, "meta": meta(body)}, event)


def acknowledging(command: Command, body: Mapping[str, Any]) -> Command:
    """The command, with the deviations a body acknowledges beside its own."""
    deviations = tuple(Deviation(**each) for each in body.get("deviations", ()))
    return msgspec.structs.replace(command, acknowledged=(*command.acknowledged, *deviations))
