"""What inspections (tilsyn) ask of a record, and what its history answers, with the events as evidence."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec

from domain.events import codes


class Answer(msgspec.Struct, frozen=True):
    """The answer to one question, and the ids of the events it rests on."""

    question: Annotated[str, codes("inspection-questions")]
    answer: Annotated[Literal["yes", "no", "partly", "not_recorded", "not_applicable"], codes("inspection-answers")]
    evidence: tuple[UUID, ...] = ()
