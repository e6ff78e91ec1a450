"""What inspections (tilsyn) ask of a record, and what its history answers, with the events as evidence.

Question sets are dated, and data of the codebook (list `inspection-sets`): another act asks other questions.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Annotated, Literal, Protocol
from uuid import UUID

import msgspec

from domain import codebook
from domain.events import NOT_RECORDED, codes


class Answer(msgspec.Struct, frozen=True):
    """The answer to one question, and the ids of the events it rests on."""

    question: Annotated[str, codes("inspection-questions")]
    answer: Annotated[Literal["yes", "no", "partly", "not_recorded", "not_applicable"], codes("inspection-answers")]
    evidence: tuple[UUID, ...] = ()


class Inspected(Protocol):
    """A record inspections ask about."""

    def inspected(self) -> Iterable[Answer]:
        """What its effective history answers: of the events alone, whatever the day of asking."""
        ...


class QuestionSet(msgspec.Struct, frozen=True, kw_only=True):
    """The questions asked of every record of a noun, from a day on, and where they come from."""

    id: str
    noun: str
    valid_from: date
    source: str
    questions: tuple[str, ...]


@cache
def question_sets() -> Mapping[str, QuestionSet]:
    """Every question set, by its id."""
    return {
        each.code: msgspec.convert({"id": each.code, **msgspec.to_builtins(each)}, QuestionSet)
        for each in codebook.load().lists["inspection-sets"].codes.values()
    }


def questions() -> tuple[str, ...]:
    """Every question of every set."""
    return tuple(codebook.load().lists["inspection-questions"].codes)


def answers(record: Inspected) -> Mapping[str, Answer]:
    """The answer to every question; one the record says nothing of is not recorded."""
    given = {answer.question: answer for answer in record.inspected()}
    return {question: given.get(question, Answer(question, NOT_RECORDED)) for question in questions()}
