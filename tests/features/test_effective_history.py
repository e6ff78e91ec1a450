"""What of a history holds on a day, against the text of the rule, over random histories."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from hypothesis import given, settings

from domain.aggregate import Aggregate
from domain.commands import Command
from domain.events import Corrected, Event, Meta, Retracted
from domain.history import Recorded, effective
from domain.meetings import Meeting, Scheduled
from domain.time import oslo_day
from tests.features.histories import BY, Memory, Move, Telling, moves


def told(history: list[Recorded], on: date | None) -> list[tuple[UUID, Event]]:
    """What holds, by the text: originals with their latest replacement, by last possible day and position."""
    found = []
    for original in history:
        if isinstance(original.event, Corrected | Retracted):
            continue
        about = [each.event for each in history if getattr(each.event, "target", None) == original.event_id]
        if about and isinstance(about[-1], Retracted):
            continue
        event = about[-1].replacement if about and isinstance(about[-1], Corrected) else original.event
        meta = event.meta
        last = meta.occurred_to or max(oslo_day(original.recorded_at), meta.occurred_from or date.min)
        if on is None or last <= on:
            found.append((last, original.position, original.event_id, event))
    return [(event_id, event) for _, _, event_id, event in sorted(found, key=lambda each: each[:2])]


def state(record: Aggregate, holds: list[tuple[UUID, Event]]) -> Any:
    """A record's state by its last event that is no attendance, feedback, promise or experience."""
    beside = ("attendance_recorded", "feedback_given", "feedback_rated", "promised", "experienced")
    names = [getattr(event, "state", event.NAME) for _, event in holds if event.NAME not in beside]
    return names[-1] if names else "unknown"


def test_what_holds_of_a_random_history_is_what_the_text_says(counts: Callable[[int, int], int]) -> None:
    @settings(max_examples=counts(150, 2_000), deadline=None)
    @given(moves())
    def check(moves: list[Move]) -> None:
        telling = Telling(Memory()).tell(moves)
        for record in telling.records.values():
            for on in (None, *telling.days()):
                expected = told(list(record.history), on)
                assert [(step.event_id, step.event) for step in effective(record.history, on)] == expected
                folded = type(record)(record.id, record.history, on)
                assert folded.state == state(record, expected)
            opening = record.history[0].event_id
            assert record.retracted == (opening not in dict(told(list(record.history), None)))

    check()


def test_every_departure_of_a_random_history_stands_in_an_event(counts: Callable[[int, int], int]) -> None:
    """Whatever departs from a rule now was acknowledged, or named by the entry that made it depart."""

    @settings(max_examples=counts(100, 1_000), deadline=None)
    @given(moves())
    def check(moves: list[Move]) -> None:
        for record in Telling(Memory()).tell(moves).records.values():
            named = {
                (deviation.rule, deviation.event_id or each.event_id)
                for each in record.history
                for deviation in each.event.meta.deviations
            }
            assert {(each.rule, each.event_id) for each in record.deviations} <= named

    check()


def test_an_open_end_counts_as_the_day_it_was_told_and_never_before_it_began(command: Command) -> None:
    open_ended = Meta(occurred_from=date(2026, 1, 1), recorded_by=BY)
    meeting = Meeting(command.new_id()).record(Scheduled(meta=open_ended, kind="interview"), command)
    told_on = oslo_day(command.now)
    assert [step.ends for step in meeting.steps] == [told_on]
    later = Command(now=command.now + 10 * 86_400_000_000, new_id=command.new_id, client="test")
    since = oslo_day(later.now)
    begun = Scheduled(meta=Meta(occurred_from=since, recorded_by=BY), kind="interview")
    moved = meeting.correct(meeting.history[0].event_id, begun, None, Meta(recorded_by=BY), later)
    assert [(step.starts, step.ends) for step in moved.steps] == [(since, since)]
    same = Scheduled(meta=open_ended, kind="theme_evening")
    unmoved = meeting.correct(meeting.history[0].event_id, same, None, Meta(recorded_by=BY), later)
    assert [step.ends for step in unmoved.steps] == [told_on]
    assert Meeting(meeting.id, unmoved.history, told_on).kind == "theme_evening"  # type: ignore[attr-defined]
