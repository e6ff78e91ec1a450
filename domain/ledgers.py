"""The ledger itself: whose it is, since when it has been kept, and which codebook it goes by.

A tenant is a ledger, one municipality's. Its stream has the ledger's own id and opens at position 1.
"""

from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from domain.aggregate import Aggregate
from domain.events import Event
from domain.history import Step

MunicipalityNumber = Annotated[str, msgspec.Meta(pattern=r"^\d{4}$")]
"""Four digits (SSB Klass 131). Ålesund was 1504, in 1507 from 2020, and is 1508 from 2024: three ledgers."""


class Opened(Event, frozen=True, kw_only=True):
    """The ledger was opened. `recording_from` is the day from which an empty cell means that nothing happened."""

    NAME: ClassVar[str] = "opened"

    id: UUID
    number: MunicipalityNumber
    name: str
    synthetic: bool = False
    codebook_version: int
    recording_from: date | None = None


class CodebookActivated(Event, frozen=True, kw_only=True):
    """From this position on the ledger goes by another version of the codebook."""

    NAME: ClassVar[str] = "codebook_activated"

    version: int


class Ledger(Aggregate):
    """A ledger as its own stream tells it."""

    noun = "ledger"
    events = (Opened, CodebookActivated)

    number = ""
    name = ""
    synthetic = False
    codebook_version = 0
    recording_from: date | None = None

    def apply(self, step: Step) -> None:
        match step.event:
            case Opened() as event:
                self.number, self.name, self.synthetic = event.number, event.name, event.synthetic
                self.codebook_version, self.recording_from = event.codebook_version, event.recording_from
            case CodebookActivated() as event:
                self.codebook_version = event.version
