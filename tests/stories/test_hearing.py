"""A hearing of the municipal plan, from its announcement to what it changed.

It is announced on 1 February 2023 for five weeks, where the act asks for six (plan- og bygningsloven § 11-14), to forty
recipients none of whom speaks for refugees; three weeks later it is given two weeks more, and the list a voice. Two
inputs are raised: a bus, and rents. On 10 May the municipality declares the hearing dealt with, one of two answered.
In June a letter of March turns up with an input that is soon seen to be the one about rents, and so does the answer
about rents, given on 8 May; in August it is seen that the answer about the bus was sent on 12 May, not on 2 May.

The five points, and what was counted on paper at each:

    point      known by      of what had    invited   statements   inputs answered    answer overdue
               the end of    happened by
    OPEN       15.02.2023    15.02.2023     40        0            -                  -
    DECLARED   31.05.2023    10.05.2023     44        2            1 of 2 (bus)       rents, since 20 April
    LETTER     26.06.2023    10.05.2023     44        3            2 of 3 (both)      -
    HINDSIGHT  01.03.2024    10.05.2023     44        3            1 of 2 (rents)     bus, since 2 May
    NOW        01.03.2024    01.03.2024     44        3            2 of 2             -

From 1 March 2023 it is 34 days to 4 April, 62 to 2 May, 72 to 12 May, 184 to 1 September, 320 to 15 January 2024, 337
to 1 February and 338 to 2 February. From 15 March it is 20 days to 4 April and 54 to 8 May.
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.stories.conftest import Point, Story

OPEN = Point("2023-02-15", "2023-02-15")
DECLARED = Point("2023-05-31", "2023-05-10")
LETTER = Point("2023-06-26", "2023-05-10")
HINDSIGHT = Point("2024-03-01", "2023-05-10")
NOW = Point("2024-03-01", "2024-03-01")
POINTS = (OPEN, DECLARED, LETTER, HINDSIGHT, NOW)

TOO_SHORT = "hearing.period_too_short"
UNANSWERED = "hearing.closed_with_inputs_unanswered"


class Told(NamedTuple):
    """The story, and its records that are looked at."""

    story: Story
    hearing: str
    bus: str


def tell(story: Story) -> Told:
    """The story, in 25 commands."""
    story.day("2023-02-02", by="a-30")
    plan = {"plan_type": "kommuneplan", "level": "system", "phase": "PL4", "document_version": "v1"}
    hearing = story.open(
        "the hearing", "/v1/hearings", "2023-02-01", breaking=(TOO_SHORT,), **plan, deadline="2023-03-08"
    )
    silent = [{"kind": "interest_organisation", "n": 12, "refugee_voices": 0}, {"kind": "public_authority", "n": 28}]
    story.put(f"{hearing}/recipient-list", "2023-02-01", invited=40, recipients=silent, refugee_voice="no")
    story.post(f"{hearing}/invitations", "2023-02-02", sent_to=40, channel="letter", languages=["nb"])
    story.day("2023-02-22", by="a-30")
    story.post(f"{hearing}/extensions", "2023-02-20", deadline="2023-03-22")
    voices = [*silent, {"kind": "representatives", "n": 4, "refugee_voices": 4}]
    story.put(f"{hearing}/recipient-list", "2023-02-21", invited=44, recipients=voices)

    story.day("2023-03-06", by="a-17")
    here = {"level": "system", "hearing": hearing.rpartition("/")[2]}
    bus = story.open("the bus", "/v1/inputs", "2023-03-01", **here, kind="proposal", voiced_by="refugees")
    spoken = {"submitted_by": "representatives", "on_behalf_of": "refugees", "on_behalf_of_n": 25}
    story.post(f"{hearing}/statements", "2023-03-01", **spoken, document_version="v1", inputs=[_id(bus)])
    story.day("2023-03-15", by="a-30")
    rents = story.open("rents", "/v1/inputs", "2023-03-15", **here, kind="wish", voiced_by="organisation")
    story.post(f"{hearing}/statements", "2023-03-15", submitted_by="organisation", inputs=[_id(rents)])
    story.day("2023-04-04", by="a-30")
    story.put(f"{hearing}/closing", "2023-03-22")
    story.put(f"{hearing}/summary", "2023-04-03", inputs_found=2)
    story.post(f"{bus}/acknowledgements", "2023-04-04", answering_unit="plan", answer_due="2023-05-02")
    story.post(f"{rents}/acknowledgements", "2023-04-04", answering_unit="bolig", answer_due="2023-04-20")
    story.day("2023-05-02", by="a-30")
    story.post(f"{bus}/answers", "2023-05-02", answering_unit="plan")
    story.day("2023-05-10", by="a-30")
    story.put(f"{hearing}/answer", "2023-05-10", breaking=(UNANSWERED,), answering_unit="plan")

    # Late, by three months: a letter, of which version of the plan nobody knows. And the answer about rents.
    story.day("2023-06-19", by="a-21")
    letter = story.open("the letter", "/v1/inputs", "2023-03-20", **here, kind="complaint", voiced_by="household")
    household = {"submitted_by": "household", "document_version": "unknown", "basis": "document"}
    story.post(f"{hearing}/statements", "2023-03-20", **household, inputs=[_id(letter)])
    story.day("2023-06-26", by="a-21")
    story.post(f"{rents}/answers", "2023-05-08", answering_unit="bolig")
    # The letter is about rents, so the hearing is dealt with: two of two.
    story.day("2023-07-03", by="a-30")
    story.retract(letter, 1, "samme innspill som husleiene")
    story.put(f"{hearing}/answer", "2023-07-03", answering_unit="plan")
    story.day("2023-08-14", by="a-30")
    story.correct(bus, 3, "sendt 12. mai", "2023-05-12", answering_unit="plan")

    story.day("2024-02-05", by="a-30")
    decision = {"outcome": "adopted", "reason": "user_view", "deciding_unit": "plan"}
    story.post(f"{bus}/decisions", "2023-09-01", **decision)
    story.post(f"{bus}/effects", "2024-01-15", change="plan_text")
    story.post(f"{bus}/verifications", "2024-02-01", verifying_unit="flyktning")
    story.post(f"{bus}/feedback", "2024-02-02", channel="meeting")
    story.day("2024-03-01", by="a-30")
    return Told(story, hearing, bus)


def test_a_hearing_goes_from_its_announcement_to_its_effect(begin: Callable[[str], Story]) -> None:
    told = tell(begin("2023-01-02"))
    the_records(told)
    the_figures(told.story)
    the_chain_of_influence(told.story)
    the_work_lists(told.story)
    what_was_put_right(told)


def the_records(told: Told) -> None:
    """What the hearing says of itself: how many inputs were answered is as declared, whatever was told since."""
    members = ("state", "deadline", "period_days", "invited", "refugee_voice", "statement_count", "answered", "of")
    extended = ("2023-03-22", 49, 44, "yes")
    expected = {
        OPEN: ("opened", "2023-03-08", 35, 40, "no", 0, "not_recorded", "not_recorded", [TOO_SHORT]),
        DECLARED: ("answered", *extended, 2, 1, 2, [UNANSWERED]),
        LETTER: ("answered", *extended, 3, 1, 2, [UNANSWERED]),
        HINDSIGHT: ("answered", *extended, 3, 1, 2, [UNANSWERED]),
        NOW: ("answered", *extended, 3, 2, 2, [UNANSWERED]),
    }
    for point, row in expected.items():
        assert told.story.detail(told.hearing, point, *members) == dict(zip((*members, "deviations"), row, strict=True))
    states = {DECLARED: "answered", LETTER: "answered", HINDSIGHT: "acknowledged", NOW: "verified"}
    for point, state in states.items():
        assert told.story.detail(told.bus, point, "state") == {"state": state, "deviations": []}


def the_figures(story: Story) -> None:
    """The tables, counted on paper."""
    extended = {"hearings": 1, "invited": 44, "refugee_voice_on_list": 1, "statements_refugees": 1}
    hearings = {
        OPEN: {"hearings": 1, "invited": 40},
        DECLARED: {**extended, "statements": 2, "inputs": 2, "inputs_answered": 1},
        LETTER: {**extended, "statements": 3, "inputs": 3, "inputs_answered": 2},
        HINDSIGHT: {**extended, "statements": 3, "inputs": 2, "inputs_answered": 1},
        NOW: {**extended, "statements": 3, "inputs": 2, "inputs_answered": 2},
    }
    raised = {OPEN: 0, DECLARED: 2, LETTER: 3, HINDSIGHT: 2, NOW: 2}
    for point in POINTS:
        counted = story.table("hearings", point, "plan_type", "measure", "year")
        assert counted == {("kommuneplan", measure, "2023"): n for measure, n in hearings[point].items()}
        took_part = story.table("participation-events", point, "record", "phase", "year")
        assert took_part == ({("input", "PL4", "2023"): raised[point]} if raised[point] else {})
        rule = TOO_SHORT if point == OPEN else UNANSWERED
        assert story.table("deviations", point, "rule", "year") == {(rule, "2023"): 1}
        degree = "1" if point == OPEN else "2"
        assert story.table("degrees", point, "noun", "documented") == {("hearing", degree): 1}


def the_chain_of_influence(story: Story) -> None:
    """At each step: how many inputs came to it, and in how many days all together."""
    expected = {
        OPEN: {},
        DECLARED: {"raised": (2, None), "acknowledged": (2, 34 + 20), "answered": (1, 62)},
        LETTER: {"raised": (3, None), "acknowledged": (2, 34 + 20), "answered": (2, 62 + 54)},
        HINDSIGHT: {"raised": (2, None), "acknowledged": (2, 34 + 20), "answered": (1, 54)},
        NOW: {
            "raised": (2, None),
            "acknowledged": (2, 34 + 20),
            "answered": (2, 72 + 54),
            "decided": (1, 184),
            "effected": (1, 320),
            "verified": (1, 337),
            "fed_back": (1, 338),
        },
    }
    for point, steps in expected.items():
        counted = {(step, "inputs", "2023"): n for step, (n, _) in steps.items()}
        for step, (n, days) in steps.items():
            if days is not None:
                counted |= {(step, "inputs_with_days", "2023"): n, (step, "days", "2023"): days}
        assert story.table("influence-chain", point, "step", "measure", "year") == counted


def the_work_lists(story: Story) -> None:
    """Whose, and by which day."""
    hearing = [("the hearing", "2023-02-01")]
    expected = {
        "hearing.refugee_voice": {OPEN: hearing, DECLARED: [], LETTER: [], HINDSIGHT: [], NOW: []},
        "hearing.answer": {OPEN: [], DECLARED: hearing, LETTER: hearing, HINDSIGHT: hearing, NOW: []},
        "input.answer": {
            OPEN: [],
            DECLARED: [("rents", "2023-04-20")],
            LETTER: [],
            HINDSIGHT: [("the bus", "2023-05-02")],
            NOW: [],
        },
    }
    for kind, lists in expected.items():
        assert {point: story.due(kind, point) for point in POINTS} == lists
    # It is to be closed on the last day of the period it was given in the end.
    assert story.due("hearing.close", Point("2023-03-08", "2023-03-08")) == []
    assert story.due("hearing.close", Point("2023-03-22", "2023-03-22")) == [("the hearing", "2023-03-22")]
    assert story.due("hearing.close", DECLARED) == []


def what_was_put_right(told: Told) -> None:
    """Who departed from which rule, and who put right what; what is seen otherwise since."""
    story = told.story
    assert [
        (entry["type"], entry["recorded_by"], [each["rule"] for each in entry["deviations"]])
        for entry in story.audit("deviating=true")
    ] == [
        ("hearing.opened", {"id": "a-30", "role": "coordinator", "unit": "plan"}, [TOO_SHORT]),
        ("hearing.answered", {"id": "a-30", "role": "coordinator", "unit": "plan"}, [UNANSWERED]),
    ]
    assert [
        (entry["kind"], story.names[entry["record"]], entry["recorded_at"][:10])
        for kind in ("retracted", "corrected")
        for entry in story.audit(f"kind={kind}")
    ] == [("retracted", "the letter", "2023-07-03"), ("corrected", "the bus", "2023-08-14")]

    since_may = f"from={DECLARED.known}&on={DECLARED.on}"
    assert [each["pointer"] for each in story.differences(told.hearing, since_may)] == [
        "/statement_count",
        "/statements",
        "/inputs",
        "/degrees/evidence",
    ]
    since_june = f"from={LETTER.known}&on={LETTER.on}"
    assert [
        (each["codes"]["measure"], each["from"]["value"], each["to"]["value"])
        for each in story.differences("/v1/tables/hearings", since_june)
    ] == [("inputs", 3, 2), ("inputs_answered", 2, 1)]


def _id(record: str) -> str:
    return record.rpartition("/")[2]
