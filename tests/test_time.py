"""Days in Oslo and instants in microseconds."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.time import end_of_oslo_day, instant, microseconds, oslo_day, rfc3339

DAYS = st.dates(min_value=date(1970, 1, 2), max_value=date(2200, 1, 1))


@given(DAYS)
def test_a_day_in_oslo_ends_a_microsecond_before_the_next_begins(day: date) -> None:
    end = end_of_oslo_day(day)
    assert oslo_day(end) == day
    assert oslo_day(end + 1).toordinal() == day.toordinal() + 1


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2028, 2, 29), 24)])
def test_days_are_as_long_as_the_clocks_make_them(day: date, hours: int) -> None:
    before = date.fromordinal(day.toordinal() - 1)
    assert end_of_oslo_day(day) - end_of_oslo_day(before) == hours * 3_600_000_000


@given(st.integers(min_value=0, max_value=microseconds(datetime(2200, 1, 1, tzinfo=UTC))))
def test_an_instant_is_kept_to_the_microsecond(us: int) -> None:
    assert microseconds(instant(us)) == us
    assert microseconds(datetime.fromisoformat(rfc3339(us))) == us


def test_the_last_day_there_is_has_an_end() -> None:
    assert end_of_oslo_day(date.max) == microseconds(datetime.max.replace(tzinfo=UTC))
