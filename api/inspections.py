"""Inspections over REST: the question sets, what every record answers with its events as evidence, and the sums."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

import flask
import msgspec
from marshmallow import fields, pre_dump, validate

from api import auth
from api.moments import resolve
from api.pages import covered, json_response, list_page, page_of
from api.problems import NotYet
from api.records import Feature
from api.rest import Call, Operation
from api.schemas import Answer, Code, Digits, Filters, Id, Moment
from domain import codebook, errors
from domain.inspections import QuestionSet, answers, question_sets, questions


class InspectionQuestion(Answer):
    """One question, with its wording and its source."""

    code = fields.String(required=True)
    labels = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    source = fields.String(required=True)


class InspectionSet(Answer):
    """The questions asked of every record of a noun, from a day on."""

    id = fields.String(required=True)
    labels = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    noun = fields.String(required=True)
    valid_from = fields.Date(required=True)
    source = fields.String(required=True)
    questions = fields.List(fields.Nested(InspectionQuestion), required=True)


class InspectionAnswer(Answer):
    """The answer to one question, and the events it rests on."""

    question = Code("inspection-questions", required=True)
    answer = Code("inspection-answers", required=True)
    evidence = fields.List(Id(), required=True)


class InspectedRecord(Answer):
    """What a record answers to a set's questions, in their order."""

    id = Id(required=True)
    version = fields.Integer(required=True)
    answers = fields.List(fields.Nested(InspectionAnswer), required=True)

    def __init__(self, asked: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._asked = asked

    @pre_dump
    def _to_what_is_asked(self, record: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {**record, "answers": [record["answers"][question] for question in self._asked]}


class InspectionCount(Answer):
    """How many records gave each answer to one question."""

    question = Code("inspection-questions", required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class InspectionSets(Answer):
    """Every question set."""

    items = fields.List(fields.Nested(InspectionSet), required=True)
    next = fields.String(required=True, allow_none=True)


class InspectionSummary(Answer):
    """How a ledger's records answer a set's questions; counts by codebook list `inspection-answers`."""

    set = fields.String(required=True)
    questions = fields.List(fields.Nested(InspectionCount), required=True)


class SummaryQuery(Moment):
    """Of which time."""

    min_position = Digits(validate=validate.Range(0, 2**53))


InspectionFilters: type[Filters] = type(
    "InspectionFilters",
    (Filters,),
    {
        "__doc__": "Which records: those that gave these answers.",
        **{question: Code("inspection-answers") for question in questions()},
    },
)


def operations(features: Sequence[Feature]) -> list[Operation]:
    """The sets, and for the features whose records inspections ask about, what they answer."""
    asked = {each.aggregate.noun: each for each in features if hasattr(each.aggregate, "inspected")}
    shared: dict[str, Any] = {"method": "GET", "tag": "inspections", "scope": auth.AUDIT}
    one_set = "/v1/inspections/{set}"
    found = [
        Operation(
            **shared,
            path="/v1/inspections",
            name="list_inspections",
            summary="The question sets of inspections",
            answers={200: InspectionSets},
            handler=_sets,
        )
    ]
    for noun, feature in asked.items():
        many = feature.url.rpartition("/")[2]
        found += [
            Operation(
                **shared,
                path=f"{one_set}/{many}",
                name=f"list_inspections_of_{noun}",
                summary=f"What every {noun.replace('_', ' ')} answers, with the events as evidence",
                query=InspectionFilters,
                answers={200: page_of(InspectedRecord)},
                headers=("Position",),
                refusals=(NotYet,),
                handler=partial(_list, feature),
            ),
            Operation(
                **shared,
                path=f"{one_set}/{many}/{{record}}",
                name=f"get_inspection_of_{noun}",
                summary=f"What one {noun.replace('_', ' ')} answers, with the events as evidence",
                query=Moment,
                answers={200: InspectedRecord},
                headers=("Position",),
                handler=partial(_get, feature),
            ),
        ]
    if asked:
        found.append(
            Operation(
                **shared,
                path=f"{one_set}/summary",
                name="get_inspection_summary",
                summary="How many of the ledger's records gave each answer to each question",
                query=SummaryQuery,
                answers={200: InspectionSummary},
                headers=("Position",),
                refusals=(NotYet,),
                handler=partial(_summary, asked),
            )
        )
    return found


def _sets(call: Call) -> flask.Response:
    lists = codebook.load().lists
    items = [
        {
            **lists["inspection-sets"].codes[each.id].shown(),
            "id": each.id,
            "valid_from": each.valid_from,
            "questions": [lists["inspection-questions"].codes[question].shown() for question in each.questions],
        }
        for each in question_sets().values()
    ]
    body = {"items": InspectionSet(many=True).dump(items), "next": None}
    return json_response(msgspec.json.encode(body), 200)


def _list(feature: Feature, call: Call) -> flask.Response:
    asked = _set_of(call, [feature.aggregate.noun])
    return list_page(call, _view(asked), InspectedRecord(asked.questions, many=True))


def _get(feature: Feature, call: Call) -> flask.Response:
    asked, records = _set_of(call, [feature.aggregate.noun]), call.ledger.records
    moment = resolve(call.query, records, call.services.clock())
    found: Any = records.get(feature.aggregate, call.record, as_of=moment.position, on=moment.on)
    if found.retracted or not found.steps:
        raise errors.NotFound(f"there was no such {feature.aggregate.noun} to ask about")
    row = {"id": found.id, "version": found.version, "answers": answers(found)}
    answer = json_response(msgspec.json.encode(InspectedRecord(asked.questions).dump(row)), 200)
    answer.headers["Position"] = str(found.position)
    return answer


def _summary(features: Mapping[str, Feature], call: Call) -> flask.Response:
    asked, ledger = _set_of(call, features), call.ledger
    moment = resolve(call.query, ledger.records, call.services.clock())
    position = covered(ledger, _view(asked), moment, call.query.get("min_position"))
    counted = ledger.views.counts(_view(asked), position, moment.day, asked.questions)
    known = codebook.load().lists["inspection-answers"].codes
    summed = [
        {"question": question, "counts": {code: counted[question].get(code, 0) for code in known}}
        for question in asked.questions
    ]
    answer = json_response(msgspec.json.encode({"set": asked.id, "questions": summed}), 200)
    answer.headers["Position"] = str(position)
    return answer


def _set_of(call: Call, nouns: Collection[str]) -> QuestionSet:
    """The set the path names, which asks about one of these nouns."""
    found = question_sets().get(call.path["set"])
    if found is None or found.noun not in nouns:
        raise errors.NotFound("there is no such question set about these; /v1/inspections names them all")
    return found


def _view(asked: QuestionSet) -> str:
    return f"inspections_{asked.noun}"
