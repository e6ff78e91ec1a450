"""Guidance over HTTP: from a guide assigned to its end, whether it informed or guided, and who interpreted."""

from typing import Any

import pytest

from domain.events import MISSING
from tests.bodies import a_participant
from tests.conftest import Api
from tests.features.conftest import Opening, Record, broken, days

CHILD = "guidance.child_interpreted"
RELATIVE = "guidance.relative_interpreted"
ENDED = "guidance.recorded_after_end"


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
    session = {
        "themes": ["waste"],
        "language": "my",
        "interpreter": "qualified",
        "place": "home",
        "notes": "Sortering.",
    }
    modes = (("inform", 30), ("guide", 45), ("guide", 15), ("demonstrate", "unknown"))
    sessions = [{**session, "mode": mode, "minutes": minutes} for mode, minutes in modes]
    for day, held in enumerate(sessions, start=2):
        record.tell("session_held", days("02-01", f"02-{day:02}"), **held)
    told = {"state": "active", "sessions": sessions, "last_session_on": "2026-02-05"}
    assert record.now.items() >= told.items()

    mastery = [
        {"theme": "economy", "before": "not_yet", "after": "with_help"},
        {"theme": "waste", "before": "not_yet", "after": "alone"},
    ]
    record.tell("mastery_assessed", days("02-05"), theme="waste")
    for assessed in mastery:
        record.tell("mastery_assessed", days("02-06"), **assessed)
    record.tell("closed", days("02-07"), reason="mastered", explanation="Klarer seg selv.")
    record.tell("evaluated_by_user", days("02-08"), usefulness=5, comment="Å se det gjort hjalp.")
    evaluated = {"mastery": mastery, "usefulness": 5, "comment": "Å se det gjort hjalp."}
    closed = {"state": "closed", "closing_reason": "mastered", "closing_explanation": "Klarer seg selv."}
    assert record.now.items() >= {**described, **evaluated, **closed, "deviations": []}.items()

    counted = {"session_count": 4, "informed": 1, "guided": 2, "demonstrated": 1, "minutes": 90, "state": "closed"}
    row = record.row("?state=closed&phase=P2")
    assert row is not None
    assert row.items() >= counted.items()
    assert described["participant"] not in row.values()
    assert record.row("?state=active") is None


@pytest.mark.parametrize(("interpreter", "rule"), [("child", CHILD), ("relative", RELATIVE)])
def test_a_child_or_a_relative_who_interpreted_is_a_deviation_until_it_is_corrected(
    guided: Opening, sqlite_api: Api, interpreter: str, rule: str
) -> None:
    record = guided()
    assert record.deviate("session_held", days("02-09"), interpreter=interpreter) == [rule]
    record.correct(2, days("02-09"), interpreter="qualified")
    assert broken(record) == []
    existing = {"participant": a_participant(sqlite_api), "state": "active", "interpreter": interpreter}
    asked = sqlite_api.post("/v1/guidance/existing", {"occurred": days("02-01"), **existing})
    assert [each["rule"] for each in asked.json["rules"]] == [rule]


def test_the_last_evaluation_counts_whole(guided: Opening) -> None:
    record = guided()
    record.tell("evaluated_by_user", days("02-08"), usefulness=5, comment="Svært bra.")
    record.tell("evaluated_by_user", days("02-20"), usefulness=1)
    assert (record.now["usefulness"], record.now["comment"]) == (1, None)


def test_who_interpreted_accuses_only_where_it_is_known_to_have_been_family(guided: Opening) -> None:
    others = ["qualified", "unqualified", "staff_speaks", "none_available", "offered_declined", "none_needed"]
    record = guided()
    for interpreter in (*others, *sorted(MISSING)):
        assert record.deviate("session_held", days("02-05"), interpreter=interpreter) == [], interpreter


def test_late_news_makes_a_session_a_deviation_unasked(guided: Opening) -> None:
    record = guided()
    record.tell("session_held", days("02-10"), interpreter="qualified")
    session = record.event(2)
    record.tell("closed", days("02-05"))
    assert record.now["deviations"] == [{"rule": ENDED, "event_id": session, "reason": None}]
    record.retract(3)
    assert broken(record) == []
    record.correct(2, days("02-10"), interpreter="child")
    assert record.now["deviations"] == [{"rule": CHILD, "event_id": session, "reason": None}]


def test_what_may_have_been_before_the_end_accuses_nobody(guided: Opening) -> None:
    record = guided()
    record.tell("closed", days("02-05", "02-10"))
    assert record.deviate("session_held", days("02-10")) == []
    assert record.deviate("session_held", days(None, "02-20")) == []
    assert record.deviate("mastery_assessed", days("02-20"), theme="waste") == []
    assert record.deviate("evaluated_by_user", days("02-20"), usefulness=3) == []
    assert record.deviate("session_held", days("02-11")) == [ENDED]
    assert record.deviate("closed", days("02-12")) == [ENDED]


@pytest.mark.parametrize("state", ["assigned", "active", "closed", *sorted(MISSING)])
def test_only_what_was_closed_before_the_ledger_has_ended(guided: Opening, state: str) -> None:
    record = guided("registered_as_existing", days("02-02"), state=state, held=7)
    assert (record.now["state"], record.now["held_before"]) == (state, 7)
    assert record.deviate("session_held", days("02-09")) == ([ENDED] if state == "closed" else [])


def test_a_correction_cannot_move_the_record_to_another_participant(guided: Opening, sqlite_api: Api) -> None:
    record = guided()
    refused = record.correct(1, days("02-01"), participant=a_participant(sqlite_api))
    assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/replacement/participant")
    corrected = record.correct(1, days("02-02"), participant=record.now["participant"], unit="bolig")
    assert corrected.json["unit"] == "bolig"


@pytest.mark.parametrize(
    ("name", "members", "pointer"),
    [
        ("session_held", {"themes": ["waste", "sorcery"]}, "/themes/1"),
        ("session_held", {"minutes": -1}, "/minutes"),
        ("session_held", {"interpreter": "child_or_relative"}, "/interpreter"),
        ("evaluated_by_user", {"usefulness": 6}, "/usefulness"),
    ],
)
def test_what_cannot_have_happened_is_refused(
    guided: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    refused = guided().send(name, days("02-05"), **members)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])
