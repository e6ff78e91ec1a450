"""The house frontends live in: who comes in, what they see, and what a frontend cannot do to the others."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.bootstrap import Running
from tests.frontends.conftest import PAGE, Install

ORIGIN = {"Origin": "http://localhost"}
Browser = Callable[[], FlaskClient]


def field(page: TestResponse) -> str:
    """The member that shows a form is one of ours."""
    found = re.search('name="csrf" value="([0-9a-f]{64})"', page.get_data(as_text=True))
    assert found
    return found[1]


def signed_in(client: FlaskClient, token: str) -> TestResponse:
    form = {"csrf": field(client.get("/app/sign-in")), "token": token}
    return client.post("/app/sign-in", data=form, headers=ORIGIN)


def test_whoever_is_not_signed_in_is_asked_to(browser: Browser, install: Install, allow: Any) -> None:
    install("try")
    allow("try")
    client = browser()
    for page in ("/app/", "/app/try/"):
        answer = client.get(page)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/app/sign-in"), page


def test_the_start_page_has_the_frontends_of_ones_role(
    browser: Browser, install: Install, allow: Any, token: Any
) -> None:
    install("try")
    allow("try")
    client = browser()
    assert signed_in(client, token("coordinator")).headers["Location"] == "/app/"
    page = client.get("/app/", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert '<a href="/app/try/">Try</a>' in page
    assert client.get("/app/try/").get_data(as_text=True).endswith("coordinator-1")
    other = browser()
    signed_in(other, token("caseworker"))
    assert "/app/try/" not in other.get("/app/").get_data(as_text=True)
    assert other.get("/app/try/").status_code == 403


def test_a_wrong_key_is_said_to_be_wrong_and_opens_nothing(browser: Browser) -> None:
    client = browser()
    answer = signed_in(client, "mv_nothing")
    assert answer.status_code == 401
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert client.get("/app/").status_code == 303


def test_the_cookie_opens_nothing_of_the_api_and_holds_no_token(browser: Browser, token: Any, running: Running) -> None:
    client, made = browser(), token("coordinator")
    signed_in(client, made)
    assert client.get("/v1/meetings").status_code == 401
    cookie = client.get_cookie("medvirkning")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site) == (True, "Lax")
    assert made not in cookie.value
    for file in running.config.data.glob("access.db*"):
        assert made.encode() not in file.read_bytes()
        assert bytes.fromhex(cookie.value) not in file.read_bytes()


def test_a_revoked_token_and_a_sign_out_end_it(browser: Browser, token: Any, running: Running) -> None:
    client = browser()
    signed_in(client, token("coordinator"))
    stolen = client.get_cookie("medvirkning")
    assert stolen is not None
    client.post("/app/sign-out", data={"csrf": field(client.get("/app/"))}, headers=ORIGIN)
    client.set_cookie("medvirkning", stolen.value)
    assert client.get("/app/").status_code == 303
    signed_in(client, token("coordinator"))
    ledger = running.ledger_numbered("1504")
    for grant in running.access.list(ledger, running.services.clock()):
        running.access.revoke(ledger, grant.id, running.services.clock())
    assert client.get("/app/").status_code == 303


def test_a_sign_in_lasts_a_working_day(browser: Browser, token: Any, running: Running) -> None:
    client = browser()
    signed_in(client, token("coordinator"))
    running.services.clock.now += 8 * 3_600_000_000  # type: ignore[attr-defined]
    assert client.get("/app/").status_code == 303


def test_signing_in_changes_the_secret(browser: Browser, token: Any) -> None:
    client = browser()
    client.get("/app/sign-in")
    before = client.get_cookie("medvirkning")
    signed_in(client, token("coordinator"))
    after = client.get_cookie("medvirkning")
    assert before is not None
    assert after is not None
    assert before.value != after.value


@pytest.mark.parametrize(
    ("headers", "csrf"),
    [
        (ORIGIN, None),
        (ORIGIN, "0" * 64),
        (ORIGIN, "ø"),
        ({}, "own"),
        ({"Origin": "https://elsewhere.example"}, "own"),
        ({"Origin": "null"}, "own"),
    ],
)
def test_a_form_that_is_not_from_one_of_our_pages_is_refused(
    browser: Browser, install: Install, allow: Any, token: Any, headers: dict[str, str], csrf: str | None
) -> None:
    install("try")
    allow("try")
    client = browser()
    signed_in(client, token("coordinator"))
    own = field(client.get("/app/try/"))
    form = {"word": "sagt"} | ({"csrf": own if csrf == "own" else csrf} if csrf else {})
    for page in ("/app/try/said", "/app/sign-out", "/app/sign-in", "/app/language"):
        assert client.post(page, data=form, headers=headers).status_code == 400, page
    assert client.post("/app/try/said", data={"word": "sagt", "csrf": own}, headers=ORIGIN).data == b"sagt"


def test_every_page_is_under_the_strict_policy_and_is_not_kept(
    browser: Browser, install: Install, allow: Any, token: Any
) -> None:
    install("try")
    allow("try")
    client = browser()
    signed_in(client, token("coordinator"))
    for page in ("/app/", "/app/sign-in", "/app/try/", "/app/try/broken", "/app/nowhere", "/app/try/nowhere"):
        headers = client.get(page).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"], page
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_what_breaks_in_a_frontend_is_a_page_that_tells_nothing_and_hurts_nobody(
    browser: Browser, install: Install, allow: Any, token: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install("try")
    install("worse", PAGE.replace("def frontend(api):", "def frontend(api):\n    raise RuntimeError('nei')"))
    for name in ("try", "worse"):
        allow(name)
    client = browser()
    signed_in(client, token("coordinator"))
    broken = client.get("/app/try/broken")
    assert broken.status_code == 500
    assert "hemmelig" not in broken.get_data(as_text=True) + caplog.text
    assert client.get("/app/try/").status_code == 200
    assert client.get("/app/worse/").status_code == 404
    assert client.get("/health/live").status_code == 200


def test_health_names_each_frontend_and_what_became_of_it(
    browser: Browser, install: Install, allow: Any, token: Any
) -> None:
    install("try")
    install("unlisted")
    install("old", PAGE.replace('"api": 1', '"api": 2'))
    install("mute", PAGE.replace('"en": "Try"', '"de": "Versuch"'))
    install("worse", "import nothing_of_the_kind")
    install("gone", "import sys; sys.exit(3)")
    install("language")
    install("Shouting")
    install("twice", PAGE.replace('@pages.post("/said")\n    def said', '@pages.post("/said")\n    def start'))
    install("late", PAGE.replace("return pages", "pages.record(lambda state: 1 / 0)\n    return pages"))
    for name in ("try", "old", "mute", "worse", "gone", "language", "Shouting", "twice", "late"):
        allow(name)
    answer = browser().get("/health", headers={"Authorization": f"Bearer {token('evaluator')}"}).json
    told = {each["name"]: (each["state"], each["error"]) for each in answer["frontends"]}
    assert told == {
        "try": ("loaded", None),
        "unlisted": ("not_allowed", None),
        "old": ("failed", "ValueError: it needs version 2 of the API; this is 1"),
        "mute": ("failed", "ValueError: FRONTEND['title'] lacks en"),
        "worse": ("failed", "ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
        "gone": ("failed", "SystemExit: 3"),
        "language": ("failed", "ValueError: another has that name"),
        "Shouting": ("failed", "ValueError: its name is not of the form [a-z][a-z0-9_-]{0,40}"),
        "twice": ("failed", told["twice"][1]),
        "late": ("failed", "ZeroDivisionError: division by zero"),
    }
    assert answer["status"] == "degraded"
    assert "the frontend worse (plugin-worse) has not loaded" in answer["reasons"]


def test_one_that_is_not_on_the_list_is_not_run_and_one_that_changed_is_not_on_it(
    browser: Browser, install: Install, allow: Any, token: Any, tmp_path: Any
) -> None:
    trace = tmp_path / "trace"
    source = PAGE + f"\nopen({str(trace)!r}, 'w').close()\n"
    install("try", source)
    client = browser()
    signed_in(client, token("coordinator"))
    assert client.get("/app/try/").status_code == 404
    assert not trace.exists()
    allow("try")
    install("try", source + "# another line\n")
    assert browser().get("/app/try/").status_code == 404
    assert not trace.exists()
    allow("try")
    browser()
    assert trace.exists()


@pytest.mark.parametrize(
    ("asked", "heading"),
    [("nn", "Kva vil du gjere?"), ("en-GB", "What do you want to do?"), ("fr", "Hva vil du gjøre?")],
)
def test_the_page_is_in_the_language_of_the_browser_or_the_one_chosen(
    browser: Browser, token: Any, asked: str, heading: str
) -> None:
    client = browser()
    signed_in(client, token("coordinator"))
    page = client.get("/app/", headers={"Accept-Language": asked})
    assert heading in page.get_data(as_text=True)
    client.post("/app/language", data={"csrf": field(page), "language": "nn"}, headers=ORIGIN)
    assert "Kva vil du gjere?" in client.get("/app/", headers={"Accept-Language": asked}).get_data(as_text=True)
