"""Guidance over HTTP: from a guide assigned to its end, whether it informed or guided, and who interpreted."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from adapters.vault import KEYS
from domain.events import MISSING
from tests.bodies import a_participant
from tests.conftest import Api, open_api
from tests.features.conftest import Record, days

CHILD = "guidance.child_interpreted"
RELATIVE = "guidance.relative_interpreted"
ENDED = "guidance.recorded_after_end"

Opening = Callable[..., Record]


@pytest.fixture
def guided(sqlite_api: Api) -> Opening:
    """Opens the guidance of a participant on 1 February, assigned unless another command is named."""

    def opening(name: str = "assigned", on: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {"participant": a_participant(sqlite_api), **members}
        return Record(sqlite_api, "guidance", name, on or days("02-01"), **described)

    return opening


def test_a_participant_is_informed_guided_and_shown_until_they_manage_alone(api: Api) -> None:
    described = {
        "participant": a_participant(api),
        "unit": "flyktning",
        "themes": ["economy", "waste"],
        "arena": "ar17",
        "phase": "P2",
        "seed_line": "s:124",
        "need": "Ny i egen leilighet.",
    }
    record = Record(api, "guidance", "assigned", days("02-01"), **described)
    assert record.now.items() >= {**described, "state": "assigned", "sessions": [], "held_before": 0}.items()
    sessions = [
        {
            "mode": mode,
            "themes": ["waste"],
            "language": "my",
            "interpreter": "qualified",
            "minutes": minutes,
            "place": "home",
            "notes": "Kildesortering.",
        }
        for mode, minutes in (("inform", 30), ("guide", 45), ("demonstrate", "unknown"))
    ]
    for day, session in enumerate(sessions, start=2):
        record.tell("session_held", days(f"02-{day:02}"), **session)
    assert (record.now["state"], record.now["sessions"], record.now["last_session_on"]) == (
        "active",
        sessions,
        "2026-02-04",
    )
    mastery = {"theme": "waste", "before": "not_yet", "after": "alone"}
    record.tell("mastery_assessed", days("02-05"), **{**mastery, "after": "with_help"})
    record.tell("mastery_assessed", days("02-06"), **mastery)
    record.tell("closed", days("02-07"), reason="mastered", explanation="Klarer seg selv.")
    record.tell("evaluated_by_user", days("02-08"), usefulness=5, comment="Å se det gjort hjalp.")
    ended = {
        "state": "closed",
        "mastery": [mastery],
        "usefulness": 5,
        "comment": "Å se det gjort hjalp.",
        "closing_reason": "mastered",
        "closing_explanation": "Klarer seg selv.",
        "deviations": [],
    }
    assert record.detail() == record.now
    assert record.now.items() >= {**described, **ended}.items()
    row = record.row()
    assert row is not None
    counted = {"sessions": 3, "informed": 1, "guided": 1, "demonstrated": 1, "minutes": 75, "deviations": 0}
    assert row.items() >= {**counted, "state": "closed", "last_session_on": "2026-02-04"}.items()
    assert described["participant"] not in {str(value) for value in row.values()}
    assert [row["id"] for row in api.items("/v1/guidance?state=closed&phase=P2")] == [record.now["id"]]
    assert api.items("/v1/guidance?state=active") == []


BROKEN = [
    pytest.param(CHILD, "tolkeloven", [], ("session_held", {"interpreter": "child"}), id="child"),
    pytest.param(RELATIVE, "tolkeloven", [], ("session_held", {"interpreter": "relative"}), id="relative"),
    pytest.param(ENDED, "good practice", [("closed", {})], ("session_held", {"mode": "guide"}), id="ended"),
]


@pytest.mark.parametrize(("rule", "source", "earlier", "breaking"), BROKEN)
def test_a_broken_rule_is_asked_about_then_recorded_and_mended_by_a_correction(
    guided: Opening, rule: str, source: str, earlier: list[Any], breaking: tuple[str, dict[str, Any]]
) -> None:
    record = guided()
    for name, members in earlier:
        record.tell(name, days("02-05"), **members)
    name, members = breaking
    before = record.detail()

    asked = record.send(name, days("02-09"), **members)
    assert asked.status_code == 409
    [broken] = asked.json["rules"]
    assert (broken["rule"], broken["may_be_recorded"]) == (rule, True)
    assert source in broken["source"]
    assert record.detail() == before

    record.tell(name, days("02-09"), **members, deviations=[{"rule": rule, "reason": "slik ble det"}])
    entry = record.history()[-1]
    assert record.now["deviations"] == [{"rule": rule, "event_id": entry["event_id"], "reason": "slik ble det"}]
    row = record.row()
    assert row is not None
    assert row["deviations"] == 1

    assert record.correct(record.now["version"], days("02-04"), interpreter="qualified").status_code == 200
    assert record.now["deviations"] == []


def test_late_news_makes_a_session_a_deviation_unasked(guided: Opening) -> None:
    record = guided()
    record.tell("session_held", days("02-10"), interpreter="qualified")
    session = record.event(2)
    record.tell("closed", days("02-05"))
    assert record.history()[-1]["deviations"] == [{"rule": ENDED, "event_id": session, "reason": None}]
    assert record.retract(3).status_code == 200
    assert record.now["deviations"] == []
    assert record.correct(2, days("02-10"), interpreter="child").status_code == 200
    assert [(each["rule"], each["event_id"]) for each in record.now["deviations"]] == [(CHILD, session)]


def test_who_interpreted_accuses_only_where_it_is_known_to_have_been_family(guided: Opening) -> None:
    others = ["qualified", "unqualified", "staff_speaks", "none_available", "offered_declined", "none_needed"]
    record = guided()
    for interpreter in (*others, *sorted(MISSING)):
        assert record.deviate("session_held", days("02-05"), interpreter=interpreter) == [], interpreter


def test_what_may_have_been_before_the_end_accuses_nobody(guided: Opening) -> None:
    record = guided()
    record.tell("closed", days("02-05", "02-10"))
    assert record.deviate("session_held", days("02-10")) == []
    assert record.deviate("session_held", days(None, "02-20")) == []
    assert record.deviate("mastery_assessed", days("02-20"), theme="waste") == []
    assert record.deviate("evaluated_by_user", days("02-20"), usefulness=3) == []
    assert record.deviate("session_held", days("02-11")) == [ENDED]


@pytest.mark.parametrize("state", ["assigned", "active", "closed", *sorted(MISSING)])
def test_guidance_is_registered_as_existing_in_any_state(guided: Opening, state: str) -> None:
    record = guided("registered_as_existing", days("02-02"), state=state, held=7)
    assert record.detail().items() >= {"state": state, "held_before": 7, "deviations": []}.items()
    assert record.deviate("session_held", days("02-09")) == ([ENDED] if state == "closed" else [])


@pytest.mark.parametrize(("interpreter", "rule"), [("child", CHILD), ("relative", RELATIVE)])
def test_existing_guidance_departs_from_the_rules_it_is_said_to_have_broken(
    sqlite_api: Api, interpreter: str, rule: str
) -> None:
    said = {"participant": a_participant(sqlite_api), "state": "active", "interpreter": interpreter}
    asked = sqlite_api.post("/v1/guidance/existing", {"occurred": days("02-01"), **said})
    assert [each["rule"] for each in asked.json["rules"]] == [rule]


def test_the_record_is_sealed_under_the_participants_keys(guided: Opening, sqlite_api: Api) -> None:
    record = guided(need="Ny i egen leilighet.")
    record.tell("evaluated_by_user", days("02-03"), comment="Nyttig.")
    with sqlite_api.running.vault.engine.connect() as connection:
        keys = connection.execute(select(KEYS)).all()
    sealed = {(str(key.subject), key.data_class) for key in keys if str(key.record) == record.now["id"]}
    assert sealed == {(record.now["participant"], kind) for kind in ("record", "casework", "voice")}


def test_a_correction_cannot_move_the_record_to_another_participant(guided: Opening, sqlite_api: Api) -> None:
    record = guided()
    refused = record.correct(1, days("02-01"), participant=a_participant(sqlite_api))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/replacement/participant")
    assert record.correct(1, days("02-02"), participant=record.now["participant"], unit="bolig").status_code == 200
    assert record.now["unit"] == "bolig"


IMPOSSIBLE = [
    ({"participant": "00000000-0000-4000-8000-000000000000"}, "/participant"),
    ({"themes": ["waste", "sorcery"]}, "/themes/1"),
    ({"arena": "ar99"}, "/arena"),
    ({"occurred": days("03-03")}, "/occurred/from"),
    ({"names": ["A"]}, "/names"),
]


@pytest.mark.parametrize(("members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:50])
def test_the_impossible_is_refused_and_pointed_at(sqlite_api: Api, members: dict[str, Any], pointer: str) -> None:
    body = {"occurred": days("02-01"), "participant": a_participant(sqlite_api), **members}
    refused = sqlite_api.post("/v1/guidance", body)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert sqlite_api.items("/v1/guidance") == []


@pytest.mark.parametrize(
    ("name", "members", "pointer"),
    [
        ("session_held", {"minutes": -1}, "/minutes"),
        ("session_held", {"language": "elvish"}, "/language"),
        ("session_held", {"interpreter": "child_or_relative"}, "/interpreter"),
        ("mastery_assessed", {"theme": "sorcery"}, "/theme"),
        ("evaluated_by_user", {"usefulness": 6}, "/usefulness"),
    ],
)
def test_what_cannot_have_happened_is_refused(
    guided: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    refused = guided().send(name, days("02-05"), **members)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]


def test_a_participant_of_another_ledger_cannot_be_guided_here(sqlite_api: Api) -> None:
    elsewhere = a_participant(open_api(sqlite_api.running, "1507", "Ålesund"))
    refused = sqlite_api.post("/v1/guidance", {"occurred": days("02-01"), "participant": elsewhere})
    assert (refused.status_code, refused.json["type"]) == (422, "/problems/unknown-reference")
