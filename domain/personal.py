"""What records about one participant share: whose they are is said when they are opened, and never changes."""

from collections.abc import Iterable
from typing import Self
from uuid import UUID

from domain.aggregate import Aggregate, Reference
from domain.commands import Command
from domain.errors import ImpossibleCorrection
from domain.events import Event, Meta


class OfParticipant(Event, frozen=True, kw_only=True):
    """Base of the events that open a record about one participant."""

    participant: UUID


class PersonalRecord(Aggregate):
    """A record about one participant, whose keys seal it."""

    personal = True

    @property
    def subject(self) -> UUID:
        opening = self.history[0].event if self.history else None
        return opening.participant if isinstance(opening, OfParticipant) else self.id

    @property
    def participant(self) -> UUID:
        """Whom it is about."""
        return self.subject

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        if isinstance(event, OfParticipant):
            yield Reference("participant", event.participant, "/participant")

    def correct(self, target: UUID, replacement: Event, reason: str | None, meta: Meta, command: Command) -> Self:
        if isinstance(replacement, OfParticipant) and replacement.participant != self.subject:
            detail = "a record stays with the person it is about: retract it and register it again"
            raise ImpossibleCorrection("/replacement/participant", detail)
        return super().correct(target, replacement, reason, meta, command)
