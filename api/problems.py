"""Refusals as RFC 9457 problems: a status for each class, a title in the reader's language, never a stack trace."""

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

import flask
import msgspec
from werkzeug.exceptions import HTTPException

from api.waits import Crowded
from domain import codebook, errors

log = logging.getLogger("medvirkning.api")


class Malformed(errors.Refusal):
    """The request cannot be read"""


class Unauthenticated(errors.Refusal):
    """A valid bearer token is needed"""


class Forbidden(errors.Refusal):
    """The token does not allow this"""


class UnsupportedMediaType(errors.Refusal):
    """The body is not of a media type this operation reads"""


class TooLarge(errors.Refusal):
    """The body is too large"""


class MethodNotAllowed(errors.Refusal):
    """The resource does not take that method"""


class Unprocessable(errors.Refusal):
    """Some members of the request are not as the contract says"""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        """`faults` are (JSON pointer, what is wrong); a query member's pointer begins with `/query`."""
        super().__init__("; ".join(f"{pointer or '/'}: {what}" for pointer, what in faults[:5]))
        self.faults = tuple(faults)


class VersionNeeded(errors.Refusal):
    """If-Match is needed to change a record"""


class NotYet(errors.Refusal):
    """The answer does not cover that position yet"""


class Unavailable(errors.Refusal):
    """The store cannot be reached right now"""


class Fault(errors.Refusal):
    """Something went wrong on our side"""


STATUS: dict[type[errors.Refusal], int] = {
    Malformed: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    errors.NotFound: 404,
    MethodNotAllowed: 405,
    errors.DeviationNeeded: 409,
    errors.Taken: 409,
    errors.Stale: 412,
    TooLarge: 413,
    UnsupportedMediaType: 415,
    Unprocessable: 422,
    errors.Invalid: 422,
    errors.UnknownReference: 422,
    errors.UnknownCode: 422,
    errors.FutureDate: 422,
    errors.ImpossibleInterval: 422,
    errors.ImpossibleCount: 422,
    errors.ImpossibleCorrection: 422,
    errors.KeyReused: 422,
    VersionNeeded: 428,
    Fault: 500,
    Crowded: 503,
    NotYet: 503,
    Unavailable: 503,
}
RETRY_AFTER = "1"
LANGUAGES = ("nb", "nn", "en")


def slug(refusal: type[errors.Refusal]) -> str:
    """The last part of the problem's `type`: `deviation-needed`; also its code in the codebook list `problems`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", refusal.__name__).lower()


def language() -> str:
    """The language of labels and titles, by Accept-Language; `en` when none of ours is asked for."""
    for tag, quality in flask.request.accept_languages:
        primary = tag.partition("-")[0].lower()
        lang = "nb" if primary == "no" else primary
        if lang in LANGUAGES and quality > 0:
            return lang
    return "en"


def title(refusal: type[errors.Refusal], lang: str) -> str:
    """The problem's title."""
    return codebook.load().label("problems", slug(refusal), lang)


def response(refusal: errors.Refusal) -> flask.Response:
    """The problem as `application/problem+json`."""
    kind = type(refusal)
    lang = language()
    body: dict[str, Any] = {
        "type": f"/problems/{slug(kind)}",
        "title": title(kind, lang),
        "status": STATUS[kind],
        "detail": refusal.detail,
        "instance": flask.g.get("correlation_id", ""),
    }
    match refusal:
        case Unprocessable():
            body["errors"] = [{"pointer": pointer, "detail": what} for pointer, what in refusal.faults]
        case errors.Invalid():
            body["errors"] = [{"pointer": refusal.pointer, "detail": refusal.detail}]
        case errors.DeviationNeeded():
            rules = codebook.load().lists["rules"].codes
            body["rules"] = [
                {
                    "rule": rule,
                    "title": rules[rule].label(lang),
                    "source": rules[rule].source,
                    "may_be_recorded": True,
                }
                for rule in refusal.rules
            ]
    answer = flask.Response(msgspec.json.encode(body), status=body["status"], mimetype="application/problem+json")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Language"] = lang
    if isinstance(refusal, Unauthenticated):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="medvirkning"'
    if isinstance(refusal, Crowded | NotYet | Unavailable):
        answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def register(app: flask.Flask, unavailable: tuple[type[Exception], ...]) -> None:
    """Every exception below becomes a problem; `unavailable` are the store's ways of saying it cannot be reached."""
    app.register_error_handler(errors.Refusal, response)
    app.register_error_handler(HTTPException, _http)
    for kind in unavailable:
        app.register_error_handler(kind, _unavailable)
    app.register_error_handler(Exception, _fault)


def explain(name: str) -> Mapping[str, Any] | None:
    """What `GET /problems/<slug>` answers: titles in every language and the status."""
    for kind, status in STATUS.items():
        if slug(kind) == name:
            titles = {lang: title(kind, lang) for lang in LANGUAGES}
            return {"type": f"/problems/{name}", "status": status, "title": titles}
    return None


def _http(error: HTTPException) -> flask.Response:
    match error.code:
        case 404:
            return response(errors.NotFound("there is nothing at this address"))
        case 405:
            answer = response(MethodNotAllowed("see the header Allow"))
            answer.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
            return answer
        case 413:
            return response(TooLarge("send at most 1 MiB in one request"))
        case 415:
            return response(UnsupportedMediaType("send application/json"))
        case code if code is not None and 400 <= code < 500:
            return response(Malformed(error.description or "the request cannot be read"))
    return _fault(error)


def _unavailable(error: Exception) -> flask.Response:
    log.warning("unavailable %s %s", flask.g.get("correlation_id", ""), type(error).__name__)
    return response(Unavailable("try again in a moment; the same Idempotency-Key makes that safe"))


def _fault(error: Exception) -> flask.Response:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_code.co_filename}:{at.tb_lineno}" if at else "?"
    # The message and the locals may hold what somebody said; the type and the line do not.
    log.error("fault %s %s at %s", flask.g.get("correlation_id", ""), type(error).__name__, where)
    return response(Fault("it has been logged under this instance; nothing was half-written"))
