"""Frontends as anybody's are installed: a package with its metadata on the path, found by the standard library."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api import auth, demo, ledgers
from api.app import application
from api.bootstrap import Running, bootstrap, migrate
from api.config import Config
from api.frontends import Allowed, installed
from tests.conftest import Clock, Ids

PAGE = """
import flask

FRONTEND = {"title": {"nb": "Prøve", "nn": "Prøve", "en": "Try"}, "roles": ["coordinator"], "api": 1}


def frontend(api):
    pages = flask.Blueprint("try", __name__)

    @pages.get("/")
    def start():
        actor = api.get("me").json()["actor"]
        return flask.render_template_string("<form>{{ csrf_field() }}</form>{{ actor }}", actor=actor)

    @pages.post("/said")
    def said():
        return flask.request.form["word"]

    @pages.get("/broken")
    def broken():
        raise RuntimeError("noe hemmelig")

    return pages
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs a frontend of that name and source, as `pip install --target` would."""
    made: list[str] = []

    def installing(name: str, source: str = PAGE) -> None:
        site = tmp_path / f"site-{name}"
        package = site / f"plugin_{name}"
        package.mkdir(parents=True, exist_ok=True)
        package.joinpath("__init__.py").write_text(source, encoding="utf-8")
        metadata = site / f"plugin_{name}-1.0.dist-info"
        metadata.mkdir(exist_ok=True)
        metadata.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: plugin-{name}\nVersion: 1.0\n")
        metadata.joinpath("entry_points.txt").write_text(f"[medvirkning.frontends]\n{name} = plugin_{name}\n")
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()
        sys.modules.pop(f"plugin_{name}", None)
        made.append(f"plugin_{name}")

    yield installing
    for module in made:
        sys.modules.pop(module, None)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A synthetic ledger on SQLite."""
    config = Config(data=tmp_path / "data")
    migrate(config)
    opened = bootstrap(config, clock=Clock(), new_id=Ids())
    ledgers.create(opened, "1504", "Ålesund", synthetic=True)
    yield opened
    opened.close()


@pytest.fixture
def browser(running: Running) -> Callable[[], FlaskClient]:
    """A browser before the house as it is now: what is installed is found when it is started."""
    return lambda: application(running.services, running.features, Allowed(running.config.frontends)).test_client()


@pytest.fixture
def allow(running: Running) -> Callable[[str], None]:
    """Puts an installed frontend on the list."""
    allowed = Allowed(running.config.frontends)
    return lambda name: allowed.allow(next(each for each in installed() if each.name == name))


@pytest.fixture
def token(running: Running) -> Callable[[str], str]:
    """A token of a role."""

    def made(role: str) -> str:
        ledger = running.ledger_numbered("1504")
        assert role in auth.ROLES
        return demo.token(running, ledger, role, "bolig", f"{role}-1", None, 1, agreement=False)

    return made
