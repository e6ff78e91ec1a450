"""Participants: the people the ledger is about (seed s:42, s:64–66)."""

from datetime import date
from typing import Annotated, ClassVar

from domain.aggregate import Aggregate
from domain.events import NOT_RECORDED, Event, codes
from domain.history import Step


class Registered(Event, frozen=True, kw_only=True):
    """Somebody became a participant."""

    NAME: ClassVar[str] = "registered"

    pathway: Annotated[str, codes("pathways")] = NOT_RECORDED
    settled_on: date | None = None


class Participant(Aggregate):
    """One participant, as the effective history tells it."""

    noun = "participant"
    events = (Registered,)

    state = "unknown"
    pathway = NOT_RECORDED
    settled_on: date | None = None

    def apply(self, step: Step) -> None:
        self.state = step.event.NAME
        if isinstance(step.event, Registered):
            self.pathway, self.settled_on = step.event.pathway, step.event.settled_on
