"""Hearings over HTTP: who was invited and heard, how long, and how many of their inputs were answered."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from adapters.vault import KEYS
from domain import records
from domain.aggregate import Aggregate
from domain.commands import Command
from domain.errors import DeviationNeeded
from domain.events import Actor, Meta
from domain.hearing_events import Answered, Closed, Extended, Opened
from domain.hearings import Hearing
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


def duties(record: Record) -> dict[str, date | None]:
    """What the hearing owes, and by when."""
    found = record.api.running.store(record.api.ledger).get(Hearing, UUID(record.now["id"]))
    return {duty.kind: duty.due_on for duty in found.duties()}


def test_a_hearing_goes_from_its_opening_to_the_effect_of_what_was_stated(api: Api) -> None:
    record = Record(api, "hearings", "opened", days("02-01"), plan_type="reguleringsplan", deadline=DEADLINE)
    assert record.now.items() >= {"state": "opened", "period_days": 42, "least_days": 42, "deviations": []}.items()
    recipients = [
        {"kind": "representatives", "n": 2, "refugee_voices": 2},
        {"kind": "public_authority", "n": 9, "refugee_voices": 0},
    ]
    record.tell("recipient_list_fixed", days("02-01"), invited=11, recipients=recipients)
    record.tell("invitation_sent", days("02-02"), sent_to=11)
    school, rent = (raised(api, hearing=record.now["id"]) for _ in range(2))
    ids = [school.now["id"], rent.now["id"]]
    assert {each["id"] for each in api.items(f"/v1/inputs?hearing={record.now['id']}")} == {*ids}
    statement = {
        "submitted_by": "representatives",
        "on_behalf_of": "refugees",
        "on_behalf_of_n": 40,
        "document_version": "v1",
        "language": "ar",
        "inputs": ids[:1],
        "statement": "Vi vil bo nær skolen.",
    }
    record.tell("statement_received", days("02-10"), **statement)
    record.tell("extended", days("02-15"), deadline="2026-03-20")
    assert record.deviate("closed", days("03-01")) == [EARLY]
    assert record.tell("summarised", days("03-01"), inputs_found=2, inputs=ids)["state"] == "summarised"
    school.tell("answered", days("03-01"))
    assert record.deviate("answered", days("03-02")) == [UNANSWERED]

    counted = {"invited": 11, "refugee_voice": "yes", "statement_count": 1, "late_count": 0, "answered": 1, "of": 2}
    told = {"state": "answered", "deadline": "2026-03-20", **counted}
    found = {"period_days": 47, "recipients": recipients, "register": None, "inputs": ids, "inputs_found": 2}
    assert record.now.items() >= {**told, **found}.items()
    received = {"received_from": "2026-02-10", "received_to": "2026-02-10", "late": False, "submitters": []}
    assert record.now["statements"] == [{**statement, **received}]
    assert sorted(broken(record)) == [EARLY, UNANSWERED]
    assert record.now["degrees"]["documented"] == "2"
    row = record.row("?refugee_voice=yes&plan_type=reguleringsplan")
    assert row is not None
    assert row.items() >= {**told, "deviations": 2, "opened_from": "2026-02-01", "opened_to": "2026-02-01"}.items()
    assert record.row("?refugee_voice=no") is None

    assert school.tell("effected", days("03-02"))["hearing"] == record.now["id"]
    rent.tell("answered", days("03-02"))
    assert record.tell("answered", days("03-02")).items() >= {"answered": 2, "of": 2}.items()


# How long


@pytest.mark.parametrize(
    ("plan_type", "least"),
    [
        ("kommuneplan", 42),
        ("reguleringsplan", 42),
        ("planprogram", 42),
        ("planstrategi", 30),
        ("thematic_plan", None),
        ("unknown", None),
    ],
)
def test_a_hearing_lasts_as_many_days_as_its_type_of_plan_asks_for(
    a_hearing: Opening, plan_type: str, least: int | None
) -> None:
    for n in (least, least - 1) if least else (1,):
        deadline = (date(2026, 2, 1) + timedelta(n)).isoformat()
        record = a_hearing(plan_type=plan_type, deadline=deadline, deviations=[{"rule": SHORT}])
        assert (record.now["least_days"], broken(record)) == (least, [SHORT] if least and n < least else [])


@pytest.mark.parametrize(
    ("when", "deadline"),
    [
        pytest.param(days("02-01"), None, id="no deadline"),
        pytest.param(days(None, "02-20"), "2026-02-28", id="opened nobody knows since when"),
        pytest.param(days("01-01", "02-20"), "2026-02-20", id="perhaps opened in time"),
        pytest.param(on("2009-06-01"), "2009-06-10", id="before the act"),
    ],
)
def test_a_period_that_may_have_been_long_enough_accuses_nobody(
    a_hearing: Opening, when: dict[str, str | None], deadline: str | None
) -> None:
    record = a_hearing(on=when, plan_type="kommuneplan", deadline=deadline)
    assert record.now["deviations"] == []
    assert record.now["period_days"] == (9 if when["from"] == "2009-06-01" else None)


def test_an_extension_mends_a_period_that_was_too_short_and_its_retraction_undoes_that(a_hearing: Opening) -> None:
    record = a_hearing(plan_type="kommuneplan", deadline="2026-02-28", deviations=[{"rule": SHORT}])
    assert broken(record) == [SHORT]
    record.tell("extended", days("02-20"), deadline=DEADLINE)
    assert broken(record) == []
    record.retract(2)
    assert accused(record, SHORT, 1)


def test_an_extension_sets_the_deadline_anew_whenever_in_that_time_the_hearing_was_opened(a_hearing: Opening) -> None:
    record = a_hearing(on=days("02-01", "02-10"), plan_type="kommuneplan")
    assert record.deviate("extended", days("02-05"), deadline="2026-02-20") == [SHORT]


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


def test_an_extension_told_late_makes_the_closing_early_unasked(a_hearing: Opening) -> None:
    record = a_hearing(deadline="2026-02-20")
    record.tell("closed", days("02-20"))
    record.tell("extended", days("02-15"), deadline="2026-02-25")
    assert accused(record, EARLY, 2)
    record.retract(3)
    assert broken(record) == []


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
    ("end", "too_late"),
    [
        ("closed", PERIOD),
        ("summarised", PERIOD),
        ("answered", {*AFTER} - {"statement_received", "answered"}),
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
    for deadline, found in (("2026-02-20", late), (None, None)):
        record = a_hearing(deadline=deadline)
        record.tell("statement_received", when, submitted_by="organisation")
        [statement] = record.now["statements"]
        assert (statement["late"], record.now["late_count"]) == (found, int(found is True))
    record.tell("extended", days("02-19"), deadline=DEADLINE)
    assert record.now["late_count"] == 0


# Answers


def test_how_many_were_answered_is_found_by_the_ledger_as_of_the_day_it_was_declared(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record = a_hearing()
    inputs = [raised(sqlite_api) for _ in range(5)]
    stated(record, "02-03", *inputs[:3])
    stated(record, "02-04", inputs[0], inputs[3])
    stated(record, "02-25", inputs[4])
    inputs[0].tell("answered", days("02-10"))
    inputs[1].tell("answered", days("02-22"))
    inputs[2].tell("decided", days("02-10"), outcome="adopted", reason="user_view")
    inputs[3].retract(1)
    assert record.deviate("answered", days("02-20")) == [UNANSWERED]
    assert (record.now["answered"], record.now["of"]) == (1, 3)

    inputs[1].tell("answered", days("02-18"))
    inputs[2].tell("answered", days("02-15", "02-25"))
    record.correct(5, days("02-20"))
    assert (record.now["answered"], record.now["of"], broken(record)) == (3, 3, [])


def test_a_declaration_is_mended_by_an_answer_told_late_and_broken_by_one_taken_back(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record, named = a_hearing(), raised(sqlite_api)
    stated(record, "02-03", named)
    record.deviate("answered", days("02-20"))
    named.tell("answered", days("02-19"))
    assert record.detail()["answered"] == 0
    record.correct(3, days("02-20"))
    assert (broken(record), record.now["answered"]) == ([], 1)
    named.retract(2)
    record.correct(3, days("02-20"))
    assert accused(record, UNANSWERED, 3)


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
    record, named = Record(api, "hearings", "opened", days("02-01"), plan_type="no_plan"), raised(api)
    stated(record, "02-03", named)
    store, hearing = api.running.store(api.ledger), UUID(record.now["id"])
    asking = msgspec.structs.replace(command, new_id=uuid4)
    accepting = msgspec.structs.replace(asking, accept_all=True)

    def declared(meanwhile: Callable[[], Any], by: Command) -> Hearing:
        interrupted: Any = Interrupted(store, meanwhile)
        return records.record(interrupted, Hearing, hearing, None, Answered(meta=BY), by)

    declaration = declared(lambda: named.tell("answered", days("02-20")), accepting)
    assert (declaration.answered, declaration.of, declaration.deviations) == (1, 1, [])
    with pytest.raises(DeviationNeeded):
        declared(lambda: named.retract(2), asking)
    assert record.detail().items() >= {"answered": 1, "of": 1, "deviations": []}.items()


def test_a_hearing_owes_its_closing_a_voice_of_refugees_and_its_answers(a_hearing: Opening, sqlite_api: Api) -> None:
    named, another = raised(sqlite_api), raised(sqlite_api)
    record = a_hearing()
    assert duties(record) == {}
    record.tell("extended", days("02-01"), deadline="2026-02-20")
    assert duties(record) == {"hearing.close": date(2026, 2, 20)}
    record.tell("recipient_list_fixed", days("02-02"), refugee_voice="no")
    assert duties(record) == {"hearing.close": date(2026, 2, 20), "hearing.refugee_voice": None}
    record.tell("recipient_list_fixed", days("02-03"), recipients=[{"kind": "representatives", "refugee_voices": 1}])
    stated(record, "02-04", named)
    assert duties(record) == {"hearing.close": date(2026, 2, 20)}
    record.tell("closed", days("02-20"))
    assert duties(record) == {"hearing.answer": None}
    record.deviate("answered", days("02-21"))
    assert duties(record) == {"hearing.answer": None}
    named.tell("answered", days("02-22"))
    record.tell("answered", days("02-22"))
    assert duties(record) == {}
    stated(record, "02-23", another)
    assert duties(record) == {"hearing.answer": None}


def test_an_existing_hearing_departs_from_the_rules_it_is_said_to_have_broken(a_hearing: Opening) -> None:
    counted = {"state": "answered", "answered": 3, "of": 9, "deadline": "2026-02-20", "plan_type": "kommuneplan"}
    accepted = [{"rule": SHORT}, {"rule": UNANSWERED}]
    assert broken(a_hearing("registered_as_existing", **counted, deviations=accepted)) == [SHORT, UNANSWERED]
    a_hearing("registered_as_existing", **{**counted, "answered": "unknown", "deadline": None})


# What is refused

IMPOSSIBLE: list[tuple[str, dict[str, Any], str]] = [
    ("extended", {"deadline": "2026-02-04"}, "/deadline"),
    ("extended", {"deadline": None}, "/deadline"),
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
    ("statement_received", {"submitted_by": "refugees", "language": "arabisk"}, "/language"),
    ("statement_received", {"submitted_by": "refugees", "document_version": "det andre utkastet"}, "/document_version"),
    ("summarised", {"inputs": [NOBODY]}, "/inputs/0"),
    ("answered", {"answered": 3}, "/answered"),
]


@pytest.mark.parametrize(("name", "members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(
    a_hearing: Opening, name: str, members: dict[str, Any], pointer: str
) -> None:
    record = a_hearing()
    refused = record.send(name, days("02-05"), **members)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])
    assert record.detail()["version"] == 1


@pytest.mark.parametrize(
    ("path", "members", "pointer"),
    [
        ("", {"deadline": "2026-01-31"}, "/deadline"),
        ("/existing", {"state": "answered", "answered": 3, "of": 2}, "/answered"),
    ],
)
def test_an_impossible_hearing_is_not_opened(sqlite_api: Api, path: str, members: dict[str, Any], pointer: str) -> None:
    refused = sqlite_api.post(f"/v1/hearings{path}", {"occurred": days("02-01"), "plan_type": "no_plan", **members})
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])


def test_a_summary_that_found_fewer_inputs_than_it_names_is_refused(a_hearing: Opening, sqlite_api: Api) -> None:
    record, named = a_hearing(), raised(sqlite_api).now["id"]
    refused = record.send("summarised", days("02-05"), inputs_found=0, inputs=[named])
    assert [each["pointer"] for each in refused.json["errors"]] == ["/inputs_found"]
    assert record.tell("summarised", days("02-05"), inputs_found=1, inputs=[named] * 2)["inputs_found"] == 1


def test_only_what_the_ledger_has_of_that_kind_can_be_pointed_at(a_hearing: Opening, sqlite_api: Api) -> None:
    record, named = a_hearing(), raised(sqlite_api).now["id"]
    for members, pointer in (
        ({"inputs": [named, record.now["id"]]}, "/inputs/1"),
        ({"submitters": [{"participant": named}]}, "/submitters/0/participant"),
    ):
        refused = record.send("statement_received", days("02-05"), submitted_by="refugees", **members)
        assert refused.json["type"] == "/problems/unknown-reference"
        assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    for hearing in (named, NOBODY):
        refused = sqlite_api.post("/v1/inputs", an_input(hearing=hearing))
        assert [each["pointer"] for each in refused.json["errors"]] == ["/hearing"]


# Who submitted, and what is counted


def test_participants_who_submitted_a_statement_are_sealed_under_their_own_keys_and_told_of_in_its_detail_only(
    a_hearing: Opening, sqlite_api: Api
) -> None:
    record, named = a_hearing(), [{"participant": a_participant(sqlite_api)} for _ in range(2)]
    record.tell("statement_received", days("02-05"), submitted_by="refugees", submitters=named)
    assert record.detail()["statements"][0]["submitters"] == named
    store = sqlite_api.running.store(sqlite_api.ledger)
    [_, told] = store.histories([UUID(record.now["id"])], store.head())[UUID(record.now["id"])]
    assert told.event.submitters == ()
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
    assert api.items("/v1/work-lists/hearing.refugee_voice") == []


# Any days


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
