"""The house frontends live in: the start page, sign-in, and one door before every page of every frontend.

It is a WSGI application of its own that knows the API only as a client, so that it is the same in the API's process
and in another. Each frontend is an application of its own behind the door, and what one does reaches no other.
"""

import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import httpx
from markupsafe import Markup
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from api.frontends import LANGUAGES, Frontend, failed
from api.services import Sessions

COOKIE, LANGUAGE_COOKIE, FIELD = "medvirkning", "medvirkning-language", "csrf"
HOURS = 8
"""How long a sign-in lasts: a working day."""

POLICY = (
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
MAX_FORM = 10 * 1024 * 1024
_OWN = ("/static", "/language", "/sign-in", "/sign-out")
_SAFE = ("GET", "HEAD", "OPTIONS")
log = logging.getLogger("medvirkning.shell")


class SignedIn(httpx.Auth):
    """Asks the API as whoever is signed in, in their language."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Adds what the page's request says."""
        if token := flask.g.get("token"):
            request.headers["Authorization"] = f"Bearer {token}"
        request.headers["Accept-Language"] = language()
        yield request


def client(transport: httpx.BaseTransport, base: str = "http://medvirkning") -> httpx.Client:
    """The API as a frontend is given it: paths are below `/v1/`."""
    return httpx.Client(transport=transport, base_url=f"{base}/v1/", auth=SignedIn(), timeout=30)


class Shell:
    """The start page and sign-in at the root, and each frontend that was loaded below its own name."""

    def __init__(
        self, frontends: Iterable[Frontend], api: httpx.Client, sessions: Sessions, clock: Callable[[], int]
    ) -> None:
        self._api, self._sessions, self._clock = api, sessions, clock
        own = self._house("medvirkning.shell", within=False)
        for rule, view, methods in (
            ("/", self._start, ("GET",)),
            ("/sign-in", self._sign_in, ("GET", "POST")),
            ("/sign-out", self._sign_out, ("POST",)),
            ("/language", self._language, ("POST",)),
        ):
            own.add_url_rule(rule, view.__name__.strip("_"), view, methods=methods)
        mounted: dict[str, Any] = {}
        self.frontends = tuple(self._mounted(each, mounted) for each in frontends)
        self.wsgi = DispatcherMiddleware(own.wsgi_app, mounted)

    def _mounted(self, frontend: Frontend, mounted: dict[str, Any]) -> Frontend:
        """The frontend, mounted if it was loaded and can be."""
        if frontend.blueprint is None:
            return frontend
        try:
            place = f"/{frontend.name}"
            if place in mounted or place in _OWN:
                raise ValueError("another has that name")
            mounted[place] = self._hosted(frontend).wsgi_app
        except Exception as error:  # noqa: BLE001 - whatever a plugin does, the others and the API go on
            return failed(frontend, error)
        return frontend

    def _hosted(self, frontend: Frontend) -> flask.Flask:
        """An application of the frontend alone, for those whose role it is for."""
        app = self._house(f"medvirkning.frontends.{frontend.name}", within=True)

        @app.before_request
        def for_their_role() -> Any:
            me = self._me()
            if me is None:
                return flask.redirect(f"{_root()}/sign-in", 303)
            if me["role"] not in frontend.roles:
                raise Forbidden
            flask.g.me = me
            return None

        assert frontend.blueprint is not None
        app.register_blueprint(frontend.blueprint)
        return app

    def _house(self, name: str, *, within: bool) -> flask.Flask:
        """An application with the door before it and the house rules on every answer."""
        static = None if within else "static"
        app = flask.Flask(name, root_path=str(Path(__file__).parent), static_folder=static)
        app.config.update(MAX_CONTENT_LENGTH=MAX_FORM, WITHIN=within)
        app.jinja_env.globals.update(t=text, language=language, languages=LANGUAGES, csrf_field=csrf_field, root=_root)
        app.before_request(self._enter)
        app.after_request(_finish)
        app.register_error_handler(HTTPException, _page_of)
        app.register_error_handler(Exception, _fault)
        return app

    def _enter(self) -> None:
        """Who is signed in; and that whatever changes something comes from one of our own pages."""
        flask.g.started = time.monotonic()
        flask.g.secret = flask.request.cookies.get(COOKIE, "")
        flask.g.token = self._sessions.token(flask.g.secret, self._clock())
        if flask.request.method not in _SAFE:
            given = flask.request.form.get(FIELD, "") or flask.request.headers.get("X-CSRF-Token", "")
            ours = flask.g.secret and hmac.compare_digest(given.encode(), csrf(flask.g.secret).encode())
            if not ours or not _same_origin():
                raise BadRequest(description="csrf")

    def _me(self) -> Mapping[str, Any] | None:
        """What the API says of whoever is signed in; None if it knows nobody by that token any longer."""
        if not flask.g.token:
            return None
        answer = self._api.get("me")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            return None
        answer.raise_for_status()
        me: Mapping[str, Any] = answer.json()
        return me

    def _start(self) -> Any:
        me = self._me()
        if me is None:
            return flask.redirect(f"{_root()}/sign-in", 303)
        theirs = [each for each in self.frontends if each.state == "loaded" and me["role"] in each.roles]
        return flask.render_template("shell/start.html", frontends=theirs, me=me)

    def _sign_in(self) -> Any:
        if flask.request.method in _SAFE:
            return self._asked()
        flask.g.token = flask.request.form.get("token", "").strip()
        if self._me() is None:
            flask.g.token = None
            return self._asked(refused=True)
        now = self._clock()
        self._sessions.close(flask.g.secret)
        secret = self._sessions.open(flask.g.token, now, now + HOURS * 3_600_000_000)
        answer = flask.redirect(f"{_root()}/", 303)
        _remember(answer, COOKIE, secret)
        return answer

    def _asked(self, *, refused: bool = False) -> flask.Response:
        # Before sign-in the cookie is a secret of nobody's, for the form alone.
        flask.g.secret = fresh = flask.g.secret or secrets.token_hex(32)
        answer = flask.make_response(
            flask.render_template("shell/sign-in.html", refused=refused), 401 if refused else 200
        )
        _remember(answer, COOKIE, fresh)
        return answer

    def _sign_out(self) -> Any:
        self._sessions.close(flask.g.secret)
        answer = flask.redirect(f"{_root()}/sign-in", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    def _language(self) -> Any:
        chosen = flask.request.form.get("language", "")
        if chosen not in LANGUAGES:
            raise BadRequest
        answer = flask.redirect(f"{_root()}/", 303)
        _remember(answer, LANGUAGE_COOKIE, chosen)
        return answer


def language() -> str:
    """The language of the page: the one chosen, or the browser's; nb if it is none of ours."""
    chosen = flask.request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    wanted = flask.request.accept_languages.best_match([*LANGUAGES, "no"])
    return wanted if wanted in LANGUAGES else "nb"


def text(key: str) -> str:
    """A text of the house's own pages, in the language of the page."""
    found: str = _texts()[key][language()]
    return found


def csrf(secret: str) -> str:
    """What a form must hold to be taken as one of ours, for whoever has that secret."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def csrf_field() -> Markup:
    """The hidden member every form with `method="post"` holds."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, csrf(flask.g.secret))


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(Path(__file__).with_name("texts.json").read_bytes())
    return found


def _root() -> str:
    """Where the shell is mounted, whichever of its applications answers."""
    script: str = flask.request.script_root
    return script.rpartition("/")[0] if flask.current_app.config["WITHIN"] else script


def _same_origin() -> bool:
    """Whether a form was sent from a page of this host. Browsers say so in every POST."""
    origin = flask.request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc == flask.request.host


def _remember(answer: Any, name: str, value: str) -> None:
    answer.set_cookie(name, value, path="/", httponly=True, samesite="Lax", secure=flask.request.is_secure)


def _finish(answer: flask.Response) -> flask.Response:
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers.setdefault("Cache-Control", "no-store")
    rule = flask.request.url_rule or "-"
    spent = (time.monotonic() - flask.g.get("started", time.monotonic())) * 1000
    log.info("%s %s %s %s %.1fms", flask.current_app.name, flask.request.method, rule, answer.status_code, spent)
    return answer


def _page_of(error: HTTPException) -> Any:
    """A refusal as a page that says what to do."""
    if error.code is not None and error.code < 400:
        return error
    known = {400: "bad_request", 403: "forbidden", 404: "not_found", 413: "too_large"}
    key = known.get(error.code or 500, "fault")
    return flask.render_template("shell/error.html", key=key), error.code or 500


def _fault(error: Exception) -> Any:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else "?"
    # The message and the locals may hold what somebody said; the type and the line do not.
    log.error("fault in %s: %s at %s", flask.current_app.name, type(error).__name__, where)
    return flask.render_template("shell/error.html", key="fault"), 500
