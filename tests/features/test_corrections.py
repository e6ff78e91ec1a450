"""Corrections and retractions: what of a history holds, on which day, and what of it is shown."""

from datetime import date
from typing import Any

import pytest

from domain.commands import Command
from domain.errors import ImpossibleCorrection
from domain.events import Meta
from domain.meetings import Cancelled, Held, Meeting, Scheduled
from tests.conftest import Api
from tests.features.conftest import Opening, Record, days
from tests.features.histories import BY

CANCELLED = "meeting.held_after_cancellation"
REASON = "input.decided_without_reason"


def meta(day: int) -> Meta:
    return Meta(occurred_from=date(2026, 1, day), occurred_to=date(2026, 1, day), recorded_by=BY)


def test_only_an_original_of_the_record_can_be_corrected_or_retracted(command: Command) -> None:
    meeting = Meeting(command.new_id()).record(Scheduled(meta=meta(1), kind="interview"), command)
    original = meeting.history[0].event_id
    again = Scheduled(meta=meta(2), kind="interview")
    corrected = meeting.correct(original, again, None, Meta(recorded_by=BY), command)
    for target in (corrected.history[1].event_id, command.new_id()):
        with pytest.raises(ImpossibleCorrection) as refused:
            corrected.correct(target, again, None, Meta(recorded_by=BY), command)
        assert refused.value.pointer == "/event_id"
        with pytest.raises(ImpossibleCorrection):
            corrected.retract(target, None, Meta(recorded_by=BY), command)


def test_a_replacement_of_another_class_is_refused(command: Command) -> None:
    meeting = Meeting(command.new_id()).record(Scheduled(meta=meta(1), kind="interview"), command)
    with pytest.raises(ImpossibleCorrection) as refused:
        meeting.correct(meeting.history[0].event_id, Held(meta=meta(2)), None, Meta(recorded_by=BY), command)
    assert refused.value.pointer == "/replacement"


def test_what_is_retracted_cannot_be_retracted_again(command: Command) -> None:
    meeting = Meeting(command.new_id()).record(Scheduled(meta=meta(1), kind="interview"), command)
    meeting = meeting.record(Cancelled(meta=meta(2)), command)
    gone = meeting.retract(meeting.history[1].event_id, None, Meta(recorded_by=BY), command)
    assert gone.state == "scheduled"
    with pytest.raises(ImpossibleCorrection) as refused:
        gone.retract(meeting.history[1].event_id, None, Meta(recorded_by=BY), command)
    assert refused.value.pointer == "/event_id"


def test_the_latest_correction_of_the_original_wins_and_history_shows_every_one(api: Api) -> None:
    record = Record(api, "meetings", "scheduled", days("02-01"), kind="interview", title="Første")
    before = record.now["position"]
    for title in ("Andre", "Tredje"):
        assert record.correct(1, days("02-01"), "feil tittel", kind="theme_evening", title=title).status_code == 200
    assert (record.now["title"], record.now["kind"], record.now["version"]) == ("Tredje", "theme_evening", 3)
    assert record.detail() == record.now
    assert record.detail(f"?as_of={before}")["title"] == "Første"
    assert record.detail(f"?as_of={before + 1}")["title"] == "Andre"
    assert record.row(f"?as_of={before}")["kind"] == "interview"  # type: ignore[index]

    entries = record.history()
    assert [each["type"] for each in entries] == ["meeting.scheduled", *["meeting.corrected"] * 2]
    assert [each["effective"] for each in entries] == [False, False, True]
    assert [each["effective"] for each in record.history(f"?as_of={before}")] == [True]
    last = entries[-1]["data"]
    assert last["target"] == entries[0]["event_id"]
    assert last["reason"] == "feil tittel"
    assert last["replacement"].items() >= {"title": "Tredje", "occurred": days("02-01")}.items()


def test_a_correction_of_a_correction_aims_at_the_original(a_meeting: Opening) -> None:
    record = a_meeting(title="Første")
    record.correct(1, days("02-01"), kind="interview")
    refused = record.correct(2, days("02-01"), kind="interview")
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == ["/event_id"]
    assert record.retract(2).status_code == 422


def test_a_reason_in_a_replacement_stands_with_what_the_correction_makes_unlawful(an_input: Opening) -> None:
    record = an_input()
    record.tell("decided", days("02-03"), outcome="rejected", reason="law")
    acknowledged = [{"rule": "input.decided_without_reason", "reason": "the file is lost"}]
    assert record.correct(2, days("02-03"), outcome="rejected", deviations=acknowledged).status_code == 200
    assert [(each["rule"], each["reason"]) for each in record.now["deviations"]] == [
        ("input.decided_without_reason", "the file is lost")
    ]


def test_only_the_last_word_about_an_event_is_effective(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-03"))
    assert record.retract(2).status_code == 200
    assert record.correct(2, days("02-04")).status_code == 200
    assert record.retract(2).status_code == 200
    assert [each["effective"] for each in record.history()] == [True, False, False, False, True]
    assert [each["effective"] for each in record.history("?on=2026-02-03")][2:] == [False, False, True]


def test_a_correction_after_a_retraction_brings_the_event_back(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"))
    assert record.retract(2, "det ble ikke noe av").json["state"] == "scheduled"
    assert [each["effective"] for each in record.history()] == [True, False, True]
    assert record.retract(2).status_code == 422
    assert record.correct(2, days("02-10")).json["held_from"] == "2026-02-10"
    assert [each["effective"] for each in record.history()][:2] == [True, False]
    assert record.history()[-1]["effective"] is True


def test_retracting_the_opening_retracts_the_record_until_it_is_corrected(api: Api) -> None:
    record = Record(api, "inputs", "raised", days("02-01"), kind="wish", level="system", voiced_by="refugees")
    before = record.now["position"]
    assert record.row() is not None
    assert record.retract(1).json["retracted"] is True
    assert record.detail()["retracted"] is True
    assert record.row() is None
    assert record.row(f"?as_of={before}") is not None
    assert record.detail(f"?as_of={before}")["retracted"] is False
    assert record.detail("?on=2026-02-03")["retracted"] is True
    described = {"kind": "question", "level": "system", "voiced_by": "refugees"}
    assert record.correct(1, days("02-01"), **described).json["retracted"] is False
    assert record.row()["kind"] == "question"  # type: ignore[index]


def test_a_replacement_is_a_whole_body_of_the_command_it_corrects(a_meeting: Opening) -> None:
    record = a_meeting(title="Med tittel", form="f35")
    record.tell("held", days("02-09"), tally={"attended": 3})
    assert record.correct(1, days("02-01"), kind="interview").json["title"] is None
    assert record.now["form"] == "not_recorded"
    for members in ({"kind": "interview"}, {"tally": {"attended": -1}}, {"title": "annet"}):
        refused = record.correct(2, days("02-09"), **members)
        assert refused.status_code == 422
        assert all(each["pointer"].startswith("/replacement/") for each in refused.json["errors"])
    assert record.now["version"] == 3


@pytest.mark.parametrize(
    ("on", "members", "pointer"),
    [
        (days("03-03"), {}, "/replacement/occurred/from"),
        (days("02-09", "02-08"), {}, "/replacement/occurred/to"),
        (days("02-09"), {"tally": {"attended": 2, "staff": 3}}, "/replacement/tally/staff"),
    ],
)
def test_the_impossible_in_a_replacement_is_pointed_at_where_it_stands(
    a_meeting: Opening, on: dict[str, str | None], members: dict[str, Any], pointer: str
) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"))
    refused = record.correct(2, on, **members)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]


def test_an_unknown_meeting_in_a_replacement_is_pointed_at_where_it_stands(an_input: Opening) -> None:
    record = an_input()
    described = {"kind": "wish", "level": "system", "voiced_by": "refugees"}
    refused = record.correct(1, days("02-01"), **described, source=record.now["id"])
    assert refused.json["type"] == "/problems/unknown-reference"
    assert [each["pointer"] for each in refused.json["errors"]] == ["/replacement/source"]


def test_what_a_correction_makes_unlawful_stands_in_its_own_deviations_and_is_not_asked_about(api: Api) -> None:
    record = Record(api, "meetings", "scheduled", days("02-01"), kind="interview")
    record.tell("held", days("02-09"))
    record.tell("cancelled", days("02-10"))
    assert record.now["deviations"] == []
    holding = record.event(2)
    assert record.correct(3, days("02-05")).status_code == 200
    broken = {"rule": CANCELLED, "event_id": holding, "reason": None}
    assert record.history()[-1]["deviations"] == [broken]
    assert record.now["deviations"] == [broken]
    assert record.row()["deviations"] == 1  # type: ignore[index]

    assert record.correct(3, days("02-10")).json["deviations"] == []
    assert record.history()[-1]["deviations"] == []
    assert record.row()["deviations"] == 0  # type: ignore[index]


def test_a_correction_may_make_the_corrected_event_itself_unlawful(an_input: Opening) -> None:
    record = an_input()
    record.tell("decided", days("02-05"), outcome="adopted", reason="budget")
    decision = record.event(2)
    assert record.correct(2, days("02-05"), outcome="adopted").status_code == 200
    assert record.now["deviations"] == [{"rule": REASON, "event_id": decision, "reason": None}]


def test_a_reason_given_once_holds_through_a_correction_of_something_else(an_input: Opening) -> None:
    record = an_input()
    record.tell("decided", days("02-05"), outcome="adopted", deviations=[{"rule": REASON, "reason": "hastverk"}])
    record.correct(2, days("02-06"), outcome="partly")
    assert [each["reason"] for each in record.now["deviations"]] == ["hastverk"]
    assert record.history()[-1]["deviations"] == []


def test_a_reason_given_once_holds_when_what_had_mended_it_is_taken_back(a_meeting: Opening) -> None:
    record = a_meeting()
    unassessed = [{"rule": "meeting.interpreter_need_not_assessed", "reason": "hastverk"}]
    record.tell("held", days("02-05"), interpreter_need="not_assessed", deviations=unassessed)
    record.correct(2, days("02-05"), interpreter_need="needed")
    assert record.now["deviations"] == []
    record.correct(2, days("02-05"), interpreter_need="not_assessed")
    assert [each["reason"] for each in record.now["deviations"]] == ["hastverk"]


def test_a_correction_to_another_day_moves_the_record_in_reads_on_a_day(api: Api) -> None:
    record = Record(api, "meetings", "scheduled", days("02-01"), kind="interview")
    record.tell("held", days("02-09"))
    position = record.now["position"]
    record.correct(2, days("02-20"))
    for query, expected in {
        "?on=2026-02-08": "scheduled",
        "?on=2026-02-09": "scheduled",
        "?on=2026-02-19": "scheduled",
        "?on=2026-02-20": "held",
        f"?on=2026-02-08&as_of={position}": "scheduled",
        f"?on=2026-02-09&as_of={position}": "held",
    }.items():
        assert record.detail(query)["state"] == expected, query
        assert record.row(query)["state"] == expected, query  # type: ignore[index]
    assert api.get(f"{record.path}?on=2026-01-31").status_code == 404
    assert record.row("?on=2026-01-31") is None
