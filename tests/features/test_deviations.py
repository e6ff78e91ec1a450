"""The table deviations: every rule a record departs from, counted for every noun alike."""

from tests.conftest import Api
from tests.features.conftest import Opening, days
from tests.features.tables import Table

NAME = "deviations"
UNASSESSED = "meeting.interpreter_need_not_assessed"


def counted(api: Api, query: str = "", **codes: str) -> int | str | None:
    """The one cell of these codes."""
    asked = "&".join(f"valuecodes[{name}]={code}" for name, code in codes.items())
    return Table(api, f"{asked}&{query}", NAME).cell(**codes)


def test_a_deviation_counts_in_the_month_its_event_happened(
    a_meeting: Opening, an_input: Opening, sqlite_api: Api
) -> None:
    a_meeting().deviate("held", days("02-09"), interpreter_need="not_assessed")
    an_input().deviate("decided", days("01-31"), outcome="rejected")
    table = Table(sqlite_api, "valuecodes[rule]=*&valuecodes[month]=*", NAME)
    numbers = {
        (rule, month): number
        for rule in table.codes("rule")
        for month in table.codes("month")
        if (number := table.cell(rule=rule, month=month)) != ".."
    }
    assert numbers == {(UNASSESSED, "2026M02"): 1, ("input.decided_without_reason", "2026M01"): 1}
    assert table.codes("month") == ["2026M01", "2026M02", "2026M03", "unknown"]


def test_a_deviation_counts_for_the_noun_of_its_rule(a_meeting: Opening, an_input: Opening, sqlite_api: Api) -> None:
    for on in ("02-09", "02-10"):
        a_meeting().deviate("held", days(on), interpreter_need="not_assessed")
    an_input().deviate("decided", days("02-09"), outcome="rejected")
    assert counted(sqlite_api, noun="meeting") == 2
    assert counted(sqlite_api, noun="input") == 1
    assert counted(sqlite_api, "on=2026-02-09", noun="meeting") == 1
    found = sqlite_api.items(f"/v1/tables/{NAME}/members?valuecodes[noun]=meeting&valuecodes[month]=2026M02")
    assert [(each["noun"], each["n"]) for each in found] == [("meeting", 1), ("meeting", 1)]


def test_a_month_is_unknown_where_the_interval_spans_two(a_meeting: Opening, sqlite_api: Api) -> None:
    a_meeting().deviate("held", days("01-31", "02-01"), interpreter_need="not_assessed")
    assert counted(sqlite_api, year="2026", month="unknown") == 1
    assert counted(sqlite_api, year="2026", month="2026M02") == ".."


def test_a_correction_undoes_a_deviation_or_makes_one(a_meeting: Opening, sqlite_api: Api) -> None:
    record = a_meeting()
    record.tell("held", days("02-09"), interpreter_need="needed")
    assert counted(sqlite_api, rule=UNASSESSED) == ".."
    record.correct(2, days("02-08"), interpreter_need="not_assessed")
    assert counted(sqlite_api, rule=UNASSESSED) == 1
    record.correct(2, days("02-08"), interpreter_need="not_needed")
    assert counted(sqlite_api, rule=UNASSESSED) == ".."
    assert counted(sqlite_api, f"as_of={record.now['position'] - 1}", rule=UNASSESSED) == 1


def test_a_deviation_counts_until_the_day_something_mended_it(sqlite_api: Api) -> None:
    rule = "hearing.period_too_short"
    days_of_2026 = {"2026-02-01": 1, "2026-02-09": 1, "2026-02-10": "..", "2026-03-02": ".."}
    body = {"occurred": days("02-01"), "plan_type": "kommuneplan", "deadline": "2026-02-22"}
    opened = sqlite_api.post("/v1/hearings", {**body, "deviations": [{"rule": rule}]})
    hearing = f"/v1/hearings/{opened.json['id']}"
    longer = {"occurred": days("02-10"), "deadline": "2026-04-01"}
    assert sqlite_api.post(f"{hearing}/extensions", longer, match=opened.headers["ETag"]).status_code == 200
    assert {day: counted(sqlite_api, f"on={day}", rule=rule) for day in days_of_2026} == days_of_2026
    for day, number in days_of_2026.items():
        flagged = sqlite_api.get(f"{hearing}?on={day}").json["deviations"]
        [row] = sqlite_api.items(f"/v1/hearings?on={day}")
        assert len(flagged) == row["deviations"] == (number if number == 1 else 0)
