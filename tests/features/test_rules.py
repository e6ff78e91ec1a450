"""Rules that carry a date: rows, not branches, each with its source."""

from datetime import date

import pytest

from domain import codebook, rules
from tests.conftest import Api


@pytest.mark.parametrize(
    ("parameter", "regime", "day", "values"),
    [
        ("decision_months", "integreringsloven_2021", date(2021, 1, 1), (3,)),
        ("decision_months", "integreringsloven_2021", date(2020, 12, 31), ()),
        ("decision_months", "integreringsloven_kollektiv_beskyttelse", date(2024, 1, 1), ()),
        ("follow_up_months", "house", date(2009, 6, 1), (3, 6, 12, 24)),
        ("hearing_days", "kommuneplan", date(2026, 1, 1), (42,)),
        ("hearing_days", "boligsosial_handlingsplan", date(2026, 1, 1), ()),
    ],
)
def test_a_parameter_has_the_values_of_its_regime_and_day(
    parameter: str, regime: str, day: date, values: tuple[int, ...]
) -> None:
    assert rules.values(parameter, regime, day) == values
    assert rules.value(parameter, regime, day) == (values[0] if values else None)


def test_every_row_says_where_it_comes_from_and_speaks_the_codebooks_words() -> None:
    book = codebook.load()
    regimes = {rules.HOUSE, *book.lists["legal-regimes"].codes, *book.lists["plan-types"].codes}
    for row in rules.rows():
        assert row.source
        assert book.known("rule-parameters", row.parameter)
        assert row.regime in regimes or book.known("statutory-bases", row.regime), row.regime
        assert row.valid_to is None or row.valid_from <= row.valid_to


def test_rows_of_one_parameter_and_regime_that_hold_together_differ() -> None:
    rows = rules.rows()
    assert len({(row.parameter, row.regime, row.value, row.valid_from) for row in rows}) == len(rows)


def test_the_rows_are_read_over_http_all_or_those_of_a_day(sqlite_api: Api) -> None:
    found = sqlite_api.get("/v1/rules", role="researcher").json["items"]
    assert len(found) == len(rules.rows())
    then = sqlite_api.get("/v1/rules?on=2009-12-31").json["items"]
    assert {row["regime"] for row in then if row["parameter"] == "review_months"} == {"introduksjonsloven_2003"}
    assert all(row["valid_from"] <= "2009-12-31" for row in then)
