"""One synthetic person's way: registered, a plan, a municipal dwelling, guidance, and perhaps a home of their own."""

from datetime import date, timedelta
from typing import Any

from api.synthetic.telling import PROPORTIONS, Teller, Told

LANGUAGES = ("ar", "fa", "so", "ti", "uk", "en", "fr", "my", "sw", "ckb")
COUNTRIES = ("SY", "AF", "SO", "ER", "UA", "CD", "MM", "IQ", "SD", "TR")
DOMAINS = ("housing", "work", "education", "language", "family", "participation")
CRITERIA = ("space", "near_school", "near_bus", "near_family", "safety", "affordable", "quiet")
ACT = "integreringsloven_2021"


def life(teller: Teller) -> list[Told]:
    """Everything told of one person. Two in five had come before the ledger."""
    long_here = teller.chance(0.4)
    span = (teller.until - teller.since).days
    arrived = teller.since - teller.days(60, 700) if long_here else teller.since + teller.days(1, max(1, span - 30))
    person = _registered(teller, arrived, long_here)
    participant = {"$ref": person}
    _plan(teller, participant, arrived, long_here)
    tenancy = _tenancy(teller, participant, arrived, long_here)
    if teller.chance(0.55):
        _guidance(teller, participant, max(arrived, teller.since) + teller.days(10, 60))
    moved = arrived + teller.days(420, 1_100)
    if moved > teller.since and teller.chance(0.6):
        _move_out(teller, participant, tenancy, moved)
    elif teller.chance(0.06):
        left = max(arrived, teller.since) + teller.days(200, 900)
        teller.record("participant.departed", left, person, destination=teller.one("another_municipality", "abroad"))
    return teller.lines()


def _registered(teller: Teller, arrived: date, long_here: bool) -> str:
    profile: dict[str, Any] = {
        "pathway": teller.one("resettlement", "resettlement", "reception_centre", "family_reunification"),
        "age_band": teller.one("18_24", "25_39", "25_39", "40_54", "55_66"),
        "gender": teller.one("woman", "man"),
        "country": teller.one(*COUNTRIES),
        "language": teller.one(*LANGUAGES),
        "interpreter_need": teller.one("needed", "needed", "not_needed", "not_assessed"),
        "settled_on": arrived.isoformat(),
        "display_name": f"Syntetisk person {teller.name}",
    }
    if teller.chance(0.85):
        profile |= {"informed": teller.one("conversation_interpreted", "conversation", "written")}
    if teller.chance(0.9):
        profile |= {"contact_person": teller.actor, "contact_unit": "flyktning"}
    if long_here:
        state = {"state": "active"}
        person = teller.open("participant.registered_as_existing", arrived, "person", **state, **profile)
    else:
        person = teller.open("participant.registered", arrived, "person", **profile)
    begun = max(arrived, teller.since)
    if "informed" not in profile and teller.chance(0.5):
        teller.record("participant.informed", begun + teller.days(20, 200), person, how="group_meeting")
    if teller.chance(0.2):
        colleague = f"k{teller.random.randrange(1, 13):02}"
        changed = begun + teller.days(100, 500)
        teller.record("participant.contact_person_assigned", changed, person, contact_person=colleague)
    if teller.chance(0.05):
        teller.record("participant.research_reservation_registered", begun + teller.days(1, 90), person)
    return person


def _plan(teller: Teller, participant: dict[str, str], arrived: date, long_here: bool) -> None:
    begun = max(arrived, teller.since) + teller.days(5, 40)
    described: dict[str, Any] = {"participant": participant, "legal_regime": ACT, "plan_kind": "integration_plan"}
    if long_here:
        last = teller.since + teller.days(0, 150)
        existing = {"state": "in_force", "next_review_due": last.isoformat()}
        plan = teller.open("individual_plan.registered_as_existing", teller.since, "plan", **described, **existing)
        decided = begun
    else:
        plan = teller.open("individual_plan.initiated", begun, "plan", **described, settled_on=arrived.isoformat())
        decided = begun + teller.days(20, 110)
        if teller.chance(0.7):
            by = teller.one("goal_stated", "goal_stated", "goal_proposed")
            goal = {"goal_domain": teller.one(*DOMAINS), "agreed": teller.one("yes", "yes", "partly")}
            teller.record(f"individual_plan.{by}", decided - teller.days(1, 15), plan, **goal)
        if teller.chance(0.75):
            teller.record("individual_plan.co_authored", decided - teller.days(0, 9), plan, **_together(teller))
        contents = teller.some(("final_goal", "norwegian_goal", "extent_of_training", "duration", "content"), 5)
        form = {"decision_form": teller.one("individual_decision", "individual_decision", "other")}
        teller.record("individual_plan.decided", decided, plan, contents=contents, **form)
    closed = decided + teller.days(500, 800)
    held, missed = decided, 0
    while held < min(closed, teller.until):
        held += teller.days(150, 215)
        if teller.chance(0.14):
            missed += 1
            reason = teller.one("no_capacity", "no_interpreter", "participant_absent")
            teller.record("individual_plan.review_missed", held, plan, reason=reason)
            continue
        outcome = teller.one("unchanged", "minor", "minor", "material")
        reviewed = {**_together(teller), "outcome": outcome, "review_type": "interval"}
        prevailed = teller.one("participant", "contact_person", "both", "no_difference")
        teller.record("individual_plan.reviewed", held, plan, **reviewed, prevailed=prevailed)
        if outcome == "material" and teller.chance(0.7):
            teller.record("individual_plan.revision_decided", held + teller.days(1, 30), plan)
    if teller.chance(0.25):
        change = teller.one("health", "child", "work", "housing")
        teller.record(
            "individual_plan.material_life_change_registered", decided + teller.days(60, 400), plan, change=change
        )
    if teller.chance(0.8):
        reason = teller.one("completed", "completed", "interrupted", "moved")
        teller.record("individual_plan.closed", closed, plan, reason=reason)


def _together(teller: Teller) -> dict[str, Any]:
    present = ["participant", "contact_person"] if teller.chance(0.88) else ["contact_person"]
    if teller.chance(0.5):
        present.append("interpreter")
    view = "recorded" if teller.chance(0.8) else "not_recorded"
    return {"took_part": present, "participant_view": view}


def _tenancy(teller: Teller, participant: dict[str, str], arrived: date, long_here: bool) -> dict[str, str]:
    described: dict[str, Any] = {"participant": participant, "household_size": teller.random.randint(1, 6)}
    if long_here:
        existing = {"state": "started", "tenure": "municipal_rental", "choice": teller.one("no_real_choice", "partly")}
        return {"$ref": teller.open("tenancy.registered_as_existing", arrived, "tenancy", **described, **existing)}
    criteria = [{"code": code} for code in teller.some(CRITERIA, 3)]
    stated = arrived - teller.days(5, 40)
    tenancy = teller.open("tenancy.need_stated", max(stated, teller.since), "tenancy", **described, criteria=criteria)
    presented = arrived - teller.days(0, 4)
    constraints = teller.some(("no_vacancy", "wrong_size", "wrong_place", "economy"), 2)
    if teller.chance(0.7):
        options = {"n_options": teller.random.choice((1, 1, 1, 2, 3)), "constraints": constraints}
        teller.record("tenancy.options_presented", max(presented, teller.since), tenancy, **options)
    if teller.chance(0.6):
        choice = teller.one("no_real_choice", "no_real_choice", "partly", "own_choice")
        chosen = {"choice": choice, "constraints": constraints if choice == "no_real_choice" else []}
        teller.record("tenancy.chosen", max(arrived, teller.since), tenancy, **chosen)
    else:
        asked = teller.one("asked", "informed", "not_involved")
        teller.record("tenancy.allocated", max(arrived, teller.since), tenancy, participation=asked)
    lease = {"tenure": "municipal_rental", "lease_months": 36}
    teller.record("tenancy.started", max(arrived, teller.since) + teller.days(0, 5), tenancy, **lease)
    if teller.chance(0.2):
        safety = teller.one("safe", "partly_safe", "unsafe")
        teller.record("tenancy.safety_experience_reported", arrived + teller.days(90, 400), tenancy, safety=safety)
    return {"$ref": tenancy}


def _guidance(teller: Teller, participant: dict[str, str], begun: date) -> None:
    guidance = teller.open("guidance.assigned", begun, "guidance", participant=participant, unit="bolig")
    held = begun
    for _ in range(teller.random.randint(2, 7)):
        held += teller.days(7, 50)
        session: dict[str, Any] = {
            "mode": teller.one("inform", "guide", "guide", "demonstrate"),
            "themes": teller.some(("economy", "use_of_dwelling", "fire_safety", "waste", "lease"), 2),
            "interpreter": teller.one("qualified", "qualified", "none_needed", "none_available", "relative", "child"),
            "minutes": teller.random.choice((30, 45, 60, 90)),
        }
        teller.record("guidance.session_held", held, guidance, **session)
    teller.record("guidance.closed", held + teller.days(5, 60), guidance, reason=teller.one("mastered", "moved"))


def _move_out(teller: Teller, participant: dict[str, str], tenancy: dict[str, str], moved: date) -> None:
    planned = max(moved - teller.days(30, 150), teller.since)
    asked = {"initiated_by": teller.one("household", "municipality", "mutual"), "participation": "agreed"}
    move = teller.open("move_out.planned", planned, "move", participant=participant, tenancy=tenancy, **asked)
    if teller.chance(0.6):
        outcome = teller.one("agreed", "too_expensive", "given_to_others")
        teller.record("move_out.viewing_attended", planned + teller.days(5, 25), move, viewing_outcome=outcome)
    if teller.chance(0.08):
        teller.record("move_out.abandoned", moved, move, abandon_reason=teller.one("economy", "no_dwelling"))
        return
    told = {
        "destination": teller.one("own_rented", "own_rented", "own_rented", "own_owned", "other_municipality"),
        "voluntariness_own": teller.one("voluntary", "partly", "involuntary", "not_asked"),
        "voluntariness_staff": teller.one("voluntary", "voluntary", "partly"),
    }
    teller.record("move_out.moved", moved, move, **told)
    teller.record("tenancy.ended", moved + teller.days(0, 10), tenancy["$ref"], end_reason="moved_to_own")
    end, chosen = timedelta(days=900), teller.random.random()
    if chosen < PROPORTIONS["returned"]:
        end = teller.days(120, 600)
        reason = teller.one("economy", "lost_lease", "unfit_dwelling")
        teller.record("move_out.returned", moved + end, move, return_reason=reason)
    elif chosen < PROPORTIONS["returned"] + PROPORTIONS["lost"]:
        end = teller.days(60, 500)
        teller.record("move_out.lost_to_follow_up", moved + end, move, lost_reason=teller.one("no_contact", "moved_on"))
    for month in (3, 6, 12, 24):
        day = moved + timedelta(days=round(month * 30.4) + teller.random.randint(-10, 25))
        if day < moved + end and teller.chance(0.7):
            stability = teller.one("stable", "stable", "stable", "at_risk")
            teller.record("move_out.followed_up", day, move, milestone=month, stability=stability)
