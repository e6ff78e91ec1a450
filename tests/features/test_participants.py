"""Participants: their chain and rules, external ids, look-ups and mergers, and how lists show them without names."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import Others
from domain.commands import Command
from domain.errors import Invalid
from domain.events import MISSING, Event, Meta
from domain.participants import EXTERNAL_IDS, Participant, external_id
from domain.participants import events as events
from tests.conftest import Api
from tests.features.conftest import Record, broken, days
from tests.features.histories import BY

UNINFORMED = "participant.never_informed"
ALONE = "participant.no_contact_person"
LATE = "participant.recorded_after_departure"
IN_ORDER = {"informed": "conversation_interpreted", "contact_person": "kari-7", "contact_unit": "flyktning"}
PER = {"contact_person": "per-2"}
DUF, OTHER_DUF, NATIONAL = "200912345678", "201012345678", "01018012345"


def registered(api: Api, name: str = "registered", on: Any = None, **members: Any) -> Record:
    """A participant, informed and with a contact person unless another thing is said."""
    return Record(api, "participants", name, on or days("02-01"), **{**IN_ORDER, **members})


def look_up(api: Api, kind: str, value: str) -> str | None:
    answer = api.post("/v1/participants/lookups", {"kind": kind, "value": value})
    assert answer.status_code in (200, 404), answer.get_data(as_text=True)
    return answer.json["id"] if answer.status_code == 200 else None


def test_a_participant_is_registered_followed_and_departs(api: Api) -> None:
    record = registered(api, age_band="25_39", gender="woman", interpreter_need="needed", duf_number="2009 12345678")
    contact = {"contact_person": "kari-7", "contact_unit": "flyktning", "since": "2026-02-01", "until": None}
    assert record.now.items() >= {"state": "active", "contact": contact, "duf_number": "2009 12345678"}.items()
    record.tell("profile_set", days("02-02"), settled_on="2026-02-02", age_band="40_54", gender="not_recorded")
    cover = record.tell("contact_person_covered", days("02-03"), **PER, until="2026-02-20")["cover"]
    assert cover.items() >= {**PER, "until": "2026-02-20"}.items()
    record.tell("interpreter_need_assessed", days("02-04"), interpreter_need="not_needed")
    record.tell("language_preference_set", days("02-04"), language="en")
    told = {"age_band": "40_54", "gender": "woman", "language": "en", "interpreter_need": "not_needed"}
    assert record.now.items() >= told.items()
    for strength in ("Vever", "Baker"):
        record.tell("strength_recorded", days("02-05"), kind="work", strength=strength)
    assert [each["strength"] for each in record.now["strengths"]] == ["Vever", "Baker"]
    for name, members, found in (
        ("research_reservation_registered", {}, {"research_reservation": "reserved"}),
        ("research_reservation_withdrawn", {}, {"research_reservation": "withdrawn"}),
        ("protection_grade_set", {"grade": "fortrolig"}, {"protection_grade": "fortrolig"}),
        ("protection_grade_lifted", {}, {"protection_grade": "none"}),
        ("contact_person_ended", PER, {"cover": None, "contact": contact}),
        ("departed", {"destination": "abroad"}, {"state": "departed", "destination": "abroad"}),
        ("returned", {}, {"state": "active", "destination": None}),
        ("departed", {"destination": "abroad"}, {"state": "departed", "destination": "abroad"}),
        ("disposal_decided", {"decision": "2026/118-4"}, {"state": "disposed", "disposal_decision": "2026/118-4"}),
    ):
        assert record.tell(name, days("02-10"), **members).items() >= {**told, **found, "deviations": []}.items(), name
    assert (record.row() or {}).items() >= {"state": "disposed", "contact_person": "kari-7", "deviations": 0}.items()


def test_a_participant_is_told_of_under_agreement_only_and_never_by_name_or_number(sqlite_api: Api) -> None:
    record = registered(sqlite_api, display_name="Ola Kanarifugl", national_number=NATIONAL, duf_number=DUF)
    record.tell("strength_recorded", days("02-05"), kind="work", strength="Vever")
    assert record.now["id"] not in sqlite_api.get("/v1/events", role="system").get_data(as_text=True)
    agreed = {"Authorization": f"Bearer {sqlite_api.token('system', actor='nir', agreement=True)}"}
    for path, headers in (("/v1/participants", None), ("/v1/events", agreed)):
        told = sqlite_api.get(path, headers=headers).get_data(as_text=True)
        assert record.now["id"] in told
        assert not [text for text in ("Kanarifugl", NATIONAL, DUF, "Vever") if text in told]


def test_an_objection_and_a_restriction_lie_over_where_the_person_is(sqlite_api: Api) -> None:
    record = registered(sqlite_api)
    for name, members, found in (
        ("objection_registered", {"objection": "Alderen."}, {"state": "objection", "objection": "Alderen."}),
        ("processing_restricted", {"ground": "objection"}, {"state": "restricted", "restriction_ground": "objection"}),
        ("departed", {}, {"state": "restricted"}),
        ("restriction_lifted", {}, {"state": "objection", "restriction_ground": None}),
        ("objection_resolved", {"outcome": "upheld"}, {"state": "departed", "objection_outcome": "upheld"}),
        ("objection_registered", {}, {"state": "objection", "objection_outcome": None, "deviations": []}),
    ):
        assert record.tell(name, days("02-02"), **members).items() >= found.items(), name


@pytest.mark.parametrize("state", ["registered", "departed", "restricted", "objection", "disposed", "unknown"])
def test_who_existed_is_in_the_state_told_until_they_return(sqlite_api: Api, state: str) -> None:
    unknown = dict.fromkeys(IN_ORDER, "unknown")
    record = registered(sqlite_api, "registered_as_existing", days(None, "02-01"), **unknown, state=state)
    assert (record.now["state"], record.now["contact"], record.now["deviations"]) == (state, None, [])
    assert record.row(f"?state={state}")
    gone = state in ("departed", "disposed")
    followed = registered(sqlite_api, "registered_as_existing", state=state)
    assert followed.deviate("contact_person_ended", days("02-02")) == ([] if gone else [ALONE])
    record.tell("returned", days("02-01"))
    assert record.now["state"] == (state if state in ("restricted", "objection") else "active")


def test_who_is_registered_becomes_active_when_settled_or_followed(sqlite_api: Api) -> None:
    nobody = {"contact_person": "not_recorded", "deviations": [{"rule": ALONE}]}
    assert registered(sqlite_api, **nobody, settled_on="2026-02-01").now["state"] == "active"
    existing = {"name": "registered_as_existing", "settled_on": "2026-01-10"}
    for record in (registered(sqlite_api, **nobody), registered(sqlite_api, **existing, state="registered")):
        assert record.now["state"] == "registered"
        assert record.tell("contact_person_covered", days("02-02"), **PER)["state"] == "active"
    restricted = registered(sqlite_api, **existing, contact_person="unknown", state="restricted")
    assert restricted.tell("restriction_lifted", days("02-02"))["state"] == "active"
    unsettled = registered(sqlite_api, "registered_as_existing", contact_person="unknown", state="restricted")
    assert unsettled.tell("restriction_lifted", days("02-02"))["state"] == "registered"


# Deviations


def test_who_was_never_informed_is_recorded_as_such_until_somebody_informs_them(sqlite_api: Api) -> None:
    for informed in ("not_informed", "not_recorded"):
        record = registered(sqlite_api, informed=informed, deviations=[{"rule": UNINFORMED}])
        assert broken(record) == [UNINFORMED]
    assert record.tell("informed", days("02-09"), how="conversation", language="my")["deviations"] == []
    assert (record.now["informed"], record.now["informed_language"]) == ("conversation", "my")
    assert record.now["language"] == "not_recorded", "to be told in a language is not to prefer it"
    record.retract(2)
    assert broken(record) == [UNINFORMED]
    record.correct(1, days("02-01"), **{**IN_ORDER, "informed": "written"})
    assert broken(record) == []


@pytest.mark.parametrize("informed", sorted(MISSING))
def test_an_existing_participant_of_whom_it_is_not_known_accuses_nobody(sqlite_api: Api, informed: str) -> None:
    record = registered(sqlite_api, "registered_as_existing", state="active", informed=informed)
    assert record.now["deviations"] == []
    record.tell("informed", days("02-05"), how="not_informed")
    unasked = [{"rule": UNINFORMED, "event_id": record.event(1), "reason": None}]
    assert record.now["deviations"] == record.history()[-1]["deviations"] == unasked


def test_who_is_registered_without_a_contact_person_is_a_deviation_until_one_is_assigned(sqlite_api: Api) -> None:
    record = registered(sqlite_api, contact_person="not_recorded", deviations=[{"rule": ALONE}])
    assert broken(record) == [ALONE]
    assert record.tell("contact_person_assigned", days("02-09"), **PER)["deviations"] == []
    record.retract(2)
    assert broken(record) == [ALONE]
    assert record.tell("departed", days("02-10"))["deviations"] == []


def test_after_the_last_contact_person_somebody_must_follow(sqlite_api: Api) -> None:
    record = registered(sqlite_api)
    assert record.deviate("contact_person_ended", days("02-09"), contact_person="kari-7") == [ALONE]
    assert record.now["contact"] is None
    assert record.tell("contact_person_assigned", days("02-11"), **PER)["deviations"] == []
    record.correct(3, days("02-05"), **PER)
    assert broken(record) == []
    assert record.deviate("contact_person_ended", days("02-12")) == [ALONE]


@pytest.mark.parametrize(
    ("name", "when", "members", "ended"),
    [
        pytest.param("contact_person_covered", days("02-05"), PER, days("02-09"), id="somebody covers"),
        pytest.param("contact_person_assigned", days("02-05"), PER, days("02-09"), id="another was assigned"),
        pytest.param("contact_person_covered", days(None, "02-20"), PER, days("02-09"), id="somebody may have covered"),
        pytest.param("departed", days("02-09"), {}, days("02-09"), id="departed the same day"),
        pytest.param("departed", days("02-12"), {}, days("02-09"), id="departed later"),
        pytest.param("informed", days("02-05"), {"how": "written"}, days("01-01", "02-20"), id="perhaps ended before"),
    ],
)
def test_an_end_after_which_somebody_may_follow_or_nobody_is_owed_accuses_nobody(
    sqlite_api: Api,
    name: str,
    when: dict[str, str | None],
    members: dict[str, Any],
    ended: dict[str, str | None],
) -> None:
    record = registered(sqlite_api)
    record.tell(name, when, **members)
    assert record.deviate("contact_person_ended", ended, contact_person="kari-7") == []
    assert record.now["contact"] is None or record.now["contact"]["contact_person"] == "per-2"


def test_an_alias_is_owed_no_contact_person_until_it_is_split(sqlite_api: Api) -> None:
    record, survivor = registered(sqlite_api), registered(sqlite_api)
    record.tell("merged_into", days("02-05"), participant=survivor.now["id"])
    assert record.deviate("contact_person_ended", days("02-06")) == []
    record.tell("split", days("02-07"))
    assert record.deviate("contact_person_ended", days("02-08")) == [ALONE]


WORK: dict[str, dict[str, Any]] = {
    "profile_set": {},
    "contact_person_assigned": PER,
    "contact_person_covered": PER,
    "interpreter_need_assessed": {"interpreter_need": "needed"},
    "language_preference_set": {"language": "my"},
    "strength_recorded": {"kind": "work"},
    "departed": {},
}
RIGHTS: dict[str, dict[str, Any]] = {
    "informed": {"how": "written"},
    "contact_person_ended": {},
    "research_reservation_registered": {},
    "research_reservation_withdrawn": {},
    "protection_grade_set": {"grade": "fortrolig"},
    "protection_grade_lifted": {},
    "objection_registered": {},
    "objection_resolved": {},
    "processing_restricted": {},
    "restriction_lifted": {},
    "split": {},
    "disposal_decided": {"decision": "2026/1"},
}


def test_work_recorded_after_a_departure_is_a_deviation_and_rights_are_not(sqlite_api: Api) -> None:
    record = registered(sqlite_api)
    record.tell("departed", days("02-05"))
    for names, rules in ((RIGHTS, []), (WORK, [LATE])):
        for name, members in names.items():
            assert record.deviate(name, days("02-06"), **members) == rules, name
    record.tell("returned", days("02-07"))
    assert broken(record) == [LATE] * len(WORK)
    record.tell("returned", days("02-05", "02-06"))
    assert broken(record) == []
    record.retract(record.now["version"])
    assert broken(record) == [LATE] * len(WORK)
    record.correct(2, days("02-07"))
    of_two_the_later = [{"rule": LATE, "event_id": record.event(2), "reason": None}]
    assert record.now["deviations"] == of_two_the_later


# External ids


def test_an_external_id_is_one_participants_and_free_again_when_that_was_wrong(api: Api) -> None:
    first = registered(api, duf_number=DUF)
    body = {"occurred": days("02-01"), **IN_ORDER, "duf_number": f" {DUF[:4]} {DUF[4:]}", "national_number": NATIONAL}
    refused = api.post("/v1/participants", body)
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/taken")
    assert "look that one up" in refused.json["detail"]
    assert DUF not in refused.get_data(as_text=True)
    assert look_up(api, "national_number", NATIONAL) is None

    second = registered(api, duf_number=OTHER_DUF)
    assert second.send("profile_set", days("02-02"), duf_number=DUF).status_code == 409
    assert second.correct(1, days("02-01"), **IN_ORDER, duf_number=DUF).status_code == 409
    assert first.retract(1).status_code == 200
    assert look_up(api, "duf_number", DUF) is None
    second.tell("profile_set", days("02-02"), duf_number=DUF)
    assert look_up(api, "duf_number", DUF) == second.now["id"]
    assert first.correct(1, days("02-01"), **IN_ORDER, duf_number=DUF).json["type"] == "/problems/taken"
    assert first.correct(1, days("02-01"), **IN_ORDER).status_code == 200


def test_a_look_up_finds_a_participant_by_every_number_they_have_had(sqlite_api: Api) -> None:
    record = registered(sqlite_api, duf_number=DUF, d_number="41018012345")
    record.tell("profile_set", days("02-02"), national_number=NATIONAL, duf_number=OTHER_DUF)
    for kind, value in (("duf_number", DUF), ("duf_number", OTHER_DUF), ("national_number", "010180 12345")):
        assert look_up(sqlite_api, kind, value) == record.now["id"]
    assert look_up(sqlite_api, "d_number", NATIONAL) is None
    head = sqlite_api.running.store(sqlite_api.ledger).head()
    assert head == record.now["position"], "a look-up is no event"
    record.correct(2, days("02-02"), national_number=NATIONAL)
    assert look_up(sqlite_api, "duf_number", OTHER_DUF) is None
    assert look_up(sqlite_api, "duf_number", DUF) == record.now["id"]


def test_a_number_is_looked_up_by_who_may_read_records_only(sqlite_api: Api) -> None:
    body = {"kind": "duf_number", "value": DUF}
    allowed = {"caseworker": 404, "system": 403, "researcher": 403, "administrator": 403, None: 401}
    for role, status in allowed.items():
        assert sqlite_api.post("/v1/participants/lookups", body, role=role).status_code == status


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"duf_number": "2009"}, "/duf_number"),
        ({"national_number": DUF}, "/national_number"),
        ({"d_number": "4101801234x"}, "/d_number"),
        ({"settled_on": "2026-03-03"}, "/settled_on"),
        ({"arrived_on": "2026-03-03"}, "/arrived_on"),
        ({"arrived_on": "2026-02-01", "settled_on": "2026-01-31"}, "/settled_on"),
        ({"contact_person": "Kari Nordmann"}, "/contact_person"),
    ],
)
def test_the_impossible_is_refused_and_pointed_at(sqlite_api: Api, members: dict[str, Any], pointer: str) -> None:
    refused = sqlite_api.post("/v1/participants", {"occurred": days("02-01"), **IN_ORDER, **members})
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])
    assert "number" not in pointer or members[pointer[1:]] not in refused.json["detail"]
    assert sqlite_api.items("/v1/participants") == []


@pytest.mark.parametrize(
    ("name", "members", "pointer"),
    [
        ("informed", {}, "/how"),
        ("interpreter_need_assessed", {}, "/interpreter_need"),
        ("language_preference_set", {}, "/language"),
        ("disposal_decided", {}, "/decision"),
        ("disposal_decided", {"decision": None}, "/decision"),
        ("disposal_decided", {"decision": ""}, "/decision"),
    ],
)
def test_what_an_event_is_all_about_must_be_said(
    sqlite_api: Api, name: str, members: dict[str, Any], pointer: str
) -> None:
    refused = registered(sqlite_api).send(name, days("02-10"), **members)
    assert (refused.status_code, [each["pointer"] for each in refused.json["errors"]]) == (422, [pointer])


def test_a_cover_does_not_end_before_it_begins(sqlite_api: Api) -> None:
    refused = registered(sqlite_api).send("contact_person_covered", days("02-10"), **PER, until="2026-02-09")
    assert [each["pointer"] for each in refused.json["errors"]] == ["/until"]


# Mergers


def test_a_merged_record_is_an_alias_until_it_is_split(api: Api) -> None:
    survivor, alias, third = (registered(api, duf_number=each) for each in (DUF, OTHER_DUF, None))
    merged = f"/v1/participants?merged_into={survivor.now['id']}"
    alias.tell("merged_into", days("02-05"), participant=survivor.now["id"])
    assert alias.now["merged_into"] == survivor.now["id"] == look_up(api, "duf_number", OTHER_DUF)
    assert [row["id"] for row in api.items(merged)] == [alias.now["id"]]
    survivor.tell("merged_into", days("02-06"), participant=third.now["id"])
    assert look_up(api, "duf_number", OTHER_DUF) == third.now["id"]
    survivor.tell("split", days("02-07"))
    alias.tell("split", days("02-07"))
    assert (alias.now["merged_into"], look_up(api, "duf_number", OTHER_DUF)) == (None, alias.now["id"])
    assert api.items(merged) == []


def test_a_record_is_not_merged_into_itself_or_into_an_alias(sqlite_api: Api) -> None:
    survivor, alias, third = (registered(sqlite_api) for _ in range(3))
    alias.tell("merged_into", days("02-05"), participant=survivor.now["id"])
    meeting = Record(sqlite_api, "meetings", "scheduled", days("02-01"), kind="interview")
    for record, into, problem in (
        (third, third, "invalid"),
        (third, alias, "invalid"),
        (survivor, alias, "invalid"),
        (third, meeting, "unknown-reference"),
    ):
        refused = record.send("merged_into", days("02-06"), participant=into.now["id"])
        assert (refused.status_code, refused.json["type"]) == (422, f"/problems/{problem}")
        assert [each["pointer"] for each in refused.json["errors"]] == ["/participant"]
    corrected = alias.correct(2, days("02-05"), participant=alias.now["id"])
    assert [each["pointer"] for each in corrected.json["errors"]] == ["/replacement/participant"]


def test_a_ring_of_aliases_that_a_retraction_closed_still_answers(sqlite_api: Api) -> None:
    first, second = registered(sqlite_api, duf_number=DUF), registered(sqlite_api)
    first.tell("merged_into", days("02-05"), participant=second.now["id"])
    first.tell("split", days("02-06"))
    second.tell("merged_into", days("02-07"), participant=first.now["id"])
    assert first.retract(3).status_code == 200
    assert look_up(sqlite_api, "duf_number", DUF) in (first.now["id"], second.now["id"])


# Lists and duties


def test_a_list_is_narrowed_to_a_caseload(sqlite_api: Api) -> None:
    theirs = {**PER, "contact_unit": "nav"}
    mine, covered = registered(sqlite_api), registered(sqlite_api, **theirs)
    covered.tell("contact_person_covered", days("02-02"), contact_person="kari-7", contact_unit="flyktning")
    other = registered(sqlite_api, **theirs, pathway="self_settled")
    other.tell("protection_grade_set", days("02-03"), grade="strengt_fortrolig")
    names = {mine.now["id"]: "mine", covered.now["id"]: "covered", other.now["id"]: "other"}

    def found(query: str) -> list[str]:
        return sorted(names[row["id"]] for row in sqlite_api.items(f"/v1/participants?{query}"))

    assert found("contact_person=kari-7") == found("unit=flyktning") == ["covered", "mine"]
    assert found("contact_person=per-2") == found("unit=nav") == ["covered", "other"]
    assert found("pathway=self_settled") == found("protection_grade=strengt_fortrolig") == ["other"]
    assert found("protection_grade=strengt_fortrolig&on=2026-02-02") == []
    assert found("state=active") == ["covered", "mine", "other"]


@pytest.mark.parametrize(
    ("members", "told", "owed"),
    [
        ({}, [], []),
        ({"informed": "unknown"}, [], ["inform"]),
        ({"contact_person": "unknown"}, [], ["assign_contact_person"]),
        ({"informed": "unknown", "contact_person": "unknown"}, ["departed"], []),
        ({"informed": "unknown"}, ["merged_into"], []),
        ({}, ["contact_person_ended"], ["assign_contact_person"]),
        ({"contact_person": "unknown"}, ["contact_person_covered"], []),
    ],
)
def test_a_participant_is_owed_information_and_a_contact_person(
    sqlite_api: Api, members: dict[str, Any], told: list[str], owed: list[str]
) -> None:
    record, other = registered(sqlite_api, "registered_as_existing", state="active", **members), registered(sqlite_api)
    named = {"contact_person_covered": PER, "merged_into": {"participant": other.now["id"]}}
    for name in told:
        record.deviate(name, days("02-05"), **named.get(name, {}))
    stored = sqlite_api.running.store(sqlite_api.ledger).get(Participant, UUID(record.now["id"]))
    expected = [(f"participant.{kind}", None, stored.id) for kind in owed]
    assert [(duty.kind, duty.due_on, duty.person) for duty in stored.duties()] == expected


# Any history


OPENING = date(2026, 1, 1)
ACCEPTING = Command(now=1_772_000_000_000_000, new_id=uuid4, client="test", accept_all=True)


def happened(at: int, event: type[Event], **members: Any) -> Event:
    day = OPENING + timedelta(days=at)
    return event(meta=Meta(occurred_from=day, occurred_to=day, recorded_by=BY), **members)


def remembered(told: list[Event]) -> Participant:
    participant = Participant(uuid4())
    for event in told:
        participant = participant.record(event, ACCEPTING)
    return participant


MOVES = {
    "a": (events.ContactPersonAssigned, {"contact_person": "a"}),
    "b": (events.ContactPersonAssigned, {"contact_person": "b"}),
    "cover": (events.ContactPersonCovered, {"contact_person": "b"}),
    "end a": (events.ContactPersonEnded, {"contact_person": "a"}),
    "end b": (events.ContactPersonEnded, {"contact_person": "b"}),
    "end": (events.ContactPersonEnded, {}),
    "leave": (events.Departed, {}),
    "back": (events.Returned, {}),
}


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=8), st.booleans(), st.randoms())
def test_of_known_days_the_last_end_is_a_deviation_exactly_if_nobody_came_after(
    told: list[str], followed: bool, order: Any
) -> None:
    """Whatever the order they are told in: the days are known, so the oracle walks them one by one."""
    opening = {"informed": "written", "contact_person": "a" if followed else "not_recorded"}
    happenings = [happened(at, MOVES[name][0], **MOVES[name][1]) for at, name in enumerate(told, start=1)]
    late = list(happenings)
    order.shuffle(late)
    participant = remembered([happened(0, events.Registered, **opening), *late])
    accused = {each.event_id for each in participant.deviations if each.rule == ALONE}
    found = {step.event.meta.occurred_from for step in participant.steps if step.event_id in accused}

    contact, cover, here = ("a" if followed else None), None, True
    lonely: set[date] = {OPENING} if not followed else set()
    for at, name in enumerate(told, start=1):
        who = name[-1] if name in ("end a", "end b") else None
        match name:
            case "a" | "b":
                contact = name
            case "cover":
                cover = "b"
            case "leave":
                here = False
            case "back":
                here = True
            case _:
                contact = None if who in (None, contact) else contact
                cover = None if who in (None, cover) else cover
        if name in ("a", "b", "cover", "leave"):
            lonely.clear()
        if name.startswith("end") and not (contact or cover) and here:
            lonely.add(OPENING + timedelta(days=at))
    assert found == lonely


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=20))
def test_no_mergers_and_splits_ever_make_a_chain_to_oneself(told: list[tuple[int, int, bool]]) -> None:
    people = [remembered([happened(0, events.Registered, informed="written", contact_person="a")]) for _ in range(4)]
    by_id: dict[UUID, int] = {person.id: at for at, person in enumerate(people)}
    others: Others = lambda noun, record: people[by_id[record]]  # noqa: E731
    for one, other, splits in told:
        event = happened(1, events.Split) if splits else happened(1, events.MergedInto, participant=people[other].id)
        try:
            people[one] = people[one].record(people[one].considering(event, others), ACCEPTING)
        except Invalid:
            assert one == other or people[other].merged_into
            continue
        for person in people:
            passed = [person.id]
            while into := people[by_id[passed[-1]]].merged_into:
                assert into not in passed
                passed.append(into)


@given(st.sampled_from(sorted(EXTERNAL_IDS)), st.text("0123456789 ٣x-", max_size=16))
def test_an_external_id_is_its_digits_and_nothing_else(kind: str, value: str) -> None:
    digits = value.replace(" ", "")
    if len(digits) == EXTERNAL_IDS[kind] and set(digits) <= set("0123456789"):
        assert external_id(kind, value, "/value") == (kind, digits)
    else:
        with pytest.raises(Invalid):
            external_id(kind, value, "/value")
