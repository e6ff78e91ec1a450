"""Hearings over HTTP: who was invited and heard, how long, and how many of their inputs were answered."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.bootstrap import codec
from domain import records
from domain.aggregate import Aggregate
from domain.commands import Command
from domain.errors import DeviationNeeded
from domain.events import MISSING, Actor, Meta
from domain.hearings import Hearing
from domain.hearings.events import Answered, Closed, Extended, Opened, StatementReceived, Submitter
from domain.history import Step
from domain.rules import value
from tests.bodies import a_participant
from tests.conftest import Api, an_input
from tests.features.conftest import Opening, Record, days
from tests.features.tables import Table

SHORT = "hearing.period_too_short"
EARLY = "hearing.closed_early"
UNANSWERED = "hearing.closed_with_inputs_unanswered"
ENDED = "hearing.recorded_after_end"
DEADLINE = "2026-03-15"
"""Six weeks, 42 days, after 1 February."""
BY = Meta(recorded_by=Actor(id="actor-1", role="coordinator", unit="plan"), occurred_from=None, occurred_to=None)


@pytest.fixture
def a_hearing(sqlite_api: Api) -> Opening:
    """Opens a hearing on 1 February, of a plan no rule sets a time for."""

    def opening(name: str = "opened", on: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {"plan_type": "boligsosial_handlingsplan", **members}
        return Record(sqlite_api, "hearings", name, on or days("02-01"), **described)

    return opening


def raised(api: Api, **members: Any) -> Record:
    """An input raised on 2 February."""
    return Record(api, "inputs", "raised", days("02-02"), **{**an_input(), "occurred": days("02-02"), **members})


def rules(record: Record) -> list[str]:
    return [each["rule"] for each in record.now["deviations"]]


def duties(record: Record) -> dict[str, date | None]:
    """What the hearing owes, and by when."""
    found = record.api.running.store(record.api.ledger).get(Hearing, UUID(record.now["id"]))
    return {duty.kind: duty.due_on for duty in found.duties()}


def test_a_hearing_goes_from_its_opening_to_the_effect_of_what_was_stated(api: Api) -> None:
    axes = {"level": "system", "form": "f44", "arena": "ar15", "phase": "PL4"}
    said = {"title": "Boligsosial handlingsplan", "matter": "Utkast til plan"}
    described = {
        "plan_type": "reguleringsplan",
        "document_version": "v1",
        "languages": ["nb", "ar"],
        "seed_line": "s:317",
    }
    record = Record(api, "hearings", "opened", days("02-01"), **axes, **said, **described, deadline=DEADLINE)
    assert record.now.items() >= {**axes, **said, **described, "state": "opened", "deviations": []}.items()
    assert (record.now["period_days"], record.now["least_days"]) == (42, 42)

    recipients = [
        {"kind": "representatives", "n": 2, "refugee_voices": 2},
        {"kind": "public_authority", "n": 9, "refugee_voices": 0},
    ]
    record.tell("recipient_list_fixed", days("02-01"), invited=11, recipients=recipients)
    record.tell("invitation_sent", days("02-02"), sent_to=11, channel="letter", languages=["nb", "ar"])
    record.tell("promised", days("02-02"), degree="2", open_to_influence="Hvor boligene skal ligge.")
    school = raised(api, hearing=record.now["id"], said="Nær skolen.")
    rent = raised(api, hearing=record.now["id"], said="Husleien er for høy.")
    assert {each["id"] for each in api.items(f"/v1/inputs?hearing={record.now['id']}")} == {
        school.now["id"],
        rent.now["id"],
    }
    statement = {
        "submitted_by": "representatives",
        "on_behalf_of": "refugees",
        "on_behalf_of_n": 40,
        "document_version": "v1",
        "language": "ar",
        "inputs": [school.now["id"]],
        "statement": "Vi vil bo nær skolen.",
    }
    record.tell("statement_received", days("02-10"), **statement)
    record.tell("extended", days("02-15"), deadline="2026-03-20")
    record.tell("experienced", days("02-20"), degree="1", comment="Vi fikk vite det.")
    record.deviate("closed", days("03-01"))
    record.tell("summarised", days("03-01"), inputs_found=2, inputs=[rent.now["id"]], summary="To innspill.")
    school.tell("answered", days("03-01"), answer="Ja.")
    assert record.deviate("answered", days("03-02"), answering_unit="plan", answer="Planen er endret.") == [UNANSWERED]

    told = {
        "state": "answered",
        "deadline": "2026-03-20",
        "period_days": 47,
        "invited": 11,
        "refugee_voice": "yes",
        "recipients": recipients,
        "register": None,
        "statement_count": 1,
        "late_count": 0,
        "inputs": [school.now["id"], rent.now["id"]],
        "inputs_found": 2,
        "summary": "To innspill.",
        "answered": 1,
        "of": 2,
        "answering_unit": "plan",
        "answer": "Planen er endret.",
    }
    assert record.now.items() >= {**axes, **said, **described, **told}.items()
    received = {"received_from": "2026-02-10", "received_to": "2026-02-10", "late": False, "submitters": []}
    assert record.now["statements"] == [{**statement, **received}]
    assert sorted(rules(record)) == [EARLY, UNANSWERED]
    degrees = record.now["degrees"]
    assert (degrees["intended"], degrees["documented"], degrees["experienced"]) == ("2", "2", "1")
    assert record.detail() == record.now

    row = record.row()
    assert row is not None
    shown = {**axes, "plan_type": "reguleringsplan", "state": "answered", "invited": 11, "refugee_voice": "yes"}
    counted = {"statement_count": 1, "late_count": 0, "answered": 1, "of": 2, "deviations": 2, "document_version": "v1"}
    dated = {"opened_from": "2026-02-01", "opened_to": "2026-02-01", "deadline": "2026-03-20", "seed_line": "s:317"}
    assert row.items() >= {**shown, **counted, **dated}.items()
    assert not row.keys() & {*said, "statements", "summary", "answer"}
    assert record.row("?refugee_voice=yes&plan_type=reguleringsplan")
    assert not record.row("?refugee_voice=no")
    assert record.data_classes() == {"record", "casework", "voice"}

    school.tell("effected", days("03-02"), change="plan_text", effect="Tomten ved skolen er tatt inn.")
    assert school.now["hearing"] == record.now["id"]
    rent.tell("answered", days("03-02"), answer="Nei.")
    record.tell("answered", days("03-02"))
    assert (record.now["answered"], record.now["of"]) == (2, 2)


@pytest.mark.parametrize(
    ("rule", "earlier", "breaking"),
    [
        (EARLY, [], ("closed", days("02-20"), {})),
        (ENDED, [("closed", days("02-20"), {"deviations": [{"rule": EARLY}]})], ("invitation_sent", days("02-21"), {})),
        (
            UNANSWERED,
            [("statement_received", days("02-09"), {"submitted_by": "refugees"})],
            ("answered", days("02-20"), {}),
        ),
        (SHORT, [], ("extended", days("02-10"), {"deadline": "2026-02-28"})),
    ],
    ids=["early", "ended", "unanswered", "short"],
)
def test_a_broken_rule_is_asked_about_and_then_recorded_and_counted(
    a_hearing: Opening, sqlite_api: Api, rule: str, earlier: list[Any], breaking: Any
) -> None:
    record = a_hearing(plan_type="kommuneplan", deadline=DEADLINE)
    for name, on, members in earlier:
        named = {"inputs": [raised(sqlite_api).now["id"]]} if name == "statement_received" else {}
        record.tell(name, on, **members, **named)
    accepted = len(record.now["deviations"])
    name, on, members = breaking
    before = record.detail()

    asked = record.send(name, on, **members)
    assert asked.status_code == 409
    [broken] = asked.json["rules"]
    assert broken["rule"] == rule
    assert broken["title"]
    assert broken["source"]
    assert record.detail() == before

    record.tell(name, on, **members, deviations=[{"rule": rule, "reason": "slik ble det"}])
    entry = record.history()[-1]
    assert entry["deviations"] == [{"rule": rule, "event_id": None, "reason": "slik ble det"}]
    assert {"rule": rule, "event_id": entry["event_id"], "reason": "slik ble det"} in record.detail()["deviations"]
    row = record.row()
    assert row is not None
    assert row["deviations"] == accepted + 1


@pytest.mark.parametrize("plan_type", ["kommuneplan", "reguleringsplan", "planprogram", "planstrategi"])
def test_a_period_shorter_than_the_plan_type_asks_for_is_a_deviation_from_the_first_day_short(
    sqlite_api: Api, plan_type: str
) -> None:
    least = value("hearing_days", plan_type, date(2026, 2, 1))
    assert least is not None
    for short in (0, 1):
        deadline = date(2026, 2, 1) + timedelta(least - short)
        body = {"occurred": days("02-01"), "plan_type": plan_type, "deadline": deadline.isoformat()}
        answer = sqlite_api.post("/v1/hearings", body)
        assert answer.status_code == (409 if short else 201)
        if short:
            assert [each["rule"] for each in answer.json["rules"]] == [SHORT]
            told = sqlite_api.post("/v1/hearings", {**body, "deviations": [{"rule": SHORT}]}).json
            assert [each["rule"] for each in told["deviations"]] == [SHORT]


@pytest.mark.parametrize("plan_type", ["boligsosial_handlingsplan", "thematic_plan", "no_plan", "unknown"])
def test_a_plan_no_rule_sets_a_time_for_may_be_heard_for_a_day(a_hearing: Opening, plan_type: str) -> None:
    assert (
        a_hearing(plan_type=plan_type, deadline="2026-02-02").now.items()
        >= {"deviations": [], "least_days": None}.items()
    )


@pytest.mark.parametrize(
    ("on", "deadline"),
    [
        pytest.param(days("02-01"), None, id="no deadline"),
        pytest.param(days(None, "02-20"), "2026-02-28", id="opened nobody knows since when"),
        pytest.param(days("01-01", "02-20"), "2026-02-20", id="perhaps opened in time"),
        pytest.param({"from": "2009-06-01", "to": "2009-06-01"}, "2009-06-10", id="before the act"),
    ],
)
def test_a_period_that_may_have_been_long_enough_accuses_nobody(
    a_hearing: Opening, on: dict[str, str | None], deadline: str | None
) -> None:
    assert a_hearing(on=on, plan_type="kommuneplan", deadline=deadline).now["deviations"] == []


def test_an_extension_mends_a_period_that_was_too_short_and_its_retraction_undoes_that(a_hearing: Opening) -> None:
    short = {"plan_type": "kommuneplan", "deadline": "2026-02-28", "deviations": [{"rule": SHORT, "reason": "hast"}]}
    record = a_hearing(**short)
    assert rules(record) == [SHORT]
    record.tell("extended", days("02-20"), deadline=DEADLINE)
    assert rules(record) == []
    record.retract(2)
    assert rules(record) == [SHORT]
    assert record.history()[-1]["deviations"] == [{"rule": SHORT, "event_id": record.event(1), "reason": None}]


def test_an_extension_sets_the_deadline_anew_whenever_in_that_time_the_hearing_was_opened(a_hearing: Opening) -> None:
    record = a_hearing(on=days("02-01", "02-10"), plan_type="kommuneplan")
    assert record.deviate("extended", days("02-05"), deadline="2026-02-20") == [SHORT]


def test_a_correction_of_the_opening_day_makes_the_period_too_short_unasked(a_hearing: Opening) -> None:
    record = a_hearing(plan_type="kommuneplan", deadline=DEADLINE)
    record.correct(1, days("02-02"), plan_type="kommuneplan", deadline=DEADLINE)
    assert rules(record) == [SHORT]
    assert record.history()[-1]["deviations"] == [{"rule": SHORT, "event_id": record.event(1), "reason": None}]
    record.correct(1, days("01-20"), plan_type="kommuneplan", deadline=DEADLINE)
    assert rules(record) == []


@pytest.mark.parametrize(
    ("closed", "extended", "early"),
    [
        (days("02-19"), None, True),
        (days("02-20"), None, False),
        (days("02-19", "02-21"), None, False),
        (days("02-21"), ("02-15", "2026-02-25"), True),
        (days("02-21"), ("02-22", "2026-02-25"), False),
        (days("02-10", "02-21"), ("02-15", "2026-02-25"), False),
    ],
    ids=[
        "before",
        "on the day",
        "perhaps before",
        "before the new day",
        "before it was extended",
        "perhaps before that",
    ],
)
def test_a_closing_certainly_before_the_deadline_then_is_a_deviation(
    a_hearing: Opening, closed: dict[str, str | None], extended: tuple[str, str] | None, early: bool
) -> None:
    record = a_hearing(deadline="2026-02-20")
    if extended and extended[0] < "02-22":
        record.tell("extended", days(extended[0]), deadline=extended[1])
    assert record.deviate("closed", closed) == ([EARLY] if early else [])
    if extended and extended[0] == "02-22":
        assert record.deviate("extended", days(extended[0]), deadline=extended[1]) == [ENDED]


def test_an_extension_told_late_makes_the_closing_early_unasked(a_hearing: Opening) -> None:
    record = a_hearing(deadline="2026-02-20")
    record.tell("closed", days("02-20"))
    record.tell("extended", days("02-15"), deadline="2026-02-25")
    assert record.now["deviations"] == [{"rule": EARLY, "event_id": record.event(2), "reason": None}]
    record.retract(3)
    assert record.now["deviations"] == []


AFTER: dict[str, dict[str, Any]] = {
    "recipient_list_fixed": {},
    "invitation_sent": {},
    "extended": {"deadline": "2026-04-01"},
    "statement_received": {"submitted_by": "refugees"},
    "closed": {},
    "summarised": {},
    "answered": {},
    "cancelled": {},
}
PERIOD = {"recipient_list_fixed", "invitation_sent", "extended"}


@pytest.mark.parametrize(
    ("end", "accused"),
    [
        ("closed", PERIOD),
        ("summarised", PERIOD),
        ("answered", {*AFTER} - {"statement_received", "answered"}),
        ("cancelled", {*AFTER}),
    ],
)
def test_what_may_follow_an_end_and_what_is_a_deviation(a_hearing: Opening, end: str, accused: set[str]) -> None:
    for name, members in AFTER.items():
        record = a_hearing()
        record.tell(end, days("02-10"))
        for on in (days("02-05", "02-20"), days(None, "02-20")):
            record.tell(name, on, **members)
        assert rules(record) == []
        assert record.deviate(name, days("02-11"), **members) == ([ENDED] if name in accused else []), name


def test_an_end_told_late_makes_what_came_after_it_a_deviation_unasked(a_hearing: Opening) -> None:
    record = a_hearing()
    record.tell("invitation_sent", days("02-11"))
    record.tell("closed", days("02-10"))
    assert record.now["deviations"] == [{"rule": ENDED, "event_id": record.event(2), "reason": None}]
    record.correct(3, days("02-12"))
    assert record.now["deviations"] == []


@pytest.mark.parametrize(
    ("on", "late"),
    [
        (days("02-20"), False),
        (days("02-21"), True),
        (days("02-15", "02-25"), None),
        (days(None, "02-25"), None),
        (days(None, "02-20"), False),
        (days("02-21", None), True),
    ],
)
def test_a_statement_is_late_where_every_day_it_may_have_come_on_is(
    a_hearing: Opening, on: dict[str, str | None], late: bool | None
) -> None:
    record = a_hearing(deadline="2026-02-20")
    record.tell("statement_received", on, submitted_by="organisation")
    assert ([each["late"] for each in record.now["statements"]], record.now["late_count"]) == (
        [late],
        int(late is True),
    )
    record.tell("extended", days("02-19"), deadline=DEADLINE)
    assert record.now["late_count"] == 0
    undated = a_hearing()
    undated.tell("statement_received", on, submitted_by="organisation")
    assert undated.now["statements"][0]["late"] is None


def test_how_many_were_answered_is_found_by_the_ledger_as_of_the_day_it_was_declared(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record = a_hearing()
    inputs = [raised(sqlite_api) for _ in range(5)]
    ids = [each.now["id"] for each in inputs]
    record.tell("statement_received", days("02-03"), submitted_by="refugees", inputs=ids[:3])
    record.tell("statement_received", days("02-04"), submitted_by="refugees", inputs=[ids[0], ids[3]])
    record.tell("statement_received", days("02-25"), submitted_by="refugees", inputs=[ids[4]])
    inputs[0].tell("answered", days("02-10"))
    inputs[1].tell("answered", days("02-22"))
    inputs[2].tell("decided", days("02-10"), outcome="adopted", reason="user_view")
    inputs[3].retract(1)
    assert record.deviate("answered", days("02-20")) == [UNANSWERED]
    assert (record.now["answered"], record.now["of"]) == (1, 3)
    refused = record.send("answered", days("02-20"), answered=3, of=3)
    assert refused.status_code == 422

    inputs[1].tell("answered", days("02-18"))
    inputs[2].tell("answered", days("02-15", "02-25"))
    record.correct(5, days("02-20"))
    assert (record.now["answered"], record.now["of"]) == (3, 3)
    assert rules(record) == []


def test_a_declaration_is_mended_by_an_answer_told_late_and_broken_by_one_taken_back(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record, stated = a_hearing(), raised(sqlite_api)
    record.tell("statement_received", days("02-03"), submitted_by="refugees", inputs=[stated.now["id"]])
    record.deviate("answered", days("02-20"))
    stated.tell("answered", days("02-19"))
    assert rules(record) == [UNANSWERED]
    record.correct(3, days("02-20"))
    assert (rules(record), record.now["answered"]) == ([], 1)
    stated.retract(2)
    record.correct(3, days("02-20"))
    assert record.now["deviations"] == [{"rule": UNANSWERED, "event_id": record.event(3), "reason": None}]


@pytest.mark.parametrize("state", ["raised", "acknowledged", "assessed", "answered", "decided", "verified", "unknown"])
def test_an_input_registered_in_a_later_state_is_not_said_to_be_unanswered(
    a_hearing: Opening, sqlite_api: Api, state: str
) -> None:
    described = {name: each for name, each in an_input().items() if name != "occurred"}
    existing = Record(sqlite_api, "inputs", "registered_as_existing", days("02-01"), state=state, **described)
    record = a_hearing()
    record.tell("summarised", days("02-10"), inputs=[existing.now["id"]])
    record.deviate("answered", days("02-20"))
    assert record.now["answered"] == (state in ("answered", "decided", "verified"))


class Interrupted:
    """A ledger's store in which something else is stored between the look and the storing, once."""

    def __init__(self, store: Any, meanwhile: Callable[[], Any]) -> None:
        self._store, self._meanwhile = store, [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, aggregate: Aggregate, command: Command, **kwargs: Any) -> Aggregate:
        while self._meanwhile:
            self._meanwhile.pop()()
        saved: Aggregate = self._store.save(aggregate, command, **kwargs)
        return saved


def test_what_happens_to_an_input_between_the_look_and_the_storing_is_counted(api: Api, command: Command) -> None:
    record = Record(api, "hearings", "opened", days("02-01"), plan_type="thematic_plan")
    stated = raised(api)
    record.tell("statement_received", days("02-03"), submitted_by="refugees", inputs=[stated.now["id"]])
    store, hearing = api.running.store(api.ledger), UUID(record.now["id"])
    asking = msgspec.structs.replace(command, new_id=uuid4)
    accepting = msgspec.structs.replace(asking, accept_all=True)

    def declared(meanwhile: Callable[[], Any], by: Command) -> Hearing:
        interrupted: Any = Interrupted(store, meanwhile)
        return records.record(interrupted, Hearing, hearing, None, Answered(meta=BY), by)

    declaration = declared(lambda: stated.tell("answered", days("02-20")), accepting)
    assert (declaration.answered, declaration.of, declaration.deviations) == (1, 1, [])
    with pytest.raises(DeviationNeeded):
        declared(lambda: stated.retract(2), asking)
    assert record.detail().items() >= {"answered": 1, "of": 1, "deviations": []}.items()


def test_a_hearing_owes_its_closing_a_voice_of_refugees_and_its_answers(a_hearing: Opening, sqlite_api: Api) -> None:
    stated, another = raised(sqlite_api), raised(sqlite_api)
    record = a_hearing()
    assert duties(record) == {}
    record.tell("extended", days("02-01"), deadline="2026-02-20")
    assert duties(record) == {"hearing.close": date(2026, 2, 20)}
    record.tell("recipient_list_fixed", days("02-02"), refugee_voice="no")
    assert duties(record) == {"hearing.close": date(2026, 2, 20), "hearing.refugee_voice": None}
    record.tell("recipient_list_fixed", days("02-03"), recipients=[{"kind": "representatives", "refugee_voices": 1}])
    record.tell("statement_received", days("02-04"), submitted_by="refugees", inputs=[stated.now["id"]])
    assert duties(record) == {"hearing.close": date(2026, 2, 20)}
    record.tell("closed", days("02-20"))
    assert duties(record) == {"hearing.answer": None}
    record.deviate("answered", days("02-21"))
    assert duties(record) == {"hearing.answer": None}
    stated.tell("answered", days("02-22"))
    record.tell("answered", days("02-22"))
    assert duties(record) == {}
    record.tell("statement_received", days("02-23"), submitted_by="refugees", inputs=[another.now["id"]])
    assert duties(record) == {"hearing.answer": None}


@pytest.mark.parametrize("state", ["opened", "closed", "summarised", "answered", "cancelled", *sorted(MISSING)])
def test_a_hearing_is_registered_as_existing_in_any_state(a_hearing: Opening, state: str) -> None:
    counted = {"invited": 30, "refugee_voice": "no", "statements": 12, "answered": 9, "of": 9}
    on = {"from": "2009-08-01", "to": "2009-12-31"}
    record = a_hearing("registered_as_existing", on, state=state, summary="Kort.", **counted)
    told = {"invited": 30, "refugee_voice": "no", "statement_count": 12, "answered": 9, "of": 9, "summary": "Kort."}
    assert record.detail().items() >= {**told, "state": state, "deviations": [], "period_days": None}.items()
    record.tell("statement_received", on, submitted_by="refugees")
    assert record.now["statement_count"] == 13
    row = record.row()
    assert row is not None
    assert row.items() >= {"state": state, "invited": 30, "statement_count": 13, "opened_to": "2009-12-31"}.items()


def test_an_existing_hearing_departs_from_the_rules_it_is_said_to_have_broken(sqlite_api: Api) -> None:
    counted = {"state": "answered", "answered": 3, "of": 9, "deadline": "2026-02-20", "plan_type": "kommuneplan"}
    asked = sqlite_api.post("/v1/hearings/existing", {"occurred": days("02-01"), **counted})
    assert {each["rule"] for each in asked.json["rules"]} == {SHORT, UNANSWERED}
    unknown = {**counted, "answered": "unknown", "deadline": None}
    assert sqlite_api.post("/v1/hearings/existing", {"occurred": days("02-01"), **unknown}).status_code == 201


@pytest.mark.parametrize("missing", sorted(MISSING))
def test_what_is_missing_is_kept_with_its_reason(a_hearing: Opening, missing: str) -> None:
    codes = dict.fromkeys(
        ("plan_type", "level", "form", "arena", "phase", "document_version", "responsible_unit"), missing
    )
    record = a_hearing(**codes, languages=[missing])
    listed = [{"kind": missing, "n": missing, "refugee_voices": missing}]
    record.tell("recipient_list_fixed", days("02-02"), invited=missing, recipients=listed, refugee_voice=missing)
    record.tell("invitation_sent", days("02-02"), sent_to=missing, channel=missing)
    said = {"submitted_by": missing, "on_behalf_of": missing, "on_behalf_of_n": missing, "language": missing}
    record.tell("statement_received", days("02-03"), **said, document_version=missing)
    record.tell("summarised", days("02-04"), inputs_found=missing)
    told = {**codes, "invited": missing, "refugee_voice": missing, "recipients": listed, "inputs_found": missing}
    assert record.detail().items() >= {**told, "deviations": [], "answered": "not_recorded"}.items()
    assert record.now["statements"][0].items() >= said.items()
    row = record.row()
    assert row is not None
    assert row.items() >= {**codes, "invited": None, "refugee_voice": missing, "answered": None, "of": None}.items()


NOBODY = "00000000-0000-4000-8000-000000000000"
IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("closed", {"occurred": days("03-03")}, "/occurred/from"),
    ("closed", {"occurred": days("02-10", "02-09")}, "/occurred/to"),
    ("extended", {"deadline": "2026-02-04"}, "/deadline"),
    ("extended", {"deadline": None}, "/deadline"),
    ("recipient_list_fixed", {"refugee_voice": "perhaps"}, "/refugee_voice"),
    ("recipient_list_fixed", {"invited": -1}, "/invited"),
    ("recipient_list_fixed", {"invited": 2, "recipients": [{"kind": "other", "n": 3}]}, "/invited"),
    ("recipient_list_fixed", {"recipients": [{"kind": "kurdere"}]}, "/recipients/0/kind"),
    (
        "recipient_list_fixed",
        {"recipients": [{"kind": "other", "n": 1, "refugee_voices": 2}]},
        "/recipients/0/refugee_voices",
    ),
    (
        "recipient_list_fixed",
        {"refugee_voice": "no", "recipients": [{"kind": "other", "refugee_voices": 1}]},
        "/refugee_voice",
    ),
    ("recipient_list_fixed", {"register": NOBODY}, "/register"),
    ("statement_received", {"submitted_by": "king"}, "/submitted_by"),
    ("statement_received", {"language": "arabisk"}, "/language"),
    ("statement_received", {"document_version": "det andre utkastet"}, "/document_version"),
    ("statement_received", {"inputs": [NOBODY]}, "/inputs/0"),
    ("statement_received", {"submitters": [{"participant": NOBODY}]}, "/submitters/0/participant"),
    ("summarised", {"inputs": [NOBODY]}, "/inputs/0"),
    ("answered", {"of": 1}, "/of"),
]


@pytest.mark.parametrize(("name", "members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(
    a_hearing: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    record = a_hearing()
    required = {"submitted_by": "refugees"} if name == "statement_received" else {}
    on, said = members.get("occurred", days("02-05")), {**required, **members}
    said.pop("occurred", None)
    refused = record.send(name, on, **said)
    assert refused.status_code == 422, refused.get_data(as_text=True)
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert record.detail()["version"] == 1


@pytest.mark.parametrize(
    ("path", "members", "pointer"),
    [
        ("", {"deadline": "2026-01-31"}, "/deadline"),
        ("", {"plan_type": "masterplan"}, "/plan_type"),
        ("/existing", {"state": "answered", "answered": 3, "of": 2}, "/answered"),
    ],
)
def test_an_impossible_hearing_is_not_opened(sqlite_api: Api, path: str, members: dict[str, Any], pointer: str) -> None:
    body = {"occurred": days("02-01"), "plan_type": "no_plan", **members}
    refused = sqlite_api.post(f"/v1/hearings{path}", body)
    assert refused.status_code == 422
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert sqlite_api.items("/v1/hearings") == []


def test_a_summary_that_found_fewer_inputs_than_it_names_is_refused(a_hearing: Opening, sqlite_api: Api) -> None:
    record, stated = a_hearing(), raised(sqlite_api)
    refused = record.send("summarised", days("02-05"), inputs_found=0, inputs=[stated.now["id"]])
    assert [each["pointer"] for each in refused.json["errors"]] == ["/inputs_found"]
    assert record.tell("summarised", days("02-05"), inputs_found=1, inputs=[stated.now["id"]] * 2)["inputs_found"] == 1


def test_only_what_the_ledger_has_of_that_kind_can_be_pointed_at(a_hearing: Opening, sqlite_api: Api) -> None:
    record, stated = a_hearing(), raised(sqlite_api)
    for members, pointer in (
        ({"inputs": [stated.now["id"], record.now["id"]]}, "/inputs/1"),
        ({"submitters": [{"participant": stated.now["id"]}]}, "/submitters/0/participant"),
    ):
        refused = record.send("statement_received", days("02-05"), submitted_by="refugees", **members)
        assert refused.json["type"] == "/problems/unknown-reference"
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    for hearing in (stated.now["id"], NOBODY):
        refused = sqlite_api.post("/v1/inputs", an_input(hearing=hearing))
        assert [each["pointer"] for each in refused.json["errors"]] == ["/hearing"]


def test_whoever_submitted_a_statement_is_sealed_apart_under_their_own_key() -> None:
    person = UUID("00000000-0000-4000-8000-000000001504")
    event = StatementReceived(meta=BY, submitted_by="refugees", submitters=(Submitter(participant=person),))
    plain = codec().encode(event)
    assert str(person).encode() not in plain.skeleton
    assert plain.parts == {}
    assert {*plain.persons} == {(person, "casework")}


def test_participants_who_submitted_a_statement_are_told_of_in_its_detail_and_nowhere_else(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record, named = a_hearing(), [{"participant": a_participant(sqlite_api)} for _ in range(2)]
    record.tell("statement_received", days("02-05"), submitted_by="refugees", submitters=named)
    assert record.detail()["statements"][0]["submitters"] == named
    store = sqlite_api.running.store(sqlite_api.ledger)
    [_, told] = store.histories([UUID(record.now["id"])], store.head())[UUID(record.now["id"])]
    assert told.event.submitters == ()
    assert not {each["participant"] for each in named} & {str(value) for value in (record.row() or {}).values()}


def test_an_input_counts_where_the_hearing_it_was_raised_at_was(a_hearing: Opening, sqlite_api: Api) -> None:
    record = a_hearing(level="system", form="f44", arena="ar15", phase="PL4")
    raised(sqlite_api, hearing=record.now["id"])
    places = "valuecodes[record]=input&valuecodes[form]=f44&valuecodes[arena]=*&valuecodes[phase]=PL4"
    at = {"record": "input", "form": "f44", "phase": "PL4"}
    assert Table(sqlite_api, places).cell(**at, arena="ar15") == 1
    record.correct(1, days("02-01"), plan_type="no_plan", form="f44", arena="ar13", phase="PL4")
    table = Table(sqlite_api, places)
    assert (table.cell(**at, arena="ar13"), table.cell(**at, arena="ar15")) == (1, "..")


def counted(record: Record, on: str) -> dict[str, int]:
    """What a hearing counts for on a day of 2026, in the table."""
    query = f"/v1/tables/hearings/data?on=2026-{on}&valuecodes[plan_type]=kommuneplan&valuecodes[measure]=*"
    data = record.api.get(query).json
    measures = data["dimension"]["measure"]["category"]["index"]
    assert data["id"] == ["plan_type", "measure"]
    return {measure: n for measure, n in zip(measures, data["value"], strict=True) if n}


def test_a_hearing_counts_for_who_was_invited_what_was_stated_and_what_is_answered_now(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record = a_hearing(plan_type="kommuneplan", deadline=DEADLINE)
    stated, other = raised(sqlite_api), raised(sqlite_api)
    ids = [stated.now["id"], other.now["id"]]
    record.tell("recipient_list_fixed", days("02-02"), invited=30, refugee_voice="yes")
    record.tell("recipient_list_fixed", days("02-05"), invited=20, refugee_voice="no")
    record.tell(
        "statement_received", days("02-10"), submitted_by="representatives", on_behalf_of="refugees", inputs=ids
    )
    record.tell("statement_received", days("02-11"), submitted_by="organisation", inputs=ids[:1])
    assert counted(record, "02-01") == {"hearings": 1}
    assert counted(record, "02-03") == {"hearings": 1, "invited": 30, "refugee_voice_on_list": 1}
    told = {"hearings": 1, "invited": 20, "statements": 2, "statements_refugees": 1, "inputs": 2}
    assert counted(record, "02-28") == told
    stated.tell("answered", days("02-20"))
    assert counted(record, "02-28") == {**told, "inputs_answered": 1}
    assert counted(record, "02-19") == told
    other.retract(1)
    assert counted(record, "02-28") == {**told, "inputs": 1, "inputs_answered": 1}


def test_an_input_that_was_taken_back_before_a_hearing_named_it_counts_once_it_is_told_again(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record, stated = a_hearing(plan_type="kommuneplan"), raised(sqlite_api)
    stated.retract(1)
    record.tell("statement_received", days("02-10"), submitted_by="organisation", inputs=[stated.now["id"]])
    assert counted(record, "02-28") == {"hearings": 1, "statements": 1}
    assert stated.correct(1, days("02-02"), kind="proposal", level="system", voiced_by="refugees").status_code == 200
    assert counted(record, "02-28") == {"hearings": 1, "statements": 1, "inputs": 1}


def test_a_hearing_from_before_the_ledger_counts_for_what_is_known_of_it(a_hearing: Opening) -> None:
    known = {"invited": 30, "refugee_voice": "yes", "statements": "unknown", "answered": 3, "of": 4}
    record = a_hearing(
        "registered_as_existing", state="summarised", plan_type="kommuneplan", deadline=DEADLINE, **known
    )
    brought = {"hearings": 1, "invited": 30, "refugee_voice_on_list": 1, "inputs": 4, "inputs_answered": 3}
    assert counted(record, "02-28") == brought


class Kept(NamedTuple):
    """A hearing of a master plan that kept the rules: days since it was opened on 1 January."""

    deadline: int
    extended_on: int
    new_deadline: int
    closed_on: int


@st.composite
def kept(draw: st.DrawFn) -> Kept:
    deadline = draw(st.integers(10, 60))
    new_deadline = draw(st.integers(max(deadline, 42), 80))
    return Kept(deadline, draw(st.integers(0, deadline - 1)), new_deadline, draw(st.integers(new_deadline, 90)))


@given(kept(), st.lists(st.none() | st.integers(0, 30), min_size=6, max_size=6), st.booleans())
def test_a_hearing_that_kept_the_rules_is_not_accused_however_vaguely_its_days_are_told(
    real: Kept, vague: list[int | None], closing_first: bool
) -> None:
    def day(after: int) -> date:
        return date(2026, 1, 1) + timedelta(after)

    def told(n: int, event: Any, on: int, position: int) -> Step:
        before, after = vague[2 * n], vague[2 * n + 1]
        starts = None if before is None else day(on - before)
        return Step(UUID(int=n), position, position, f"hearing.{event.NAME}", event, starts, day(on + (after or 0)))

    steps = [
        told(0, Opened(meta=BY, plan_type="kommuneplan", deadline=day(real.deadline)), 0, 1),
        told(1, Extended(meta=BY, deadline=day(real.new_deadline)), real.extended_on, 3 if closing_first else 2),
        told(2, Closed(meta=BY), real.closed_on, 2 if closing_first else 3),
    ]
    assert [*Hearing.broken(sorted(steps, key=lambda step: (step.ends, step.position)))] == []


def test_a_list_fixed_from_a_register_is_a_snapshot_of_it(api: Api) -> None:
    register = Record(api, "recipients", "opened", days("02-01"), scope="every_hearing")

    def add(kind: str, voice: str) -> None:
        body = {"recipient": str(uuid4()), "kind": kind, "refugee_voice": voice}
        register.tell("recipient_added", days("02-01"), **body)

    add("council", "no"), add("council", "no"), add("public_authority", "no")
    record = Record(api, "hearings", "opened", days("02-02"), plan_type="thematic_plan")
    record.tell("recipient_list_fixed", days("02-03"), register=register.now["id"])
    assert (record.now["invited"], record.now["refugee_voice"]) == (3, "no")
    counted = {each["kind"]: (each["n"], each["refugee_voices"]) for each in record.now["recipients"]}
    assert counted == {"council": (2, 0), "public_authority": (1, 0)}
    assert [item["record"] for item in api.items("/v1/work-lists/hearing.refugee_voice")] == [record.now["id"]]

    add("representatives", "yes")
    assert record.detail()["invited"] == 3
    record.tell("recipient_list_fixed", days("02-04"), register=register.now["id"])
    assert (record.now["invited"], record.now["refugee_voice"]) == (4, "yes")
    assert api.items("/v1/work-lists/hearing.refugee_voice") == []
