"""Hearings in lists, and what a hearing counts for."""

from collections.abc import Iterator, Mapping
from datetime import date
from uuid import UUID

from adapters.views.facts import Count, Fact, Related, fact
from adapters.views.lists import ListView
from adapters.views.participation_events import Axes
from domain.events import Event
from domain.hearings import Hearing, listed
from domain.hearings.events import RecipientListFixed, RegisteredAsExisting, StatementReceived
from domain.inputs import Input


def axes(hearing: Hearing) -> Axes:
    """Where a hearing was: the axes an input raised at it has, too."""
    return Axes(hearing.form, hearing.arena, hearing.phase, hearing.level)


def count_hearings(hearing: Hearing, related: Related) -> Iterator[Fact]:
    """Who was invited, what was stated, and how many of the inputs have an answer now, by when it was opened.

    A list that is fixed anew takes the place of the one before. Inputs count once each, from the day they are named.
    """
    opened = hearing.opened
    if opened is None:
        return

    def counted(measure: str, since: date, n: int = 1, source: UUID | None = None) -> Fact:
        return fact((hearing.plan_type, measure), opened, since=max(since, opened.ends), n=n, source=source)

    yield counted("hearings", opened.ends)
    listed_before: dict[str, int] = {}
    for step in hearing.steps:
        if (listing := _listing(step.event)) is not None:
            for measure, n in listed_before.items():
                yield counted(measure, step.ends, -n)
            for measure, n in listing.items():
                yield counted(measure, step.ends, n)
            listed_before = listing
        if isinstance(step.event, StatementReceived):
            yield counted("statements", step.ends)
            if "refugees" in (step.event.submitted_by, step.event.on_behalf_of):
                yield counted("statements_refugees", step.ends)
    if isinstance(told := opened.event, RegisteredAsExisting):
        before = {"statements": told.statements, "inputs": told.of, "inputs_answered": told.answered}
        for measure, count in before.items():
            if isinstance(count, int):
                yield counted(measure, opened.ends, count)
    for each, named in hearing.named.items():
        found = Input(each, related(each))
        yield counted("inputs", named.ends, source=each)
        if found.retracted:
            # Counted and taken away: told again it counts, and the hearing must rest on it to be counted anew.
            yield counted("inputs", named.ends, -1, source=each)
        elif found.first_answered:
            yield counted("inputs_answered", max(named.ends, found.first_answered.ends), source=each)


def _listing(event: Event) -> dict[str, int] | None:
    """What a list of recipients counts for; None of an event that tells of none."""
    if isinstance(event, RecipientListFixed):
        invited, voice = event.invited, listed(event)
    elif isinstance(event, RegisteredAsExisting):
        invited, voice = event.invited, event.refugee_voice
    else:
        return None
    return {
        **({"invited": invited} if isinstance(invited, int) else {}),
        **({"refugee_voice_on_list": 1} if voice == "yes" else {}),
    }


VIEW = ListView(name="hearings", kind=Hearing)
COUNTERS: Mapping[str, Count] = {"hearings": count_hearings}
