"""Serves an application by waitress alone, as both services of rows 5 and 9 are served on PostgreSQL.

    python -m benchmarks.serving

serves ours with the settings of the environment. Views are fed by another process, as in production.
"""

import socket
import sys

import flask
import waitress  # type: ignore[import-untyped]

from api.app import create_app
from api.config import Config


def serve(app: flask.Flask) -> None:
    """Tells where it listens, on standard error, and serves until it is ended."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = waitress.create_server(app, sockets=[listening], threads=Config.threads, ident=None)
    print(f"listening on http://127.0.0.1:{listening.getsockname()[1]}", file=sys.stderr, flush=True)
    server.run()


if __name__ == "__main__":
    serve(create_app())
