"""Inputs over HTTP: the influence chain, its rules, what is refused, and how what was said is sealed."""

from itertools import combinations
from typing import Any

import pytest

from domain.events import MISSING
from tests.conftest import Api, meeting, open_api
from tests.features.conftest import Opening, Record, broken, days

REASON = "input.decided_without_reason"
DECIDER = "input.verified_by_decider"
ENDED = "input.recorded_after_end"
DECIDED: dict[str, Any] = {"outcome": "adopted", "reason": "user_view"}
CHAIN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("acknowledged", {}),
    ("assessed", {}),
    ("answered", {}),
    ("decided", DECIDED),
    ("effected", {}),
    ("verified", {}),
)
FEEDBACK: tuple[tuple[str, dict[str, Any]], ...] = (("feedback_given", {}), ("feedback_rated", {}))


def test_an_input_goes_the_whole_way_from_raised_to_rated(api: Api) -> None:
    source = api.post("/v1/meetings", meeting()).json["id"]
    described = {
        "kind": "proposal",
        "level": "system",
        "voiced_by": "refugees",
        "on_behalf_of": "household",
        "source": source,
        "concerns": [{"list": "forms", "code": "f31"}, {"list": "phases", "code": "PL4"}],
        "maturity": "proposed",
        "seed_line": "s:338",
        "said": "En fra hver familie møter.",
    }
    record = Record(api, "inputs", "raised", days("02-01"), **described)
    assert record.now.items() >= {**described, "state": "raised", "feedback_state": "not_given"}.items()
    assert record.now["raised_from"] == record.now["raised_to"] == "2026-02-01"

    steps: list[tuple[str, dict[str, Any]]] = [
        ("acknowledged", {"answering_unit": "flyktning", "answer_due": "2026-04-01"}),
        ("assessed", {"assessment": "Det lar seg gjøre."}),
        ("answered", {"answering_unit": "plan", "answer": "Ja."}),
        ("decided", {**DECIDED, "deciding_unit": "plan", "reasons": "De kjenner behovet."}),
        ("effected", {"change": "working_method", "effect": "Alle familier kalles inn."}),
        ("verified", {"verifying_unit": "bolig", "evidence": "Ti familier møtte."}),
    ]
    told: dict[str, Any] = {}
    for day, (name, members) in enumerate(steps, start=2):
        told |= members
        record.tell(name, days(f"02-{day:02}"), **members)
        assert record.now.items() >= {**described, **told, "state": name, "feedback_state": "not_given"}.items()
    record.tell("feedback_given", days("02-20"), channel="meeting", feedback="Slik ble det.")
    assert record.now["feedback_state"] == "feedback_given"
    record.tell("feedback_rated", days("02-21"), rating=4, comment="Vi ble hørt.")

    feedback = {
        "feedback_channel": "meeting",
        "feedback": "Slik ble det.",
        "rating": 4,
        "rating_comment": "Vi ble hørt.",
    }
    ended = {"state": "verified", "feedback_state": "feedback_rated", "version": 9, "deviations": []}
    assert record.now.items() >= {**described, **told, **feedback, **ended}.items()
    row = record.row()
    assert row is not None
    shown = {"source", "concerns", "maturity", "outcome", "reason", "deciding_unit", "verifying_unit", "answer_due"}
    assert {name: row[name] for name in shown} == {name: record.now[name] for name in shown}


def test_an_answer_is_owed_from_its_promise_until_it_is_given(an_input: Opening, sqlite_api: Api) -> None:
    record = an_input()
    promised = {"answer_due": "2026-02-10", "answering_unit": "plan"}
    steps = (("acknowledged", promised, 1), ("assessed", {}, 1), ("answered", {}, 0))
    for day, (name, members, owed) in enumerate(steps, start=2):
        record.tell(name, days(f"02-{day:02}"), **members)
        assert len(sqlite_api.items("/v1/work-lists/input.answer")) == owed, name
    assert record.now["answering_unit"] == "plan"


def test_one_refusal_lists_every_broken_rule_and_only_those_are_recorded(an_input: Opening) -> None:
    record = an_input()
    record.tell("decided", days("02-05"), **DECIDED, deciding_unit="bolig")
    record.tell("verified", days("02-06"), verifying_unit="plan")
    asked = record.send("verified", days("02-09"), verifying_unit="bolig")
    assert {each["rule"] for each in asked.json["rules"]} == {DECIDER, ENDED}
    every = [{"rule": rule} for rule in (REASON, DECIDER, ENDED)]
    record.tell("verified", days("02-09"), verifying_unit="bolig", deviations=every)
    assert {each["rule"] for each in record.history()[-1]["deviations"]} == {DECIDER, ENDED}


@pytest.mark.parametrize("length", range(len(CHAIN) + 1))
def test_a_skipped_state_is_no_deviation(an_input: Opening, length: int) -> None:
    for kept in combinations(CHAIN, length):
        record = an_input()
        for day, (name, members) in enumerate(kept, start=2):
            record.tell(name, days(f"02-{day:02}"), **members)
        assert record.now["state"] == (kept[-1][0] if kept else "raised")
        assert broken(record) == []


def test_anything_of_the_chain_after_its_end_is_a_deviation_but_feedback_is_not(an_input: Opening) -> None:
    for name, members in (*CHAIN, *FEEDBACK):
        record = an_input()
        record.tell("verified", days("02-05"))
        assert record.deviate(name, days("02-06"), **members) == ([] if (name, members) in FEEDBACK else [ENDED]), name


@pytest.mark.parametrize("outcome", ["rejected", "out_of_scope", "adopted", "partly", "deferred"])
def test_an_effect_of_what_was_not_adopted_is_a_deviation(an_input: Opening, outcome: str) -> None:
    for name in ("answered", "effected", "verified"):
        record = an_input()
        record.tell("decided", days("02-05"), outcome=outcome, reason="budget")
        ended = outcome in ("rejected", "out_of_scope") and name != "answered"
        assert record.deviate(name, days("02-06")) == ([ENDED] if ended else []), name


def test_rules_judge_by_when_it_happened_on_the_days_that_do_not_accuse(an_input: Opening) -> None:
    record = an_input(on={"from": "2009-08-01", "to": None})
    assert (record.now["raised_from"], record.now["raised_to"]) == ("2009-08-01", None)
    record.tell("verified", days("02-10"))
    record.tell("effected", days("02-09"))
    record.tell("answered", days("02-01", "02-28"))
    record.tell("assessed", days(None, "02-20"))
    assert broken(record) == []
    assert record.deviate("answered", days("02-11", "02-12")) == [ENDED]


def test_a_decision_told_late_makes_the_verification_before_it_a_deviation_unasked(an_input: Opening) -> None:
    record = an_input()
    record.tell("verified", days("02-10"), verifying_unit="bolig")
    verification = record.event(2)
    record.tell("decided", days("02-05"), **DECIDED, deciding_unit="bolig")
    unasked = [{"rule": DECIDER, "event_id": verification, "reason": None}]
    assert record.history()[-1]["deviations"] == record.now["deviations"] == unasked
    record.tell("decided", days("02-06"), **DECIDED, deciding_unit="plan")
    assert broken(record) == []


@pytest.mark.parametrize(
    ("existing", "name", "rules"),
    [
        ({"state": "verified"}, "answered", [ENDED]),
        ({"state": "effected"}, "verified", []),
        ({"state": "decided", "outcome": "rejected"}, "effected", [ENDED]),
        ({"state": "decided", "deciding_unit": "bolig"}, "verified", [DECIDER]),
    ],
)
def test_an_input_registered_in_a_later_state_goes_on_from_there(
    an_input: Opening, existing: dict[str, Any], name: str, rules: list[str]
) -> None:
    told = {"outcome": "partly", "answer": "Ja.", "reasons": "Fordi.", **existing}
    record = an_input("registered_as_existing", **told)
    assert record.now.items() >= told.items()
    members = {"verifying_unit": "bolig"} if name == "verified" else {}
    assert record.deviate(name, days("02-06"), **members) == rules


@pytest.mark.parametrize("reason", ["user_view", *sorted(MISSING)])
def test_who_decides_owes_a_reason_that_may_be_lost_of_an_older_decision(
    an_input: Opening, sqlite_api: Api, reason: str
) -> None:
    decided = {"outcome": "adopted", "reason": reason, "deciding_unit": "bolig"}
    assert an_input().deviate("decided", days("02-05"), **decided) == ([REASON] if reason in MISSING else [])
    existing = {"kind": "wish", "level": "system", "voiced_by": "refugees", "state": "verified", **decided}
    for outcome, owing in (("adopted", ("not_asked", "declined")), ("unknown", ())):
        body = {"occurred": days("02-01"), **existing, "outcome": outcome, "verifying_unit": "bolig"}
        asked = sqlite_api.post("/v1/inputs/existing", body)
        assert [each["rule"] for each in asked.json["rules"]] == [*[REASON] * (reason in owing), DECIDER], outcome


IMPOSSIBLE = [
    ({"concerns": [{"list": "arenas", "code": "ar1"}, {"list": "forms", "code": "f45"}]}, "/concerns/1/code"),
    ({"concerns": [{"list": "names", "code": "a"}]}, "/concerns/0/list"),
    ({"source": "00000000-0000-4000-8000-000000000000"}, "/source"),
    ({"source": "the meeting in May"}, "/source"),
    ({"hearing": "00000000-0000-4000-8000-000000000000"}, "/hearing"),
    ({"seed_line": "line 48"}, "/seed_line"),
]


@pytest.mark.parametrize(("members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(sqlite_api: Api, members: dict[str, Any], pointer: str) -> None:
    body = {"occurred": days("02-01"), "kind": "wish", "level": "system", "voiced_by": "refugees", **members}
    refused = sqlite_api.post("/v1/inputs", body)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])


def test_only_a_meeting_of_this_very_ledger_can_be_the_source(an_input: Opening, sqlite_api: Api) -> None:
    other = open_api(sqlite_api.running, "1507", "Ålesund")
    elsewhere = other.post("/v1/meetings", meeting()).json["id"]
    for source in (elsewhere, an_input().now["id"]):
        body = {"occurred": days("02-01"), "kind": "wish", "level": "system", "voiced_by": "refugees", "source": source}
        refused = sqlite_api.post("/v1/inputs", body)
        assert refused.status_code == 422
        assert refused.json["type"] == "/problems/unknown-reference"
        assert [each["pointer"] for each in refused.json["errors"]] == ["/source"]


@pytest.mark.parametrize(("level", "data_class"), [("system", "voice"), ("individual", "casework")])
def test_what_was_said_is_sealed_by_the_level_it_was_said_at(an_input: Opening, level: str, data_class: str) -> None:
    record = an_input(level=level, said="Vi vil bo nær skolen.")
    assert record.data_classes() == {"record", data_class}
    assert record.detail()["said"] == "Vi vil bo nær skolen."
