"""The audit: an entry for every event, as of any moment, found by what is known of it."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings

from adapters import projections
from adapters.projections import LedgerViews
from api import ledgers, pages
from api.bootstrap import Running
from domain.commands import Command
from domain.events import Actor, Corrected, Meta, Performer, Retracted
from domain.history import Recorded
from domain.meetings import Meeting, Scheduled
from domain.records import open_record
from domain.time import oslo_day, rfc3339
from tests.conftest import TODAY, Api, Clock, meeting
from tests.features.conftest import MORNING, Opening, days
from tests.features.histories import BEGINNING, PHASES, Move, Telling, moves

AFTER_CANCELLATION = "meeting.held_after_cancellation"
NOT_ASSESSED = "meeting.interpreter_need_not_assessed"
SECRET = "Det var Ahmed som sa det"


def entry_by_hand(each: Recorded, known: list[Recorded]) -> dict[str, Any]:
    """What the audit shows of an event, given every event known then."""
    event, meta = each.event, each.event.meta
    told = event.replacement.meta if isinstance(event, Corrected) else meta
    mended = isinstance(event, Corrected | Retracted)
    about = event.target if isinstance(event, Corrected | Retracted) else each.event_id
    later = [other.position for other in known if other.position > each.position and _target(other) == about]
    return {
        "position": each.position,
        "event_id": each.event_id,
        "noun": each.name.split(".")[0],
        "record": each.stream_id,
        "type": each.name,
        "kind": each.name.split(".")[1] if mended else "recorded",
        "version": each.version,
        "schema_version": 1,
        "recorded_at": rfc3339(each.recorded_at),
        "occurred": {"from_": told.occurred_from, "to": told.occurred_to},
        "recorded_by": {"id": meta.recorded_by.id, "role": meta.recorded_by.role, "unit": meta.recorded_by.unit},
        "performed_by": {"role": meta.performed_by.role, "unit": meta.performed_by.unit},
        "basis": meta.basis,
        "source_system": None,
        "source_recorded_at": None,
        "correlation_id": None,
        "target": about if mended else None,
        "superseded_by": min(later, default=None),
        "deviations": [
            {"rule": departed.rule, "event_id": str(departed.event_id or each.event_id)} for departed in meta.deviations
        ],
    }


def _target(each: Recorded) -> UUID | None:
    return each.event.target if isinstance(each.event, Corrected | Retracted) else None


def tell(running: Running, clock: Clock, moves: list[Move]) -> tuple[LedgerViews, list[Recorded]]:
    """A new ledger in which the moves have been told: its views, and its events."""
    clock.at(BEGINNING)
    ledger = ledgers.create(running, "1504", "Ålesund", synthetic=True)
    Telling(running.store(ledger)).tell(moves)
    views = running.ledger_views(ledger)
    views.catch_up()
    return views, running.store(ledger).page(0, 10_000)


def shown(views: LedgerViews, position: int, **where: Any) -> list[dict[str, Any]]:
    """The audit as of a position, in pages of three."""
    found: list[dict[str, Any]] = []
    after: int | None = None
    while True:
        page = views.rows("audit", position, TODAY, where, after, 3)
        found += page.rows
        after = page.next
        if after is None:
            return found


def test_the_audit_as_of_any_position_is_made_of_the_events_up_to_it(
    running: Running, clock: Clock, counts: Callable[[int, int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    @settings(max_examples=counts(6, 25), deadline=None, phases=PHASES)
    @given(moves(least=8, most=20))
    def check(moves: list[Move]) -> None:
        monkeypatch.setattr(projections, "PAGE", 4)
        views, events = tell(running, clock, moves)
        for position in range(len(events) + 1):
            known = events[:position]
            entries = shown(views, position)
            expected = [entry_by_hand(each, known) for each in reversed(known)]
            assert [{name: entry[name] for name in expected[0]} for entry in entries] == expected

    check()


def test_every_filter_finds_what_looking_at_each_entry_would(
    running: Running, clock: Clock, counts: Callable[[int, int], int]
) -> None:
    @settings(max_examples=counts(6, 25), deadline=None, phases=PHASES)
    @given(moves(least=8, most=20))
    def check(moves: list[Move]) -> None:
        views, events = tell(running, clock, moves)
        head = len(events)
        entries = shown(views, head)

        def found(meets: Callable[[dict[str, Any]], bool], **where: Any) -> None:
            assert shown(views, head, **where) == [entry for entry in entries if meets(entry)], where

        def may_have_happened(entry: dict[str, Any], first: Any, last: Any) -> bool:
            starts, ends = entry["occurred"]["from_"], entry["occurred"]["to"]
            if entry["kind"] == "retracted":
                return False
            ends = ends or oslo_day(events[entry["position"] - 1].recorded_at)
            return ends >= first and (starts is None or starts <= last)

        for name in ("record", "noun", "type", "kind"):
            for value in {entry[name] for entry in entries}:
                found(lambda entry, name=name, value=value: entry[name] == value, **{name: value})
        for value in {entry["recorded_by"]["id"] for entry in entries}:
            found(lambda entry, value=value: entry["recorded_by"]["id"] == value, actor=value)
        for value in {entry["recorded_by"]["role"] for entry in entries}:
            found(lambda entry, value=value: entry["recorded_by"]["role"] == value, role=value)
        for rule in {each["rule"] for entry in entries for each in entry["deviations"]}:
            found(lambda entry, rule=rule: rule in [each["rule"] for each in entry["deviations"]], rule=rule)
        for wanted in (True, False):
            found(lambda entry, wanted=wanted: bool(entry["deviations"]) is wanted, deviating=wanted)
        mentioned = sorted({day for entry in entries for day in entry["occurred"].values() if day})
        for first, last in [*pairwise(mentioned), *((day, day) for day in mentioned)]:
            found(
                lambda entry, first=first, last=last: may_have_happened(entry, first, last),
                occurred_from=first,
                occurred_to=last,
            )
        found(lambda entry: 2 <= entry["position"] <= head - 1, first=2, last=head - 1)

    check()


def entries(api: Api, query: str = "") -> list[dict[str, Any]]:
    return api.items(f"/v1/audit{query}")


def test_an_entry_says_who_recorded_what_when_in_which_role_and_on_what_basis(api: Api) -> None:
    body = meeting(
        occurred=days("02-01", "02-03"),
        performed_by={"role": "housing_guide", "unit": "bolig"},
        basis="document",
        title=SECRET,
    )
    token = api.token("coordinator", actor="a-17", unit="flyktning")
    headers = {"Authorization": f"Bearer {token}", "X-Correlation-ID": "c-1"}
    opened = api.post("/v1/meetings", body, role=None, headers=headers)
    [told, first] = entries(api)
    [event] = api.items(f"/v1/meetings/{opened.json['id']}/history")
    shared = told.keys() & event.keys() - {"deviations"}
    assert shared >= {"event_id", "recorded_at", "recorded_by", "performed_by", "occurred", "basis", "correlation_id"}
    assert {name: told[name] for name in shared} == {name: event[name] for name in shared}
    assert told["recorded_by"] == {"id": "a-17", "role": "coordinator", "unit": "flyktning"}
    assert told["performed_by"] == {"role": "housing_guide", "unit": "bolig"}
    assert told["occurred"] == days("02-01", "02-03")
    assert (told["basis"], told["correlation_id"]) == ("document", "c-1")
    assert (told["noun"], told["kind"], told["record"]) == ("meeting", "recorded", opened.json["id"])
    assert (told["target"], told["superseded_by"], told["deviations"]) == (None, None, [])
    assert (first["noun"], first["type"], first["position"]) == ("ledger", "ledger.opened", 1)
    assert first["recorded_by"]["id"] == "operator"


def test_a_correction_says_what_it_corrects_and_when_its_replacement_happened(api: Api, a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"))
    told = record.now["position"]
    assert record.correct(2, days("02-11"), SECRET).status_code == 200
    assert record.correct(2, days("02-12"), SECRET).status_code == 200
    assert record.retract(2, SECRET).status_code == 200
    found = record.api.items(f"/v1/audit?record={record.now['id']}")
    assert [each["kind"] for each in found] == ["retracted", "corrected", "corrected", "recorded", "recorded"]
    assert {each["target"] for each in found[:3]} == {record.event(2)}
    assert [each["superseded_by"] for each in found] == [None, told + 3, told + 2, told + 1, None]
    assert [each["occurred"] for each in found[:4]] == [days(None), days("02-12"), days("02-11"), days("02-09")]
    as_then = record.api.items(f"/v1/audit?record={record.now['id']}&as_of={told + 1}")
    assert [each["superseded_by"] for each in as_then] == [None, told + 1, None]


def test_a_deviation_names_its_rule_and_the_event_that_departs_from_it(a_meeting: Opening) -> None:
    record = a_meeting(interpreter_need="not_assessed")
    record.tell("cancelled", days("02-20"))
    assert record.deviate("held", days("02-21")) == [NOT_ASSESSED, AFTER_CANCELLATION]
    own, *_ = entries(record.api)
    assert [(each["rule"], each["event_id"]) for each in own["deviations"]] == [
        (NOT_ASSESSED, record.event(3)),
        (AFTER_CANCELLATION, record.event(3)),
    ]


def test_what_a_late_event_or_a_correction_makes_unlawful_is_told_of_the_event_it_concerns(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-10"))
    record.tell("cancelled", days("02-05"))
    late, *_ = entries(record.api)
    assert late["deviations"] == [{"rule": AFTER_CANCELLATION, "event_id": record.event(2)}]
    assert record.correct(3, days("02-15"), reason="other").status_code == 200
    assert record.correct(3, days("02-06"), reason="other").status_code == 200
    again, neither, *_ = entries(record.api)
    assert again["deviations"] == [{"rule": AFTER_CANCELLATION, "event_id": record.event(2)}]
    assert neither["deviations"] == []
    assert [each["position"] for each in entries(record.api, "?deviating=true")] == [
        again["position"],
        late["position"],
    ]
    assert entries(record.api, f"?rule={NOT_ASSESSED}") == []
    assert len(entries(record.api, f"?rule={AFTER_CANCELLATION}&kind=corrected")) == 1


def test_entries_are_found_by_who_recorded_them_in_the_role_and_unit_they_had(api: Api) -> None:
    for actor, role, unit in (
        ("a-1", "caseworker", "bolig"),
        ("a-1", "coordinator", "plan"),
        ("a-2", "system", "plan"),
    ):
        headers = {"Authorization": f"Bearer {api.token(role, actor=actor, unit=unit)}"}
        assert api.post("/v1/meetings", meeting(), role=None, headers=headers).status_code == 201
    for query, positions in {
        "actor=a-1": [3, 2],
        "actor=A-1": [],
        "role=caseworker": [2],
        "role=administrator": [1],
        "unit=plan": [4, 3],
        "actor=a-1&unit=plan": [3],
        "noun=ledger": [1],
        "type=meeting.scheduled&role=system": [4],
    }.items():
        assert [each["position"] for each in entries(api, f"?{query}")] == positions, query


def test_entries_are_found_by_the_day_or_instant_they_were_recorded(api: Api, clock: Clock) -> None:
    for day in (3, 4, 5):
        clock.at(MORNING.replace(day=day, hour=22, minute=59, second=59))
        assert api.post("/v1/meetings", meeting()).status_code == 201
    clock.at(MORNING.replace(day=9))
    late = entries(api, "?noun=meeting")
    assert [each["recorded_at"][:16] for each in late] == ["2026-03-05T23:00", "2026-03-04T23:00", "2026-03-03T23:00"]
    at = late[1]["recorded_at"]
    for query, positions in {
        "recorded_from=2026-03-05": [4, 3],
        "recorded_to=2026-03-05": [3, 2, 1],
        "recorded_from=2026-03-05&recorded_to=2026-03-05": [3],
        f"recorded_from={at}&recorded_to={at}": [3],
        "recorded_from=2026-03-07": [],
        "recorded_from=2026-03-05&recorded_to=2026-03-04": [],
        "recorded_to=2026-03-05T23:00:00Z": [3, 2, 1],
    }.items():
        assert [each["position"] for each in entries(api, f"?{query}")] == positions, query
    for wrong in ("recorded_from=5", "recorded_to=2026-02-30", "recorded_from=9999-12-31T23:59:59-23:59"):
        refused = api.get(f"/v1/audit?{wrong}")
        assert refused.status_code == 422
        assert [each["pointer"] for each in refused.json["errors"]] == [f"/query/{wrong.partition('=')[0]}"]


def test_an_open_end_reaches_to_the_day_of_recording_and_an_unknown_beginning_to_any_day(a_meeting: Opening) -> None:
    open_end = a_meeting(on=days("02-10", None))
    api = open_end.api
    unknown = api.post("/v1/meetings", meeting(occurred=days(None, "02-01"))).json
    ids = {open_end.now["id"]: "open", unknown["id"]: "unknown"}

    def found(query: str) -> list[str]:
        return [ids[each["record"]] for each in entries(api, f"?noun=meeting&{query}")]

    assert found("occurred_from=2026-02-05") == ["open"]
    assert found(f"occurred_from={TODAY}") == ["open"]
    assert found("occurred_to=2026-02-05") == ["unknown"]
    assert found("occurred_to=2009-11-30") == ["unknown"]
    assert found("occurred_from=2026-02-02&occurred_to=2026-02-09") == []


def test_the_audit_answers_what_was_in_it_then(a_meeting: Opening) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"))
    api, then = record.api, entries(record.api)
    record.retract(2)
    position = then[0]["position"]
    assert entries(api, f"?as_of={position}") == then
    assert entries(api, f"?as_of={then[0]['recorded_at']}") == then
    assert entries(api, "?as_of=0") == entries(api, "?as_of=2026-03-01") == []
    assert [each["kind"] for each in entries(api, f"?as_of={TODAY}")][:1] == ["retracted"]
    assert api.get("/v1/audit?on=2026-02-09").status_code == 422


def test_a_page_goes_on_where_the_last_stopped_while_others_append(api: Api) -> None:
    for _ in range(5):
        api.post("/v1/meetings", meeting())
    first = api.get("/v1/audit?limit=2&noun=meeting")
    [last] = [each for each in first.json["items"] if each["position"] == 6]
    changed = api.put(f"/v1/meetings/{last['record']}/holding", {"occurred": days("02-10")}, match='"1"')
    assert changed.status_code == 200
    second = api.get(first.json["next"])
    assert [each["position"] for each in second.json["items"]] == [4, 3]
    assert second.headers["Position"] == first.headers["Position"] == "6"
    assert [each["position"] for each in entries(api, "?limit=1")] == [7, 6, 5, 4, 3, 2, 1]
    assert api.get("/v1/audit?limit=201").status_code == 422
    other = first.json["next"].replace("noun=meeting", "noun=ledger")
    assert api.get(other).json["errors"][0]["pointer"] == "/query/cursor"
    assert api.get(f"{first.json['next']}&as_of=3").status_code == 422


def test_the_audit_waits_for_the_position_it_must_cover(a_meeting: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "WAIT_SECONDS", 0.01)
    record = a_meeting()
    api, position = record.api, record.now["position"]
    headers = {"Authorization": f"Bearer {api.token('evaluator')}"}
    unfed = api.client.get(f"/v1/audit?min_position={position}", headers=headers)
    assert unfed.status_code == 503
    assert api.get(f"/v1/audit?min_position={position}").headers["Position"] == str(position)


def test_the_audit_is_read_by_evaluators_and_coordinators_alone_and_holds_no_text(api: Api) -> None:
    record = api.post("/v1/meetings", meeting(title=SECRET)).json
    held = {"occurred": days("02-10"), "interpreter_need": "not_assessed"}
    held["deviations"] = [{"rule": NOT_ASSESSED, "reason": SECRET}]
    assert api.put(f"/v1/meetings/{record['id']}/holding", held, match='"1"').status_code == 200
    for role, status in {
        "evaluator": 200,
        "coordinator": 200,
        "caseworker": 403,
        "researcher": 403,
        "system": 403,
        "administrator": 403,
    }.items():
        answer = api.get("/v1/audit", role=role)
        assert answer.status_code == status, role
        assert SECRET not in answer.get_data(as_text=True)
        if status == 200:
            assert answer.headers["Cache-Control"] == "no-store"
            assert [each["rule"] for each in answer.json["items"][0]["deviations"]] == [NOT_ASSESSED]


def test_an_imported_entry_shows_its_source_and_the_time_it_claims(running: Running, clock: Clock) -> None:
    ledger = ledgers.create(running, "1504", "Ålesund", synthetic=True)
    store = running.store(ledger)
    meta = Meta(
        recorded_by=Actor(id="b-2", role="system", unit="flyktning"),
        performed_by=Performer(role="peer", unit="bolig"),
        basis="system",
        source_system="fagsystem",
        source_ref="Ahmed 17",
        source_recorded_at="2009-11-30T12:00:00+01:00",
    )
    command = Command(now=clock(), new_id=uuid4, client="test")
    open_record(store, Meeting, Scheduled(meta=meta, kind="interview"), command)
    views = running.ledger_views(ledger)
    views.catch_up()
    [told, _] = shown(views, 2)
    assert (told["source_system"], told["source_recorded_at"]) == ("fagsystem", "2009-11-30T12:00:00+01:00")
    assert "Ahmed 17" not in map(str, told.values())
