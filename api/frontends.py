"""Plugin frontends: which are installed, which may be loaded, and what became of each.

A frontend is an entry point of the group `medvirkning.frontends`: a module with a dict `FRONTEND` and a function
`frontend(api)` that returns a Flask blueprint. In this process it is trusted code, so it is loaded only if its
distribution and the digest of its files are on the list of those allowed; one that fails to load is named, and
nothing else suffers.
"""

import hashlib
import importlib.util
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Literal

import flask
import httpx

GROUP = "medvirkning.frontends"
API_VERSION = 1
"""The API version frontends are served; the path prefix `/v1`."""

NAME = "[a-z][a-z0-9_-]{0,40}"
"""What a frontend may be called."""

LANGUAGES = ("nb", "nn", "en")
log = logging.getLogger("medvirkning.frontends")


@dataclass(frozen=True)
class Installed:
    """A frontend that is installed; `digest` is of its files, read without running any of them."""

    name: str
    distribution: str
    version: str
    digest: str
    entry_point: EntryPoint


@dataclass(frozen=True)
class Frontend:
    """What became of an installed frontend. `blueprint` is there if it was loaded, `error` if it failed."""

    name: str
    distribution: str
    version: str
    state: Literal["loaded", "not_allowed", "failed"]
    error: str | None = None
    title: Mapping[str, str] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()
    personal_data: tuple[str, ...] = ()
    blueprint: flask.Blueprint | None = None


def installed() -> list[Installed]:
    """Every frontend that is installed, by name."""
    found = []
    for point in sorted(entry_points(group=GROUP), key=lambda each: each.name):
        distribution = point.dist
        assert distribution is not None
        found.append(
            Installed(point.name, distribution.name, distribution.version, digest(point.value.partition(":")[0]), point)
        )
    return found


def digest(module: str) -> str:
    """The SHA-256 of a module's package: each file's path and bytes, in order. Empty where there is no such module."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None or spec.origin is None:
        return ""
    roots = [Path(each) for each in spec.submodule_search_locations or ()] or [Path(spec.origin)]
    told = hashlib.sha256()
    for root in roots:
        files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else [root]
        for path in files:
            if "__pycache__" not in path.parts:
                told.update(path.relative_to(root.parent).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return told.hexdigest()


class Allowed:
    """The list of frontends that may be loaded in this process: a line each, `<distribution> sha256:<digest>`."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __contains__(self, found: Installed) -> bool:
        return bool(found.digest) and self._line(found) in self._lines()

    def allow(self, found: Installed) -> None:
        """Puts it on the list as it is now, in the place of any other version of it."""
        self._write([*self._others(found), self._line(found)])

    def forbid(self, found: Installed) -> None:
        """Takes it off the list."""
        self._write(self._others(found))

    def _others(self, found: Installed) -> list[str]:
        return [line for line in self._lines() if line.partition(" ")[0] != found.distribution]

    def _lines(self) -> list[str]:
        return self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []

    def _write(self, lines: Iterable[str]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    @staticmethod
    def _line(found: Installed) -> str:
        return f"{found.distribution} sha256:{found.digest}"


def load(found: Installed, api: httpx.Client) -> Frontend:
    """What becomes of a frontend that is run; `api` is what it is given."""
    who: dict[str, Any] = {"name": found.name, "distribution": found.distribution, "version": found.version}
    try:
        return _loaded(found, who, api)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin does, the others and the API go on
        return failed(Frontend(**who, state="failed"), error)


def failed(frontend: Frontend, error: BaseException) -> Frontend:
    """A frontend that cannot be shown, and why."""
    log.error("frontend %s (%s) has not loaded: %s", frontend.name, frontend.distribution, type(error).__name__)
    return replace(frontend, state="failed", blueprint=None, error=f"{type(error).__name__}: {error}"[:300])


def load_allowed(allowed: Allowed, api: httpx.Client) -> Iterator[Frontend]:
    """What became of each frontend that is installed, in the API's own process."""
    for found in installed():
        if found in allowed:
            yield load(found, api)
        else:
            yield Frontend(found.name, found.distribution, found.version, state="not_allowed")


def _loaded(found: Installed, who: Mapping[str, Any], api: httpx.Client) -> Frontend:
    if not re.fullmatch(NAME, found.name):
        raise ValueError(f"its name is not of the form {NAME}")
    module = found.entry_point.load()
    told: Mapping[str, Any] = module.FRONTEND
    if missing := [lang for lang in LANGUAGES if lang not in told["title"]]:
        raise ValueError(f"FRONTEND['title'] lacks {', '.join(missing)}")
    if told["api"] != API_VERSION:
        raise ValueError(f"it needs version {told['api']} of the API; this is {API_VERSION}")
    blueprint = module.frontend(api)
    if not isinstance(blueprint, flask.Blueprint):
        raise TypeError("frontend(api) returns no flask.Blueprint")
    return Frontend(
        **who,
        state="loaded",
        title=dict(told["title"]),
        roles=frozenset(told["roles"]),
        personal_data=tuple(told.get("personal_data", ())),
        blueprint=blueprint,
    )
