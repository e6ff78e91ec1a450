"""The synthetic municipality: the same each time, whole, in the proportions it says, and never taken for real."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from api import synthetic
from api.app import application
from api.bootstrap import Running, codec
from api.synthetic import PROPORTIONS, history
from domain.events import Corrected, Retracted
from tests.conftest import TODAY, Api

UNTIL = TODAY - timedelta(days=1)


@pytest.fixture
def made(sqlite_running: Running) -> Api:
    """A municipality of fifty, in a ledger of its own."""
    running = sqlite_running
    outcomes = [at.outcome for at in synthetic.generate(running, 50, until=UNTIL)]
    assert [each for each in outcomes if each.result != "recorded"] == []

    ledger = running.ledger_numbered(synthetic.NUMBER)
    return Api(running, ledger, application(running.services, running.features).test_client())


def test_it_says_of_itself_that_it_is_synthetic_in_every_answer(made: Api) -> None:
    answer = made.get("/v1/meetings?limit=1")
    assert answer.headers["Medvirkning-Ledger"] == "9999; synthetic"
    opened = made.get("/v1/events?limit=1").json[0]
    assert (opened["type"], opened["data"]["synthetic"]) == ("ledger.opened.v1", True)
    assert made.get("/v1/tables/participation-events/data").json["extension"]["synthetic"] is True
    names = [made.get(f"/v1/participants/{row['id']}").json["display_name"] for row in made.items("/v1/participants")]
    assert all(name.startswith("Syntetisk person") for name in names)


def test_what_is_told_fills_every_list_table_and_work_list(made: Api) -> None:
    for feature in made.running.features:
        assert made.items(feature.url), feature.noun
    for table in made.get("/v1/tables").json["tables"]:
        assert any(made.get(f"/v1/tables/{table['id']}/data").json["value"]), table["id"]
    due = {item["kind"]: item["due"] for item in made.get("/v1/work-lists").json["items"]}
    for kind in ("individual_plan.review", "move_out.follow_up", "input.answer", "participant.inform"):
        assert due[kind], kind
    names = Counter(each.name for each in made.running.store(made.ledger).page(0, 100_000))
    assert len(names) > len(codec().classes) / 3


def test_its_clock_is_that_of_the_days_it_tells_of(made: Api) -> None:
    begun = UNTIL - timedelta(days=round(3 * 365.25))
    assert made.get(f"/v1/participants?as_of={begun - timedelta(days=2)}").json["items"] == []
    early, late = (made.items(f"/v1/participants?as_of={begun + timedelta(days=wait)}") for wait in (60, 700))
    assert 0 < len(early) < len(late)


def test_a_second_ledger_of_the_number_is_refused(made: Api) -> None:
    with pytest.raises(ValueError, match="9999"):
        next(synthetic.generate(made.running, 50, until=UNTIL))


def test_the_same_seed_is_the_same_municipality_and_another_is_another() -> None:
    told = [history(50, years=3, until=UNTIL, seed=seed) for seed in (1, 1, 2)]
    assert told[0] == told[1] != told[2]


def test_one_more_person_changes_nobody_elses_life() -> None:
    def of(persons: int) -> list[Any]:
        return [each for each in history(persons, years=3, until=UNTIL, seed=1) if each.turn.startswith("p7-")]

    assert of(50) == of(51)


def test_late_news_corrections_and_unknowns_come_in_the_stated_proportions() -> None:
    lines = history(400, years=3, until=UNTIL, seed=5)
    told = [each for each in lines if each.line["command"].partition(".")[2] not in ("corrected", "retracted")]
    amendable = [each for each in told if "$ref" in each.line]
    shares = {
        "corrected": sum(each.line["command"].endswith(f".{Corrected.NAME}") for each in lines) / len(amendable),
        "retracted": sum(each.line["command"].endswith(f".{Retracted.NAME}") for each in lines) / len(amendable),
        "uncertain": sum(_days(each)[0] != _days(each)[1] for each in told) / len(told),
        "late": sum((each.on - _days(each)[1]).days >= 20 for each in amendable) / len(amendable),
    }
    for name, share in shares.items():
        assert abs(share - PROPORTIONS[name]) < 0.3 * PROPORTIONS[name] + 0.01, (name, share)


def _days(told: Any) -> tuple[date, date]:
    occurred = told.line["occurred"]
    return date.fromisoformat(occurred["from"]), date.fromisoformat(occurred["to"])
