"""What inspections ask of each record, in lists: a column for the answer to each question, and one for its evidence."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text

from adapters.views.lists import ListView, code
from domain.aggregate import Aggregate
from domain.inspections import Answer, Inspected, answers, questions


class InspectionView(ListView):
    """The answers of every record of a kind that has them."""

    def columns(self) -> tuple[Column[Any], ...]:
        both = [(code(question), Column(_evidence(question), Text, nullable=False)) for question in questions()]
        return tuple(column for each in both for column in each)

    def values(self, record: Inspected) -> tuple[Any, ...]:
        given = answers(record).values()
        return tuple(value for each in given for value in (each.answer, " ".join(map(str, each.evidence))))

    def present(self, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        given = {
            question: Answer(question, stored[question], tuple(map(UUID, stored[_evidence(question)].split())))
            for question in questions()
        }
        return {"version": stored["version"], "answers": given}


def view(kind: type[Aggregate]) -> ListView:
    """The answers of every record of a kind that has them."""
    return InspectionView(name=f"inspections_{kind.noun}", kind=kind)


def _evidence(question: str) -> str:
    return f"{question}_evidence"
