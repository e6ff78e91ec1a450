"""The embedded server: waitress, drained when told to stop, with the views fed beside it."""

import logging
import signal
import socket
import threading
import time
from types import FrameType
from typing import Any

import click
import waitress  # type: ignore[import-untyped]

from api.app import application
from api.bootstrap import Running

DRAIN_SECONDS = 15
"""How long a server that was told to stop still answers."""

log = logging.getLogger("medvirkning.server")


def serve(running: Running, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then answers every request that has come and stops."""
    try:
        listening = socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port or MEDVIRKNING_PORT"
        ) from error
    app = application(running.services, running.features)
    server = waitress.create_server(app, sockets=[listening], threads=running.config.threads, ident=None)
    stop = _stop_on_signals()
    threading.Thread(target=server.run, name="waitress", daemon=True).start()
    click.echo(f"listening on http://{host}:{listening.getsockname()[1]}", err=True)
    _project(running, stop)
    if not _drained(server):
        log.warning("stopped with requests under way after %s s", DRAIN_SECONDS)


def project(running: Running) -> None:
    """Feeds the views of every ledger until SIGTERM or SIGINT."""
    _project(running, _stop_on_signals())


def _project(running: Running, stop: threading.Event) -> None:
    """Feeds the views of every ledger; one that another process opens is found within a second."""
    while not stop.is_set():
        running.project()
        stop.wait(1)


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)
    return stop


def _drained(server: Any) -> bool:
    """Takes no more connections, and waits until every request has its answer; whether all got one in time."""
    server.accepting = False
    until, idle = time.monotonic() + DRAIN_SECONDS, 0
    while time.monotonic() < until:
        channels = list(server.active_channels.values())
        busy = any(channel.requests or channel.total_outbufs_len for channel in channels)
        idle = 0 if busy or server.task_dispatcher.queue else idle + 1
        if idle == 3:  # what had been read from a socket but was no request yet has become one by now
            return True
        time.sleep(0.02)
    return False
