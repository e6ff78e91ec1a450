"""Row 5: a command over HTTP, each service in a process of its own, asked by one client that keeps its connection."""

import itertools
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
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

ROOT = Path(__file__).parent.parent
START_SECONDS = 30
_LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")
_TOKEN = "a-token-of-the-plain-service"


@dataclass(frozen=True)
class Service:
    """A server's name, a token it knows, and how it is started: the arguments to Python, and the environment."""

    name: str
    token: str
    arguments: Sequence[str]
    environment: dict[str, str]

    @contextmanager
    def client(self, log: Path) -> Iterator["Client"]:
        """A client of the service, which runs until the client is left."""
        with (
            _running(self.arguments, self.environment, log) as process,
            closing(HTTPConnection("127.0.0.1", _port(process, log), timeout=60)) as connection,
        ):
            yield Client(self, connection)


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
def on_postgresql(place: Place, size: int) -> Iterator[Comparison]:
    """Row 5 on PostgreSQL."""
    url, config = for_sqlalchemy(place.database("crud")), place.installation(POSTGRESQL)
    settings = {**settings_of(place.cluster), "views": "fed by a process of their own, as in production"}
    with (
        _commands(place, config, ["-m", "benchmarks.serving"], size, url, settings) as comparison,
        _running(["-m", "api.cli", "project"], _environment(config), place.path("log")),
    ):
        yield comparison


@contextmanager
def on_sqlite(place: Place, size: int) -> Iterator[Comparison]:
    """Row 5 on SQLite."""
    url = f"sqlite:///{place.path('crud.db')}"
    config = place.installation(SQLITE)
    settings = {
        "events, vault, the plain service": "WAL, synchronous = FULL",
        "views": "fed in the server's own process, as `medvirkning serve` does",
    }
    with _commands(place, config, ["-m", "api.cli", "serve", "--port", "0"], size, url, settings) as comparison:
        yield comparison


@contextmanager
def _commands(
    place: Place, config: Config, arguments: Sequence[str], size: int, url: str, settings: dict[str, str]
) -> Iterator[Comparison]:
    ours = Service("ours", _token(config), arguments, _environment(config))
    crud.prepare(url, _TOKEN)
    plain = Service("a plain Flask and SQLAlchemy service", _TOKEN, ["-m", "benchmarks.crud", url], {})
    with ExitStack() as stack:
        with _on_the_first_core():
            mine, theirs = (stack.enter_context(each.client(place.path("log"))) for each in (ours, plain))
        with _on_other_cores():
            yield Comparison(
                row=5,
                work="a command over HTTP",
                back_end=SQLITE if config.embedded else POSTGRESQL,
                unit="commands",
                size=size,
                ours=Contender(ours.name, mine.prepare, mine.work),
                peers=(Peer(Contender(plain.name, theirs.prepare, theirs.work), 0.8),),
                settings=settings,
            )


@contextmanager
def _running(arguments: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("w") as told:
        command = [sys.executable, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stderr=told)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _token(config: Config) -> str:
    running = bootstrap(config)
    try:
        return demo.token(running, ledgers.create(running, "1504", "Ålesund", synthetic=True), "caseworker")
    finally:
        running.close()


def _environment(config: Config) -> dict[str, str]:
    settings = {
        "MEDVIRKNING_DATA": str(config.data),
        "MEDVIRKNING_DATABASE": config.database,
        "MEDVIRKNING_VAULT": config.vault,
        "MEDVIRKNING_VAULT_KEY": config.vault_key,
    }
    return {name: value or "" for name, value in settings.items()}


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := _LISTENING.search(log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise RuntimeError(f"a service did not start: {log.read_text()}")


@contextmanager
def _on_the_first_core() -> Iterator[None]:
    """What is started here runs on one core."""
    with _on(sorted(os.sched_getaffinity(0))[:1]):
        yield


@contextmanager
def _on_other_cores() -> Iterator[None]:
    """The client leaves that core to the servers, if there is another."""
    cores = sorted(os.sched_getaffinity(0))
    with _on(cores[1:] or cores):
        yield


@contextmanager
def _on(cores: Sequence[int]) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
