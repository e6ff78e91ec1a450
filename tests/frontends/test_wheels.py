"""A third party's frontend: a wheel built elsewhere, installed with pip, served, and removed."""

import os
import re
import signal
import subprocess
import sysconfig
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
HELLO = ROOT / "frontends" / "hello"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[..., str]:
    """An environment that has the product and nothing else of ours, with a data folder; runs a command in it."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)
    purelib = next(folder.glob("lib/*/site-packages"))
    # What the product runs on is taken as it is here; so nothing is fetched.
    purelib.joinpath("product.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    env = {**os.environ, "MEDVIRKNING_DATA": str(tmp_path / "data")}

    def run(*command: str) -> str:
        told = subprocess.run(
            [str(folder / "bin" / "python"), "-m", *command], env=env, cwd=tmp_path, capture_output=True, text=True
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout

    return run


@contextmanager
def served(tmp_path: Path, *what: str) -> Iterator[httpx.Client]:
    """A browser before a real server of that environment."""
    command = [str(tmp_path / "venv" / "bin" / "python"), "-m", "api.cli", *(what or ("serve",)), "--port", "0"]
    env = {**os.environ, "MEDVIRKNING_DATA": str(tmp_path / "data")}
    with subprocess.Popen(command, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            origin = next(line for line in process.stderr if "listening on" in line).split()[-1]
            headers = {"Origin": origin, "Accept-Language": "en"}
            with httpx.Client(base_url=origin, headers=headers, timeout=30) as browser:
                yield browser
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def signed_in(browser: httpx.Client, token: str) -> str:
    """The start page of whoever has that token."""
    csrf = re.search('name="csrf" value="([0-9a-f]+)"', browser.get("/app/sign-in").text)
    assert csrf
    form = {"csrf": csrf[1], "token": token}
    return browser.post("/app/sign-in", data=form, follow_redirects=True).text


def test_a_wheel_appears_when_it_is_allowed_and_is_gone_when_it_is_removed(
    tmp_path: Path, elsewhere: Callable[..., str]
) -> None:
    elsewhere("pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(HELLO))
    [wheel] = tmp_path.glob("medvirkning_hello-*.whl")
    elsewhere("api.cli", "migrate")
    elsewhere("api.cli", "ledger", "create", "--municipality", "1504", "--name", "Ålesund", "--synthetic")
    token = elsewhere("api.cli", "token", "create", "--municipality", "1504", "--role", "coordinator").strip()
    elsewhere("pip", "install", "-q", "--no-deps", str(wheel))
    with served(tmp_path) as browser:
        assert "Hello" not in signed_in(browser, token)
    with served(tmp_path) as api, served(tmp_path, "frontend", "serve", "hello", "--api", str(api.base_url)) as browser:
        assert '<a href="/app/hello/">Hello</a>' in signed_in(browser, token), "in a process of its own"
        assert "<h1>Latest meetings</h1>" in browser.get("/app/hello/").text
    assert "may be loaded" in elsewhere("api.cli", "frontend", "allow", "hello")
    with served(tmp_path) as browser:
        assert '<a href="/app/hello/">Hello</a>' in signed_in(browser, token)
        assert "<h1>Latest meetings</h1>" in browser.get("/app/hello/").text
    elsewhere("pip", "uninstall", "-q", "-y", "medvirkning-hello")
    assert elsewhere("api.cli", "frontend", "list") == ""
    with served(tmp_path) as browser:
        assert "Hello" not in signed_in(browser, token)
        assert browser.get("/app/hello/").status_code == 404


def test_the_least_frontend_is_short() -> None:
    source = HELLO / "medvirkning_hello" / "__init__.py"
    assert len(source.read_text(encoding="utf-8").splitlines()) <= 40


def test_the_readme_shows_it_as_it_is() -> None:
    [shown] = re.findall("```python\n(.*?)```", ROOT.joinpath("README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown in HELLO.joinpath("medvirkning_hello", "__init__.py").read_text(encoding="utf-8")
