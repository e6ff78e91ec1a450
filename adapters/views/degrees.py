"""The table degrees: how far people had a say, as promised, as the events show and as they say (seed s:26).

Every record whose noun may be promised participation counts once, in the year it was opened. What the events show
depends on the version of the codebook: a fact says it for each of them, and the table reads the one that is asked for.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter

from adapters.views.facts import Count, Fact, Related, fact
from domain import codebook
from domain.aggregate import Aggregate
from domain.degrees import NOTHING, degrees
from domain.tables import by_version

VERSIONS = tuple(codebook.load(version) for version in range(1, codebook.VERSION + 1))


def count(record: Aggregate, related: Related) -> Iterator[Fact]:
    """A record's degrees, from the day they are so to the day they are otherwise."""
    before: tuple[str, ...] | None = None
    told = [NOTHING] * len(VERSIONS)
    for day, steps in groupby(record.steps, attrgetter("ends")):
        shown = [*filter(record.shows, steps)]
        told = [degrees(shown, book, so_far) for book, so_far in zip(VERSIONS, told, strict=True)]
        documented = by_version([each.documented for each in told])
        now = (record.noun, told[0].intended, documented, told[0].experienced)
        if now != before:
            if before is not None:
                yield fact(before, record.steps[0], since=day, n=-1)
            yield fact(now, record.steps[0], since=day)
        before = now


COUNTERS: Mapping[str, Count] = {"degrees": count}
