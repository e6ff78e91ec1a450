"""Row 9: reads over HTTP, of records that were planned, invited to, held and minuted."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import NamedTuple
from uuid import UUID

from api import ledgers
from benchmarks import crud, services, stored
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.meetings import MINUTES, body, lives
from benchmarks.places import POSTGRESQL, SQLITE, Place, for_sqlalchemy, settings_of
from benchmarks.services import Request, Service

RECORDS = 2_000
"""Each side has so many; a turn reads one after the other."""

_EVENTS, _HELD = 4, 3
"""The events of each, and the version of the one it was held by."""

_PAGE = 50


class _Kind(NamedTuple):
    """One kind of read: its name, our path and the plain service's, and the goal."""

    name: str
    ours: str
    theirs: str
    goal: float


_DETAIL = _Kind("a detail", "/v1/meetings/{id}", "/v1/meetings/{id}", 0.8)
_AS_OF = _Kind("a detail as of a moment", "/v1/meetings/{id}?as_of={held}", "/v1/meetings/{id}", 0.5)
_LIST = _Kind("a list page", f"/v1/meetings?limit={_PAGE}", f"/v1/meetings?limit={_PAGE}", 0.9)


def detail_on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 9, a record, on PostgreSQL."""
    return _reads(place, POSTGRESQL, _DETAIL, size)


def detail_on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 9, a record, on SQLite."""
    return _reads(place, SQLITE, _DETAIL, size)


def list_on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 9, a page of the list, on PostgreSQL."""
    return _reads(place, POSTGRESQL, _LIST, size)


def list_on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 9, a page of the list, on SQLite."""
    return _reads(place, SQLITE, _LIST, size)


def as_of_on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 9, a record as it was before its last event, on PostgreSQL; the plain service has only what is."""
    return _reads(place, POSTGRESQL, _AS_OF, size)


def as_of_on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 9, a record as it was before its last event, on SQLite."""
    return _reads(place, SQLITE, _AS_OF, size)


@contextmanager
def _reads(place: Place, back_end: str, kind: _Kind, size: int) -> Iterator[Comparison]:
    records = min(RECORDS, 4 * size)
    ours, held = _ours(place, back_end, records)
    url = f"sqlite:///{place.path('crud.db')}" if back_end == SQLITE else for_sqlalchemy(place.database("crud"))
    crud.prepare(url, services.PLAIN_TOKEN)
    others = dict.fromkeys(crud.fill(url, map(body, range(records)), MINUTES), 0)
    with ExitStack() as stack:
        with services.on_the_first_core():
            mine, theirs = (stack.enter_context(each.client(place.path("log"))) for each in (ours, services.plain(url)))
        with services.on_other_cores():
            yield Comparison(
                row=9,
                work=f"{kind.name} over HTTP",
                back_end=back_end,
                unit="reads",
                size=size,
                ours=Contender("ours", _asking(kind.ours, held), mine.ask),
                peers=(Peer(Contender(services.PLAIN, _asking(kind.theirs, others), theirs.ask), kind.goal),),
                settings={
                    **(settings_of(place.cluster) if back_end == POSTGRESQL else {}),
                    "records": f"{records:,} of {_EVENTS} events each, {_PAGE} rows a list page",
                },
            )


def _ours(place: Place, back_end: str, records: int) -> tuple[Service, Mapping[UUID, int]]:
    """Our service over so many records, and each with the position it was held at."""
    with place.running(back_end) as opened:
        ledger = ledgers.create(opened, "1504", "Ålesund", synthetic=True)
        store = opened.store(ledger)
        events = iter(lives(records * _EVENTS))
        while batch := [*itertools.islice(events, 1_000)]:
            stored.append_all(store, batch)
        opened.ledger_views(ledger).catch_up()
        told = store.page(0, store.head())
        return services.ours(opened, ledger), {each.stream_id: each.position for each in told if each.version == _HELD}


def _asking(path: str, records: Mapping[UUID, int]) -> Callable[[int], Sequence[Request]]:
    """Asks for one of these records after the other, again and again; each comes with the position it was held at."""
    following = itertools.cycle(records.items())
    return lambda size: [
        Request("GET", path.format(id=record, held=held)) for record, held in itertools.islice(following, size)
    ]
