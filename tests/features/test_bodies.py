"""Bodies over HTTP: from proposal to dissolution, who sits counted by trait, and the rules a body departs from."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from adapters.vault import KEYS
from domain.duties import Duty
from domain.events import MISSING
from tests.bodies import a_participant
from tests.conftest import Api, an_input, meeting
from tests.features.conftest import Opening, Record, broken, days, on

MANDATE = "body.sat_without_mandate"
QUOTA = "body.quota_unmet"
VACANT = "body.seat_vacant"
DISSOLVED = "body.recorded_after_dissolution"

WOMAN, MAN = {"gender": "woman"}, {"gender": "man"}
WRITTEN = {"mandate": "written"}
COUNCIL = {"kind": "residents_council", "statutory_basis": "udi_rs_2008_034"}
RESERVED = {"list": "genders", "code": "woman", "n": 1}


@pytest.fixture
def a_body(sqlite_api: Api) -> Opening:
    """Opens a residents' council on 1 February, proposed unless another command is named."""

    def opening(name: str = "proposed", on: dict[str, str | None] | None = None, **members: Any) -> Record:
        return Record(sqlite_api, "bodies", name, on or days("02-01"), **{**COUNCIL, **members})

    return opening


def flags(record: Record) -> set[tuple[str, str]]:
    """The rules the record departs from now, each with the event that does."""
    return {(each["rule"], each["event_id"]) for each in record.now["deviations"]}


def duties(record: Record) -> list[Duty]:
    """What the body owes."""
    return [*record.api.running.store(record.api.ledger).find("body", UUID(record.now["id"])).duties()]


def test_a_residents_council_goes_from_proposal_to_the_next_election(api: Api) -> None:
    record = Record(api, "bodies", "proposed", days("01-01"), **COUNCIL)
    assert record.now.items() >= {"state": "proposed", "mandate": "not_recorded", "seated": None}.items()
    one_day = {"period_from": "2026-12-31", "period_to": "2026-12-31"}
    assert record.tell("mandate_adopted", days("01-02"), **WRITTEN, **one_day)["state"] == "mandated"
    record.tell("seats_defined", days("01-03"), seats=3, quotas=[RESERVED])
    named = [{"participant": a_participant(api)} for _ in range(2)]
    two_roles = {"constituency": "household", **MAN, "roles": ["unit_head", "acting_director"]}
    taken = [{"n": 2, "constituency": "household", **WOMAN, "roles": ["unit_head"]}, two_roles]
    record.tell("seated", days("01-04"), selection_method="elected", taken=taken, representatives=named)
    counts = {(each["list"], each["code"]): each["n"] for each in record.now["composition"]}
    assert counts.items() >= {("genders", "woman"): 2, ("genders", "man"): 1, ("voices", "household"): 3}.items()
    assert (counts["roles", "unit_head"], counts["roles", "acting_director"], record.now["seated"]) == (3, 1, 3)
    assert record.tell("constituted", days("01-05"))["state"] == "constituted"
    meeting_held = api.post("/v1/meetings", meeting()).json["id"]
    advice = api.post("/v1/inputs", an_input(voiced_by="representatives")).json["id"]
    assert record.tell("sat", days("01-06"), meeting=meeting_held)["state"] == "sitting"
    record.tell("joint_meeting_held", days("01-06", "01-07"), meeting=meeting_held)
    record.tell("advice_given", days("01-08"), input=advice)
    record.tell("priority_voted", days("01-09"))
    assert (record.now["sittings"], record.now["last_sat_on"]) == (2, "2026-01-07")
    assert record.now["degrees"]["documented"] == "3"
    assessed = {"strata": [{"list": "genders", "code": "woman", "seated": 2, "population": 40}]}
    assert record.tell("representativeness_assessed", days("01-20"), **assessed).items() >= assessed.items()
    record.tell("resigned", days("01-21"), left=taken[1:], representatives=named[:1])
    assert (record.now["seated"], record.now["representatives"]) == (2, [named[1]["participant"]])
    row = record.row() or {}
    assert row.items() >= {"seats": 3, "seated": 2, "women": 2, "sittings": 2, "period_to": "2026-12-31"}.items()
    assert not {each["participant"] for each in named} & {str(value) for value in row.values()}

    emptied = {"state": "dissolved", "seated": None, "representatives": [], "composition": []}
    assert record.tell("dissolved", days("02-01"), reason="term_ended").items() >= emptied.items()
    record.tell("interim_appointed", days("02-02"), members=2, election_due="2026-05-01")
    assert (record.now["state"], record.now["interim_members"]) == ("interim", 2)
    assert duties(record) == [Duty("body.election", date(2026, 5, 1))]
    record.tell("seated", days("02-20"), taken=[{**WOMAN, "n": 3}])
    record.tell("constituted", days("02-20"))
    assert (record.now["state"], record.now["seated"], record.now["deviations"]) == ("constituted", 3, [])
    assert duties(record) == []


Told = tuple[str, dict[str, Any]]
MANDATED: Told = ("mandate_adopted", WRITTEN)
MAN_SEATED: Told = ("seated", {"taken": [MAN]})
WOMAN_SEATED: Told = ("seated", {"taken": [WOMAN]})
TWO_SEATS: Told = ("seats_defined", {"seats": 2})


@pytest.mark.parametrize(
    ("rule", "earlier", "act", "news"),
    [
        (MANDATE, [], "sat", MANDATED),
        (MANDATE, [("mandate_adopted", {"mandate": "oral"})], "joint_meeting_held", MANDATED),
        (QUOTA, [MANDATED, MAN_SEATED], "sat", WOMAN_SEATED),
        (QUOTA, [MAN_SEATED], "constituted", WOMAN_SEATED),
        (VACANT, [MANDATED, TWO_SEATS, MAN_SEATED, WOMAN_SEATED, ("resigned", {"left": [MAN]})], "sat", WOMAN_SEATED),
    ],
)
def test_a_mandate_or_a_seating_told_late_mends_what_the_body_departed_from(
    a_body: Opening, rule: str, earlier: list[Told], act: str, news: Told
) -> None:
    record = a_body()
    for name, members in earlier:
        record.tell(name, days("02-03"), **members)
    assert record.deviate(act, days("02-09")) == [rule]
    name, members = news
    record.tell(name, days("02-20"), **members)
    assert broken(record) == [rule], "too late to mend it"
    assert record.tell(name, days("02-04"), **members)["deviations"] == []


def test_late_news_makes_an_earlier_sitting_a_deviation_unasked(a_body: Opening) -> None:
    record = a_body(statutory_basis="voluntary")
    record.tell("mandate_adopted", days("02-02"), **WRITTEN)
    record.tell("sat", days("02-20"))
    sitting = record.event(3)
    record.tell("seats_defined", days("02-03"), seats=2, quotas=[RESERVED])
    assert flags(record) == set()
    record.tell("seated", days("02-04"), taken=[MAN])
    assert flags(record) == {(VACANT, sitting), (QUOTA, sitting)}
    assert {each["event_id"] for each in record.history()[-1]["deviations"]} == {sitting}
    record.correct(5, days("02-04"), taken=[MAN, WOMAN])
    assert flags(record) == set()
    record.tell("dissolved", days("02-10"))
    assert flags(record) == {(DISSOLVED, sitting)}
    record.retract(2)
    assert flags(record) == {(DISSOLVED, sitting), (MANDATE, sitting)}
    record.retract(7)
    assert flags(record) == {(MANDATE, sitting)}


@pytest.mark.parametrize(
    ("basis", "kind", "mandate", "rules"),
    [
        *(("voluntary", kind, "none", []) for kind in ("cohort", "one_per_family", "other", *sorted(MISSING))),
        ("voluntary", "residents_council", "none", [MANDATE]),
        ("voluntary", "residents_council", "oral", []),
        ("kommuneloven_5_12", "residents_council", "oral", [MANDATE]),
        ("kommuneloven_5_12", "residents_council", "unknown", []),
    ],
)
def test_who_simply_is_the_body_sits_without_mandate_and_only_some_laws_ask_for_it_in_writing(
    a_body: Opening, basis: str, kind: str, mandate: str, rules: list[str]
) -> None:
    record = a_body(kind=kind, statutory_basis=basis)
    record.tell("mandate_adopted", days("02-02"), mandate=mandate)
    assert record.deviate("sat", days("02-03")) == rules


def test_what_is_not_known_of_seats_accuses_nobody(a_body: Opening) -> None:
    nobody_recorded = a_body("registered_as_existing", state="sitting", seats=5, quotas=[RESERVED])
    assert nobody_recorded.deviate("sat", days("02-09")) == []
    nobody_recorded.tell("seated", days("02-10"), taken=[MAN])
    assert nobody_recorded.deviate("sat", days("02-11")) == []
    of_unknown_gender = a_body()
    of_unknown_gender.tell("seated", days("02-02"), taken=[{"n": 3, "gender": "unknown"}])
    assert of_unknown_gender.deviate("constituted", days("02-03")) == []
    assert of_unknown_gender.row()["women"] is None  # type: ignore[index]
    of_unknown_gender_left = a_body()
    of_unknown_gender_left.tell("seated", days("02-02"), taken=[WOMAN, MAN])
    of_unknown_gender_left.tell("resigned", days("02-02"), left=[{"gender": "unknown"}])
    assert of_unknown_gender_left.deviate("constituted", days("02-03")) == []
    unknown_number = a_body()
    unknown_number.tell("seats_defined", days("02-02"), seats="unknown")
    unknown_number.tell("seated", days("02-02"), taken=[WOMAN])
    assert unknown_number.deviate("constituted", days("02-03")) == []


def test_seats_are_judged_on_the_days_that_do_not_accuse(a_body: Opening) -> None:
    record = a_body()
    record.tell("mandate_adopted", days("02-01", "02-28"), **WRITTEN)
    record.tell("seats_defined", days("02-02"), seats=2)
    record.tell("seated", days("02-03"), taken=[WOMAN])
    record.tell("seated", days("02-04", "02-20"), taken=[MAN])
    record.tell("resigned", days("02-05", "02-20"), left=[WOMAN])
    assert record.deviate("sat", days("02-10")) == []
    assert record.tell("dissolved", days("02-06", "02-20"))["deviations"] == []
    assert record.deviate("sat", days("02-21")) == [DISSOLVED]


def test_seats_may_be_reserved_by_any_trait_and_the_last_rule_counts(a_body: Opening) -> None:
    record = a_body(statutory_basis="voluntary")
    youth = {"list": "age-bands", "code": "13_17"}
    record.tell("seated", days("02-02"), taken=[{"age_band": "13_17"}, {"age_band": "25_39"}])
    for day, n, rules in (("02-03", 1, []), ("02-05", 2, [QUOTA]), ("02-07", 1, [])):
        record.tell("seats_defined", days(day), seats=2, quotas=[{**youth, "n": n}])
        assert record.deviate("constituted", days(day)) == rules


def test_no_woman_was_asked_for_before_the_circular(a_body: Opening) -> None:
    record = a_body(on=on("2007-01-01"))
    record.tell("seated", on("2008-01-01"), taken=[MAN])
    assert record.deviate("constituted", on("2008-02-01")) == []
    assert record.deviate("constituted", on("2009-02-01")) == [QUOTA]


def test_an_interim_council_sits_by_law_until_the_next_is_constituted(a_body: Opening) -> None:
    record = a_body()
    record.tell("seats_defined", days("02-02"), seats=3)
    record.tell("dissolved", days("02-03"))
    record.tell("interim_appointed", days("02-04"), members=1)
    record.tell("seated", days("02-05"), selection_method="appointed", taken=[MAN])
    assert record.tell("sat", days("02-06"))["state"] == "interim"
    assert set(record.deviate("constituted", days("02-07"))) == {QUOTA, VACANT}
    assert set(record.deviate("sat", days("02-08"))) == {MANDATE, QUOTA, VACANT}


ACTS: dict[str, dict[str, Any]] = {
    **{name: {} for name in ("sat", "joint_meeting_held", "accounts_inspected", "priority_voted", "advice_given")},
    "resigned": {"left": [WOMAN]},
    "dissolved": {},
}


@pytest.mark.parametrize("state", ["proposed", "mandated", "constituted", "sitting", "interim", "dissolved", "unknown"])
def test_an_existing_body_is_judged_by_the_state_it_was_in(a_body: Opening, state: str) -> None:
    kept = a_body("registered_as_existing", state=state, seats=2, quotas=[RESERVED], taken=[WOMAN, MAN])
    assert kept.now.items() >= {"seated": 2, "deviations": []}.items()
    for act, members in ACTS.items():
        assert kept.deviate(act, days("02-09"), **members) == ([DISSOLVED] if state == "dissolved" else []), act
    accepted = [{"rule": rule} for rule in (MANDATE, QUOTA, VACANT)]
    said = {"mandate": "none", "seats": 2, "taken": [MAN], "deviations": accepted}
    found = {"constituted": [QUOTA, VACANT], "sitting": [MANDATE, QUOTA, VACANT]}
    assert broken(a_body("registered_as_existing", state=state, **said)) == found.get(state, [])


NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("name", "members", "pointer"),
    [
        ("seats_defined", {"seats": 1, "quotas": [{**RESERVED, "n": 2}]}, "/quotas/0/n"),
        ("seats_defined", {"quotas": [{**RESERVED, "code": "queen"}]}, "/quotas/0/code"),
        ("seated", {"taken": []}, "/taken"),
        ("seated", {"taken": [{"roles": ["queen"]}]}, "/taken/0/roles/0"),
        ("resigned", {"left": [WOMAN], "representatives": [{"participant": NOBODY}]}, "/representatives/0/participant"),
        ("mandate_adopted", {**WRITTEN, "period_from": "2026-02-02", "period_to": "2026-02-01"}, "/period_to"),
        ("sat", {"meeting": NOBODY}, "/meeting"),
        ("joint_meeting_held", {"meeting": NOBODY}, "/meeting"),
        ("advice_given", {"input": NOBODY}, "/input"),
        ("representativeness_assessed", {"strata": [{"list": "genders", "code": "queen"}]}, "/strata/0/code"),
    ],
)
def test_the_impossible_is_refused_and_pointed_at(
    a_body: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    refused = a_body().send(name, days("02-02"), **members)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])


def test_who_is_named_is_sealed_under_their_own_key_and_lists_count_without_them(
    a_body: Opening, sqlite_api: Api
) -> None:
    record, named = a_body(), a_participant(sqlite_api)
    more_than_seats = [{"participant": named}, {"participant": a_participant(sqlite_api)}]
    refused = record.send("seated", days("02-02"), taken=[WOMAN], representatives=more_than_seats)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/representatives")
    record.tell("seated", days("02-02"), taken=[WOMAN], representatives=more_than_seats[:1])
    assert record.row().items() >= {"seated": 1, "women": 1}.items()  # type: ignore[union-attr]
    with sqlite_api.running.vault.engine.connect() as connection:
        keys = connection.execute(select(KEYS)).all()
    assert (named, "casework", record.now["id"]) in {
        (str(key.subject), key.data_class, str(key.record)) for key in keys
    }
