"""Registers of who is heard, over HTTP: recipients added, verified and removed; gaps by kind of group."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from adapters.vault import KEYS
from domain.duties import Duty
from tests.bodies import a_participant
from tests.conftest import Api
from tests.features.conftest import Opening, Record, days

NOBODY = "00000000-0000-4000-8000-000000000000"
COUNCIL = {"recipient": NOBODY, "kind": "council"}


@pytest.fixture
def a_register(sqlite_api: Api) -> Opening:
    """Opens a register on 1 February, by `opened` unless another command is named."""

    def opening(name: str = "opened", on: dict[str, str | None] | None = None, **members: Any) -> Record:
        return Record(sqlite_api, "recipients", name, on or days("02-01"), **{"scope": "planning", **members})

    return opening


def add(record: Record, on: str = "02-02", kind: str = "interest_organisation", **members: Any) -> str:
    """Puts a recipient on the list; its id."""
    recipient = str(uuid4())
    record.tell("recipient_added", days(on), recipient=recipient, kind=kind, **members)
    return recipient


def owed(record: Record) -> list[Duty]:
    """What the register owes as it stands."""
    store = record.api.running.store(record.api.ledger)
    return list(store.find("register", UUID(record.now["id"])).duties())


def listed(record: Record, query: str = "") -> list[str]:
    return [each["recipient"] for each in record.detail(query)["recipients"]]


def test_a_committee_of_refugees_comes_on_the_list_is_verified_and_leaves_it(api: Api) -> None:
    committee = api.post("/v1/bodies", {"occurred": days("01-02"), "kind": "hearing_committee"}).json["id"]
    described = {"scope": "every_hearing", "unit": "plan", "seed_line": "s:346-348", "title": "Postlisten"}
    record = Record(api, "recipients", "opened", days("02-01"), **described)
    nobody: dict[str, Any] = {"recipients": [], "heard": [], "gaps": [], "last_verified_on": None}
    assert record.now.items() >= {**described, **nobody}.items()
    record.tell("coverage_gap_flagged", days("02-02"), gap="refugees")
    record.tell("coverage_gap_flagged", days("02-02"), gap="closed_groups")
    assert record.now["gaps"] == ["closed_groups", "refugees"]
    assert owed(record) == [Duty("register.coverage_gap")]

    entry = {
        "recipient": str(uuid4()),
        "kind": "representatives",
        "represents_group": "refugees",
        "refugee_voice": "yes",
        "channel": "letter",
        "since": "2026-02-03",
        "body": committee,
        "addressee": "Utvalget for høringsuttalelser",
        "contact": "c/o Voksenopplæringssenteret",
        "individuals": [],
    }
    record.tell("recipient_added", days("02-03"), **entry)
    assert record.now["recipients"] == [{**entry, "verified_on": None}]
    other = add(record, addressee="NOAS", refugee_voice="no")
    for gap in ("refugees", "closed_groups"):
        record.tell("gap_closed", days("02-04"), gap=gap, recipient=entry["recipient"])
    assert record.now["gaps"] == []
    assert owed(record) == []
    record.tell("recipient_verified", days("02-04", "02-05"), recipient=entry["recipient"], verifying_unit="plan")
    verified = {each["recipient"]: each["verified_on"] for each in record.now["recipients"]}
    assert verified == {entry["recipient"]: "2026-02-05", other: None}
    row = record.row()
    assert row is not None
    counted = {"recipient_count": 2, "refugee_voices": 1, "refugee_voice_unknown": 0, "gap_count": 0}
    assert row.items() >= {**counted, "scope": "every_hearing", "last_verified_on": "2026-02-05"}.items()

    record.tell("recipient_removed", days("02-20"), recipient=entry["recipient"], reason="no_longer_exists")
    assert listed(record) == [other]
    assert listed(record, "?on=2026-02-10") == [other, entry["recipient"]]


def test_a_hearing_that_fixes_its_list_gets_kinds_and_numbers_and_no_names(a_register: Opening) -> None:
    listed = [{"kind": "housing_actor", "refugee_voice": "no", "n": 2}, {"kind": "council", "n": 3}]
    record = a_register("registered_as_existing", listed=listed, gaps=["refugees"])
    add(record, kind="council", refugee_voice="yes", since="2026-03-02")
    add(record, kind="private_person", refugee_voice="unknown")
    heard = [
        {"kind": "council", "n": 4, "refugee_voices": 1},
        {"kind": "housing_actor", "n": 2, "refugee_voices": 0},
        {"kind": "private_person", "n": 1, "refugee_voices": "not_recorded"},
    ]
    assert record.detail()["heard"] == heard
    register: Any = record.api.running.store(record.api.ledger).find("register", UUID(record.now["id"]))
    assert [each._asdict() for each in register.heard] == heard
    row = record.row()
    assert row is not None
    counted = {"recipient_count": 7, "refugee_voices": 1, "refugee_voice_unknown": 4, "gap_count": 1}
    assert row.items() >= counted.items()


def test_late_news_and_corrections_change_who_was_on_the_list(a_register: Opening) -> None:
    record = a_register()
    recipient = add(record, "02-10")
    assert listed(record, "?on=2026-02-05") == []
    entry = {"recipient": recipient, "kind": "council", "refugee_voice": "yes"}
    record.correct(2, days("02-03"), **entry)
    assert listed(record, "?on=2026-02-05") == [recipient]
    assert record.now["heard"] == [{"kind": "council", "n": 1, "refugee_voices": 1}]
    record.tell("recipient_removed", days("02-20"), recipient=recipient)
    assert listed(record) == []
    record.retract(4)
    assert listed(record) == [recipient]
    for day in ("02-20", "02-21"):
        record.tell("recipient_removed", days(day), recipient=recipient)
    record.tell("recipient_verified", days("02-21"), recipient=recipient)
    assert (listed(record), record.now["last_verified_on"]) == ([], "2026-02-21")
    for kind in ("council", "housing_actor"):
        record.tell("recipient_added", days("02-22"), **{**entry, "kind": kind})
        assert record.now["heard"] == [{"kind": kind, "n": 1, "refugee_voices": 1}]


def test_a_gap_stays_closed_only_until_it_is_flagged_again(a_register: Opening) -> None:
    record = a_register()
    record.tell("coverage_gap_flagged", days("02-02"), gap="women")
    record.tell("gap_closed", days("02-10"), gap="women")
    record.tell("coverage_gap_flagged", days("02-09"), gap="women")
    assert record.now["gaps"] == []
    record.tell("coverage_gap_flagged", days("02-11"), gap="women")
    assert record.now["gaps"] == ["women"]


def test_an_individual_is_sealed_under_their_own_key(a_register: Opening, sqlite_api: Api) -> None:
    record, named = a_register(), a_participant(sqlite_api)
    add(record, kind="household_delegate", individuals=[{"participant": named}])
    assert record.detail()["recipients"][0]["individuals"] == [{"participant": named}]
    with sqlite_api.running.vault.engine.connect() as connection:
        keys = connection.execute(select(KEYS)).all()
    assert named in {str(key.subject) for key in keys if str(key.record) == record.now["id"]}


@pytest.mark.parametrize(
    ("name", "members", "pointer"),
    [
        ("recipient_added", {**COUNCIL, "body": NOBODY}, "/body"),
        ("recipient_added", {**COUNCIL, "since": "2026-03-03"}, "/since"),
        ("recipient_added", {**COUNCIL, "individuals": [{"participant": NOBODY}]}, "/individuals/0/participant"),
        ("recipient_verified", {"recipient": NOBODY}, "/recipient"),
        ("recipient_removed", {"recipient": NOBODY}, "/recipient"),
        ("gap_closed", {"gap": "women", "recipient": NOBODY}, "/recipient"),
        ("coverage_gap_flagged", {"gap": "burmese"}, "/gap"),
    ],
)
def test_what_cannot_be_is_refused(a_register: Opening, name: str, members: dict[str, Any], pointer: str) -> None:
    refused = a_register().send(name, days("02-02"), **members)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])


def test_a_correction_may_bring_another_recipient_and_cannot_speak_of_one_that_never_was(a_register: Opening) -> None:
    record = a_register()
    record.tell("recipient_verified", days("02-03"), recipient=add(record))
    refused = record.correct(3, days("02-03"), recipient=NOBODY)
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/replacement/recipient")
    record.correct(2, days("02-02"), **COUNCIL)
    assert record.correct(3, days("02-03"), recipient=NOBODY).status_code == 200
