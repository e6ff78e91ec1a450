"""Random histories of meetings and inputs: events, late events, corrections and retractions, told one by one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import msgspec
from hypothesis import Phase
from hypothesis import strategies as st

from domain.aggregate import Aggregate
from domain.commands import Command
from domain.errors import ImpossibleCorrection
from domain.events import Actor, Corrected, Event, Meta, Retracted
from domain.history import Recorded
from domain.inputs import CHAIN, Input
from domain.meetings import Group, Meeting, Tally
from domain.time import instant, microseconds, oslo_day
from tests.conftest import Ids

BEGINNING = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""When the first move is told."""

PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""For what is told to a database: to shrink a history there takes minutes."""

MEETING_STATES = ("scheduled", "invited", "held", "minuted", "cancelled")
BY = Actor(id="coordinator", role="coordinator", unit="not_recorded")


class Move(NamedTuple):
    """What is told next, `wait` days after the move before. Numbers choose among what there is by then.

    `days` are the first and last day it happened on, in days before it is told; None is an open end.
    """

    what: str
    kind: type[Aggregate]
    record: int
    event: int
    days: tuple[int | None, int | None]
    wait: int
    content: dict[str, Any]


CONTENT = st.fixed_dictionaries(
    {
        "level": st.sampled_from(["individual", "system", "unknown"]),
        "form": st.sampled_from(["f3", "f35", "not_recorded"]),
        "arena": st.sampled_from(["ar1", "ar16", "unknown"]),
        "phase": st.sampled_from(["P1", "PL2", "not_asked"]),
        "interpreter_need": st.sampled_from(["needed", "not_assessed", "not_recorded"]),
        "tally": st.sampled_from([Tally(), Tally(attended=7), Tally(invited=9, attended="unknown")]),
        "group": st.sampled_from([None, Group(5), Group(6)]),
        "state": st.integers(0, 6),
        "voiced_by": st.sampled_from(["refugees", "municipal_staff"]),
        "source": st.integers(0, 3),
        "outcome": st.sampled_from(["adopted", "rejected"]),
        "reason": st.sampled_from(["other", "not_recorded"]),
        "deciding_unit": st.sampled_from(["bolig", "plan"]),
        "verifying_unit": st.sampled_from(["bolig", "plan"]),
        "channel": st.sampled_from(["meeting", "letter"]),
        "degree": st.sampled_from(["1", "3", "unknown"]),
        "rating": st.integers(1, 5),
    }
)
DAYS = st.one_of(
    st.integers(0, 9).map(lambda day: (day, day)),
    st.tuples(st.integers(4, 9), st.integers(0, 4)),
    st.tuples(st.none() | st.integers(0, 400), st.none() | st.just(0)),
)


def moves(least: int = 1, most: int = 25) -> st.SearchStrategy[list[Move]]:
    """Moves, the first of which opens a meeting."""
    numbers = st.integers(0, 9)
    rest = (numbers, numbers, DAYS, st.integers(0, 2), CONTENT)
    whats = st.sampled_from(["open", "record", "record", "record", "correct", "correct", "retract"])
    move = st.builds(Move, whats, st.sampled_from([Meeting, Input]), *rest)
    first = st.builds(Move, st.just("open"), st.just(Meeting), *rest)
    return st.builds(lambda one, more: [one, *more], first, st.lists(move, min_size=least - 1, max_size=most - 1))


class Keeper(Protocol):
    """Whatever keeps what is told: a ledger's store, or a memory."""

    def save(self, aggregate: Any, command: Command) -> Any: ...


class Memory:
    """Keeps records in memory, positions as a ledger would give them."""

    def __init__(self) -> None:
        self.position = 1

    def save(self, aggregate: Any, command: Command) -> Any:
        """The record with its pending events in their place."""
        kept = list(aggregate.history[: -len(aggregate.pending)])
        for each in aggregate.pending:
            self.position += 1
            kept.append(msgspec.structs.replace(each, position=self.position))
        return type(aggregate)(aggregate.id, kept)


@dataclass
class Telling:
    """Moves as they are told to a keeper, and the records they have made so far, in the order of opening."""

    keeper: Keeper
    records: dict[UUID, Aggregate] = field(default_factory=dict)
    now: int = microseconds(BEGINNING)
    ids: Ids = field(default_factory=lambda: Ids(2009))

    def tell(self, moves: Iterable[Move]) -> "Telling":
        """Tells the moves; one that has nothing to be about is passed over."""
        for move in moves:
            self.now = microseconds(instant(self.now) + timedelta(days=move.wait, seconds=1))
            told = self._told(move)
            if told is not None:
                self.records[told.id] = self.keeper.save(told, self._command)
        return self

    def history(self) -> list[Recorded]:
        """Every event of every record, as the ledger has them."""
        return sorted((each for record in self.records.values() for each in record.history), key=lambda e: e.position)

    def days(self) -> list[date]:
        """The days anything can change on, and the days around them."""
        mentioned = {oslo_day(self.now)}
        for each in self.history():
            metas = [each.event.meta, getattr(each.event, "replacement", each.event).meta]
            mentioned |= {day for meta in metas for day in (meta.occurred_from, meta.occurred_to) if day}
            mentioned.add(oslo_day(each.recorded_at))
        return sorted({day + timedelta(days=more) for day in mentioned for more in (-1, 0)})

    @property
    def _command(self) -> Command:
        return Command(now=self.now, new_id=self.ids, client="told", accept_all=True)

    def _told(self, move: Move) -> Aggregate | None:
        if move.what == "open":
            opens = [each for each in move.kind.events if _describes(each)]
            event = self._event(move.kind, opens[move.event % len(opens)], move)
            return move.kind(self.ids()).record(event, self._command)
        found = [record for record in self.records.values() if isinstance(record, move.kind)]
        if not found:
            return None
        record = found[move.record % len(found)]
        if move.what == "record":
            later = [each for each in move.kind.events if not _describes(each)]
            return record.record(self._event(move.kind, later[move.event % len(later)], move), self._command)
        originals = [each for each in record.history if not isinstance(each.event, Corrected | Retracted)]
        target = originals[move.event % len(originals)]
        meta = Meta(recorded_by=BY)
        try:
            if move.what == "retract":
                return record.retract(target.event_id, None, meta, self._command)
            replacement = self._event(move.kind, type(target.event), move)
            return record.correct(target.event_id, replacement, None, meta, self._command)
        except ImpossibleCorrection:
            return None

    def _event(self, kind: type[Aggregate], event: type[Event], move: Move) -> Event:
        states = MEETING_STATES if kind is Meeting else CHAIN
        meetings = [str(record.id) for record in self.records.values() if isinstance(record, Meeting)]
        content = {
            **move.content,
            "kind": "dialogue_meeting" if kind is Meeting else "wish",
            "state": states[move.content["state"] % len(states)],
            "source": ["unknown", *meetings][move.content["source"] % (len(meetings) + 1)],
        }
        today = oslo_day(self.now)
        first, last = (None if day is None else today - timedelta(days=day) for day in move.days)
        meta = Meta(occurred_from=first, occurred_to=last, recorded_by=BY)
        return event(meta=meta, **{name: content[name] for name in event.__struct_fields__ if name in content})


def _describes(event: type[Event]) -> bool:
    return "kind" in event.__struct_fields__
