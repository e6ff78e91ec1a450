"""Row 11: the memory a server holds once it has gone over every event of a large ledger, and of a small one."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from api.events import SCAN
from benchmarks import large, services
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.places import POSTGRESQL, SQLITE, Place
from benchmarks.services import Request, Service

FEW = 10_000
_RECORDS = 200
_NONE = "meeting.none.v1"
"""A type no event has: a request for it goes over as many events as one may, and answers with none."""


def on_postgresql(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 11 on PostgreSQL."""
    return _held(place, POSTGRESQL, size)


def on_sqlite(place: Place, size: int) -> AbstractContextManager[Comparison]:
    """Row 11 on SQLite."""
    return _held(place, SQLITE, size)


@contextmanager
def _held(place: Place, back_end: str, size: int) -> Iterator[Comparison]:
    few = min(FEW, max(1, size // 2))
    large_one, small_one = (_server(place, back_end, count) for count in (size, few))
    yield Comparison(
        row=11,
        work=f"a server's memory after {size:,} events",
        back_end=back_end,
        unit="events",
        size=size,
        ours=Contender("ours", int, lambda _: large_one.after_all(place)),
        peers=(Peer(Contender(f"ours, after {few:,}", int, lambda _: small_one.after_all(place)), most=1.2),),
        settings={"asked": f"the feed from its first event to its last, and {_RECORDS} records"},
        rounds=1,
        megabytes=True,
    )


class _Server(NamedTuple):
    """A service over a ledger, and what it is asked."""

    service: Service
    requests: Sequence[Request]

    def after_all(self, place: Place) -> float:
        """The megabytes it holds when it has answered everything, from its start on."""
        with self.service.client(place.path("log")) as client:
            client.ask(self.requests)
            return client.megabytes()


def _server(place: Place, back_end: str, size: int) -> _Server:
    with large.ledger(place, back_end, size) as (running, store):
        if back_end == SQLITE:  # whose server feeds its views
            large.caught_up(running.ledger_views(store.ledger))
        urls = {feature.aggregate.noun: feature.url for feature in running.features}
        step = max(1, store.head() // _RECORDS)
        some = [event for after in range(1, store.head(), step) for event in store.page(after, 1)]
        paths = [
            *(f"/v1/events?after={after}&type={_NONE}" for after in range(0, store.head(), SCAN)),
            *(f"{urls[each.name.partition('.')[0]]}/{each.stream_id}" for each in some),
        ]
        return _Server(services.ours(running, store.ledger, "evaluator"), [Request("GET", path) for path in paths])
