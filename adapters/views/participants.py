"""Participants in lists: codes, dates and pseudonyms; never a name or an external id."""

from typing import Any

from sqlalchemy import Table, or_

from adapters.views.lists import ListView
from domain.participants import Participant


def _followed_by(table: Table, who: str) -> Any:
    return or_(table.c.contact_person == who, table.c.cover_person == who)


def _followed_in(table: Table, unit: str) -> Any:
    return or_(table.c.contact_unit == unit, table.c.cover_unit == unit)


VIEW = ListView(
    name="participants",
    kind=Participant,
    conditions={"contact_person": _followed_by, "unit": _followed_in},
)
