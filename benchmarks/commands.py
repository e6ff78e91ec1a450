"""Row 5: a command over HTTP, each service in a process of its own, asked by one client that keeps its connection."""

import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

from api import demo, ledgers
from api.bootstrap import bootstrap
from api.config import Config
from benchmarks import crud
from benchmarks.measure import Comparison, Contender, Peer
from benchmarks.meetings import body
from benchmarks.places import POSTGRESQL, SQLITE, Place, for_sqlalchemy, settings_of

_ROOT = Path(__file__).parent.parent
_TOKEN = "a-token-of-the-plain-service"


@contextmanager
def on_postgresql(place: Place, size: int) -> Iterator[Comparison]:
    """Row 5 on PostgreSQL."""
    url = for_sqlalchemy(place.database("crud"))
    with _commands(place, POSTGRESQL, size, url, settings_of(place.cluster)) as comparison:
        yield comparison


@contextmanager
def on_sqlite(place: Place, size: int) -> Iterator[Comparison]:
    """Row 5 on SQLite."""
    url = f"sqlite:///{place.path('crud.db')}"
    settings = {"events, vault, plain service": "WAL, synchronous = FULL"}
    with _commands(place, SQLITE, size, url, settings) as comparison:
        yield comparison


@contextmanager
def _commands(place: Place, back_end: str, size: int, url: str, settings: dict[str, str]) -> Iterator[Comparison]:
    config = place.installation(back_end)
    token = _token(config)
    crud.prepare(url, _TOKEN)
    with ExitStack() as stack:
        stack.enter_context(_client_on_a_core_of_its_own())
        ours = Service("ours", token, ["-m", "api.cli", "serve", "--port", "0"], environment(config))
        plain = Service("plain Flask and SQLAlchemy, with audit", _TOKEN, ["-m", "benchmarks.crud", url], {})
        clients = [stack.enter_context(service.client()) for service in (ours, plain)]
        mine, theirs = (Contender(client.service.name, client.prepare, client.work) for client in clients)
        yield Comparison(
            row=5,
            work="a command over HTTP",
            back_end=back_end,
            unit="commands",
            size=size,
            ours=mine,
            peers=(Peer(theirs, 0.8),),
            settings=settings,
        )


@dataclass(frozen=True)
class Service:
    """A server's name, a token it knows, and how it is started: the arguments to Python, and the environment."""

    name: str
    token: str
    arguments: Sequence[str]
    environment: dict[str, str]

    @contextmanager
    def client(self) -> Iterator["Client"]:
        """A client of the service, which runs until the client is left."""
        process = subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=ROOT,
            env={**os.environ, **self.environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            with closing(HTTPConnection("127.0.0.1", _port(process), timeout=60)) as connection:
                yield Client(self, connection)
        finally:
            process.terminate()
            process.communicate()


@dataclass(frozen=True)
class Client:
    """One connection, kept."""

    service: Service
    connection: HTTPConnection
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def prepare(self, size: int) -> list[tuple[bytes, dict[str, str]]]:
        """So many requests that schedule a meeting: body and headers."""
        return [
            (
                json.dumps(body(next(self.numbers))).encode(),
                {
                    "Authorization": f"Bearer {self.service.token}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": str(uuid4()),
                },
            )
            for _ in range(size)
        ]

    def work(self, requests: Sequence[tuple[bytes, dict[str, str]]]) -> None:
        """Sends each and waits for its answer."""
        for sent, headers in requests:
            self.connection.request("POST", "/v1/meetings", sent, headers)
            answer = self.connection.getresponse()
            told = answer.read()
            if answer.status != 201:
                raise RuntimeError(f"{self.service.name} answered {answer.status}: {told.decode()}")


@contextmanager
def _client_on_a_core_of_its_own() -> Iterator[None]:
    """Servers started meanwhile run on the first core this process may use, the client on the others."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        yield
        return
    os.sched_setaffinity(0, cores[:1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
