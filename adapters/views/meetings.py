"""Meetings in lists and in the count of participation."""

from collections.abc import Iterator, Mapping

from adapters.views.facts import Count, Fact, Related
from adapters.views.lists import ListView
from adapters.views.participation_events import Axes, counted
from domain.meetings import Meeting


def axes(meeting: Meeting) -> Axes:
    """Where a meeting happened: the axes an input raised at it has, too."""
    return Axes(meeting.form, meeting.arena, meeting.phase, meeting.level)


def count(meeting: Meeting, related: Related) -> Iterator[Fact]:
    """A meeting that was held counts once, on the day it was first held."""
    if meeting.first_held is not None:
        yield counted("meeting", axes(meeting), meeting.first_held)


VIEW = ListView(name="meetings", kind=Meeting)
COUNTERS: Mapping[str, Count] = {"participation-events": count}
