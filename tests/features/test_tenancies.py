"""Tenancies over HTTP: what say they had in their dwelling, its rules, what is refused, and how lists show them."""

from itertools import combinations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from adapters.vault import KEYS
from domain.events import MISSING
from tests.bodies import a_participant
from tests.conftest import Api
from tests.features.conftest import Opening, Record, broken, days

OPTIONS = "tenancy.allocated_without_options"
HEARD = "tenancy.started_before_need_heard"
ENDED = "tenancy.recorded_after_end"
NO_CHOICE: dict[str, Any] = {"choice": "no_real_choice"}
COURSE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("preference_recorded", {}),
    ("options_presented", {"n_options": 2}),
    ("chosen", {"choice": "own_choice"}),
    ("started", {}),
    ("term_set", {}),
    ("renewed", {}),
    ("ended", {}),
)
EXPERIENCES = ("condition_reported", "safety_experience_reported", "push_care_noted")


@pytest.fixture
def a_tenancy(sqlite_api: Api) -> Opening:
    """Opens a tenancy on 1 February, by its need unless another command is named."""

    def opening(name: str = "need_stated", at: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {"participant": a_participant(sqlite_api), **members}
        return Record(sqlite_api, "tenancies", name, at or days("02-01"), **described)

    return opening


def test_a_tenancy_goes_from_the_need_to_its_end(api: Api) -> None:
    person = a_participant(api)
    need = {
        "household_size": 5,
        "rooms_needed": 4,
        "criteria": [{"code": "space", "weight": 5}, {"code": "near_school", "weight": "not_asked"}],
        "voiced_by": "household",
        "need": "Vi er fem.",
    }
    record = Record(api, "tenancies", "need_stated", days("02-01"), participant=person, **need)
    assert (
        record.now.items() >= {**need, "participant": person, "state": "need_stated", "choice": "not_recorded"}.items()
    )

    steps: list[tuple[str, str, dict[str, Any]]] = [
        (
            "preference_recorded",
            "need_stated",
            {
                "criteria": [{"code": "quiet", "weight": 3}],
                "preferred_tenure": "owned",
                "voiced_by": "self",
                "preference": "Et stille sted.",
            },
        ),
        (
            "options_presented",
            "options_presented",
            {"n_options": 1, "constraints": ["no_vacancy", "wrong_size"], "options": "Bare én var ledig."},
        ),
        (
            "chosen",
            "chosen",
            {
                **NO_CHOICE,
                "constraints": ["no_vacancy"],
                "criteria_met": ["near_school"],
                "choice_words": "Vi tok den.",
            },
        ),
        (
            "allocated",
            "allocated",
            {"allocating_unit": "bolig", "participation": "informed", "allocation_reasons": "Den eneste."},
        ),
        (
            "started",
            "started",
            {"tenure": "municipal_rental", "household_size": 6, "rooms": 3, "lease_months": 36, "kobo_id": "K-17"},
        ),
        (
            "term_set",
            "started",
            {
                "lease_months": 24,
                "term_ends_on": "2028-02-06",
                "term_participation": "asked",
                "term_reasons": "Midlertidig bolig.",
            },
        ),
        (
            "condition_reported",
            "started",
            {
                "condition": "poor",
                "condition_about": ["space", "quiet"],
                "reported_by": "household",
                "condition_report": "Det er trangt.",
            },
        ),
        (
            "safety_experience_reported",
            "started",
            {"safety": "safe", "stay_wish": "stay", "safety_words": "Kommunen har ansvaret."},
        ),
        (
            "push_care_noted",
            "started",
            {
                "tension": "push_care",
                "balance": "push_outweighs",
                "noted_by": "municipal_staff",
                "tension_note": "Press.",
            },
        ),
        ("renewed", "renewed", {"lease_months": 12, "term_ends_on": "2029-02-06", "term_participation": "agreed"}),
        ("ended", "ended", {"end_reason": "moved_to_own", "ended_by": "household", "end_explanation": "Kjøpte bolig."}),
    ]
    told: dict[str, Any] = dict(need)
    for day, (name, state, members) in enumerate(steps, start=2):
        told |= members
        record.tell(name, days(f"02-{day:02}"), **members)
        assert record.now.items() >= {**told, "state": state, "deviations": []}.items(), name

    lived = {
        "started_from": "2026-02-06",
        "started_to": "2026-02-06",
        "ended_from": "2026-02-12",
        "ended_to": "2026-02-12",
    }
    assert record.now.items() >= lived.items()
    assert record.detail() == record.now
    row = record.row()
    assert row is not None
    assert row.keys() - {"deviations", "opened"} <= record.now.keys()
    assert {name: row[name] for name in row.keys() - {"deviations", "opened"}} == {
        name: record.now[name] for name in row.keys() - {"deviations", "opened"}
    }
    assert not row.keys() & {"need", "preference", "options", "choice_words", "kobo_id", "tension_note", "criteria"}
    assert [each["type"] for each in record.history()] == [
        f"tenancy.{name}" for name in ("need_stated", *(name for name, _, _ in steps))
    ]


def test_what_is_said_is_sealed_under_the_keys_of_the_person_it_is_about(a_tenancy: Opening, sqlite_api: Api) -> None:
    record = a_tenancy(need="Vi er fem.")
    record.tell("started", days("02-02"), kobo_id="K-17")
    record.tell("push_care_noted", days("02-03"), tension_note="Press.")
    with sqlite_api.running.vault.engine.connect() as connection:
        keys = connection.execute(select(KEYS).where(KEYS.c.record == UUID(record.now["id"]))).all()
    assert {str(key.subject) for key in keys} == {record.now["participant"]}
    assert {key.data_class for key in keys} == {"record", "voice", "identity", "casework"}


BROKEN = [
    pytest.param(OPTIONS, "s:226-227", "need_stated", ("allocated", {}), id="allocated"),
    pytest.param(OPTIONS, "s:226-227", "need_stated", ("chosen", NO_CHOICE), id="no real choice"),
    pytest.param(OPTIONS, "s:226-227", "need_stated", ("chosen", {"choice": "partly"}), id="partly"),
    pytest.param(ENDED, "good practice", "ended", ("renewed", {}), id="ended"),
]


@pytest.mark.parametrize(("rule", "source", "earlier", "breaking"), BROKEN)
def test_a_broken_rule_is_asked_about_and_then_recorded_and_counted(
    a_tenancy: Opening, rule: str, source: str, earlier: str, breaking: tuple[str, dict[str, Any]]
) -> None:
    record = a_tenancy()
    if earlier == "ended":
        record.tell("ended", days("02-05"))
    name, members = breaking
    before = record.detail()

    asked = record.send(name, days("02-09"), **members)
    assert asked.status_code == 409
    [asked_about] = asked.json["rules"]
    assert asked_about["rule"] == rule
    assert asked_about["title"]
    assert source in asked_about["source"]
    assert record.detail() == before

    record.tell(name, days("02-09"), **members, deviations=[{"rule": rule, "reason": "slik ble det"}])
    entry = record.history()[-1]
    assert record.detail()["deviations"] == [{"rule": rule, "event_id": entry["event_id"], "reason": "slik ble det"}]
    row = record.row()
    assert row is not None
    assert row["deviations"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        ("options_presented", {"n_options": 3}),
        ("options_presented", {"n_options": "unknown"}),
        ("options_presented", {"n_options": 0, "constraints": ["no_vacancy"]}),
        ("chosen", {"choice": "own_choice"}),
        ("chosen", {**NO_CHOICE, "constraints": ["unknown"]}),
    ],
)
def test_options_a_choice_of_their_own_or_what_stood_in_the_way_is_an_answer(
    a_tenancy: Opening, answer: tuple[str, dict[str, Any]]
) -> None:
    record = a_tenancy()
    record.tell(answer[0], days("02-03"), **answer[1])
    record.tell("allocated", days("02-04"))
    assert broken(record) == []


def test_no_options_at_all_are_no_answer(a_tenancy: Opening) -> None:
    record = a_tenancy()
    record.tell("options_presented", days("02-03"), n_options=0)
    assert record.deviate("allocated", days("02-04")) == [OPTIONS]


def test_that_there_was_no_real_choice_with_its_constraint_is_an_answer(a_tenancy: Opening) -> None:
    record = a_tenancy()
    record.tell("chosen", days("02-03"), **NO_CHOICE, constraints=["no_vacancy"])
    record.tell("allocated", days("02-04"), participation="not_involved")
    assert record.now["choice"] == "no_real_choice"
    assert broken(record) == []


@pytest.mark.parametrize("choice", sorted(MISSING))
def test_a_choice_nobody_knows_of_accuses_nobody(a_tenancy: Opening, choice: str) -> None:
    record = a_tenancy()
    record.tell("chosen", days("02-03"), choice=choice)
    assert (record.now["choice"], broken(record)) == (choice, [])


@pytest.mark.parametrize(
    ("shown", "mended"),
    [(days("02-03"), True), (days("02-01", "02-28"), True), (days("02-12"), False)],
    ids=["before", "perhaps before", "after"],
)
def test_options_told_of_late_mend_an_allocation_they_may_have_come_before(
    a_tenancy: Opening, shown: dict[str, str | None], mended: bool
) -> None:
    record = a_tenancy()
    assert record.deviate("allocated", days("02-09")) == [OPTIONS]
    record.tell("options_presented", shown, n_options=2)
    assert broken(record) == ([] if mended else [OPTIONS])


def test_taking_the_options_back_makes_the_allocation_a_deviation_unasked(a_tenancy: Opening) -> None:
    record = a_tenancy()
    record.tell("options_presented", days("02-03"), n_options=2)
    record.tell("allocated", days("02-09"))
    record.retract(2)
    accused = {"rule": OPTIONS, "event_id": record.event(3), "reason": None}
    assert record.now["deviations"] == [accused]
    assert record.history()[-1]["deviations"] == [accused]


def test_a_tenancy_that_began_before_anybody_heard_the_need_is_a_deviation_until_somebody_had(
    a_tenancy: Opening,
) -> None:
    record = a_tenancy(at=days("02-10"))
    asked = record.send("started", days("02-05"))
    assert (asked.status_code, [each["rule"] for each in asked.json["rules"]]) == (409, [HEARD])
    assert "good practice" in asked.json["rules"][0]["source"]
    record.tell("started", days("02-05"), deviations=[{"rule": HEARD}])
    assert broken(record) == [HEARD]
    record.tell("preference_recorded", days("02-01", "02-05"))
    assert broken(record) == []
    record.correct(3, days("02-06"))
    assert broken(record) == [HEARD]


def test_an_end_told_of_late_makes_what_came_after_it_a_deviation_and_a_correction_mends_it(a_tenancy: Opening) -> None:
    record = a_tenancy()
    record.tell("renewed", days("02-10"))
    record.tell("ended", days("02-05"))
    assert record.now["deviations"] == [{"rule": ENDED, "event_id": record.event(2), "reason": None}]
    record.correct(3, days("02-11"))
    assert broken(record) == []


def test_what_they_experienced_may_be_told_after_the_end_and_nothing_else(a_tenancy: Opening) -> None:
    for name, members in (*COURSE, *((name, {}) for name in EXPERIENCES)):
        record = a_tenancy()
        record.tell("ended", days("02-05"))
        assert record.deviate(name, days("02-06"), **members) == ([] if name in EXPERIENCES else [ENDED]), name


@pytest.mark.parametrize("length", [0, 1, 2, 7])
def test_a_skipped_state_is_no_deviation(a_tenancy: Opening, length: int) -> None:
    for kept in combinations(COURSE, length):
        record = a_tenancy()
        for day, (name, members) in enumerate(kept, start=2):
            record.tell(name, days(f"02-{day:02}"), **members)
        assert broken(record) == []


@pytest.mark.parametrize(
    "state",
    ["need_stated", "options_presented", "chosen", "allocated", "started", "renewed", "ended", *sorted(MISSING)],
)
def test_a_tenancy_is_registered_as_existing_in_any_state(a_tenancy: Opening, state: str) -> None:
    described = {
        "state": state,
        "choice": "no_real_choice",
        "tenure": "municipal_rental",
        "rooms": 3,
        "kobo_id": "K-17",
    }
    record = a_tenancy("registered_as_existing", {"from": "2009-08-01", "to": None}, **described)
    assert record.detail().items() >= {**described, "deviations": []}.items()
    assert record.now["started_from"] == ("2009-08-01" if state == "started" else None)
    assert record.now["ended_from"] == ("2009-08-01" if state == "ended" else None)


def test_of_a_tenancy_from_before_the_ledger_nobody_says_what_was_not_done(a_tenancy: Opening) -> None:
    record = a_tenancy("registered_as_existing", days("02-03"), state="started")
    record.tell("allocated", days("02-02"))
    record.tell("started", days("02-02"))
    assert broken(record) == []
    ended = a_tenancy("registered_as_existing", days("02-03"), state="ended")
    assert ended.deviate("renewed", days("02-04")) == [ENDED]


def test_a_later_event_that_does_not_say_does_not_unsay(a_tenancy: Opening) -> None:
    record = a_tenancy(household_size=5, criteria=[{"code": "space", "weight": 5}])
    record.tell("preference_recorded", days("02-02"))
    record.tell("started", days("02-03"), lease_months=36)
    record.tell("term_set", days("02-04"), term_ends_on="2029-02-03")
    kept = {"household_size": 5, "criteria": [{"code": "space", "weight": 5}], "lease_months": 36}
    assert record.now.items() >= {**kept, "term_ends_on": "2029-02-03"}.items()


IMPOSSIBLE = [
    ({"occurred": days("03-03")}, "/occurred/from"),
    ({"participant": "00000000-0000-4000-8000-000000000000"}, "/participant"),
    ({"participant": "Ola"}, "/participant"),
    ({"household_size": -1}, "/household_size"),
    ({"criteria": [{"code": "space"}, {"code": "a_view"}]}, "/criteria/1/code"),
    ({"criteria": [{"code": "space", "weight": 6}]}, "/criteria/0/weight"),
    ({"address": "Storgata 1"}, "/address"),
]


@pytest.mark.parametrize(("members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(sqlite_api: Api, members: dict[str, Any], pointer: str) -> None:
    body = {"occurred": days("02-01"), "participant": a_participant(sqlite_api), **members}
    refused = sqlite_api.post("/v1/tenancies", body)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert sqlite_api.items("/v1/tenancies") == []


def test_a_tenancy_stays_with_the_person_it_is_about(a_tenancy: Opening, sqlite_api: Api) -> None:
    record = a_tenancy()
    person = record.now["participant"]
    refused = record.correct(1, days("02-01"), participant=a_participant(sqlite_api))
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == ["/replacement/participant"]
    assert record.correct(1, days("02-02"), participant=person, household_size=4).status_code == 200
    assert record.now.items() >= {"participant": person, "household_size": 4}.items()


def test_a_list_is_narrowed_by_the_person_the_state_and_what_limited_the_choice(
    a_tenancy: Opening, sqlite_api: Api
) -> None:
    first, second = a_tenancy(), a_tenancy()
    first.tell("chosen", days("02-03"), **NO_CHOICE, constraints=["no_vacancy", "wrong_size"])
    second.tell("options_presented", days("02-03"), constraints=["wrong_place"])

    def found(query: str) -> list[str]:
        return [row["id"] for row in sqlite_api.items(f"/v1/tenancies?{query}")]

    for query in ("constraint=no_vacancy", "constraint=wrong_size", "choice=no_real_choice", "state=chosen"):
        assert found(query) == [first.now["id"]]
    assert found(f"participant={second.now['participant']}") == [second.now["id"]]
    assert found("constraint=economy") == []


def test_the_degree_is_promised_shown_and_experienced(a_tenancy: Opening) -> None:
    record = a_tenancy()
    assert record.now["degrees"]["documented"] == "none"
    record.tell("promised", days("02-02"), degree="3")
    record.tell("preference_recorded", days("02-03"))
    record.tell("chosen", days("02-04"), **NO_CHOICE, constraints=["no_vacancy"])
    record.tell("experienced", days("02-05"), degree="0")
    shown = {"intended": "3", "documented": "2", "experienced": "0"}
    assert record.now["degrees"].items() >= shown.items()
    assert record.now["state"] == "chosen"
