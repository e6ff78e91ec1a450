"""Tenancies over HTTP: what say they had in their dwelling, its rules, what is refused, and how lists show them."""

from itertools import combinations
from typing import Any

import pytest

from domain.events import MISSING, text_fields
from domain.tenancies import STATES, Tenancy
from tests.bodies import a_participant
from tests.conftest import Api
from tests.features.conftest import Opening, Record, broken, days

OPTIONS = "tenancy.allocated_without_options"
HEARD = "tenancy.started_before_need_heard"
ENDED = "tenancy.recorded_after_end"
NO_CHOICE: dict[str, Any] = {"choice": "no_real_choice"}
COURSE: dict[str, dict[str, Any]] = {
    "preference_recorded": {},
    "options_presented": {"n_options": 2},
    "chosen": {"choice": "own_choice"},
    **{name: {} for name in ("started", "term_set", "renewed", "ended")},
}
EXPERIENCES = ("condition_reported", "safety_experience_reported", "push_care_noted")

Said = dict[str, Any]


@pytest.fixture
def a_tenancy(sqlite_api: Api) -> Opening:
    """Opens a tenancy on 1 February, by its need unless another command is named."""

    def opening(name: str = "need_stated", at: dict[str, str | None] | None = None, **members: Any) -> Record:
        described = {"participant": a_participant(sqlite_api), **members}
        return Record(sqlite_api, "tenancies", name, at or days("02-01"), **described)

    return opening


def test_a_tenancy_goes_from_the_need_to_its_end(api: Api) -> None:
    wishes = [{"code": "space", "weight": 5}, {"code": "near_school", "weight": "not_asked"}]
    told: Said = {"participant": a_participant(api), "household_size": 5, "rooms_needed": 4, "criteria": wishes}
    told |= {"voiced_by": "household", "need": "Vi er fem."}
    record = Record(api, "tenancies", "need_stated", days("02-01"), **told)
    assert record.now.items() >= {**told, "state": "need_stated", "started_from": None}.items()

    limits = {"constraints": ["no_vacancy", "wrong_size"]}
    shared = {"term_participation": "asked", "term_reasons": "Midlertidig bolig."}
    steps: dict[str, Said] = {
        "preference_recorded": {"criteria": wishes[:1], "preferred_tenure": "owned", "preference": "Et stille sted."},
        "options_presented": {"n_options": 1, **limits, "options": "Bare én var ledig."},
        "chosen": {**NO_CHOICE, "constraints": ["no_vacancy"], "criteria_met": ["space"], "choice_words": "Ja."},
        "allocated": {"allocating_unit": "bolig", "participation": "informed", "allocation_reasons": "Den eneste."},
        "started": {"tenure": "municipal_rental", "household_size": 6, "rooms": 3, "lease_months": 36, "kobo_id": "K"},
        "term_set": {"lease_months": 24, "term_ends_on": "2028-02-06", **shared},
        "condition_reported": {"condition": "poor", "condition_about": ["space"], "condition_report": "Det er trangt."},
        "safety_experience_reported": {"safety": "safe", "stay_wish": "stay", "safety_words": "Det er trygt."},
        "push_care_noted": {"tension": "push_care", "balance": "push_outweighs", "tension_note": "Press."},
        "renewed": {"lease_months": 12, "term_ends_on": "2029-02-06", "term_participation": "agreed"},
        "ended": {"end_reason": "moved_to_own", "ended_by": "household", "end_explanation": "Kjøpte bolig."},
    }
    state = "need_stated"
    for day, (name, members) in enumerate(steps.items(), start=2):
        told |= members
        state = name if name in STATES else state
        record.tell(name, days(f"02-{day:02}"), **members)
        assert record.now.items() >= {**told, "state": state, "deviations": []}.items(), name
    lived = {name: record.now[name] for name in ("started_from", "started_to", "ended_from", "ended_to")}
    assert [*lived.values()] == ["2026-02-06", "2026-02-06", "2026-02-12", "2026-02-12"]


def test_what_they_say_is_sealed_as_their_voice_and_what_staff_write_as_casework() -> None:
    sealed = {text: as_what for event in Tenancy.events for text, as_what in text_fields(event).items()}
    voice = ("need", "preference", "choice_words", "safety_words", "comment")
    assert sealed == {**dict.fromkeys(sealed, "casework"), **dict.fromkeys(voice, "voice"), "kobo_id": "identity"}


@pytest.mark.parametrize(
    ("given", "accused"),
    [
        (("allocated", {}), True),
        (("chosen", NO_CHOICE), True),
        (("chosen", {"choice": "partly"}), True),
        (("chosen", {"choice": "own_choice"}), False),
        *((("chosen", {"choice": choice}), False) for choice in sorted(MISSING)),
        (("chosen", {**NO_CHOICE, "constraints": ["no_vacancy"]}), False),
        (("allocated", {"constraints": ["unknown"], "participation": "not_involved"}), False),
    ],
)
def test_a_dwelling_given_without_options_is_a_deviation_unless_it_says_what_stood_in_the_way(
    a_tenancy: Opening, given: tuple[str, Said], accused: bool
) -> None:
    record, (name, members) = a_tenancy(), given
    assert record.deviate(name, days("02-09"), **members) == ([OPTIONS] if accused else [])
    assert record.now.items() >= members.items()


@pytest.mark.parametrize(
    ("answer", "enough"),
    [
        (("options_presented", {"n_options": 3}), True),
        (("options_presented", {"n_options": "unknown"}), True),
        (("options_presented", {"n_options": 0}), False),
        (("options_presented", {"n_options": 0, "constraints": ["no_vacancy"]}), True),
        (("chosen", {"choice": "own_choice"}), True),
        (("chosen", {**NO_CHOICE, "constraints": ["unknown"]}), True),
        (("preference_recorded", {}), False),
    ],
)
def test_options_a_choice_of_their_own_or_what_stood_in_the_way_is_an_answer(
    a_tenancy: Opening, answer: tuple[str, Said], enough: bool
) -> None:
    record, (name, members) = a_tenancy(), answer
    record.tell(name, days("02-03"), **members)
    assert record.deviate("allocated", days("02-04")) == ([] if enough else [OPTIONS])


@pytest.mark.parametrize(
    ("shown", "mended"),
    [(days("02-03"), True), (days("02-01", "02-28"), True), (days("02-12"), False)],
    ids=["before", "perhaps before", "after"],
)
def test_options_told_of_late_mend_an_allocation_they_may_have_come_before(
    a_tenancy: Opening, shown: dict[str, str | None], mended: bool
) -> None:
    record = a_tenancy()
    assert record.deviate("allocated", days("02-09")) == [OPTIONS]
    record.tell("options_presented", shown, n_options=2)
    assert broken(record) == ([] if mended else [OPTIONS])


def test_taking_the_options_back_makes_the_allocation_a_deviation_unasked(a_tenancy: Opening) -> None:
    record = a_tenancy()
    record.tell("options_presented", days("02-03"), n_options=2)
    record.tell("allocated", days("02-09"))
    record.retract(2)
    accused = {"rule": OPTIONS, "event_id": record.event(3), "reason": None}
    assert record.now["deviations"] == record.history()[-1]["deviations"] == [accused]


@pytest.mark.parametrize(("name", "members"), [*COURSE.items()][:3])
def test_a_tenancy_that_began_before_anybody_heard_the_need_is_a_deviation_until_somebody_had(
    a_tenancy: Opening, name: str, members: Said
) -> None:
    record = a_tenancy(at=days("02-10"))
    assert record.deviate("started", days("02-05")) == [HEARD]
    record.tell("renewed", days("02-05"))
    record.tell(name, days("02-01", "02-05"), **members)
    assert broken(record) == ([HEARD] if name == "options_presented" else [])
    record.correct(4, days("02-06"), **members)
    assert broken(record) == [HEARD]


def test_where_nobody_said_when_the_need_was_heard_no_start_came_before_it(a_tenancy: Opening) -> None:
    record = a_tenancy(at=days(None, "02-10"))
    record.tell("started", days("02-05"))
    record.retract(1)
    assert broken(record) == []


def test_an_end_told_of_late_makes_what_came_after_it_a_deviation_and_a_correction_mends_it(a_tenancy: Opening) -> None:
    record = a_tenancy()
    record.tell("renewed", days("02-10"))
    record.tell("ended", days("02-05"))
    assert record.now["deviations"] == [{"rule": ENDED, "event_id": record.event(2), "reason": None}]
    record.correct(3, days("02-11"))
    assert broken(record) == []


def test_what_they_experienced_may_be_told_after_the_end_and_nothing_else(a_tenancy: Opening) -> None:
    for name, members in (*COURSE.items(), *((name, {}) for name in EXPERIENCES)):
        record = a_tenancy()
        record.tell("ended", days("02-05"))
        assert record.deviate(name, days("02-06"), **members) == ([] if name in EXPERIENCES else [ENDED]), name


@pytest.mark.parametrize("length", [1, 2, 7])
def test_a_skipped_state_is_no_deviation(a_tenancy: Opening, length: int) -> None:
    for kept in combinations(COURSE.items(), length):
        record = a_tenancy()
        for day, (name, members) in enumerate(kept, start=2):
            record.tell(name, days(f"02-{day:02}"), **members)
        assert broken(record) == []


@pytest.mark.parametrize("state", [*STATES, *sorted(MISSING)])
def test_a_tenancy_from_before_the_ledger_is_dated_by_its_state(a_tenancy: Opening, state: str) -> None:
    described = {"state": state, **NO_CHOICE, "tenure": "municipal_rental", "rooms": 3, "kobo_id": "K-17"}
    record = a_tenancy("registered_as_existing", {"from": "2009-08-01", "to": None}, **described)
    assert record.now.items() >= {**described, "started_to": None, "ended_to": None, "deviations": []}.items()
    assert record.now["started_from"] == ("2009-08-01" if state == "started" else None)
    assert record.now["ended_from"] == ("2009-08-01" if state == "ended" else None)


def test_of_a_tenancy_from_before_the_ledger_nobody_says_what_was_not_done(a_tenancy: Opening) -> None:
    record = a_tenancy("registered_as_existing", days("02-03"), state="started")
    for name, day in (("preference_recorded", "02-03"), ("allocated", "02-02"), ("started", "02-02")):
        record.tell(name, days(day))
    assert broken(record) == []
    ended = a_tenancy("registered_as_existing", days("02-03"), state="ended")
    assert ended.deviate("renewed", days("02-04")) == [ENDED]


@pytest.mark.parametrize(("weight", "possible"), [(0, False), (1, True), (5, True), (6, False)])
def test_a_criterion_weighs_from_1_to_5(a_tenancy: Opening, weight: int, possible: bool) -> None:
    criteria = [{"code": "space"}, {"code": "quiet", "weight": weight}]
    answer = a_tenancy().send("preference_recorded", days("02-02"), criteria=criteria)
    assert [each["pointer"] for each in answer.json.get("errors", ())] == ([] if possible else ["/criteria/1/weight"])


def test_a_list_is_narrowed_by_person_state_and_what_limited_the_choice(a_tenancy: Opening, sqlite_api: Api) -> None:
    first, second = a_tenancy(), a_tenancy()
    first.tell("chosen", days("02-03"), **NO_CHOICE, constraints=["no_vacancy", "wrong_size"])
    second.tell("options_presented", days("02-03"), constraints=["wrong_place"])

    def found(query: str) -> list[str]:
        return [row["id"] for row in sqlite_api.items(f"/v1/tenancies?{query}")]

    for query in ("constraint=no_vacancy", "constraint=wrong_size", "choice=no_real_choice", "state=chosen"):
        assert found(query) == [first.now["id"]]
    assert found(f"participant={second.now['participant']}") == [second.now["id"]]
    assert found("constraint=economy") == []


def test_the_degree_is_promised_shown_and_experienced(a_tenancy: Opening) -> None:
    record = a_tenancy()
    record.tell("promised", days("02-02"), degree="3")
    record.tell("preference_recorded", days("02-03"))
    record.tell("experienced", days("02-05"), degree="0")
    assert record.now["degrees"].items() >= {"intended": "3", "documented": "2", "experienced": "0"}.items()
