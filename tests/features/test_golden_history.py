"""The golden history: the project of 2009 as events, and nothing in it that the note does not say."""

import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

import pytest

from adapters.exports import export
from api import demo
from api.app import application
from api.bootstrap import Running, bootstrap, migrate
from api.config import Config
from tests.conftest import Api, Clock, Ids
from tests.features.tables import Table

BY = "on=2009-12-31"
MISSING = "not_recorded"


def load(running: Running) -> Api:
    """The ledger the golden history has been loaded into."""
    ledger = demo.load(running)
    return Api(running, ledger, application(running.services, running.features).test_client())


@pytest.fixture
def loaded(running: Running) -> Api:
    """Loaded anew, on each back end in turn."""
    return load(running)


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Loaded once, on SQLite, to be read only."""
    config = Config(data=tmp_path_factory.mktemp("golden"))
    migrate(config)
    running = bootstrap(config, clock=Clock(), new_id=Ids())
    yield load(running)
    running.close()


def lines() -> list[dict[str, Any]]:
    text = resources.files("adapters.golden").joinpath("aalesund-2009.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(concern["code"] for row in rows for concern in row["concerns"])


def test_by_the_end_of_2009_four_dialogue_meetings_and_an_interview_had_been_held(loaded: Api) -> None:
    meetings = loaded.items(f"/v1/meetings?{BY}&kind=dialogue_meeting")
    assert sorted(row["composition"] for row in meetings) == ["joint", "refugees_only", "staff_only", "staff_only"]
    [interview] = loaded.items(f"/v1/meetings?{BY}&kind=interview")
    assert interview["composition"] == "reception_centre"
    every = loaded.items(f"/v1/meetings?{BY}")
    assert len(every) == 5
    assert {row["state"] for row in every} == {"held"}
    assert {(row["held_from"], row["held_to"]) for row in every} == {("2009-08-01", "2009-12-31")}
    assert {row["deviations"] for row in every} == {0}
    assert loaded.items("/v1/meetings?on=2009-12-30") == []


def test_the_refugees_are_one_counted_group_of_five_with_its_marginals(golden: Api) -> None:
    details = [golden.get(f"/v1/meetings/{row['id']}").json for row in golden.items(f"/v1/meetings?{BY}")]
    [group] = [detail["group"] for detail in details if detail["group"]]
    assert group["n"] == 5
    marginals = {each["list"]: {count["code"]: count["n"] for count in each["counts"]} for each in group["marginals"]}
    assert marginals == {
        "genders": {"woman": 3, "man": 2},
        "countries": {"MM": MISSING, "NP": MISSING, "IQ": MISSING},
        "pathways": {"resettlement": 5},
    }


def test_the_forms_and_arenas_are_inputs_of_those_who_spoke_of_them(golden: Api) -> None:
    discussed = golden.items(f"/v1/inputs?{BY}&concern=forms&maturity=discussed_possible")
    proposed = golden.items(f"/v1/inputs?{BY}&concern=forms&maturity=proposed")
    arenas = golden.items(f"/v1/inputs?{BY}&concern=arenas&maturity=discussed_possible")
    assert codes(discussed) == ["f25", "f27", "f28", "f29"]
    assert codes(proposed) == ["f30", "f31"]
    assert codes(arenas) == ["ar3", "ar4", "ar5", "ar6", "ar7", "ar8"]
    assert {row["voiced_by"] for row in [*discussed, *arenas]} == {"municipal_staff"}
    assert {row["voiced_by"] for row in proposed} == {"refugees"}
    every = golden.items(f"/v1/inputs?{BY}")
    assert len(every) == 12
    assert {(row["state"], row["outcome"], row["source"]) for row in every} == {("raised", MISSING, "unknown")}


def test_the_project_group_is_seven_members_by_role_one_of_whom_holds_two(golden: Api) -> None:
    [row] = golden.items(f"/v1/bodies?{BY}")
    shown = {"kind": "project_group", "state": MISSING, "seated": 7, "women": None, "seats": None, "deviations": 0}
    assert row.items() >= shown.items()
    detail = golden.get(f"/v1/bodies/{row['id']}").json
    roles = {each["code"]: each["n"] for each in detail["composition"] if each["list"] == "roles"}
    held = {"unit_head": 3, "acting_director": 1, "adviser": 1, "department_head": 1, "project_lead": 1, "principal": 1}
    assert roles == held
    assert {(each["code"], each["n"]) for each in detail["composition"] if each["list"] != "roles"} == {(MISSING, 7)}
    assert (detail["seed_line"], detail["representatives"]) == ("s:53-61", [])


def test_the_table_counts_the_five_meetings_and_twelve_inputs_of_2009(golden: Api) -> None:
    table = Table(golden, f"{BY}&valuecodes[record]=*&valuecodes[form]=f35,f36,f25&valuecodes[year]=2009")
    counted = {form: table.cell(record="meeting", form=form, year="2009") for form in ("f35", "f36", "f25")}
    assert counted == {"f35": 4, "f36": 1, "f25": ".."}
    assert Table(golden, f"{BY}&valuecodes[record]=input").body["value"] == [12]


def exported(golden: Api) -> list[dict[str, Any]]:
    return [json.loads(line) for line in export(golden.running.store(golden.ledger), text=True)]


def test_no_event_has_the_id_of_a_participant_or_of_anything_else(golden: Api) -> None:
    events = [event for event in exported(golden) if event["name"] != "ledger.opened"]
    assert len(events) == 18
    for event in events:
        told = json.dumps([event["skeleton"], event["text"]])
        assert "participant" not in told
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", told)
        assert event["skeleton"]["meta"].items() >= {"basis": "document", "source_system": demo.SOURCE}.items()


def test_the_ledger_knew_nothing_of_it_before_it_was_told(loaded: Api) -> None:
    for noun in ("meetings", "inputs", "bodies"):
        assert loaded.items(f"/v1/{noun}?as_of=2026-03-01&{BY}") == []
        assert loaded.items(f"/v1/{noun}?as_of=1&{BY}") == []
    assert Table(loaded, f"as_of=2026-03-01&{BY}&valuecodes[record]=*").body["value"] == [None, None]
    assert len(loaded.items(f"/v1/meetings?as_of=2026-03-02&{BY}")) == 5


def test_loading_it_again_changes_nothing(loaded: Api) -> None:
    before = exported(loaded)
    assert demo.load(loaded.running) == loaded.ledger
    assert exported(loaded) == before


def test_every_line_says_which_lines_of_the_note_it_was_made_from() -> None:
    for line in lines():
        seed_line = line["body"]["seed_line"]
        assert re.fullmatch(r"s:\d+(-\d+)?(,\d+(-\d+)?)*", seed_line), line["key"]
        for part in seed_line[2:].split(","):
            first, _, last = part.partition("-")
            assert 1 <= int(first) <= int(last or first) <= 420, line["key"]


def test_what_the_note_does_not_say_is_not_recorded() -> None:
    coded = ("interpreter_need", "interpreter_use", "phase", "on_behalf_of", "outcome", "reason", "deciding_unit")
    silent = ("place", "agenda", "minutes", "answer", "reasons")
    for line in lines():
        body = line["body"]
        assert {body.get(name, MISSING) for name in coded} == {MISSING}, line["key"]
        assert set(body.get("tally", {"attended": MISSING}).values()) == {MISSING}, line["key"]
        assert [body[name] for name in silent if body.get(name)] == [], line["key"]
