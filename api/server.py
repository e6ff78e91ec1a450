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
from waitress.task import WSGITask  # type: ignore[import-untyped]

from api.app import application, settle
from api.bootstrap import Running
from api.frontends import Allowed

DRAIN_SECONDS = 15
"""How long a server that was told to stop still answers."""

POLL_SECONDS = 0.02
IDLE_POLLS = 5
"""How often in a row nothing may be under way before it is over: what was on its way has come by then."""

log = logging.getLogger("medvirkning.server")


def serve(running: Running, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then answers every request that has come and stops."""
    listening = _listening(host, port)
    app = application(running.services, running.features, Allowed(running.config.frontends))
    server = waitress.create_server(app, sockets=[listening], threads=running.config.threads, ident=None)
    stop = _stop_on_signals()
    settle()
    threading.Thread(target=server.run, name="waitress", daemon=True).start()
    click.echo(f"listening on http://{host}:{listening.getsockname()[1]}", err=True)
    _project(running, stop)
    running.stopping.set()
    if not _drained(server, listening):
        log.warning("stopped with requests under way after %s s", DRAIN_SECONDS)


def serve_wsgi(app: Any, host: str, port: int) -> None:
    """Serves an application that feeds nothing, until SIGTERM or SIGINT."""
    listening = _listening(host, port)
    server = waitress.create_server(app, sockets=[listening], ident=None)
    stop = _stop_on_signals()
    threading.Thread(target=server.run, name="waitress", daemon=True).start()
    click.echo(f"listening on http://{host}:{listening.getsockname()[1]}", err=True)
    stop.wait()
    _drained(server, listening)


def _listening(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port or MEDVIRKNING_PORT"
        ) from error


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


class _LastTask(WSGITask):  # type: ignore[misc]
    """A request that is answered with `Connection: close`, so that its client goes elsewhere with the next one."""

    def service(self) -> None:
        self.request.headers["CONNECTION"] = "close"
        super().service()


def _drained(server: Any, listening: socket.socket) -> bool:
    """Takes no more connections, and waits until every request has its answer; whether all got one in time."""
    server.accepting = False
    server.pull_trigger()
    time.sleep(POLL_SECONDS)  # the server's loop has let go of the socket by now
    listening.close()
    until, idle = time.monotonic() + DRAIN_SECONDS, 0
    while time.monotonic() < until:
        channels = list(server.active_channels.values())
        for channel in channels:
            channel.task_class = _LastTask
        busy = any(channel.requests or channel.total_outbufs_len for channel in channels)
        idle = 0 if busy or server.task_dispatcher.queue else idle + 1
        if idle == IDLE_POLLS:
            return True
        time.sleep(POLL_SECONDS)
    return False
