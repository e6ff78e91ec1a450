"""Services in processes of their own, each asked by one client that keeps its connection."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from api import demo
from api.bootstrap import Running
from api.config import Config
from benchmarks.places import POSTGRESQL, SQLITE

ROOT = Path(__file__).parent.parent
START_SECONDS = 120
"""How long a service may take until it listens."""

PLAIN = "a plain Flask and SQLAlchemy service"
PLAIN_TOKEN = "a-token-of-the-plain-service"

SERVING = {
    SQLITE: ("-m", "api.cli", "serve", "--port", "0"),
    POSTGRESQL: ("-m", "benchmarks.serving"),
}
"""How our service is started: the embedded edition as it is, and the API alone, for which others feed the views."""

_LISTENING = re.compile(r"listening on http://127\.0\.0\.1:(\d+)")


class Request(NamedTuple):
    """What is asked, and the status that answers it."""

    method: str
    path: str
    status: int = 200
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


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
            running(self.arguments, self.environment, log) as process,
            closing(HTTPConnection("127.0.0.1", _port(process, log), timeout=60)) as connection,
        ):
            yield Client(self, connection, process.pid)


@dataclass(frozen=True)
class Client:
    """One connection, kept, and the id of the service's process."""

    service: Service
    connection: HTTPConnection
    process: int

    def ask(self, requests: Iterable[Request]) -> None:
        """Sends each and waits for its answer."""
        for method, path, status, body, headers in requests:
            self.connection.request(
                method, path, body, {"Authorization": f"Bearer {self.service.token}", **dict(headers)}
            )
            answer = self.connection.getresponse()
            told = answer.read()
            if answer.status != status:
                raise RuntimeError(f"{self.service.name} answered {answer.status} to {path}: {told.decode()}")

    def megabytes(self) -> float:
        """The memory the service's process holds."""
        [resident] = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process}/status").read_text())
        return int(resident) / 1024


def ours(opened: Running, ledger: UUID, role: str = "caseworker") -> Service:
    """Our service over an installation, and the token of a role in the ledger."""
    arguments = SERVING[SQLITE if opened.config.embedded else POSTGRESQL]
    return Service("ours", demo.token(opened, ledger, role), arguments, environment(opened.config))


def plain(url: str) -> Service:
    """The plain service over a database."""
    return Service(PLAIN, PLAIN_TOKEN, ["-m", "benchmarks.crud", url], {})


@contextmanager
def running(arguments: Sequence[str], settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this program's Python, until it is left."""
    with log.open("w") as told:
        command = [sys.executable, *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings}, stderr=told)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def environment(config: Config) -> dict[str, str]:
    """An installation's settings."""
    settings = {
        "MEDVIRKNING_DATA": str(config.data),
        "MEDVIRKNING_DATABASE": config.database,
        "MEDVIRKNING_VAULT": config.vault,
        "MEDVIRKNING_VAULT_KEY": config.vault_key,
    }
    return {name: value or "" for name, value in settings.items()}


@contextmanager
def on_the_first_core() -> Iterator[None]:
    """What is started here runs on one core."""
    with _on(sorted(os.sched_getaffinity(0))[:1]):
        yield


@contextmanager
def on_other_cores() -> Iterator[None]:
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


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := _LISTENING.search(log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise RuntimeError(f"a service did not start: {log.read_text()}")
