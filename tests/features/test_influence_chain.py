"""The table influence-chain: how far the inputs of a year came, and in how many days, against a count by hand."""

from datetime import UTC, datetime

import pytest

from tests.conftest import Api
from tests.features.conftest import Opening, Shared, days
from tests.features.tables import Table

NAME = "influence-chain"
STEPS = ("raised", "acknowledged", "answered", "decided", "effected", "verified", "fed_back")
Cell = int | str | None


def chain(api: Api, query: str = "", year: str = "2026") -> dict[str, tuple[Cell, Cell, Cell]]:
    """Of each step that was reached: how many inputs, the days they took, and of how many of them days are known."""
    table = Table(api, f"valuecodes[year]={year}&{query}", NAME)
    measures = ("inputs", "days", "inputs_with_days")
    cells = {step: tuple(table.cell(step=step, measure=each, year=year) for each in measures) for step in STEPS}
    return {step: (n, total, of) for step, (n, total, of) in cells.items() if n != ".."}


@pytest.fixture
def two(an_input: Opening) -> None:
    """One input that came all the way; one that was answered the day it was raised, on a day nobody knows exactly."""
    first = an_input(on=days("01-10"))
    first.tell("acknowledged", days("01-12"), answering_unit="bolig")
    first.tell("assessed", days("01-13"))
    first.tell("answered", days("01-15"))
    first.tell("answered", days("01-25"))
    first.tell("decided", days("01-20"), outcome="adopted", reason="user_view", deciding_unit="bolig")
    first.tell("effected", days("01-30", "02-02"))
    first.tell("verified", days("02-10"), verifying_unit="plan")
    first.tell("feedback_given", days("02-12"), channel="letter")
    first.tell("feedback_rated", days("02-13"), rating=4)
    second = an_input(on=days("01-05", "01-06"), kind="wish", level="individual")
    second.tell("answered", days("01-20"))


@pytest.mark.usefixtures("two")
def test_each_input_counts_once_at_each_step_and_days_where_both_are_known(sqlite_api: Api) -> None:
    assert chain(sqlite_api) == {
        "raised": (2, ".", "."),
        "acknowledged": (1, 2, 1),
        "answered": (2, 5, 1),
        "decided": (1, 10, 1),
        "effected": (1, "..", ".."),
        "verified": (1, 31, 1),
        "fed_back": (1, 33, 1),
    }


@pytest.mark.usefixtures("two")
def test_a_step_counts_from_the_day_it_first_happened(sqlite_api: Api) -> None:
    assert chain(sqlite_api, "on=2026-01-09") == {"raised": (1, ".", ".")}
    assert chain(sqlite_api, "on=2026-01-14") == {"raised": (2, ".", "."), "acknowledged": (1, 2, 1)}
    assert chain(sqlite_api, "on=2026-01-15")["answered"] == (1, 5, 1)
    assert chain(sqlite_api, "on=2026-01-20")["answered"] == (2, 5, 1)


@pytest.mark.usefixtures("two")
def test_the_cohort_is_told_apart_by_level_and_kind(sqlite_api: Api) -> None:
    table = Table(sqlite_api, "valuecodes[kind]=proposal,wish&valuecodes[level]=*", NAME)
    at = {"step": "answered", "measure": "inputs"}
    assert table.cell(kind="proposal", level="system", **at) == 1
    assert table.cell(kind="wish", level="individual", **at) == 1
    assert table.cell(kind="wish", level="system", **at) == ".."


def test_steps_count_in_the_year_the_input_was_raised_in(an_input: Opening, sqlite_api: Api) -> None:
    record = an_input(on={"from": "2025-12-20", "to": "2025-12-20"})
    record.tell("answered", days("01-04"))
    assert chain(sqlite_api, year="2025") == {"raised": (1, ".", "."), "answered": (1, 15, 1)}
    assert chain(sqlite_api) == {}


def test_an_answer_on_the_day_of_raising_took_no_days_and_is_known(an_input: Opening, sqlite_api: Api) -> None:
    an_input(on=days("01-10")).tell("answered", days("01-10"))
    assert chain(sqlite_api)["answered"] == (1, 0, 1)


def test_what_is_said_to_come_before_the_raising_took_no_number_of_days(an_input: Opening, sqlite_api: Api) -> None:
    an_input(on=days("01-10")).tell("answered", days("01-08"))
    assert chain(sqlite_api)["answered"] == (1, "..", "..")
    assert chain(sqlite_api, "on=2026-01-09") == {}


def test_an_input_registered_in_a_later_state_counts_there_without_days(an_input: Opening, sqlite_api: Api) -> None:
    an_input("registered_as_existing", days("01-10"), state="decided", outcome="adopted")
    assert chain(sqlite_api) == {"raised": (1, ".", "."), "decided": (1, "..", "..")}


def test_a_correction_late_news_and_a_retraction_change_the_table_and_not_what_was_known_before(
    an_input: Opening, sqlite_api: Api, shared: Shared
) -> None:
    record = an_input(on=days("01-10"))
    record.tell("answered", days("01-20"))
    known = record.now["position"]
    assert chain(sqlite_api)["answered"] == (1, 10, 1)

    shared.clock.at(datetime(2026, 4, 1, 9, tzinfo=UTC))
    record.tell("answered", days("01-12"))
    assert chain(sqlite_api)["answered"] == (1, 2, 1)
    record.correct(1, days("01-11"), kind="proposal", level="system", voiced_by="refugees")
    assert chain(sqlite_api)["answered"] == (1, 1, 1)
    record.retract(3)
    assert chain(sqlite_api)["answered"] == (1, 9, 1)
    record.retract(1)
    assert chain(sqlite_api) == {}
    assert chain(sqlite_api, f"as_of={known}") == {"raised": (1, ".", "."), "answered": (1, 10, 1)}


def test_steps_and_measures_are_never_added_together(two: None, sqlite_api: Api) -> None:
    assert Table(sqlite_api, "valuecodes[level]=*", NAME).body["id"] == ["level", "step", "measure"]
    elimination = {
        name: dimension["extension"]["elimination"]
        for name, dimension in Table(sqlite_api, "", NAME).body["dimension"].items()
    }
    assert elimination == {"step": False, "measure": False, "year": True}
    members = f"/v1/tables/{NAME}/members"
    for query in ("", "valuecodes[step]=raised", "valuecodes[step]=*&valuecodes[measure]=inputs"):
        assert sqlite_api.get(f"{members}?{query}").status_code == 422
    found = sqlite_api.items(f"{members}?valuecodes[step]=verified&valuecodes[measure]=days")
    assert [(each["noun"], each["n"]) for each in found] == [("input", 31)]
