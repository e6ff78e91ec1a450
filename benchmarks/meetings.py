"""The events of the rows: meetings scheduled, invited to, held and minuted, with text such as people write."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid4

from api.bootstrap import now
from domain.events import Actor, Event, Meta, Performer
from domain.history import Recorded
from domain.meetings import CodeCount, Group, Held, Invited, Marginal, Minuted, Scheduled, Tally

DAY = date(2026, 2, 2)
_ACTOR = Actor(id="caseworker-7", role="caseworker", unit="refugee-service")
MINUTES = (
    "Gjennomgang av planen for våren. Deltakerne vil ha norskkurs på kveldstid og mer praksis. "
    "Boligkontoret forklarer fristene og hvem som kan søke. Tre spurte om barnehageplass. "
    "Neste møte om fire uker, med tolk, og svar på det som ble lovet."
)


def lives(count: int) -> list[Recorded]:
    """So many events, whole meetings after one another."""
    return list(itertools.islice((event for n in itertools.count() for event in _life(uuid4(), n)), count))


def _life(meeting: UUID, n: int) -> Iterator[Recorded]:
    for version, event in enumerate(_told(n), start=1):
        yield Recorded(
            event_id=uuid4(),
            stream_id=meeting,
            version=version,
            name=f"meeting.{event.NAME}",
            event=event,
            recorded_at=now(),
        )


def _told(n: int) -> Iterator[Event]:
    day = DAY + timedelta(days=n % 20)
    meta = Meta(
        occurred_from=day,
        occurred_to=day,
        recorded_by=_ACTOR,
        performed_by=Performer(role="caseworker", unit="refugee-service"),
        basis="first_hand",
        correlation_id=str(uuid4()),
    )
    yield Scheduled(
        meta=meta,
        kind="dialogue_meeting",
        composition="joint",
        level="system",
        form="f6",
        arena="ar4",
        phase="P4",
        units=("refugee-service", "housing-office"),
        interpreter_need="needed",
        title=f"Dialogmøte nr. {n}",
        place="Biblioteket, møterom 2",
        planned_on=day,
    )
    yield Invited(meta=meta, invited=20, interpreter_need="needed")
    yield Held(
        meta=meta,
        interpreter_need="needed",
        interpreter_use="qualified",
        tally=Tally(invited=20, attended=14, refugees=9, staff=4, others=1),
        group=Group(n=9, marginals=(Marginal("genders", (CodeCount("woman", 5), CodeCount("man", 4))),)),
    )
    yield Minuted(meta=meta, minutes=MINUTES)


def body(n: int) -> dict[str, object]:
    """The body that schedules such a meeting over HTTP."""
    return {
        "occurred": {"from": DAY.isoformat(), "to": DAY.isoformat()},
        "performed_by": {"role": "caseworker", "unit": "refugee-service"},
        "basis": "first_hand",
        "kind": "dialogue_meeting",
        "level": "system",
        "units": ["refugee-service", "housing-office"],
        "title": f"Dialogmøte nr. {n}",
        "place": "Biblioteket, møterom 2",
        "agenda": "Planen for våren; norskkurs; bolig; eventuelt.",
        "planned_on": DAY.isoformat(),
    }
