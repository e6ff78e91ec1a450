"""The Flask application: operations, problems, correlation. Everything it serves is given to it."""

import functools
import gc
import logging
import re
import time
from uuid import uuid4

import flask
import httpx
import msgspec
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from api import (
    audit,
    catalogue,
    codebook,
    events,
    frontends,
    health,
    inspections,
    openapi,
    problems,
    rules,
    shell,
    tables,
    tokens,
    work_lists,
)
from api.config import Config, from_environment
from api.frontends import Allowed
from api.records import Feature
from api.rest import MAX_BODY, Rest
from api.services import Services

VERSION = "0.2.0"
CORRELATION = re.compile(r"[A-Za-z0-9._:-]{1,128}", re.ASCII)
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
log = logging.getLogger("medvirkning.access")


def create_app(config: Config | None = None) -> flask.Flask:
    """The application as a server runs it: settings from the environment unless they are given."""
    from api.bootstrap import bootstrap

    running = bootstrap(config or from_environment())
    app = application(running.services, running.features, Allowed(running.config.frontends))
    settle()
    return app


def settle() -> None:
    """What has been built by now stays: no later collection of garbage looks at it again."""
    gc.collect()
    gc.freeze()


def contract(features: tuple[Feature, ...]) -> Rest:
    """Every operation of the API."""
    rest = Rest()
    for feature in features:
        rest.add(*feature.operations())
    rest.add(*work_lists.operations(), *audit.operations(), *inspections.operations(features))
    rest.add(*catalogue.operations(), *tables.operations(), *events.operations())
    rest.add(*codebook.operations(), *rules.operations())
    rest.add(*tokens.operations(), *health.operations())
    return rest


def application(services: Services, features: tuple[Feature, ...], allowed: Allowed | None = None) -> flask.Flask:
    """The application over these services; below `/app/`, the frontends that are allowed."""
    app = flask.Flask("medvirkning", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.url_map.merge_slashes = False
    rest = contract(features)
    rest.mount(app, services)
    problems.register(app, services.unavailable)

    @functools.cache
    def document() -> bytes:
        """Made when it is first asked for: making it takes longer than all the rest."""
        return msgspec.json.encode(openapi.document(rest, VERSION))

    app.add_url_rule(
        "/openapi.json",
        "get_contract",
        lambda: flask.Response(document(), mimetype="application/json"),
        methods=["GET"],
    )
    app.before_request(_correlate)
    app.after_request(_finish)
    if allowed:
        _house(app, services, allowed)
    return app


def _house(app: flask.Flask, services: Services, allowed: Allowed) -> None:
    client = shell.client(httpx.WSGITransport(app=app.wsgi_app))
    housed = shell.Shell(frontends.load_allowed(allowed, client), client, services.sessions, services.clock)
    app.extensions["frontends"] = housed.frontends
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/app": housed.wsgi})  # type: ignore[method-assign]


def _correlate() -> None:
    given = flask.request.headers.get("X-Correlation-ID", "")
    flask.g.correlation_id = given if CORRELATION.fullmatch(given) else str(uuid4())
    flask.g.started = time.monotonic()


def _finish(answer: flask.Response) -> flask.Response:
    answer.headers["X-Correlation-ID"] = flask.g.correlation_id
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if ledger := flask.g.get("ledger"):
        answer.headers["Medvirkning-Ledger"] = ledger.number + ("; synthetic" if ledger.synthetic else "")
    traceparent = flask.request.headers.get("traceparent", "")
    if TRACEPARENT.fullmatch(traceparent):
        answer.headers["traceparent"] = traceparent
    log.info(
        "%s %s %s %s %.1fms",
        flask.g.correlation_id,
        flask.request.method,
        flask.request.url_rule or "-",
        answer.status_code,
        (time.monotonic() - flask.g.started) * 1000,
    )
    return answer
