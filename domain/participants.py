"""Participants: the people records are about, each under a pseudonym."""

from typing import ClassVar

from domain.aggregate import Aggregate
from domain.events import Event
from domain.history import Step


class Registered(Event, frozen=True, kw_only=True):
    """A person was registered."""

    NAME: ClassVar[str] = "registered"


class Participant(Aggregate):
    """One person."""

    noun = "participant"
    events = (Registered,)

    def apply(self, step: Step) -> None:
        pass
