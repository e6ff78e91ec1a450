"""Move-outs in lists, and in the count of where they went and how it stands."""

from collections.abc import Iterator, Mapping

from adapters.views.facts import Count, Fact, Related, fact, unplaced
from adapters.views.lists import ListView
from domain.move_outs import MoveOut


def count(move_out: MoveOut, related: Related) -> Iterator[Fact]:
    """A move counts once, in the year of it, by how it stands, from the day that was seen on."""
    codes = (
        move_out.destination,
        move_out.initiated_by,
        move_out.voluntariness_own,
        move_out.voluntariness_staff,
    )
    for standing in move_out.standings():
        for since, n in ((standing.since, 1), (standing.until, -1)):
            if since is None:
                continue
            if move_out.moved is None:
                yield unplaced((*codes, standing.code), since, n)
            else:
                yield fact((*codes, standing.code), move_out.moved, since=since, n=n)


VIEW = ListView(name="move_outs", kind=MoveOut)
COUNTERS: Mapping[str, Count] = {"move-outs": count}
