"""Participants in lists: codes, dates and pseudonyms; never a name or an external id."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Date, Integer, String, Table, Uuid, or_

from adapters.views.lists import ListView, code
from domain.participants import Participant


def columns() -> tuple[Column[Any], ...]:
    """The list's own columns, in the order of `row`."""
    return (
        code("state"),
        code("pathway"),
        code("permit_basis"),
        Column("arrived_on", Date),
        Column("settled_on", Date),
        code("age_band"),
        code("gender"),
        code("country"),
        code("language"),
        code("interpreter_need"),
        code("informed"),
        code("research_reservation"),
        code("protection_grade"),
        Column("destination", String(64)),
        Column("merged_into", Uuid),
        Column("contact_person", String(64)),
        Column("contact_unit", String(64)),
        Column("cover_person", String(64)),
        Column("cover_unit", String(64)),
        Column("deviations", Integer, nullable=False),
    )


def row(participant: Participant) -> Mapping[str, Any]:
    """The list row of a participant."""
    contact, cover = participant.contact, participant.cover
    return {
        "state": participant.state,
        "pathway": participant.pathway,
        "permit_basis": participant.permit_basis,
        "arrived_on": participant.arrived_on,
        "settled_on": participant.settled_on,
        "age_band": participant.age_band,
        "gender": participant.gender,
        "country": participant.country,
        "language": participant.language,
        "interpreter_need": participant.interpreter_need,
        "informed": participant.informed,
        "research_reservation": participant.research_reservation,
        "protection_grade": participant.protection_grade,
        "destination": participant.destination,
        "merged_into": participant.merged_into,
        "contact_person": contact.contact_person if contact else None,
        "contact_unit": contact.contact_unit if contact else None,
        "cover_person": cover.contact_person if cover else None,
        "cover_unit": cover.contact_unit if cover else None,
        "deviations": len(participant.deviations),
    }


def _followed_by(table: Table, who: str) -> Any:
    return or_(table.c.contact_person == who, table.c.cover_person == who)


def _followed_in(table: Table, unit: str) -> Any:
    return or_(table.c.contact_unit == unit, table.c.cover_unit == unit)


VIEW = ListView(
    name="participants",
    kind=Participant,
    columns=columns,
    row=row,
    conditions={"contact_person": _followed_by, "unit": _followed_in},
)
