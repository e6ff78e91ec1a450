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
from domain.history import Recorded
from domain.participants import EXTERNAL_IDS, Participant, external_id
from domain.participants import events as events
from tests.conftest import Api
from tests.features.conftest import Record, days
from tests.features.histories import BY

UNINFORMED = "participant.never_informed"
ALONE = "participant.no_contact_person"
LATE = "participant.recorded_after_departure"
IN_ORDER = {"informed": "conversation_interpreted", "contact_person": "kari-7", "contact_unit": "flyktning"}
DUF, OTHER_DUF, NATIONAL = "200912345678", "201012345678", "01018012345"
NAME = "Ola Kanarifugl"


def registered(api: Api, name: str = "registered", on: Any = None, **members: Any) -> Record:
    """A participant, informed and with a contact person unless another thing is said."""
    return Record(api, "participants", name, on or days("02-01"), **{**IN_ORDER, **members})


def rules(record: Record) -> list[str]:
    return [each["rule"] for each in record.now["deviations"]]


def test_a_participant_is_registered_followed_and_departs(api: Api) -> None:
    codes = {"pathway": "resettlement", "permit_basis": "resettlement", "age_band": "25_39", "gender": "woman"}
    more = {"country": "MM", "language": "my", "interpreter_need": "needed", "arrived_on": "2026-01-20"}
    sealed = {
        "display_name": NAME,
        "national_number": NATIONAL,
        "d_number": "41018012345",
        "duf_number": "2009 12345678",
    }
    record = registered(api, **codes, **more, **sealed)
    assert record.now.items() >= {**codes, **more, **sealed, "state": "active", "deviations": []}.items()
    contact = {"contact_person": "kari-7", "contact_unit": "flyktning", "since": "2026-02-01", "until": None}
    assert record.now["contact"] == contact

    record.tell("profile_set", days("02-02"), settled_on="2026-02-02", age_band="40_54", gender="not_recorded")
    record.tell("contact_person_covered", days("02-03"), contact_person="per-2", until="2026-02-20")
    record.tell("interpreter_need_assessed", days("02-04"), interpreter_need="not_needed")
    record.tell("language_preference_set", days("02-04"), language="en")
    record.tell("strength_recorded", days("02-05"), kind="cultural_background", strength="Vever")
    record.tell("research_reservation_registered", days("02-06"))
    record.tell("protection_grade_set", days("02-06"), grade="fortrolig")
    told = {"settled_on": "2026-02-02", "age_band": "40_54", "gender": "woman", "language": "en"}
    told |= {"interpreter_need": "not_needed", "research_reservation": "reserved", "protection_grade": "fortrolig"}
    assert record.now.items() >= {**codes, **told, **sealed, "age_band": "40_54"}.items()
    assert record.now["strengths"] == [{"kind": "cultural_background", "strength": "Vever"}]
    record.tell("research_reservation_withdrawn", days("02-07"))
    record.tell("protection_grade_lifted", days("02-07"))
    record.tell("contact_person_ended", days("02-08"), contact_person="per-2")
    assert (record.now["cover"], record.now["contact"]) == (None, contact)

    record.tell("departed", days("02-10"), destination="another_municipality")
    assert (record.now["state"], record.now["destination"]) == ("departed", "another_municipality")
    record.tell("returned", days("02-12"))
    assert (record.now["state"], record.now["destination"]) == ("active", None)
    record.tell("departed", days("02-20"), destination="abroad")
    record.tell("disposal_decided", days("02-24"), decision="2026/118-4")
    assert (record.now["state"], record.now["disposal_decision"]) == ("disposed", "2026/118-4")
    assert record.now["research_reservation"] == "withdrawn"
    assert (record.now["protection_grade"], record.now["deviations"]) == ("none", [])
    assert record.detail() == record.now

    row = record.row()
    assert row is not None
    assert row.items() >= {"state": "disposed", "country": "MM", "contact_person": "kari-7", "deviations": 0}.items()
    assert record.data_classes() == {"record", "identity", "casework"}
    assert record.now["id"] not in api.get("/v1/events", role="system").get_data(as_text=True)
    agreed = {"Authorization": f"Bearer {api.token('system', actor='nir', agreement=True)}"}
    for path, headers in (("/v1/participants", None), ("/v1/events", agreed)):
        told_of_it = api.get(path, headers=headers).get_data(as_text=True)
        assert record.now["id"] in told_of_it
        assert not [text for text in (NAME, NATIONAL, "12345678", "Vever", "118-4") if text in told_of_it]


def test_an_objection_and_a_restriction_lie_over_where_the_person_is(sqlite_api: Api) -> None:
    record = registered(sqlite_api)
    record.tell("objection_registered", days("02-02"), objection="Alderen er feil.")
    assert (record.now["state"], record.now["objection"]) == ("objection", "Alderen er feil.")
    record.tell("processing_restricted", days("02-02"), ground="objection", explanation="Sjekkes.")
    record.tell("departed", days("02-03"))
    assert (record.now["state"], record.now["restriction_ground"]) == ("restricted", "objection")
    record.tell("restriction_lifted", days("02-04"))
    assert (record.now["state"], record.now["restriction_ground"]) == ("objection", None)
    record.tell("objection_resolved", days("02-05"), outcome="upheld", reasons="Alderen er rettet.")
    assert (record.now["state"], record.now["objection_outcome"]) == ("departed", "upheld")
    assert record.now["deviations"] == []


STATES = ("registered", "active", "departed", "restricted", "objection", "disposed", "unknown", "not_recorded")


@pytest.mark.parametrize("state", STATES)
def test_a_participant_is_registered_as_existing_in_any_state(sqlite_api: Api, state: str) -> None:
    unknown = {"informed": "unknown", "contact_person": "unknown", "contact_unit": "unknown"}
    on = {"from": None, "to": "2009-12-31"}
    record = registered(sqlite_api, "registered_as_existing", on, **unknown, state=state)
    assert (record.now["state"], record.now["deviations"]) == (state, [])
    row = record.row(f"?state={state}")
    assert row is not None
    assert row["contact_person"] is None
    record.tell("returned", days("02-01"))
    assert record.now["state"] == (state if state in ("restricted", "objection") else "active")


def test_who_existed_is_in_the_state_told_until_something_happens(sqlite_api: Api) -> None:
    record = registered(sqlite_api, "registered_as_existing", state="registered", settled_on="2026-01-10")
    assert record.now["state"] == "registered"
    assert record.tell("contact_person_covered", days("02-02"), contact_person="per-2")["state"] == "active"
    restricted = registered(sqlite_api, "registered_as_existing", state="restricted")
    assert restricted.tell("restriction_lifted", days("02-02"))["state"] == "active"


def test_who_is_registered_becomes_active_when_settled_or_followed(sqlite_api: Api) -> None:
    unfollowed = {"contact_person": "not_recorded", "deviations": [{"rule": ALONE}]}
    assert registered(sqlite_api, **unfollowed).now["state"] == "registered"
    assert registered(sqlite_api, **unfollowed, settled_on="2026-02-01").now["state"] == "active"
    followed = registered(sqlite_api, **unfollowed)
    assert followed.tell("contact_person_covered", days("02-02"), contact_person="per-2")["state"] == "active"


# Deviations


def test_who_was_never_informed_is_recorded_as_such_until_somebody_informs_them(sqlite_api: Api) -> None:
    body = {"occurred": days("02-01"), **IN_ORDER, "informed": "not_recorded"}
    refused = sqlite_api.post("/v1/participants", body)
    assert refused.status_code == 409
    assert [(each["rule"], each["source"]) for each in refused.json["rules"]] == [(UNINFORMED, "GDPR arts. 13–14")]
    record = registered(sqlite_api, informed="not_informed", deviations=[{"rule": UNINFORMED, "reason": "ingen tolk"}])
    assert record.now["deviations"] == [{"rule": UNINFORMED, "event_id": record.event(1), "reason": "ingen tolk"}]
    assert record.tell("informed", days("02-09"), how="conversation", language="my")["deviations"] == []
    assert (record.now["informed"], record.now["informed_language"]) == ("conversation", "my")
    assert record.now["language"] == "not_recorded", "to be told in a language is not to prefer it"
    assert rules_after(record.retract(2)) == [UNINFORMED]
    record.correct(1, days("02-01"), **{**IN_ORDER, "informed": "written"})
    assert record.now["deviations"] == []


def rules_after(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [each["rule"] for each in answer.json["deviations"]]


@pytest.mark.parametrize("informed", sorted(MISSING))
def test_an_existing_participant_of_whom_it_is_not_known_accuses_nobody(sqlite_api: Api, informed: str) -> None:
    record = registered(sqlite_api, "registered_as_existing", state="active", informed=informed)
    assert record.now["deviations"] == []
    assert record.deviate("informed", days("02-05"), how="not_informed") == []
    assert rules(record) == [UNINFORMED]
    assert record.history()[-1]["deviations"] == [{"rule": UNINFORMED, "event_id": record.event(1), "reason": None}]


def test_who_is_registered_without_a_contact_person_is_a_deviation_until_one_is_assigned(sqlite_api: Api) -> None:
    body = {"occurred": days("02-01"), "informed": "written"}
    refused = sqlite_api.post("/v1/participants", body)
    assert [each["rule"] for each in refused.json["rules"]] == [ALONE]
    record = registered(sqlite_api, contact_person="not_recorded", deviations=[{"rule": ALONE}])
    assert rules(record) == [ALONE]
    assert record.tell("contact_person_assigned", days("02-09"), contact_person="per-2")["deviations"] == []
    assert rules_after(record.retract(2)) == [ALONE]
    record.tell("departed", days("02-10"))
    assert rules(record) == []


def test_after_the_last_contact_person_somebody_must_follow(sqlite_api: Api) -> None:
    record = registered(sqlite_api)
    assert record.deviate("contact_person_ended", days("02-09"), contact_person="kari-7") == [ALONE]
    assert (rules(record), record.now["contact"]) == ([ALONE], None)
    record.tell("contact_person_assigned", days("02-11"), contact_person="per-2")
    assert rules(record) == []
    record.correct(3, days("02-05"), contact_person="per-2")
    assert rules(record) == []
    assert record.deviate("contact_person_ended", days("02-12")) == [ALONE]


FOLLOWED = [
    pytest.param([("contact_person_covered", days("02-05"), "per-2")], id="somebody covers"),
    pytest.param([("contact_person_assigned", days("02-05"), "per-2")], id="another was assigned"),
    pytest.param([("contact_person_covered", days(None, "02-20"), "per-2")], id="somebody may have covered"),
    pytest.param([("departed", days("02-09"), None)], id="departed the same day"),
    pytest.param([("departed", days("02-12"), None)], id="departed later"),
]


@pytest.mark.parametrize("before", FOLLOWED)
def test_an_end_after_which_somebody_may_follow_or_nobody_is_owed_accuses_nobody(
    sqlite_api: Api, before: list[Any]
) -> None:
    record = registered(sqlite_api)
    for name, on, who in before:
        record.tell(name, on, **({"contact_person": who} if who else {}))
    assert record.deviate("contact_person_ended", days("02-09"), contact_person="kari-7") == []
    assert record.now["contact"] is None or record.now["contact"]["contact_person"] == "per-2"


def test_an_end_that_may_have_come_before_the_contact_person_accuses_nobody(sqlite_api: Api) -> None:
    record = registered(sqlite_api, on=days("02-05"))
    assert record.deviate("contact_person_ended", days("02-01", "02-20"), contact_person="kari-7") == []


WORK: dict[str, dict[str, Any]] = {
    "profile_set": {},
    "contact_person_assigned": {"contact_person": "per-2"},
    "contact_person_covered": {"contact_person": "per-2"},
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
    for name, members in RIGHTS.items():
        assert record.deviate(name, days("02-06"), **members) == [], name
    for name, members in WORK.items():
        assert record.deviate(name, days("02-06"), **members) == [LATE], name
    assert rules(record) == [LATE] * len(WORK)
    record.tell("returned", days("02-05", "02-06"))
    assert rules(record) == []
    assert rules_after(record.retract(record.now["version"])) == [LATE] * len(WORK)
    record.correct(2, days("02-07"))
    assert record.now["deviations"] == [{"rule": LATE, "event_id": record.event(2), "reason": None}], (
        "of two, the later"
    )


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
    revived = first.correct(1, days("02-01"), **IN_ORDER, duf_number=DUF)
    assert (revived.status_code, revived.json["type"]) == (409, "/problems/taken")
    assert first.correct(1, days("02-01"), **IN_ORDER).status_code == 200


def look_up(api: Api, kind: str, value: str) -> str | None:
    answer = api.post("/v1/participants/lookups", {"kind": kind, "value": value})
    assert answer.status_code in (200, 404), answer.get_data(as_text=True)
    return answer.json["id"] if answer.status_code == 200 else None


def test_a_look_up_finds_a_participant_by_every_number_they_have_had(sqlite_api: Api) -> None:
    record = registered(sqlite_api, duf_number=DUF, d_number="41018012345")
    record.tell("profile_set", days("02-02"), national_number=NATIONAL, duf_number=OTHER_DUF)
    for kind, value in (("duf_number", DUF), ("duf_number", OTHER_DUF), ("national_number", "010180 12345")):
        assert look_up(sqlite_api, kind, value) == record.now["id"]
    assert look_up(sqlite_api, "d_number", NATIONAL) is None
    position = record.now["position"]
    assert sqlite_api.running.store(sqlite_api.ledger).head() == position, "a look-up is no event"
    record.correct(2, days("02-02"), national_number=NATIONAL)
    assert look_up(sqlite_api, "duf_number", OTHER_DUF) is None
    assert look_up(sqlite_api, "duf_number", DUF) == record.now["id"]


def test_a_number_is_looked_up_by_who_may_read_records_only(sqlite_api: Api) -> None:
    body = {"kind": "duf_number", "value": DUF}
    for role, status in (("caseworker", 404), ("system", 403), ("researcher", 403), ("administrator", 403)):
        assert sqlite_api.post("/v1/participants/lookups", body, role=role).status_code == status
    assert sqlite_api.post("/v1/participants/lookups", body, role=None).status_code == 401


IMPOSSIBLE = [
    ({"duf_number": "2009"}, "/duf_number"),
    ({"duf_number": DUF + "1"}, "/duf_number"),
    ({"national_number": DUF}, "/national_number"),
    ({"d_number": "4101801234x"}, "/d_number"),
    ({"national_number": "٠١٠١٨٠١٢٣٤٥"}, "/national_number"),
    ({"settled_on": "2026-03-03"}, "/settled_on"),
    ({"arrived_on": "2026-02-01", "settled_on": "2026-01-31"}, "/settled_on"),
    ({"occurred": days("03-03")}, "/occurred/from"),
    ({"language": "klingon"}, "/language"),
    ({"contact_person": "Kari Nordmann"}, "/contact_person"),
    ({"name": NAME}, "/name"),
]


@pytest.mark.parametrize(("members", "pointer"), IMPOSSIBLE, ids=lambda value: str(value)[:60])
def test_the_impossible_is_refused_and_pointed_at(sqlite_api: Api, members: dict[str, Any], pointer: str) -> None:
    refused = sqlite_api.post("/v1/participants", {"occurred": days("02-01"), **IN_ORDER, **members})
    assert refused.status_code == 422, refused.get_data(as_text=True)
    assert [each["pointer"] for each in refused.json["errors"]] == [pointer]
    assert not [value for value in members.values() if str(value) in refused.json["detail"] and "number" in pointer]
    assert sqlite_api.items("/v1/participants") == []


def test_a_cover_does_not_end_before_it_begins(sqlite_api: Api) -> None:
    record = registered(sqlite_api)
    refused = record.send("contact_person_covered", days("02-10"), contact_person="per-2", until="2026-02-09")
    assert [each["pointer"] for each in refused.json["errors"]] == ["/until"]
    record.tell("contact_person_covered", days("02-10"), contact_person="per-2", until="2026-07-01")


# Mergers


def test_a_merged_record_is_an_alias_until_it_is_split(api: Api) -> None:
    survivor, alias, third = (registered(api, duf_number=each) for each in (DUF, OTHER_DUF, None))
    alias.tell("merged_into", days("02-05"), participant=survivor.now["id"])
    assert alias.now["merged_into"] == survivor.now["id"]
    assert look_up(api, "duf_number", OTHER_DUF) == survivor.now["id"]
    assert [row["id"] for row in api.items(f"/v1/participants?merged_into={survivor.now['id']}")] == [alias.now["id"]]

    survivor.tell("merged_into", days("02-06"), participant=third.now["id"])
    assert look_up(api, "duf_number", OTHER_DUF) == third.now["id"]
    survivor.tell("split", days("02-07"))
    alias.tell("split", days("02-07"))
    assert (alias.now["merged_into"], look_up(api, "duf_number", OTHER_DUF)) == (None, alias.now["id"])
    assert api.items(f"/v1/participants?merged_into={survivor.now['id']}") == []


def test_a_record_is_not_merged_into_itself_or_into_an_alias(api: Api) -> None:
    survivor, alias, third = (registered(api) for _ in range(3))
    alias.tell("merged_into", days("02-05"), participant=survivor.now["id"])
    meeting = api.post("/v1/meetings", {"occurred": days("02-01"), "kind": "interview"}).json["id"]
    for record, into in ((third, third.now["id"]), (third, alias.now["id"]), (survivor, alias.now["id"])):
        refused = record.send("merged_into", days("02-06"), participant=into)
        assert (refused.status_code, refused.json["type"]) == (422, "/problems/invalid")
        assert [each["pointer"] for each in refused.json["errors"]] == ["/participant"]
    for unknown in (str(uuid4()), meeting):
        refused = third.send("merged_into", days("02-06"), participant=unknown)
        assert refused.json["type"] == "/problems/unknown-reference"
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
    mine = registered(sqlite_api, pathway="resettlement")
    covered = registered(sqlite_api, contact_person="per-2", contact_unit="nav")
    covered.tell("contact_person_covered", days("02-02"), contact_person="kari-7", contact_unit="flyktning")
    other = registered(sqlite_api, contact_person="per-2", contact_unit="nav", pathway="self_settled")
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
        ({"informed": "unknown"}, [], ["participant.inform"]),
        ({"contact_person": "unknown"}, [], ["participant.assign_contact_person"]),
        ({"informed": "unknown", "contact_person": "unknown"}, ["departed"], []),
        ({}, ["contact_person_ended"], ["participant.assign_contact_person"]),
        ({"contact_person": "unknown"}, ["contact_person_covered"], []),
    ],
)
def test_a_participant_is_owed_information_and_a_contact_person(
    sqlite_api: Api, members: dict[str, Any], told: list[str], owed: list[str]
) -> None:
    record = registered(sqlite_api, "registered_as_existing", state="active", **members)
    for name in told:
        record.deviate(name, days("02-05"), **({"contact_person": "per-2"} if "covered" in name else {}))
    stored = sqlite_api.running.store(sqlite_api.ledger).get(Participant, UUID(record.now["id"]))
    assert [(duty.kind, duty.due_on, duty.person) for duty in stored.duties()] == [
        (kind, None, stored.id) for kind in owed
    ]


# Any history


OPENING = date(2026, 1, 1)
FIRST = Participant(uuid4())


def happened(at: int, event: type[Event], **members: Any) -> Event:
    day = OPENING + timedelta(days=at)
    return event(meta=Meta(occurred_from=day, occurred_to=day, recorded_by=BY), **members)


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
    participant = remember([happened(0, events.Registered, **opening), *late])
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


def remember(told: list[Event]) -> Participant:
    return Participant(
        FIRST.id,
        [
            Recorded(
                event_id=uuid4(),
                stream_id=FIRST.id,
                version=at,
                name=f"participant.{event.NAME}",
                event=event,
                position=at,
                recorded_at=1_772_000_000_000_000 + at,
            )
            for at, event in enumerate(told, start=1)
        ],
    )


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=20))
def test_no_mergers_and_splits_ever_make_a_chain_to_oneself(told: list[tuple[int, int, bool]]) -> None:
    command = Command(now=1_772_000_000_000_000, new_id=uuid4, client="test")
    people = [remember([happened(0, events.Registered, informed="written", contact_person="a")]) for _ in range(4)]
    people = [Participant(uuid4(), person.history) for person in people]
    by_id: dict[UUID, int] = {person.id: at for at, person in enumerate(people)}
    others: Others = lambda noun, record: people[by_id[record]]  # noqa: E731
    for one, other, splits in told:
        event = happened(1, events.Split) if splits else happened(1, events.MergedInto, participant=people[other].id)
        try:
            people[one] = people[one].record(Participant.considering(event, others), command)
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
