"""Row 5: a command over HTTP, each service in a process of its own, asked by one client that keeps its connection."""

import itertools
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from uuid import uuid4

from api import ledgers
from api.bootstrap import bootstrap
from api.config import Config
from benchmarks import crud, services
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.meetings import body
from benchmarks.places import POSTGRESQL, SQLITE, Place, for_sqlalchemy, settings_of
from benchmarks.services import Request, Service


@contextmanager
def on_postgresql(place: Place, size: int) -> Iterator[Comparison]:
    """Row 5 on PostgreSQL."""
    url, config = for_sqlalchemy(place.database("crud")), place.installation(POSTGRESQL)
    settings = {**settings_of(place.cluster), "views": "fed by a process of their own, as in production"}
    with (
        _commands(place, config, size, url, settings) as comparison,
        services.running(["-m", "api.cli", "project"], services.environment(config), place.path("log")),
    ):
        yield comparison


@contextmanager
def on_sqlite(place: Place, size: int) -> Iterator[Comparison]:
    """Row 5 on SQLite."""
    url, config = f"sqlite:///{place.path('crud.db')}", place.installation(SQLITE)
    settings = {
        "events, vault, the plain service": "WAL, synchronous = FULL",
        "views": "fed in the server's own process, as `medvirkning serve` does",
    }
    with _commands(place, config, size, url, settings) as comparison:
        yield comparison


@contextmanager
def _commands(place: Place, config: Config, size: int, url: str, settings: dict[str, str]) -> Iterator[Comparison]:
    numbers = itertools.count()
    crud.prepare(url, services.PLAIN_TOKEN)
    with ExitStack() as stack:
        with services.on_the_first_core():
            mine, theirs = (
                stack.enter_context(each.client(place.path("log"))) for each in (_ours(config), services.plain(url))
            )
        with services.on_other_cores():
            yield Comparison(
                row=5,
                work="a command over HTTP",
                back_end=SQLITE if config.embedded else POSTGRESQL,
                unit="commands",
                size=size,
                ours=Contender("ours", lambda count: _requests(numbers, count), mine.ask),
                peers=(Peer(Contender(services.PLAIN, lambda count: _requests(numbers, count), theirs.ask), 0.8),),
                settings=settings,
            )


def _ours(config: Config) -> Service:
    opened = bootstrap(config)
    try:
        return services.ours(opened, ledgers.create(opened, "1504", "Ålesund", synthetic=True))
    finally:
        opened.close()


def _requests(numbers: Iterator[int], count: int) -> list[Request]:
    """So many commands that schedule a meeting."""
    return [
        Request(
            "POST",
            "/v1/meetings",
            201,
            json.dumps(body(next(numbers))).encode(),
            (("Content-Type", "application/json"), ("Idempotency-Key", str(uuid4()))),
        )
        for _ in range(count)
    ]
