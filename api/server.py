"""The embedded server: waitress, drained when told to stop, with the views fed beside it."""

import logging
import signal
import threading
from types import FrameType
from typing import Any

import click
import waitress

from api.app import application
from api.bootstrap import Running

DRAIN_SECONDS = 15
log = logging.getLogger("medvirkning.server")


class _Draining:
    """Counts the requests under way, so that none is dropped when the server stops."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._under_way = 0
        self._changed = threading.Condition()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self._changed:
            self._under_way += 1
        try:
            answer = self._app(environ, start_response)
            return list(answer)
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def drain(self) -> bool:
        """Waits for the requests under way, a bounded time; whether all were answered."""
        with self._changed:
            return self._changed.wait_for(lambda: self._under_way == 0, DRAIN_SECONDS)


def serve(running: Running, host: str, port: int) -> None:
    """Serves until SIGTERM or SIGINT, then answers what is under way and stops."""
    app = _Draining(application(running.services, running.features))
    # Waitress keeps the connection open after the handler returns; its own socket closes last.
    server = waitress.create_server(app, host=host, port=port, threads=running.config.threads, ident=None)
    stop = threading.Event()
    _on_signals(lambda: stop.set())
    running.project()
    thread = threading.Thread(target=server.run, name="waitress", daemon=True)
    thread.start()
    click.echo(f"listening on http://{host}:{server.effective_port}", err=True)
    stop.wait()
    # New connections are refused from here on; the requests under way are answered.
    server.accepting = False
    drained = app.drain()
    server.task_dispatcher.shutdown(cancel_pending=False, timeout=DRAIN_SECONDS)
    _flush(server)
    if not drained:
        log.warning("stopped with requests under way after %s s", DRAIN_SECONDS)


def project(running: Running) -> None:
    """Feeds the views of every ledger, new ones too, until SIGTERM or SIGINT."""
    stop = threading.Event()
    _on_signals(lambda: stop.set())
    while not stop.is_set():
        running.project()
        stop.wait(5)


def _on_signals(act: Any) -> None:
    def handle(number: int, frame: FrameType | None) -> None:
        act()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def _flush(server: Any) -> None:
    """Waits until what was answered has left the sockets."""
    import time

    until = time.monotonic() + 2
    while time.monotonic() < until:
        channels = list(getattr(server, "active_channels", {}).values())
        if not any(channel.total_outbufs_len for channel in channels):
            return
        time.sleep(0.02)
