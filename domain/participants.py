"""Participants: the people the ledger is about (seed s:42, s:64–66)."""

from domain.aggregate import Aggregate
from domain.events import Event
from domain.history import Step


class Registered(Event, frozen=True, kw_only=True):
    """Somebody became a participant."""

    NAME = "registered"


class Participant(Aggregate):
    """One participant, as the effective history tells it."""

    noun = "participant"
    events = (Registered,)

    state = "unknown"

    def apply(self, step: Step) -> None:
        self.state = step.event.NAME
