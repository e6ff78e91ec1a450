"""The `medvirkning` command, and a server in a process of its own."""

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from api.cli import main
from api.config import Config

COMMAND = str(Path(sys.executable).with_name("medvirkning"))


def environment(config: Config) -> dict[str, str]:
    """The environment that says what the settings say."""
    given = {
        "MEDVIRKNING_DATA": str(config.data),
        "MEDVIRKNING_DATABASE": config.database,
        "MEDVIRKNING_OWNER_DATABASE": config.owner_database,
        "MEDVIRKNING_VAULT": config.vault,
        "MEDVIRKNING_VAULT_KEY": config.vault_key,
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MEDVIRKNING_")}
    return clean | {name: value for name, value in given.items() if value is not None}


class Done(NamedTuple):
    """A command that has come to its end."""

    returncode: int
    stdout: str
    stderr: str


class Run:
    """Runs the command to its end, on an installation; a status other than 0 fails unless `check=False`."""

    def __init__(self, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        self._config, self._monkeypatch = config, monkeypatch

    def __call__(self, *arguments: str, check: bool = True) -> Done:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
        status = 0
        with self._monkeypatch.context() as patch, redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            for name, value in environment(self._config).items():
                patch.setenv(name, value)
            try:
                main(arguments)
            except SystemExit as end:
                status = int(end.code or 0)
        done = Done(status, *(stream.buffer.getvalue().decode() for stream in streams))  # type: ignore[attr-defined]
        assert not check or status == 0, done.stderr
        return done


@pytest.fixture
def run(config: Config, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, on each back end in turn."""
    return Run(config, monkeypatch)


class Server(NamedTuple):
    """A server in a process of its own."""

    process: "subprocess.Popen[str]"
    url: str


@pytest.fixture
def start(config: Config) -> Iterator[Callable[..., Server]]:
    """Starts `medvirkning serve`, or another command that serves, on a free port."""
    started = []

    def start(*arguments: str) -> Server:
        process = subprocess.Popen(
            [COMMAND, *(arguments or ("serve",)), "--port", "0"],
            env=environment(config),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stderr
        line = process.stderr.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.stderr.read()
        return Server(process, found[0])

    yield start
    for process in started:
        process.kill()
        process.communicate()
