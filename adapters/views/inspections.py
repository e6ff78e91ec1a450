"""What inspections ask of each record, in lists: a column for the answer to each question, and one for its evidence."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text

from adapters.views.lists import ListView, code
from domain.aggregate import Aggregate
from domain.inspections import Answer, Inspected, answers, questions


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    both = [(code(question), Column(_evidence(question), Text, nullable=False)) for question in questions()]
    return tuple(column for each in both for column in each)


def row(record: Inspected) -> Mapping[str, Any]:
    """The list row of a record."""
    members: dict[str, str] = {}
    for question, answer in answers(record).items():
        members[question] = answer.answer
        members[_evidence(question)] = " ".join(map(str, answer.evidence))
    return members


def present(stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """The list row as it is shown."""
    given = {
        question: Answer(question, stored[question], tuple(map(UUID, stored[_evidence(question)].split())))
        for question in questions()
    }
    return {"version": stored["version"], "answers": given}


def view(kind: type[Aggregate]) -> ListView:
    """The answers of every record of a kind that has them."""
    return ListView(name=f"inspections_{kind.noun}", kind=kind, columns=columns, row=row, present=present)


def _evidence(question: str) -> str:
    return f"{question}_evidence"
