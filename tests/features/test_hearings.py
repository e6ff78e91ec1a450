"""Hearings over HTTP: who was invited and heard, how long, and how many of their inputs were answered."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from adapters.vault import KEYS
from domain import records
from domain.aggregate import Aggregate
from domain.commands import Command
from domain.errors import DeviationNeeded
from domain.events import Actor, Meta
from domain.hearings import Hearing
from domain.hearings.events import Answered, Closed, Extended, Opened
from domain.history import Step
from tests.bodies import a_participant
from tests.conftest import Api, an_input
from tests.features.conftest import Opening, Record, broken, days, on
from tests.features.tables import Table

SHORT = "hearing.period_too_short"
EARLY = "hearing.closed_early"
UNANSWERED = "hearing.closed_with_inputs_unanswered"
ENDED = "hearing.recorded_after_end"
DEADLINE = "2026-03-15"
"""Six weeks, 42 days, after 1 February."""
BY = Meta(recorded_by=Actor(id="actor-1", role="coordinator", unit="plan"), occurred_from=None, occurred_to=None)
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def a_hearing(sqlite_api: Api) -> Opening:
    """Opens a hearing on 1 February, of a plan no rule sets a time for."""

    def opening(name: str = "opened", on: dict[str, str | None] | None = None, **members: Any) -> Record:
        return Record(sqlite_api, "hearings", name, on or days("02-01"), **{"plan_type": "no_plan", **members})

    return opening


def raised(api: Api, **members: Any) -> Record:
    """An input raised on 2 February."""
    described = {"kind": "proposal", "level": "system", "voiced_by": "refugees"}
    return Record(api, "inputs", "raised", days("02-02"), **described, **members)


def stated(record: Record, day: str, *inputs: Record, by: str = "refugees") -> None:
    """A statement is received that names these inputs."""
    record.tell("statement_received", days(day), submitted_by=by, inputs=[each.now["id"] for each in inputs])


def accused(record: Record, rule: str, at: int) -> bool:
    """Whether the event at a version is all that departs from a rule, recorded with the last event, unasked."""
    unasked = [{"rule": rule, "event_id": record.event(at), "reason": None}]
    return record.now["deviations"] == record.history()[-1]["deviations"] == unasked


def refused(answer: TestResponse) -> list[str]:
    """What a refusal of the impossible points at."""
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return [each["pointer"] for each in answer.json["errors"]]


def duties(record: Record) -> dict[str, date | None]:
    """What the hearing owes, and by when."""
    found = record.api.running.store(record.api.ledger).get(Hearing, UUID(record.now["id"]))
    return {duty.kind: duty.due_on for duty in found.duties()}


def test_a_hearing_goes_from_its_opening_to_the_answers(api: Api) -> None:
    record = Record(api, "hearings", "opened", days("02-01"), plan_type="reguleringsplan", deadline=DEADLINE)
    assert record.now.items() >= {"state": "opened", "period_days": 42, "least_days": 42}.items()
    recipients = [{"kind": "representatives", "n": 2, "refugee_voices": 2}, {"kind": "council", "n": 9}]
    record.tell("recipient_list_fixed", days("02-01"), invited=11, recipients=recipients)
    record.tell("invitation_sent", days("02-02"))
    school, rent = (raised(api, hearing=record.now["id"]) for _ in range(2))
    ids = [school.now["id"], rent.now["id"]]
    assert {each["id"] for each in api.items(f"/v1/inputs?hearing={record.now['id']}")} == {*ids}
    statement = {"submitted_by": "representatives", "on_behalf_of": "refugees", "on_behalf_of_n": 40, "language": "ar"}
    record.tell("statement_received", days("02-10"), **statement, inputs=ids[:1])
    record.tell("extended", days("02-15"), deadline="2026-03-20")
    assert record.deviate("closed", days("03-01")) == [EARLY]
    assert record.tell("summarised", days("03-01"), inputs=ids)["state"] == "summarised"
    school.tell("answered", days("03-01"))
    assert record.deviate("answered", days("03-02")) == [UNANSWERED]

    told = {
        "state": "answered",
        "deadline": "2026-03-20",
        "invited": 11,
        "refugee_voice": "yes",
        "answered": 1,
        "of": 2,
    }
    told |= {"statement_count": 1, "late_count": 0}
    assert record.now.items() >= {**told, "period_days": 47, "inputs": ids}.items()
    received = {"received_from": "2026-02-10", "received_to": "2026-02-10", "late": False, "submitters": []}
    assert record.now["statements"][0].items() >= {**statement, **received}.items()
    assert record.now["degrees"]["documented"] == "2"
    row = record.row("?refugee_voice=yes&plan_type=reguleringsplan") or {}
    assert row.items() >= {**told, "deviations": 2, "opened_from": "2026-02-01", "opened_to": "2026-02-01"}.items()
    assert record.row("?refugee_voice=no") is None
    rent.tell("answered", days("03-02"))
    assert record.tell("answered", days("03-02")).items() >= {"answered": 2, "of": 2}.items()


# How long


@pytest.mark.parametrize(
    ("plan_type", "when", "deadline", "short"),
    [
        ("kommuneplan", days("02-01"), "2026-03-15", False),
        ("kommuneplan", days("02-02"), "2026-03-15", True),
        ("reguleringsplan", days("02-01"), "2026-03-15", False),
        ("reguleringsplan", days("02-02"), "2026-03-15", True),
        ("planprogram", days("02-02"), "2026-03-15", True),
        ("planstrategi", days("02-01"), "2026-03-03", False),
        ("planstrategi", days("02-02"), "2026-03-03", True),
        ("thematic_plan", days("02-01"), "2026-02-01", False),
        ("unknown", days("02-01"), "2026-02-02", False),
        pytest.param("kommuneplan", days("02-01"), None, False, id="no deadline"),
        pytest.param("kommuneplan", days(None, "02-20"), "2026-02-28", False, id="opened nobody knows since when"),
        pytest.param("kommuneplan", days("01-01", "02-20"), "2026-02-20", False, id="perhaps opened in time"),
        pytest.param("kommuneplan", on("2009-06-01"), "2009-06-10", False, id="before the act"),
    ],
)
def test_a_period_certainly_shorter_than_the_type_of_plan_asks_for_is_a_deviation(
    a_hearing: Opening, plan_type: str, when: dict[str, str | None], deadline: str | None, short: bool
) -> None:
    record = a_hearing(on=when, plan_type=plan_type, deadline=deadline, deviations=[{"rule": SHORT}])
    assert broken(record) == ([SHORT] if short else [])


def test_an_extension_sets_the_deadline_anew_whenever_in_that_time_the_hearing_was_opened(a_hearing: Opening) -> None:
    record = a_hearing(on=days("02-01", "02-10"), plan_type="kommuneplan")
    assert record.deviate("extended", days("02-05"), deadline="2026-02-20") == [SHORT]
    assert (record.now["least_days"], record.now["period_days"]) == (42, None)


def test_an_extension_told_late_mends_the_period_and_makes_the_closing_early_unasked(a_hearing: Opening) -> None:
    record = a_hearing(plan_type="kommuneplan", deadline="2026-02-28", deviations=[{"rule": SHORT}])
    record.tell("closed", days("02-28"))
    record.tell("extended", days("02-20"), deadline=DEADLINE)
    assert accused(record, EARLY, 2)
    record.retract(3)
    assert accused(record, SHORT, 1)


def test_a_correction_of_the_opening_day_makes_the_period_too_short_unasked(a_hearing: Opening) -> None:
    record = a_hearing(plan_type="kommuneplan", deadline=DEADLINE)
    record.correct(1, days("02-02"), plan_type="kommuneplan", deadline=DEADLINE)
    assert accused(record, SHORT, 1)
    record.correct(1, days("01-20"), plan_type="kommuneplan", deadline=DEADLINE)
    assert broken(record) == []


@pytest.mark.parametrize(
    ("closed", "extended", "early"),
    [
        pytest.param(days("02-19"), None, True, id="before"),
        pytest.param(days("02-20"), None, False, id="on the day"),
        pytest.param(days("02-19", "02-21"), None, False, id="perhaps before"),
        pytest.param(days("02-21"), "02-15", True, id="before the new day"),
        pytest.param(days("02-21"), "02-22", False, id="before it was extended"),
        pytest.param(days("02-10", "02-21"), "02-15", False, id="perhaps before that"),
    ],
)
def test_a_closing_certainly_before_the_deadline_then_is_a_deviation(
    a_hearing: Opening, closed: dict[str, str | None], extended: str | None, early: bool
) -> None:
    record = a_hearing(deadline="2026-02-20")
    if extended:
        record.tell("extended", days(extended), deadline="2026-02-25")
    assert record.deviate("closed", closed) == ([EARLY] if early else [])


PERIOD: dict[str, dict[str, Any]] = {
    "recipient_list_fixed": {},
    "invitation_sent": {},
    "extended": {"deadline": "2026-04-01"},
}
COMPLETED: dict[str, dict[str, Any]] = {"statement_received": {"submitted_by": "refugees"}, "answered": {}}
AFTER = {**PERIOD, **COMPLETED, "closed": {}, "summarised": {}, "cancelled": {}}


@pytest.mark.parametrize(
    ("end", "too_late"),
    [
        ("closed", {*PERIOD}),
        ("summarised", {*PERIOD}),
        ("answered", {*AFTER} - {*COMPLETED}),
        ("cancelled", {*AFTER}),
    ],
)
def test_what_may_follow_an_end_and_what_is_a_deviation(a_hearing: Opening, end: str, too_late: set[str]) -> None:
    for name, members in AFTER.items():
        record = a_hearing()
        record.tell(end, days("02-10"))
        for perhaps_before in (days("02-05", "02-20"), days(None, "02-20")):
            assert record.tell(name, perhaps_before, **members)["deviations"] == []
        assert record.deviate(name, days("02-11"), **members) == ([ENDED] if name in too_late else []), name


def test_an_end_told_late_makes_what_came_after_it_a_deviation_unasked(a_hearing: Opening) -> None:
    record = a_hearing()
    record.tell("invitation_sent", days("02-11"))
    record.tell("closed", days("02-10"))
    assert accused(record, ENDED, 2)
    record.correct(3, days("02-12"))
    assert broken(record) == []


@pytest.mark.parametrize(
    ("when", "late"),
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
    a_hearing: Opening, when: dict[str, str | None], late: bool | None
) -> None:
    record = a_hearing(deadline="2026-02-20")
    record.tell("statement_received", when, submitted_by="organisation")
    assert (record.now["statements"][0]["late"], record.now["late_count"]) == (late, int(late is True))
    record.tell("extended", days("02-19"), deadline=DEADLINE)
    assert record.now["late_count"] == 0
    undated = a_hearing()
    undated.tell("statement_received", when, submitted_by="organisation")
    assert undated.now["statements"][0]["late"] is None


# Answers


def test_how_many_were_answered_is_found_by_the_ledger_as_of_the_day_it_was_declared(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record = a_hearing()
    answered, later, decided, taken_back, named_later = inputs = [raised(sqlite_api) for _ in range(5)]
    stated(record, "02-03", *inputs[:3])
    stated(record, "02-04", answered, taken_back)
    stated(record, "02-25", named_later, answered)
    answered.tell("answered", days("02-10"))
    later.tell("answered", days("02-22"))
    decided.tell("decided", days("02-10"), outcome="adopted", reason="user_view")
    taken_back.retract(1)
    assert record.deviate("answered", days("02-20")) == [UNANSWERED]
    assert (record.now["answered"], record.now["of"]) == (1, 3)

    later.tell("answered", days("02-18"))
    decided.tell("answered", days("02-15", "02-25"))
    assert record.detail()["answered"] == 1
    record.correct(5, days("02-20"))
    assert (record.now["answered"], record.now["of"], broken(record)) == (3, 3, [])
    answered.retract(2)
    record.correct(5, days("02-20"))
    assert accused(record, UNANSWERED, 5)


@pytest.mark.parametrize("state", ["raised", "acknowledged", "assessed", "answered", "decided", "verified", "unknown"])
def test_an_input_registered_in_a_later_state_is_not_said_to_be_unanswered(
    a_hearing: Opening, sqlite_api: Api, state: str
) -> None:
    described = {"kind": "proposal", "level": "system", "voiced_by": "refugees", "state": state}
    existing = Record(sqlite_api, "inputs", "registered_as_existing", days("02-01"), **described)
    record = a_hearing()
    record.tell("summarised", days("02-10"), inputs=[existing.now["id"]])
    record.deviate("answered", days("02-20"))
    assert record.now["answered"] == (state in ("answered", "decided", "verified"))


class Interrupted:
    """A ledger's store in which something else is stored between the look and the storing, once."""

    def __init__(self, api: Api, meanwhile: Callable[[], Any]) -> None:
        self._store, self._meanwhile = api.running.store(api.ledger), [meanwhile]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, *args: Any, **kwargs: Any) -> Aggregate:
        while self._meanwhile:
            self._meanwhile.pop()()
        saved: Aggregate = self._store.save(*args, **kwargs)
        return saved


def test_what_happens_to_an_input_between_the_look_and_the_storing_is_counted(api: Api, command: Command) -> None:
    record, named = Record(api, "hearings", "opened", days("02-01"), plan_type="no_plan"), raised(api)
    stated(record, "02-03", named)

    def declared(meanwhile: Callable[[], Any], accept_all: bool) -> Hearing:
        store: Any = Interrupted(api, meanwhile)
        by = msgspec.structs.replace(command, new_id=uuid4, accept_all=accept_all)
        return records.record(store, Hearing, UUID(record.now["id"]), None, Answered(meta=BY), by)

    declaration = declared(lambda: named.tell("answered", days("02-20")), accept_all=True)
    assert (declaration.answered, declaration.of, declaration.deviations) == (1, 1, [])
    with pytest.raises(DeviationNeeded):
        declared(lambda: named.retract(2), accept_all=False)
    assert record.detail().items() >= {"answered": 1, "of": 1, "deviations": []}.items()


def test_a_hearing_owes_its_closing_a_voice_of_refugees_and_its_answers(a_hearing: Opening, sqlite_api: Api) -> None:
    record, (named, another, third) = a_hearing(), [raised(sqlite_api) for _ in range(3)]
    closing = {"hearing.close": date(2026, 2, 20)}
    assert duties(record) == {}
    record.tell("extended", days("02-01"), deadline="2026-02-20")
    assert duties(record) == closing
    record.tell("recipient_list_fixed", days("02-02"), refugee_voice="no")
    assert duties(record) == {**closing, "hearing.refugee_voice": None}
    record.tell("recipient_list_fixed", days("02-03"), recipients=[{"kind": "representatives", "refugee_voices": 1}])
    stated(record, "02-04", named)
    assert duties(record) == closing
    record.tell("recipient_list_fixed", days("02-05"), refugee_voice="no")
    record.tell("closed", days("02-20"))
    assert duties(record) == {"hearing.answer": None}
    record.deviate("answered", days("02-21"))
    assert duties(record) == {"hearing.answer": None}
    stated(record, "02-22", another)
    assert duties(record) == {"hearing.answer": None}
    for each in (named, another, record):
        each.tell("answered", days("02-23"))
    assert duties(record) == {}
    stated(record, "02-24", third)
    assert duties(record) == {"hearing.answer": None}


def test_an_existing_hearing_departs_from_the_rules_it_is_said_to_have_broken(a_hearing: Opening) -> None:
    counted = {"state": "answered", "answered": 3, "of": 9, "deadline": "2026-02-20", "plan_type": "kommuneplan"}
    accepted = [{"rule": SHORT}, {"rule": UNANSWERED}]
    assert broken(a_hearing("registered_as_existing", **counted, deviations=accepted)) == [SHORT, UNANSWERED]
    a_hearing("registered_as_existing", **{**counted, "answered": "unknown", "deadline": None})


# What is refused

VOICES = {"kind": "other", "n": 1, "refugee_voices": 2}
IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("extended", {"deadline": "2026-02-04"}, "/deadline"),
    ("recipient_list_fixed", {"invited": -1}, "/invited"),
    ("recipient_list_fixed", {"invited": 2, "recipients": [{"kind": "other", "n": 3}]}, "/invited"),
    ("recipient_list_fixed", {"recipients": [{"kind": "kurdere"}]}, "/recipients/0/kind"),
    ("recipient_list_fixed", {"recipients": [VOICES]}, "/recipients/0/refugee_voices"),
    ("recipient_list_fixed", {"refugee_voice": "no", "recipients": [{**VOICES, "n": 2}]}, "/refugee_voice"),
    ("recipient_list_fixed", {"register": NOBODY}, "/register"),
    ("statement_received", {"submitted_by": "refugees", "language": "arabisk"}, "/language"),
    ("statement_received", {"submitted_by": "refugees", "document_version": "det andre utkastet"}, "/document_version"),
    ("summarised", {"inputs": [NOBODY]}, "/inputs/0"),
    ("answered", {"answered": 3}, "/answered"),
]


@pytest.mark.parametrize(("name", "members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(
    a_hearing: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    assert refused(a_hearing().send(name, days("02-05"), **members)) == [pointer]


def test_only_what_the_ledger_has_of_that_kind_can_be_pointed_at(a_hearing: Opening, sqlite_api: Api) -> None:
    record, named = a_hearing(), raised(sqlite_api).now["id"]
    for members, pointer in (
        ({"inputs": [named, record.now["id"]]}, "/inputs/1"),
        ({"submitters": [{"participant": named}]}, "/submitters/0/participant"),
    ):
        answer = record.send("statement_received", days("02-05"), submitted_by="refugees", **members)
        assert (refused(answer), answer.json["type"]) == ([pointer], "/problems/unknown-reference")
    for hearing in (named, NOBODY):
        assert refused(sqlite_api.post("/v1/inputs", an_input(hearing=hearing))) == ["/hearing"]


def test_days_and_numbers_that_contradict_each_other_are_refused(a_hearing: Opening, sqlite_api: Api) -> None:
    opening = {"occurred": days("02-01"), "plan_type": "no_plan"}
    assert refused(sqlite_api.post("/v1/hearings", {**opening, "deadline": "2026-01-31"})) == ["/deadline"]
    existing = {**opening, "state": "answered", "answered": 3, "of": 2}
    assert refused(sqlite_api.post("/v1/hearings/existing", existing)) == ["/answered"]
    record, named = a_hearing(), raised(sqlite_api).now["id"]
    assert refused(record.send("summarised", days("02-05"), inputs_found=0, inputs=[named])) == ["/inputs_found"]
    assert record.tell("summarised", days("02-05"), inputs_found=1, inputs=[named] * 2)["inputs_found"] == 1


# Who submitted, and what is counted


def test_participants_who_submitted_a_statement_are_sealed_under_their_own_keys_and_told_of_in_its_detail_only(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record, named = a_hearing(), [{"participant": a_participant(sqlite_api)} for _ in range(2)]
    record.tell("statement_received", days("02-05"), submitted_by="refugees", submitters=named)
    assert record.detail()["statements"][0]["submitters"] == named
    with sqlite_api.running.vault.engine.connect() as connection:
        keys = connection.execute(select(KEYS)).all()
    sealed = {(str(key.subject), key.data_class) for key in keys if str(key.record) == record.now["id"]}
    assert sealed >= {(each["participant"], "casework") for each in named}
    assert not {each["participant"] for each in named} & {str(value) for value in (record.row() or {}).values()}


def test_an_input_counts_where_the_hearing_it_was_raised_at_was(a_hearing: Opening, sqlite_api: Api) -> None:
    at = {"form": "f44", "phase": "PL4"}
    record = a_hearing(**at, arena="ar15")
    raised(sqlite_api, hearing=record.now["id"])
    places = "valuecodes[record]=input&valuecodes[form]=f44&valuecodes[arena]=*&valuecodes[phase]=PL4"
    assert Table(sqlite_api, places).cell(**at, record="input", arena="ar15") == 1
    record.correct(1, days("02-01"), plan_type="no_plan", **at, arena="ar13")
    table = Table(sqlite_api, places)
    assert [table.cell(**at, record="input", arena=arena) for arena in ("ar13", "ar15")] == [1, ".."]


def counted(record: Record, day: str) -> dict[str, int]:
    """What a hearing counts for on a day of 2026, in the table."""
    query = f"on=2026-{day}&valuecodes[plan_type]=kommuneplan&valuecodes[measure]=*"
    table = Table(record.api, query, "hearings")
    assert table.body["id"] == ["plan_type", "measure"]
    found = {measure: table.cell(plan_type="kommuneplan", measure=measure) for measure in table.codes("measure")}
    return {measure: n for measure, n in found.items() if isinstance(n, int) and n}


def test_a_hearing_counts_for_who_was_invited_what_was_stated_and_what_is_answered_now(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record = a_hearing(plan_type="kommuneplan", deadline=DEADLINE)
    named, other = raised(sqlite_api), raised(sqlite_api)
    record.tell("recipient_list_fixed", days("02-02"), invited=30, refugee_voice="yes")
    record.tell("recipient_list_fixed", days("02-05"), invited=20, refugee_voice="no")
    ids = [named.now["id"], other.now["id"]]
    behalf = {"submitted_by": "representatives", "on_behalf_of": "refugees"}
    record.tell("statement_received", days("02-10"), **behalf, inputs=ids)
    stated(record, "02-11", named, by="organisation")
    assert counted(record, "02-01") == {"hearings": 1}
    assert counted(record, "02-03") == {"hearings": 1, "invited": 30, "refugee_voice_on_list": 1}
    told = {"hearings": 1, "invited": 20, "statements": 2, "statements_refugees": 1, "inputs": 2}
    assert counted(record, "02-28") == told
    named.tell("answered", days("02-20"))
    assert counted(record, "02-28") == {**told, "inputs_answered": 1}
    assert counted(record, "02-19") == told
    other.retract(1)
    assert counted(record, "02-28") == {**told, "inputs": 1, "inputs_answered": 1}


def test_an_input_that_was_taken_back_before_a_hearing_named_it_counts_once_it_is_told_again(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record, named = a_hearing(plan_type="kommuneplan"), raised(sqlite_api)
    named.retract(1)
    stated(record, "02-10", named, by="organisation")
    assert counted(record, "02-28") == {"hearings": 1, "statements": 1}
    named.correct(1, days("02-02"), kind="proposal", level="system", voiced_by="refugees")
    assert counted(record, "02-28") == {"hearings": 1, "statements": 1, "inputs": 1}


def test_a_hearing_from_before_the_ledger_counts_for_what_is_known_of_it(a_hearing: Opening) -> None:
    known = {"plan_type": "kommuneplan", "state": "summarised", "invited": 30, "refugee_voice": "yes"}
    record = a_hearing("registered_as_existing", **known, statements="unknown", answered=3, of=4)
    brought = {"hearings": 1, "invited": 30, "refugee_voice_on_list": 1, "inputs": 4, "inputs_answered": 3}
    assert counted(record, "02-28") == brought
    stated(record, "02-02")
    assert record.now["statement_count"] == "unknown"
    twelve_earlier = a_hearing("registered_as_existing", **known, statements=12)
    stated(twelve_earlier, "02-02")
    assert twelve_earlier.now["statement_count"] == 13


def test_a_list_fixed_from_a_register_is_a_snapshot_of_it(api: Api) -> None:
    register = Record(api, "recipients", "opened", days("02-01"), scope="every_hearing")
    record = Record(api, "hearings", "opened", days("02-02"), plan_type="thematic_plan")

    def added(kind: str, voice: str) -> None:
        register.tell("recipient_added", days("02-01"), recipient=str(uuid4()), kind=kind, refugee_voice=voice)

    def invited() -> tuple[int, str]:
        record.tell("recipient_list_fixed", days("02-03"), register=register.now["id"])
        return record.now["invited"], record.now["refugee_voice"]

    for kind in ("council", "council", "public_authority"):
        added(kind, "no")
    assert invited() == (3, "no")
    by_kind = {each["kind"]: (each["n"], each["refugee_voices"]) for each in record.now["recipients"]}
    assert by_kind == {"council": (2, 0), "public_authority": (1, 0)}
    assert [item["record"] for item in api.items("/v1/work-lists/hearing.refugee_voice")] == [record.now["id"]]

    added("representatives", "yes")
    assert record.detail()["invited"] == 3
    assert invited() == (4, "yes")
    said = [{"kind": "other", "n": 1, "refugee_voices": "unknown"}]
    told = record.tell("recipient_list_fixed", days("02-03"), register=register.now["id"], recipients=said)
    assert told["recipients"] == said, "what the sender says of it stands"
    assert api.items("/v1/work-lists/hearing.refugee_voice") == []


# Any days


@given(
    *(st.integers(*bounds) for bounds in ((10, 60), (0, 9), (0, 20), (0, 20))),
    st.lists(st.none() | st.integers(0, 30), min_size=6, max_size=6),
    st.booleans(),
)
def test_a_hearing_that_kept_the_rules_is_not_accused_however_vaguely_its_days_are_told(
    deadline: int, extended_on: int, longer: int, open_still: int, vague: list[int | None], closing_first: bool
) -> None:
    def day(after: int) -> date:
        return date(2026, 1, 1) + timedelta(after)

    def told(n: int, event: Any, on: int, position: int) -> Step:
        before, after = vague[2 * n], vague[2 * n + 1]
        starts = None if before is None else day(on - before)
        return Step(UUID(int=n), position, position, f"hearing.{event.NAME}", event, starts, day(on + (after or 0)))

    new_deadline = max(deadline, 42) + longer
    steps = [
        told(0, Opened(meta=BY, plan_type="kommuneplan", deadline=day(deadline)), 0, 1),
        told(1, Extended(meta=BY, deadline=day(new_deadline)), extended_on, 3 if closing_first else 2),
        told(2, Closed(meta=BY), new_deadline + open_still, 2 if closing_first else 3),
    ]
    assert [*Hearing.broken(sorted(steps, key=lambda step: (step.ends, step.position)))] == []
