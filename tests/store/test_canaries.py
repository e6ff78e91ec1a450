"""Nobody's words lie in clear: every byte of every file is searched for what was written over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.conftest import ON, Api, an_input, meeting

CANARIES = 50
LONGEST = 200
"""Bytes a canary may take, so that none is missed between two pieces of a file."""


class Flock:
    """Canaries, each a text nobody else would write."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self) -> str:
        self.texts.append(f"kanarifugl {uuid4()} æøå")
        return self.texts[-1]


def written(api: Api, canary: Flock) -> list[str]:
    """Writes canaries into every member that takes text, and returns the records they are in."""
    paths = []
    deviating = [{"rule": "input.decided_without_reason", "reason": None}]
    while len(canary.texts) < CANARIES:
        made = api.post("/v1/meetings", meeting(title=canary(), place=canary(), agenda=canary()))
        path = made.headers["Location"]
        unassessed = [{"rule": "meeting.interpreter_need_not_assessed", "reason": canary()}]
        held = {"occurred": ON, "interpreter_need": "not_assessed", "deviations": unassessed}
        answer = api.put(f"{path}/holding", held, match=made.headers["ETag"])
        answer = api.put(f"{path}/minutes", {"occurred": ON, "minutes": canary()}, match=answer.headers["ETag"])
        event = api.get(f"{path}/history").json["items"][2]["event_id"]
        mended = {"event_id": event, "reason": canary(), "replacement": {"occurred": ON, "minutes": canary()}}
        answer = api.post(f"{path}/corrections", mended, match=answer.headers["ETag"])
        api.post(f"{path}/retractions", {"event_id": event, "reason": canary()}, match=answer.headers["ETag"])
        paths.append(path)

        made = api.post("/v1/inputs", an_input(level=("individual", "system")[len(paths) % 2], said=canary()))
        path = made.headers["Location"]
        chain: list[tuple[str, dict[str, Any]]] = [
            ("assessments", {"assessment": canary()}),
            ("answers", {"answer": canary()}),
            ("decisions", {"outcome": "adopted", "reasons": canary(), "deviations": deviating}),
            ("effects", {"effect": canary()}),
            ("verifications", {"evidence": canary()}),
            ("feedback", {"feedback": canary()}),
            ("feedback-ratings", {"rating": 5, "comment": canary()}),
        ]
        answer = made
        for command, members in chain:
            answer = api.post(f"{path}/{command}", {"occurred": ON, **members}, match=answer.headers["ETag"])
            assert answer.status_code == 200, answer.get_data(as_text=True)
        paths.append(path)
    return paths


def pieces(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every byte of every file, in pieces that overlap by a canary's length."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as stream:
                kept = b""
                while more := stream.read(1 << 22):
                    yield file, kept + more
                    kept = more[-LONGEST:]


def found(folders: list[Path], needles: list[bytes]) -> list[str]:
    """Which needles lie in which files."""
    return [
        f"{file.name}: {needle!r}"
        for folder in folders
        for file, piece in pieces(folder)
        for needle in needles
        if needle in piece
    ]


def test_no_canary_lies_in_clear_and_the_vault_opens_each(
    api: Api, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    canary = Flock()
    paths = written(api, canary)
    running = api.running
    running.stores().backup(tmp_path / "ledger.backup")
    folders = [tmp_path]
    if running.config.owner_database:
        with psycopg.connect(request.getfixturevalue("postgres"), autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            folders.append(Path(connection.execute("SHOW data_directory").fetchone()[0]))  # type: ignore[index]
    secrets = [*canary.texts, *api.tokens.values()]
    needles = [text.encode(encoding) for text in secrets for encoding in ("utf-8", "utf-16-le", "unicode_escape")]
    assert found(folders, needles) == []

    # What must be found if it lay there: the ids in clear prove that these are the files that hold the events.
    assert found(folders, [api.ledger.bytes])
    told = "".join(api.get(f"{path}/history").get_data(as_text=True) for path in paths)
    assert [text for text in canary.texts if text not in told] == []
