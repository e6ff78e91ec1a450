"""A hearing from its announcement to the effect of what was said in it.

A master plan is sent out on 1 February 2023 with four weeks to answer, two too few (plan- og bygningsloven § 11-14),
to a list of twenty with no voice of refugees on it. Both are mended on 20 February. Refugees state two things: a
playground, and a bus. In April somebody finds a third input in an organisation's letter from March; in June it turns
out to be the playground once more, and is taken back. On 10 May the hearing is declared answered, with one input
answered of three. That the bus was answered on 18 May is told in June. In July the answer about the playground is
corrected from 2 to 12 May. The plan's text is changed, and another unit than the one that decided has seen it.

The five points, and what was counted on paper at each:

    point      known by      of what had    list        state-  inputs,    flagged
               the end of    happened by                ments   answered
    SENT       10.02.2023    10.02.2023     20, silent  0       0, 0       too short
    CLOSED     31.03.2023    31.03.2023     22, voiced  1       2, 0       nothing
    LETTER     30.04.2023    31.03.2023     22, voiced  2       3, 0       nothing
    DECLARED   31.05.2023    15.05.2023     22, voiced  2       3, 1       unanswered
    HINDSIGHT  30.09.2023    15.05.2023     22, voiced  2       2, 1       unanswered
    NOW        30.09.2023    30.09.2023     22, voiced  2       2, 2       unanswered
"""

from collections.abc import Callable
from typing import NamedTuple

from tests.stories.conftest import Point, Story

SENT = Point("2023-02-10", "2023-02-10")
CLOSED = Point("2023-03-31", "2023-03-31")
LETTER = Point("2023-04-30", "2023-03-31")
DECLARED = Point("2023-05-31", "2023-05-15")
HINDSIGHT = Point("2023-09-30", "2023-05-15")
NOW = Point("2023-09-30", "2023-09-30")

SHORT, UNANSWERED = "hearing.period_too_short", "hearing.closed_with_inputs_unanswered"


class Told(NamedTuple):
    """The story, the hearing and the inputs."""

    story: Story
    hearing: str
    playground: str
    bus: str


def tell(story: Story) -> Told:
    """The story, in 21 commands."""
    story.day("2023-02-01", by="a-30")
    plan = {"plan_type": "kommuneplan", "deadline": "2023-03-01", "document_version": "v1"}
    hearing = story.open("the hearing", "/v1/hearings", "2023-02-01", breaking=(SHORT,), **plan)
    story.day("2023-02-03", by="a-30")
    story.put(f"{hearing}/recipient-list", "2023-02-02", invited=20, refugee_voice="no")
    story.post(f"{hearing}/invitations", "2023-02-03", sent_to=20, channel="letter")
    story.day("2023-02-20", by="a-30")
    story.post(f"{hearing}/extensions", "2023-02-20", deadline="2023-03-20")
    story.put(f"{hearing}/recipient-list", "2023-02-20", invited=22, refugee_voice="yes")

    record = hearing.rpartition("/")[2]
    said = {"kind": "proposal", "level": "system", "hearing": record}
    story.day("2023-02-24", by="a-30")
    playground, bus = (
        story.open(name, "/v1/inputs", "2023-02-22", voiced_by="refugees", **said) for name in ("playground", "bus")
    )
    ids = [each.rpartition("/")[2] for each in (playground, bus)]
    stated = {"submitted_by": "refugees", "document_version": "v1", "inputs": ids}
    story.post(f"{hearing}/statements", "2023-02-22", **stated)
    story.day("2023-03-21", by="a-30")
    story.put(f"{hearing}/closing", "2023-03-20")

    # Late: a letter that had lain a month.
    story.day("2023-04-11", by="a-21")
    third = story.open("the letter", "/v1/inputs", "2023-03-10", voiced_by="organisation", **said)
    letter = {"submitted_by": "organisation", "document_version": "unknown", "inputs": [third.rpartition("/")[2]]}
    story.post(f"{hearing}/statements", "2023-03-10", **letter)
    story.post(f"{playground}/acknowledgements", "2023-04-11", answering_unit="plan", answer_due="2023-05-01")
    story.day("2023-05-03", by="a-30")
    story.post(f"{playground}/answers", "2023-05-02", answering_unit="plan", answer="Ja")
    story.day("2023-05-10", by="a-30")
    story.put(f"{hearing}/answer", "2023-05-10", breaking=(UNANSWERED,))

    story.day("2023-06-12", by="a-30")
    story.post(f"{bus}/answers", "2023-05-18", answering_unit="plan", answer="Ikke nå")
    story.retract(third, 1, "samme innspill som lekeplassen")
    story.day("2023-07-03", by="a-30")
    story.correct(playground, 3, "brevet er datert 12. mai", "2023-05-12", answering_unit="plan", answer="Ja")
    decided = {"outcome": "adopted", "reason": "user_view", "deciding_unit": "plan"}
    story.post(f"{playground}/decisions", "2023-06-20", **decided)
    story.day("2023-09-29", by="a-21")
    story.post(f"{playground}/effects", "2023-08-20", change="plan_text")
    story.post(f"{playground}/verifications", "2023-09-28", verifying_unit="bolig")
    story.post(f"{playground}/feedback", "2023-09-29", channel="meeting")
    story.day("2023-10-02", by="a-30")
    return Told(story, hearing, playground, bus)


def test_a_hearing_is_told_from_its_announcement_to_the_effect(begin: Callable[[str], Story]) -> None:
    told = tell(begin("2023-01-02"))
    the_record(told)
    the_figures(told.story)
    the_chain(told.story)
    the_work_lists(told.story)
    what_was_put_right(told)


def the_record(told: Told) -> None:
    """State, list and flags; `answered` of `of` is what the declaration rested on, and stays what it was."""
    shown = ("state", "deadline", "invited", "refugee_voice", "statement_count", "answered", "of")
    none = ("not_recorded", "not_recorded")
    expected = {
        SENT: (("opened", "2023-03-01", 20, "no", 0, *none), [SHORT]),
        CLOSED: (("closed", "2023-03-20", 22, "yes", 1, *none), []),
        LETTER: (("closed", "2023-03-20", 22, "yes", 2, *none), []),
        DECLARED: (("answered", "2023-03-20", 22, "yes", 2, 1, 3), [UNANSWERED]),
        HINDSIGHT: (("answered", "2023-03-20", 22, "yes", 2, 1, 3), [UNANSWERED]),
        NOW: (("answered", "2023-03-20", 22, "yes", 2, 1, 3), [UNANSWERED]),
    }
    for point, (values, flagged) in expected.items():
        wanted = {**dict(zip(shown, values, strict=True)), "deviations": flagged}
        assert told.story.detail(told.hearing, point, *shown) == wanted, point


def the_figures(story: Story) -> None:
    """Invited, heard, answered n of m: of the inputs as they are known at each point."""
    voiced = {"hearings": 1, "invited": 22, "refugee_voice_on_list": 1, "statements_refugees": 1}
    expected = {
        SENT: {"hearings": 1, "invited": 20},
        CLOSED: {**voiced, "statements": 1, "inputs": 2},
        LETTER: {**voiced, "statements": 2, "inputs": 3},
        DECLARED: {**voiced, "statements": 2, "inputs": 3, "inputs_answered": 1},
        HINDSIGHT: {**voiced, "statements": 2, "inputs": 2, "inputs_answered": 1},
        NOW: {**voiced, "statements": 2, "inputs": 2, "inputs_answered": 2},
    }
    for point, wanted in expected.items():
        found = story.table("hearings", point, "plan_type", "measure")
        assert {measure: n for (_, measure), n in found.items() if n} == wanted, point
        assert {plan_type for plan_type, _ in (place for place, n in found.items() if n)} == {"kommuneplan"}
    flagged = {point: story.table("deviations", point, "rule") for point in (SENT, CLOSED, DECLARED)}
    assert {point: {rule for (rule,), n in found.items() if n} for point, found in flagged.items()} == {
        SENT: {SHORT},
        CLOSED: set(),
        DECLARED: {UNANSWERED},
    }


def the_chain(story: Story) -> None:
    """How far the inputs of 2023 came, and in how many days."""
    expected = {
        DECLARED: {("raised", "inputs"): 3, ("acknowledged", "inputs"): 1, ("answered", "inputs"): 1},
        NOW: {
            ("raised", "inputs"): 2,
            ("acknowledged", "inputs"): 1,
            ("answered", "inputs"): 2,
            ("decided", "inputs"): 1,
            ("effected", "inputs"): 1,
            ("verified", "inputs"): 1,
            ("fed_back", "inputs"): 1,
        },
    }
    # From 22 February: to 11 April 48 days; 2 May 69; 12 May 79, 18 May 85; 20 June 118; 20 August 179; 28 and 29
    # September 218 and 219.
    days = {
        DECLARED: {"acknowledged": 48, "answered": 69},
        NOW: {
            "acknowledged": 48,
            "answered": 79 + 85,
            "decided": 118,
            "effected": 179,
            "verified": 218,
            "fed_back": 219,
        },
    }
    for point, wanted in expected.items():
        found = story.table("influence-chain", point, "step", "measure")
        assert {place: n for place, n in found.items() if n and place[1] == "inputs"} == wanted, point
        assert {step: n for (step, measure), n in found.items() if n and measure == "days"} == days[point], point


def the_work_lists(story: Story) -> None:
    """A silent list, a hearing to close, an answer promised and not given, inputs without an answer."""
    silent, promised = "hearing.refugee_voice", "input.answer"
    assert story.due(silent, SENT) == [("the hearing", "2023-02-01")]
    assert story.due(silent, CLOSED) == []
    assert story.due("hearing.close", Point("2023-03-20", "2023-03-20")) == [("the hearing", "2023-03-20")]
    assert story.due("hearing.close", CLOSED) == []
    assert story.due(promised, Point("2023-05-02", "2023-05-02")) == [("playground", "2023-05-01")]
    # The answer came on the 12th, so on the 5th it was owed, though nobody knew that then.
    assert story.due(promised, Point("2023-05-31", "2023-05-05")) == []
    assert story.due(promised, Point("2023-09-30", "2023-05-05")) == [("playground", "2023-05-01")]
    assert story.due(promised, NOW) == []


def what_was_put_right(told: Told) -> None:
    """The audit has who told it, and what it took the place of; the days of the answer differ between the points."""
    corrected = told.story.audit("kind=corrected")
    assert [(each["type"], each["recorded_by"]["id"]) for each in corrected] == [("input.corrected", "a-30")]
    retracted = told.story.audit("kind=retracted")
    assert [each["type"] for each in retracted] == ["input.retracted"]
    broken = told.story.audit("deviating=true")
    assert [[rule["rule"] for rule in each["deviations"]] for each in broken] == [[SHORT], [UNANSWERED]]
    differs = told.story.differences(told.hearing, "from=2023-02-10&to=2023-03-31")
    changed = {each["pointer"]: (each["from"], each["to"]) for each in differs}
    assert changed["/deadline"] == ("2023-03-01", "2023-03-20")
    assert changed["/invited"] == (20, 22)
    assert changed["/state"] == ("opened", "closed")
