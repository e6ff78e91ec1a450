"""The synthetic municipality's own work: a register, a reference group, meetings, hearings and their inputs."""

from datetime import date, timedelta
from typing import Any

from api.synthetic.telling import Teller, Told

STAGES = ("acknowledged", "assessed", "answered", "decided", "effected", "verified")


def years(teller: Teller, persons: int) -> list[Told]:
    """Everything told of the municipality's own work, more of it the more persons there are."""
    scale = max(1, round(persons**0.5 / 7))
    register = teller.open("register.opened", teller.since, "register", scope="every_hearing")
    for gap in ("refugees", "closed_groups"):
        teller.record("register.coverage_gap_flagged", teller.since + teller.days(5, 30), register, gap=gap)
    _group(teller)
    day, at = teller.since + teller.days(10, 30), 0
    while day < teller.until:
        for _ in range(scale):
            _meeting(teller, day + teller.days(0, 20), at)
            at += 1
        day += timedelta(days=30)
    day, at = teller.since + teller.days(60, 120), 0
    while day < teller.until:
        for _ in range(max(1, scale // 3)):
            _hearing(teller, day + teller.days(0, 30), at, register)
            at += 1
        day += timedelta(days=150)
    return teller.lines()


def _group(teller: Teller) -> None:
    proposed = teller.since + teller.days(30, 90)
    described: dict[str, Any] = {"kind": "reference_group", "level": "system", "statutory_basis": "voluntary"}
    body = teller.open("body.proposed", proposed, "group", **described, proposed_by="refugees")
    if teller.chance(0.5):
        teller.record("body.mandate_adopted", proposed + teller.days(20, 60), body, mandate="written")
    teller.record("body.seats_defined", proposed + teller.days(61, 70), body, seats=5)
    taken = [{"n": 3, "gender": "woman", "constituency": "refugees"}, {"n": 2, "gender": "man"}]
    teller.record("body.seated", proposed + teller.days(71, 90), body, selection_method="elected", taken=taken)
    teller.record("body.constituted", proposed + teller.days(91, 100), body)
    sat = proposed + teller.days(110, 130)
    while sat < teller.until:
        teller.record("body.sat", sat, body, attended=teller.random.randint(2, 5))
        sat += teller.days(60, 100)


def _meeting(teller: Teller, day: date, at: int) -> None:
    described = {
        "kind": teller.one("dialogue_meeting", "theme_evening", "parents_meeting", "evening_course"),
        "level": teller.one("system", "individual"),
        "composition": teller.one("joint", "refugees_only"),
        "phase": teller.one("P3", "P4", "P5", "P6", "P7"),
    }
    meeting = teller.open("meeting.scheduled", day - teller.days(8, 20), f"meeting{at}", **described)
    invited = teller.random.randint(8, 60)
    teller.record("meeting.invited", day - teller.days(3, 7), meeting, invited=invited)
    if teller.chance(0.07):
        teller.record("meeting.cancelled", day, meeting, reason="few_registered")
        return
    there = teller.random.randint(3, invited)
    need = teller.one("needed", "needed", "not_needed", "not_assessed")
    tally = {"attended": there, "refugees": max(0, there - 2), "staff": min(2, there)}
    teller.record("meeting.held", day, meeting, interpreter_need=need, tally=tally)
    for number in range(teller.random.randint(0, 3)):
        _input(teller, day, f"meeting{at}-{number}", source={"$ref": meeting})


def _hearing(teller: Teller, opened: date, at: int, register: str) -> None:
    deadline = opened + teller.days(25, 60)
    described = {
        "plan_type": teller.one("kommuneplan", "boligsosial_handlingsplan", "thematic_plan"),
        "deadline": deadline.isoformat(),
        "level": "system",
        "document_version": "v1",
    }
    hearing = teller.open("hearing.opened", opened, f"hearing{at}", **described)
    listed = {"invited": teller.random.randint(10, 60), "refugee_voice": teller.one("no", "no", "yes")}
    teller.record(
        "hearing.recipient_list_fixed", opened + teller.days(0, 5), hearing, **listed, register={"$ref": register}
    )
    inputs = []
    for number in range(teller.random.randint(1, 5)):
        day = opened + teller.days(6, 24)
        raised = _input(teller, day, f"hearing{at}-{number}", hearing={"$ref": hearing})
        inputs.append({"$ref": raised})
        by = teller.one("refugees", "organisation", "representatives")
        stated = {"submitted_by": by, "document_version": "v1", "inputs": inputs[-1:]}
        teller.record("hearing.statement_received", day + timedelta(days=1), hearing, **stated)
    teller.record("hearing.closed", deadline + teller.days(0, 5), hearing)
    teller.record("hearing.summarised", deadline + teller.days(10, 40), hearing)
    teller.record("hearing.answered", deadline + teller.days(41, 160), hearing)


def _input(teller: Teller, day: date, ref: str, **source: Any) -> str:
    described = {"kind": teller.one("wish", "proposal", "experience", "question"), "level": "system"}
    raised = teller.open("input.raised", day, ref, **described, voiced_by="refugees", **source)
    for stage in STAGES[: teller.random.choice((0, 1, 3, 4, 4, 5, 6))]:
        day += teller.days(5, 60)
        body: dict[str, Any] = {}
        if stage == "acknowledged":
            body = {"answering_unit": "bolig", "answer_due": (day + teller.days(14, 60)).isoformat()}
        elif stage == "decided":
            body = {"outcome": teller.one("adopted", "partly", "rejected", "deferred"), "deciding_unit": "bolig"}
            body["reason"] = teller.one("budget", "housing_stock", "professional_judgement", "not_recorded")
        elif stage == "effected":
            body = {"change": teller.one("service", "allocation", "information")}
        elif stage == "verified":
            body = {"verifying_unit": teller.one("kvalitet", "bolig")}
        teller.record(f"input.{stage}", day, raised, **body)
        if stage == "answered" and teller.chance(0.5):
            teller.record("input.feedback_given", day + teller.days(1, 20), raised, channel="meeting")
    return raised
