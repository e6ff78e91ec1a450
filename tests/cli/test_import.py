"""Import: told line by line, and a second run changes nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.config import Config
from api.imports import Importer, Rehearsal
from tests.cli.conftest import Done, Run
from tests.conftest import BACK_ENDS, Api

ACTOR = {"id": "archive", "role": "coordinator", "unit": "not_recorded"}
SPRING = {"from": "2024-03-01", "to": "2024-03-31"}


def line(key: str, command: str, body: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "key": key,
        "command": command,
        "occurred": SPRING,
        "actor": ACTOR,
        "basis": "document",
        "body": body,
        **members,
    }


LINES = [
    line("1", "meeting.registered_as_existing", {"state": "held", "kind": "theme_evening"}, ref="evening"),
    line(
        "2",
        "input.raised",
        {"kind": "wish", "level": "system", "voiced_by": "refugees", "source": {"$ref": "evening"}, "said": "Større"},
        ref="wish",
        source_recorded_at="2024-04-02T10:00:00+02:00",
    ),
    line("3", "input.decided", {"outcome": "rejected"}, **{"$ref": "wish"}, accept_deviations="*"),
    line(
        "4",
        "meeting.minuted",
        {"minutes": "Alle ble hørt"},
        **{"$ref": "evening"},
        accept_deviations=["meeting.recorded_after_end"],
    ),
]


@pytest.fixture
def imported(run: Run, tmp_path: Path) -> Callable[..., Done]:
    """Imports lines into ledger 1504, which it opens first."""
    run("ledger", "create", "--municipality", "1504", "--name", "Test", "--synthetic")

    def imported(lines: list[Any], *options: str) -> Done:
        file = tmp_path / "lines.jsonl"
        file.write_text("".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in lines))
        return run("import", "--municipality", "1504", *options, str(file), check=False)

    return imported


def exported(run: Run) -> list[dict[str, Any]]:
    return [json.loads(each) for each in run("export", "--municipality", "1504", "--text").stdout.splitlines()]


def test_each_line_is_told_and_a_second_run_changes_nothing(imported: Callable[..., Done], run: Run) -> None:
    rehearsed = imported(LINES, "--dry-run")
    assert rehearsed.stdout.splitlines()[-1] == "would be recorded 4, unchanged 0, changed 0, refused 0"
    assert rehearsed.stdout.splitlines()[0] == "line 1: would be recorded"
    assert len(exported(run)) == 1
    first = imported(LINES)
    assert [each.split()[:3] for each in first.stdout.splitlines()[:-1]] == [
        ["line", f"{number}:", "recorded"] for number in (1, 2, 3, 4)
    ]
    assert first.returncode == 0
    second = imported(LINES)
    assert second.stdout.splitlines()[-1] == "recorded 0, unchanged 4, changed 0, refused 0"
    assert len(exported(run)) == 5


def test_what_is_imported_says_where_it_came_from(imported: Callable[..., Done], run: Run) -> None:
    imported(LINES, "--source", "old-archive")
    _, meeting, wish, decided, minuted = exported(run)
    meta = wish["skeleton"]["meta"]
    assert wish["skeleton"]["source"] == meeting["stream_id"]
    assert (meta["source_system"], meta["source_ref"]) == ("old-archive", "wish")
    assert meta["source_recorded_at"] == "2024-04-02T10:00:00+02:00"
    assert wish["text"] == {"voice": {"said": "Større"}}
    assert [each["skeleton"]["meta"]["deviations"] for each in (decided, minuted)] == [
        [{"rule": "input.decided_without_reason", "reason": "import", "event_id": None}],
        [],
    ]


def test_a_changed_line_with_an_old_key_is_reported_and_not_applied(imported: Callable[..., Done], run: Run) -> None:
    imported(LINES)
    changed = [*LINES[:2], {**LINES[2], "body": {"outcome": "adopted", "reason": "law"}}, LINES[3]]
    told = imported(changed, "--quiet")
    assert told.returncode == 1
    assert told.stdout.splitlines()[0].startswith("line 3: changed")
    assert told.stdout.splitlines()[-1] == "recorded 0, unchanged 3, changed 1, refused 0"
    assert len(exported(run)) == 5


def test_refs_hold_from_one_file_to_the_next(imported: Callable[..., Done]) -> None:
    imported(LINES[:1], "--source", "archive")
    assert imported(LINES[1:], "--source", "archive").returncode == 0
    foreign = imported(LINES[1:2], "--source", "elsewhere")
    assert "nothing from elsewhere has the ref 'evening'" in foreign.stdout


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("not json\n", "is not JSON"),
        ("[" * 100_000 + "]" * 100_000 + "\n", "is not JSON, or too deep"),
        ('{"key": 1}\n', "/key: "),
        (line("9", "meeting.dreamt", {}), "/command: there is no command"),
        (line("9", "meeting.scheduled", {"kind": "feast"}), "/body/kind: "),
        (line("9", "meeting.scheduled", {"kind": "other"}, extra=1), "/extra: "),
        (line("9", "meeting.held", {}), "/id: "),
        (line("9", "meeting.held", {}, ref="x", id="00000000-0000-4000-8000-000000000000"), "/ref: "),
        (line("9", "meeting.held", {}, id="00000000-0000-4000-8000-000000000000"), "no such meeting"),
        (line("9", "meeting.scheduled", {"kind": "other"}, ref="evening"), "another record"),
        (line("9", "input.decided", {"outcome": "adopted"}, **{"$ref": "wish"}), "input.decided_without_reason"),
        (line("9", "meeting.scheduled", {"kind": "other"}, accept_deviations={}), "/accept_deviations: "),
        (line("9", "meeting.scheduled", {"kind": "other", "units": [2**60]}), "RFC 8785"),
        ({**line("9", "meeting.scheduled", {"kind": "other"}), "occurred": {"from": "2999-01-01", "to": None}}, "come"),
    ],
)
def test_a_wrong_line_is_refused_alone_and_says_why(sqlite_api: Api, wrong: Any, told: str) -> None:
    services, features = sqlite_api.running.services, sqlite_api.running.features
    records = services.ledger(sqlite_api.ledger).records
    lines = [*LINES, wrong, line("10", "meeting.scheduled", {"kind": "other"})]
    raw = [each.encode() if isinstance(each, str) else json.dumps(each).encode() for each in lines]
    for into in (Rehearsal(records), records):
        outcomes = list(Importer(into, features, "archive", services.clock, services.new_id).run(raw))
        assert [each.result for each in outcomes] == ["recorded"] * 4 + ["refused", "recorded"]
        assert told in outcomes[4].detail


def test_only_a_synthetic_ledger_may_have_a_simulated_clock(run: Run, tmp_path: Path) -> None:
    run("ledger", "create", "--municipality", "1508", "--name", "Real")
    file = tmp_path / "lines.jsonl"
    file.write_text(json.dumps(LINES[0]))
    refused = run("import", "--municipality", "1508", "--clock", "2026-01-01T00:00:00Z", str(file), check=False)
    assert "only a synthetic ledger" in refused.stderr


def test_the_same_import_with_the_same_clock_and_ids_exports_the_same_bytes(
    make_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in LINES))
    exports = []
    for back_end in BACK_ENDS:
        config = make_config(back_end)
        run = Run(config, monkeypatch)
        run("migrate")
        opening = ("ledger", "create", "--municipality", "1504", "--name", "Test", "--synthetic")
        run(*opening, "--clock", "2027-01-01T00:00:00Z", "--seed", "6")
        run("import", "--municipality", "1504", "--clock", "2027-01-02T00:00:00Z", "--seed", "7", str(file))
        exports += [run("export", "--municipality", "1504", *text).stdout for text in ((), ("--text",))]
    plain, text, plain_again, text_again = exports
    assert plain == plain_again
    assert text == text_again
    assert plain.count("\n") == text.count("\n") == 5
