"""The embedded server, over a socket: it feeds its views, finds new ledgers, and drops nothing when it is stopped."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.config import Config
from tests.cli.conftest import COMMAND, Run, Server, environment
from tests.conftest import meeting

ROOT = Path(__file__).parents[2]


def opened(run: Run, role: str = "coordinator") -> dict[str, str]:
    """The header that opens a new ledger."""
    run("ledger", "create", "--municipality", "1504", "--name", "Test", "--synthetic")
    token = run("token", "create", "--role", role, "--municipality", "1504").stdout.strip()
    return {"Authorization": f"Bearer {token}"}


def test_a_ledger_opened_while_it_serves_is_served_and_fed(run: Run, start: Callable[..., Server]) -> None:
    server = start()
    with httpx.Client(base_url=server.url, headers=opened(run)) as client:
        made = client.post("/v1/meetings", json=meeting())
        position = made.headers["Position"]
        for _ in range(3):  # a view that has not come so far answers 503 after three seconds
            listed = client.get("/v1/meetings", params={"min_position": position})
            if listed.status_code == 200:
                break
        assert [row["id"] for row in listed.json()["items"]] == [made.json()["id"]]
        assert made.headers["Medvirkning-Ledger"] == "1504; synthetic"


def test_every_request_that_came_before_the_stop_is_answered(run: Run, start: Callable[..., Server]) -> None:
    server, headers = start(), opened(run)

    def record_until_refused() -> list[str]:
        answered = []
        with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
            while True:
                try:
                    answer = client.post("/v1/meetings", json=meeting())
                except (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError):
                    return answered
                assert answer.status_code == 201
                answered.append(answer.json()["id"])

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(record_until_refused) for _ in range(8)]
        time.sleep(1)
        server.process.send_signal(signal.SIGTERM)
        answered = [record for client in clients for record in client.result()]
    assert server.process.wait(timeout=30) == 0
    exported = [json.loads(line) for line in run("export", "--municipality", "1504").stdout.splitlines()]
    recorded = [line["stream_id"] for line in exported if line["name"] == "meeting.scheduled"]
    assert len(recorded) > 8
    assert sorted(recorded) == sorted(answered)


def test_a_stream_brings_what_is_recorded_and_does_not_hold_the_server_up(
    run: Run, start: Callable[..., Server]
) -> None:
    server, headers = start(), opened(run)
    evaluator = run("token", "create", "--role", "evaluator", "--municipality", "1504").stdout.strip()
    accept = {"Authorization": f"Bearer {evaluator}", "Accept": "text/event-stream"}
    with httpx.stream("GET", f"{server.url}/v1/events?after=1", headers=accept, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        made = httpx.post(f"{server.url}/v1/meetings", json=meeting(), headers=headers)
        said = next(line for line in lines if line.startswith("data"))
        assert json.loads(said.partition(" ")[2])["subject"] == made.json()["id"]
        server.process.send_signal(signal.SIGTERM)
        assert not any(line.startswith("data") for line in lines)
    assert server.process.wait(timeout=10) == 0


def test_a_port_that_is_taken_is_said_so(config: Config) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [COMMAND, "serve", "--port", port], env=environment(config), capture_output=True, text=True, check=False
        )
    assert done.returncode == 1
    assert "--port or MEDVIRKNING_PORT" in done.stderr


def test_the_image_serves_it_with_gunicorn_and_a_projector_feeds_the_views(
    config: Config, run: Run, back_end: str
) -> None:
    headers = opened(run)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gunicorn = [str(Path(sys.executable).with_name("gunicorn")), "--bind", f"127.0.0.1:{port}", "--workers", "2"]
    gunicorn += ["--worker-class", "gthread", "--threads", "4", "api.app:create_app()"]
    shared: dict[str, Any] = {"env": environment(config), "stderr": subprocess.PIPE, "text": True, "cwd": config.data}
    with (
        subprocess.Popen(gunicorn, **shared) as server,
        subprocess.Popen([COMMAND, "project"], **shared) as projector,
    ):
        try:
            transport = httpx.HTTPTransport(retries=8)
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, transport=transport, timeout=60
            ) as client:
                made = [client.post("/v1/meetings", json=meeting()) for _ in range(10)]
                assert {answer.status_code for answer in made} == {201}
                for _ in range(3):
                    listed = client.get("/v1/meetings", params={"min_position": made[-1].headers["Position"]})
                    if listed.status_code == 200:
                        break
                assert len(listed.json()["items"]) == 10
        finally:
            for process in (server, projector):
                process.terminate()


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/openapi.json"])
def test_anybody_may_ask_whether_it_lives(start: Callable[..., Server], path: str) -> None:
    assert httpx.get(start().url + path).status_code == 200
