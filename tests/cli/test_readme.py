"""The README's commands and its story run as they are written."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from api.config import Config
from tests.cli.conftest import Server, environment

ROOT = Path(__file__).parents[2]
README = ROOT.joinpath("README.md").read_text(encoding="utf-8")
STORY = "\n".join(re.findall(r"```bash\n(.*?)```", README, re.DOTALL))


@pytest.fixture
def told(config: Config, start: Callable[..., Server], tmp_path: Path) -> str:
    """What the story prints, told against a served demo."""
    server = start("demo")
    tmp_path.joinpath(".venv-run").mkdir()
    tmp_path.joinpath(".venv-run/bin").symlink_to(Path(sys.executable).parent)
    port = server.url.rpartition(":")[2]
    script = "set -euo pipefail\n" + STORY
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(config) | {"MEDVIRKNING_PORT": port},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_story_runs_as_written(told: str) -> None:
    answers = [json.loads(line) for line in told.splitlines() if line.startswith(("{", "["))]
    scheduled, refused, held, raised, corrected, before, now, feed = answers
    assert scheduled["state"] == "scheduled"
    assert (refused["status"], refused["rules"][0]["rule"]) == (409, "meeting.interpreter_need_not_assessed")
    assert held["deviations"][0]["reason"] == "nobody asked"
    assert raised["source"] == scheduled["id"]
    assert corrected["tally"]["attended"] == 18
    assert before["tally"]["attended"] == 8
    assert now["tally"]["attended"] == 18
    assert [event["type"] for event in feed] == [
        "meeting.scheduled.v1",
        "meeting.held.v1",
        "input.raised.v1",
        "meeting.corrected.v1",
    ]
    rows = [line for line in told.splitlines() if re.match(r"(record|meeting|input),", line)]
    assert rows == [
        "record,arena,year,value,status",
        "meeting,ar5,2009,,not_recorded",
        "meeting,ar5,2026,1,",
        "meeting,ar16,2009,4,",
        "meeting,ar16,2026,,not_recorded",
        "input,ar5,2009,,not_recorded",
        "input,ar5,2026,1,",
        "input,ar16,2009,,not_recorded",
        "input,ar16,2026,,not_recorded",
    ]


def test_every_make_target_and_path_it_names_exists() -> None:
    makefile = ROOT.joinpath("Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make (\w+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for document in (ROOT / "README.md", *ROOT.joinpath("docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            assert document.parent.joinpath(link).exists(), f"{document.name}: {link}"
