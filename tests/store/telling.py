"""What is told of meetings and inputs to feed views with, and every row that comes of it."""

from datetime import date
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from adapters.eventstore import LedgerStore
from adapters.projections import LedgerViews
from domain.commands import Command
from domain.events import Actor, Meta
from domain.inputs import Acknowledged, Input, Raised
from domain.meetings import Held, Meeting, Scheduled, Tally
from domain.records import correct, open_record, record, retract
from tests.conftest import Clock

META = Meta(recorded_by=Actor(id="a", role="system", unit="unknown"))


def tell(store: LedgerStore, clock: Clock, times: int) -> None:
    """Meetings that are held, then corrected, every other one retracted, each with an input raised at it."""
    for at in range(times):

        def command() -> Command:
            return Command(now=clock(), new_id=uuid4, client="test", accept_all=True)

        meeting = open_record(store, Meeting, Scheduled(meta=META, kind="interview", form="f3"), command())
        raised = Raised(meta=META, kind="wish", level="system", voiced_by="refugees", source=str(meeting.id))
        owed = Acknowledged(meta=META, answer_due=date(2026, 3, 1 + at % 28))
        record(store, Input, open_record(store, Input, raised, command()).id, None, owed, command())
        unassessed: dict[str, Any] = {"interpreter_need": "not_assessed", "tally": Tally(attended=at)}
        held = record(store, Meeting, meeting.id, None, Held(meta=META, **unassessed), command())
        target, replacement = held.history[0].event_id, Scheduled(meta=META, kind="interview", form="f35")
        shared: dict[str, Any] = {"reason": None, "meta": META, "command": command()}
        correct(store, Meeting, meeting.id, None, target=target, replacement=replacement, **shared)
        if at % 2:
            retract(store, Meeting, meeting.id, None, target=target, **shared)


def rows(views: LedgerViews) -> dict[str, list[str]]:
    """Every row of every view of the ledger."""
    with views.store.engine.connect() as connection:
        return {
            table.name: sorted(map(str, connection.execute(select(table).where(table.c.ledger == views.events.ledger))))
            for tables in views.store.tables.values()
            for table in tables
        }
