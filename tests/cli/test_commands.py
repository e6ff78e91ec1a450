"""The command line: what it prints, what it refuses, and what it says to do."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from api.bootstrap import bootstrap, export, migrate
from api.config import Config
from domain import codebook
from tests.cli.conftest import Run


def test_a_ledger_is_opened_listed_and_given_a_token(run: Run) -> None:
    opened = run("ledger", "create", "--municipality", "1504", "--name", "Ålesund").stdout.strip()
    assert run("ledger", "list").stdout == f"{opened} 1504 Ålesund\n"
    token = run("token", "create", "--role", "evaluator", "--municipality", "1504").stdout
    assert re.fullmatch(r"mv_[A-Za-z0-9_-]{64}\n", token)
    listed = run("token", "list", "--municipality", "1504").stdout.split()
    assert listed[1:] == ["evaluator", "not_recorded", "evaluator"]
    run("token", "revoke", "--municipality", "1504", listed[0])
    assert run("token", "list", "--municipality", "1504").stdout == ""
    assert run("token", "revoke", "--municipality", "1504", listed[0], check=False).returncode == 1


def test_a_number_that_names_two_ledgers_is_an_error_that_names_both(run: Run) -> None:
    first = run("ledger", "create", "--municipality", "1507", "--name", "Ålesund").stdout.strip()
    refused = run("ledger", "create", "--municipality", "1507", "--name", "Ålesund", check=False)
    assert "--another" in refused.stderr
    second = run("ledger", "create", "--municipality", "1507", "--name", "Haram", "--another").stdout.strip()
    refused = run("token", "create", "--role", "evaluator", "--municipality", "1507", check=False)
    assert refused.returncode == 1
    assert first in refused.stderr
    assert second in refused.stderr
    assert run("token", "create", "--role", "evaluator", "--municipality", second).stdout.startswith("mv_")


def test_errors_are_one_line_that_says_what_to_do(run: Run, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    unknown = run("verify", "--municipality", "9999", check=False)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (1, 1)
    assert "medvirkning ledger create" in unknown.stderr
    number = run("ledger", "create", "--municipality", "15", "--name", "X", check=False)
    assert "four digits" in number.stderr
    run("ledger", "create", "--municipality", "1504", "--name", "Ålesund")
    wrong = Run(replace(config, vault_key="B" * 43 + "="), monkeypatch)("ledger", "list", check=False)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
    assert "vault.key" in wrong.stderr


def test_an_installation_never_migrated_says_so(
    make_config: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Run(make_config("sqlite"), monkeypatch)("ledger", "list", check=False)
    assert refused.returncode == 1
    assert "medvirkning migrate" in refused.stderr


def test_the_demo_loads_once_and_is_whole(run: Run) -> None:
    first, second = (run("demo", "--no-serve", "--persons", "50").stdout for _ in range(2))
    assert "http://127.0.0.1:8000" in first
    assert first.count("curl ") == 6
    assert [len(re.findall(r"mv_[\w-]{64}\n", told)) for told in (first, second)] == [5, 5]
    assert re.search(
        r"^1504 [0-9a-f-]{36}: 19 events, root [0-9a-f]{64}, no faults$", run("verify").stdout, re.MULTILINE
    )


def test_an_export_has_a_line_for_each_event_and_text_only_when_asked(run: Run, tmp_path: Path) -> None:
    run("demo", "--no-serve", "--persons", "0")
    plain = run("export", "--municipality", "1504").stdout
    assert "postlisten" not in plain
    assert [json.loads(line)["position"] for line in plain.splitlines()] == list(range(1, 20))
    run("export", "--municipality", "1504", "--text", "--output", str(tmp_path / "out.jsonl"))
    assert "postlisten" in tmp_path.joinpath("out.jsonl").read_text(encoding="utf-8")


def test_a_backup_is_restored_into_either_edition(
    run: Run, config: Config, make_config: Callable[..., Config], back_end: str, tmp_path: Path
) -> None:
    run("demo", "--no-serve", "--persons", "0")
    file = tmp_path / "ledger.backup"
    run("backup", str(file))
    key = config.vault_key or config.data.joinpath("vault.key").read_text(encoding="ascii").strip()
    exports = [run("export", "--municipality", "1504", "--text").stdout]
    for target in ("sqlite", "postgresql"):
        other = replace(make_config(target, f"restored-{target}"), vault_key=key)
        migrate(other)
        as_owner = replace(other, database=other.owner_database)
        opened = bootstrap(as_owner)
        opened.stores().restore(file)
        ledger = opened.ledger_numbered("1504")
        exports.append(b"".join(export(opened.store(ledger), text=True)).decode())
        opened.close()
    assert exports[0] == exports[1] == exports[2]
    refused = run("restore", str(file), check=False)
    assert refused.returncode == 1
    assert "empty installation" in refused.stderr


def test_a_rebuild_asks_for_nothing_and_changes_no_answer(run: Run) -> None:
    run("demo", "--no-serve", "--persons", "0")
    run("rebuild")
    run("rebuild", "--municipality", "1504")


def test_a_demo_over_views_of_another_version_builds_them_again(run: Run, config: Config) -> None:
    run("demo", "--no-serve", "--persons", "0")
    opened = bootstrap(config)
    opened.ledger_views(opened.ledger_numbered("1504")).catch_up()
    with opened.views.engine.begin() as connection:
        connection.execute(opened.views.progress.update().values(version="another"))
    opened.close()
    refused = run("verify", check=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "medvirkning rebuild" in refused.stderr
    assert "building them again" in run("demo", "--no-serve", "--persons", "0").stderr
    assert run("verify").returncode == 0


def test_a_token_is_for_an_opaque_actor_of_a_unit_by_its_id(run: Run) -> None:
    run("ledger", "create", "--municipality", "1504", "--name", "Ålesund")
    make = ("token", "create", "--role", "caseworker", "--municipality", "1504")
    for wrong in (("--unit", "Flyktning og bosetting"), ("--actor", "to ord"), ("--client", "æ")):
        refused = run(*make, *wrong, check=False)
        assert refused.returncode == 2
        assert "opaque id" in refused.stderr
    assert run(*make, "--unit", "refugee_unit", "--actor", "cw-7").stdout.startswith("mv_")


def test_a_ledger_goes_by_another_codebook_from_when_it_is_told_to(run: Run) -> None:
    run("ledger", "create", "--municipality", "1504", "--name", "Ålesund")
    told = ("ledger", "codebook", "--municipality", "1504")
    newest = f"version {codebook.VERSION}; the newest is {codebook.VERSION}\n"
    assert run(*told).stdout == newest
    assert run(*told, "--activate", "1").stdout.startswith("version 1;")
    assert run(*told).stdout.startswith("version 1;")
    assert run(*told, "--activate", str(codebook.VERSION)).stdout == newest
    assert run(*told, "--activate", str(codebook.VERSION + 1), check=False).returncode == 2
    names = [json.loads(line)["name"] for line in run("export", "--municipality", "1504").stdout.splitlines()]
    assert names == ["ledger.opened", "ledger.codebook_activated", "ledger.codebook_activated"]


def test_a_synthetic_municipality_is_made_once_and_only_of_days_that_have_passed(run: Run) -> None:
    made = run("generate", "--persons", "50", "--years", "1", "--until", "2026-01-31", "--municipality", "9998")
    assert re.fullmatch(r"9998: \d{3,} events of 50 synthetic persons over 1 years\n", made.stdout)
    again = run("generate", "--persons", "50", "--municipality", "9998", check=False)
    assert (again.returncode, "choose another" in again.stderr) == (1, True)
    assert run("generate", "--until", "2999-01-01", check=False).returncode == 2
    assert "9998 Syntetisk kommune (oppdiktet) (synthetic)" in run("ledger", "list").stdout


def test_an_agreement_is_refused_to_who_is_no_system(run: Run) -> None:
    run("ledger", "create", "--municipality", "1504", "--name", "Ålesund")
    make = ("token", "create", "--municipality", "1504", "--agreement", "--role")
    refused = run(*make, "caseworker", check=False)
    assert (refused.returncode, "only to system" in refused.stderr) == (1, True)
    assert run(*make, "system").stdout.startswith("mv_")
