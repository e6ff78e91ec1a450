"""What inspections ask, answered by a plan of the least kind: lists, details and sums, at any time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adapters.codec import Codec
from adapters.eventstore import LedgerStore
from adapters.projections import LedgerViews
from adapters.views import inspections as view
from adapters.viewstore import ViewStore
from api import demo, ledgers
from api.app import application
from api.bootstrap import Running
from api.records import Feature
from api.services import LedgerServices
from domain import codebook, records
from domain.aggregate import Aggregate
from domain.commands import Command
from domain.events import Actor, Event, Meta
from domain.history import Step
from domain.inspections import Answer, answers, question_sets, questions
from domain.ledgers import Ledger
from tests.conftest import TODAY, Api, Clock

SET = "individual_plan_2003"
BY = Actor(id="a-1", role="caseworker", unit="flyktning")


class Drafted(Event, frozen=True, kw_only=True):
    """The plan was drafted."""

    NAME = "drafted"


class Decided(Event, frozen=True, kw_only=True):
    """The plan was decided."""

    NAME = "decided"


class Plan(Aggregate):
    """A plan that was drafted, and perhaps decided."""

    noun = "individual_plan"
    events = (Drafted, Decided)

    decided: tuple[UUID, ...] = ()

    def apply(self, step: Step) -> None:
        if isinstance(step.event, Decided):
            self.decided += (step.event_id,)

    def inspected(self) -> Iterator[Answer]:
        yield Answer("decided", "yes" if self.decided else "no", self.decided)
        yield Answer("material_changes_decided", "not_applicable")


FEATURE = Feature(noun="individual_plans", aggregate=Plan, opens=(), commands=())


@dataclass
class Inspection:
    """A ledger of plans, as inspections meet it."""

    store: LedgerStore
    views: LedgerViews
    client: FlaskClient
    tokens: dict[str, str]
    clock: Clock

    def meta(self, day: date) -> Meta:
        return Meta(occurred_from=day, occurred_to=day, recorded_by=BY)

    def command(self) -> Command:
        return Command(now=self.clock(), new_id=uuid4, client="test")

    def draft(self, day: date) -> UUID:
        return records.open_record(self.store, Plan, Drafted(meta=self.meta(day)), self.command()).id

    def decide(self, plan: UUID, day: date) -> UUID:
        decided = records.record(self.store, Plan, plan, None, Decided(meta=self.meta(day)), self.command())
        return decided.history[-1].event_id

    def correct(self, plan: UUID, target: UUID, day: date) -> None:
        event, meta, command = Decided(meta=self.meta(day)), Meta(recorded_by=BY), self.command()
        records.correct(
            self.store, Plan, plan, None, target=target, replacement=event, reason=None, meta=meta, command=command
        )

    def retract(self, plan: UUID, target: UUID) -> None:
        meta, command = Meta(recorded_by=BY), self.command()
        records.retract(self.store, Plan, plan, None, target=target, reason=None, meta=meta, command=command)

    def get(self, path: str, role: str = "evaluator") -> TestResponse:
        self.views.catch_up()
        return self.client.get(path, headers={"Authorization": f"Bearer {self.tokens[role]}"})

    def told(self, path: str = "/individual-plans") -> Any:
        answer = self.get(f"/v1/inspections/{SET}{path}")
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.json


@pytest.fixture
def inspection(running: Running, clock: Clock) -> Iterator[Inspection]:
    synthetic = True
    ledger = ledgers.create(running, "1504", "Ålesund", synthetic=synthetic)
    kinds = (Ledger, Plan)
    store = LedgerStore(ledger, running.events.recorder(ledger), Codec(kinds), running.vault)
    url = running.views.engine.url.render_as_string(hide_password=False)
    views = ViewStore(url, [view.view(Plan)])
    views.create()
    fed = LedgerViews(views, store)
    services = replace(
        running.services, ledger=lambda _: LedgerServices("1504", synthetic, store, fed, running.services.waits)
    )
    client = application(services, (FEATURE,)).test_client()
    tokens = {role: demo.token(running, ledger, role) for role in ("evaluator", "coordinator", "caseworker")}
    yield Inspection(store, fed, client, tokens, clock)
    views.close()


def day(n: int) -> date:
    return date(2026, 2, n)


def given(row: dict[str, Any]) -> dict[str, str]:
    return {each["question"]: each["answer"] for each in row["answers"]}


def test_a_plan_answers_each_question_with_its_events_as_evidence(inspection: Inspection) -> None:
    plan = inspection.draft(day(1))
    decision = inspection.decide(plan, day(3))
    [row] = inspection.told()["items"]
    assert (row["id"], row["version"]) == (str(plan), 2)
    assert [each["question"] for each in row["answers"]] == list(question_sets()[SET].questions)
    assert given(row) == {
        "decided": "yes",
        "co_authored": "not_recorded",
        "required_contents": "not_recorded",
        "reassessed": "not_recorded",
        "material_changes_decided": "not_applicable",
    }
    assert [each["evidence"] for each in row["answers"]] == [[str(decision)], [], [], [], []]
    assert inspection.told(f"/individual-plans/{plan}") == row


def test_lists_and_details_agree_at_any_position_and_day(inspection: Inspection) -> None:
    plans = [inspection.draft(day(1)), inspection.draft(day(5))]
    first, second = inspection.decide(plans[0], day(9)), inspection.decide(plans[1], day(4))
    inspection.correct(plans[0], first, day(7))
    inspection.decide(plans[0], day(2))
    inspection.retract(plans[1], second)
    inspection.correct(plans[1], second, day(11))
    inspection.retract(plans[0], inspection.store.history(plans[0])[0].event_id)
    head = inspection.store.head()
    inspection.views.catch_up()
    for position in range(1, head + 1):
        for on in [day(1) + timedelta(days=more) for more in range(-1, 12)]:
            query = f"?as_of={position}&on={on}"
            rows = {row["id"]: row["answers"] for row in inspection.told(f"/individual-plans{query}")["items"]}
            summed = {question: dict.fromkeys(codes(), 0) for question in questions()}
            for plan in plans:
                detail = inspection.get(f"/v1/inspections/{SET}/individual-plans/{plan}{query}")
                assert detail.status_code == (200 if str(plan) in rows else 404), (plan, query)
                if str(plan) not in rows:
                    continue
                assert detail.json["answers"] == rows[str(plan)], query
                folded = inspection.store.get(Plan, plan, as_of=position, on=on)
                for answer in answers(folded).values():
                    summed[answer.question][answer.answer] += 1
            summary = inspection.told(f"/summary{query}")
            assert {each["question"]: each["counts"] for each in summary["questions"]} == summed, query


def codes() -> list[str]:
    return list(codebook.load().lists["inspection-answers"].codes)


def test_a_municipality_is_summed_up_by_question_and_answer(inspection: Inspection) -> None:
    for decided in (True, False, True):
        plan = inspection.draft(day(1))
        if decided:
            inspection.decide(plan, day(3))
    summary = inspection.told("/summary")
    assert summary["set"] == SET
    none = dict.fromkeys(codes(), 0)
    counted = {each["question"]: each["counts"] for each in summary["questions"]}
    assert counted["decided"] == {**none, "yes": 2, "no": 1}
    assert counted["reassessed"] == {**none, "not_recorded": 3}
    assert counted["material_changes_decided"] == {**none, "not_applicable": 3}
    assert inspection.get(f"/v1/inspections/{SET}/summary?min_position=99").status_code == 422


def test_plans_are_found_by_their_answers_and_come_in_pages(inspection: Inspection) -> None:
    plans = [inspection.draft(day(1)) for _ in range(3)]
    inspection.decide(plans[1], day(3))
    undecided = inspection.told("/individual-plans?decided=no&limit=1")
    assert [row["id"] for row in undecided["items"]] == [str(plans[2])]
    inspection.decide(plans[0], day(3))
    following = inspection.get(undecided["next"]).json
    assert [row["id"] for row in following["items"]] == [str(plans[0])]
    assert following["next"] is None
    assert inspection.told("/individual-plans?decided=yes&reassessed=no")["items"] == []
    assert inspection.get(f"/v1/inspections/{SET}/individual-plans?decided=maybe").status_code == 422


def test_what_no_set_asks_about_is_not_found(inspection: Inspection) -> None:
    plan = inspection.draft(day(1))
    ledger = inspection.store.ledger
    for path in ("none/individual-plans", f"none/individual-plans/{plan}", "none/summary"):
        assert inspection.get(f"/v1/inspections/{path}").status_code == 404
    for record in (uuid4(), ledger):
        assert inspection.get(f"/v1/inspections/{SET}/individual-plans/{record}").status_code == 404


def test_inspections_are_read_by_evaluators_and_coordinators_alone(inspection: Inspection) -> None:
    plan = inspection.draft(day(1))
    for path in ("", f"/{SET}/individual-plans", f"/{SET}/individual-plans/{plan}", f"/{SET}/summary"):
        statuses = {role: inspection.get(f"/v1/inspections{path}", role).status_code for role in inspection.tokens}
        assert statuses == {"evaluator": 200, "coordinator": 200, "caseworker": 403}


def test_the_question_sets_are_dated_and_have_their_wording_and_source(sqlite_api: Api) -> None:
    [asked] = sqlite_api.get("/v1/inspections").json["items"]
    assert (asked["id"], asked["noun"], asked["valid_from"]) == (SET, "individual_plan", "2003-09-01")
    assert [each["code"] for each in asked["questions"]] == list(questions())
    for each in (asked, *asked["questions"]):
        assert set(each["labels"]) == set(codebook.LANGUAGES)
        assert each["source"]


def test_every_question_of_a_set_is_in_the_codebook_and_no_set_is_of_the_future() -> None:
    for each in question_sets().values():
        assert set(each.questions) <= set(questions())
        assert each.valid_from <= TODAY
