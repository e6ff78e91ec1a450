"""A convention worth having is worth a test that fails when it is broken (the rules of the house)."""

import ast
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

import api.app
from adapters.views.lists import ListView
from api import openapi, problems
from api.app import contract
from api.bootstrap import FEATURES, codec, features, projections
from api.cli import cli
from api.config import from_environment
from domain import codebook, errors

ROOT = Path(__file__).parents[1]
MODULES = sorted(path for room in ("domain", "api", "adapters") for path in ROOT.joinpath(room).rglob("*.py"))
IGNORED = {"ledger.opened", "ledger.codebook_activated", "ledger.corrected", "ledger.retracted"}
"""Stored events no list is made of: they are about the ledger itself, and stand in the audit."""


def _below(kind: type[errors.Refusal]) -> Iterator[type[errors.Refusal]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)


REFUSALS = sorted(set(_below(errors.Refusal)), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", REFUSALS, ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_status_and_its_docstring_is_its_title(kind: type[errors.Refusal]) -> None:
    assert 400 <= problems.STATUS[kind] < 600
    assert codebook.load().known("problems", problems.slug(kind))
    assert problems.title(kind, "en") == kind.__doc__


def test_the_tree_of_refusals_is_drawn_as_it_is() -> None:
    drawn: dict[str, str] = {}
    trunk = ["Refusal"]
    for line in (errors.__doc__ or "").splitlines():
        if branch := re.match(r"((?:│   |    )*)[├└]── (\w+)", line):
            depth = len(branch[1]) // 4 + 1
            trunk[depth:] = [branch[2]]
            drawn[branch[2]] = trunk[depth - 1]
    grown = {kind.__name__: kind.__base__.__name__ for kind in REFUSALS if kind.__module__.startswith("domain")}
    assert drawn == grown


def test_every_problem_of_the_codebook_is_a_refusal() -> None:
    assert {*codebook.load().lists["problems"].codes} == {problems.slug(kind) for kind in REFUSALS}


@pytest.mark.parametrize("operation", contract(features()).operations, ids=lambda operation: operation.name)
def test_every_operation_has_a_summary_and_its_problems(operation: openapi.Operation) -> None:
    assert re.fullmatch(r"[A-ZÆØÅ].*[^.]", operation.summary)
    assert operation.problems


def test_every_stored_event_is_classified_and_projected_or_ignored() -> None:
    stored = {*codec().classes}
    assert stored == {*codebook.load().lists["event-classes"].codes}
    listed = {view.kind.noun for view in projections() if isinstance(view, ListView)}
    assert {name for name in stored if name.partition(".")[0] not in listed} == IGNORED


@pytest.mark.parametrize("noun", FEATURES)
def test_a_feature_has_the_same_name_in_every_room(noun: str) -> None:
    for room in ("api/{}.py", "adapters/views/{}.py", "tests/features/test_{}.py"):
        assert ROOT.joinpath(room.format(noun)).is_file()
    assert ROOT.joinpath(f"domain/{noun}.py").is_file() or ROOT.joinpath(f"domain/{noun}/__init__.py").is_file()


def test_modules_are_short_and_named_for_what_they_hold() -> None:
    for path in MODULES:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 400, f"{path.relative_to(ROOT)} has {lines} lines: make it a package of the same name"
        if lines > 250:
            print(f"{path.relative_to(ROOT)}: {lines} lines, more than the 250 of the rule")
        assert path.stem not in ("util", "utils", "helpers", "base", "common")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_neither_print_nor_read_the_environment(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "print", f"line {node.lineno} prints"
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv"):
            assert path.relative_to(ROOT) == Path("api/config.py"), f"line {node.lineno} reads the environment"


def test_frontends_import_nothing_of_ours() -> None:
    for path in ROOT.joinpath("frontends").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            assert not {name.partition(".")[0] for name in names} & {"api", "domain", "adapters"}, path


def test_versions_agree() -> None:
    document = json.loads(ROOT.joinpath("openapi/openapi.json").read_bytes())
    assert _setup()["metadata"]["version"] == api.app.VERSION == document["info"]["version"]


def test_the_requirements_are_those_of_the_package_and_of_its_build() -> None:
    listed = {_pin(line) for line in _lines(ROOT.joinpath("requirements.in").read_text(encoding="utf-8"))}
    package = {_pin(line) for line in _lines(_setup()["options"]["install_requires"])}
    build = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert package <= listed
    assert {name for name, _ in listed - package} == {_pin(line)[0] for line in build}


def test_every_package_is_named_in_setup_cfg_with_its_data() -> None:
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in MODULES if path.name == "__init__.py"}
    assert packages == {*_lines(_setup()["options"]["packages"])}
    data = _setup()["options.package_data"]
    for name in packages:
        folder = ROOT.joinpath(*name.split("."))
        listed = {path for pattern in _lines(data.get(name, "")) for path in folder.glob(pattern)}
        kept = {path for path in folder.iterdir() if path.is_file() and path.suffix not in (".py", ".pyc")}
        kept |= {
            path for below in ("static", "templates") for path in folder.joinpath(below).rglob("*") if path.is_file()
        }
        assert kept == listed


@pytest.mark.parametrize("fake", ["another distribution's", "an older copy"])
def test_an_adapters_package_from_elsewhere_is_refused_at_start(fake: str, tmp_path: Path) -> None:
    if fake == "an older copy":
        shutil.copytree(ROOT / "adapters", tmp_path / "adapters")
    else:
        tmp_path.joinpath("adapters").mkdir()
        tmp_path.joinpath("adapters/__init__.py").touch()
    done = subprocess.run(
        [Path(sys.executable).with_name("medvirkning"), "ledger", "list"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "MEDVIRKNING_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "MixedInstallation" in done.stderr.splitlines()[-1]
    assert str(tmp_path / "adapters") in done.stderr.splitlines()[-1]
    assert not tmp_path.joinpath("data").exists()


def test_every_command_and_option_of_the_command_line_has_help() -> None:
    silent = []
    for name, command in _commands(cli):
        assert command.help, f"{name} does not say what it does"
        options = [each for each in command.params if isinstance(each, click.Option)]
        silent += [f"{name} {option.opts[0]}" for option in options if not option.help]
    assert silent == []


def test_the_image_and_the_services_name_only_what_exists() -> None:
    services = yaml.safe_load(ROOT.joinpath("docker-compose.yml").read_text(encoding="utf-8"))["services"]
    image = ROOT.joinpath("Dockerfile").read_text(encoding="utf-8")
    commands = [each["command"] for each in services.values() if "command" in each]
    commands += [json.loads(line.replace("\\\n", "")) for line in re.findall(r"CMD (\[(?:.|\\\n)*?\])", image)]
    known = {name.split(" ")[0]: command for name, command in _commands(cli)}
    for program, *arguments in commands:
        assert program in ("medvirkning", "gunicorn", "python")
        if program == "medvirkning":
            options = {option for param in known[arguments[0]].params for option in param.opts}
            assert {each.partition("=")[0] for each in arguments[1:] if each.startswith("-")} <= options
        if program == "gunicorn":
            module, _, call = arguments[-1].partition(":")
            assert call.removesuffix("()") in dir(sys.modules[module])
    for service in services.values():
        assert {*service.get("depends_on", {})} <= services.keys()
    for name in ("Makefile", ".ci/run"):
        text = ROOT.joinpath(name).read_text(encoding="utf-8")
        assert {*re.findall(r"bin/medvirkning\"? (\w+)", text)} <= known.keys()


@pytest.mark.parametrize("name", ["Dockerfile", "docker-compose.yml", "Makefile", ".ci/run", "README.md"])
def test_only_settings_that_exist_are_named(name: str) -> None:
    read: set[str] = set()

    class Environment(dict[str, str]):
        def get(self, variable: str, default: str | None = None) -> str | None:  # type: ignore[override]
            read.add(variable)
            return default

    from_environment(Environment())
    of_the_tests = {"MEDVIRKNING_COUNTS", "MEDVIRKNING_REQUIRE_POSTGRES"}
    named = {*re.findall(r"\bMEDVIRKNING_\w+", ROOT.joinpath(name).read_text(encoding="utf-8"))}
    assert named <= read | of_the_tests


def test_no_file_mentions_where_somebody_keeps_it() -> None:
    # The settings of git are not ours: a checkout may belong to another user than runs the tests.
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(git, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    homes = re.compile(rf"/(?:home|Users)/(?!medvirkning\b)\w|/[r]oot/|[A-Z]:\\Users|{re.escape(str(ROOT))}\b")
    for name in filter(None, names):
        path = ROOT / name
        if path.is_file():
            found = homes.search(path.read_bytes().decode("utf-8", "replace"))
            assert not found, f"{name} mentions {found[0]}"


def _commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield f"{before}{name}", command
            yield from _commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def _setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _pin(line: str) -> tuple[str, str]:
    name = re.match(r"[A-Za-z0-9.\[\]_-]+", line)
    assert name
    return name[0], line
