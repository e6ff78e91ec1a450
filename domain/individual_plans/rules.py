"""What an individual plan owes, departs from and can show an inspection: pure functions of its effective history.

Every comparison of days takes the bound that does not accuse; the parameters are the dated rows of `domain.rules`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from domain import codebook, rules
from domain.aggregate import Broken
from domain.events import MISSING, NOT_RECORDED, Event
from domain.history import Step
from domain.individual_plans.events import (
    Closed,
    CoAuthored,
    CompetenceMapped,
    ComplaintFiled,
    Decided,
    Described,
    MaterialLifeChangeRegistered,
    RegisteredAsExisting,
    Reviewed,
    ReviewMissed,
    ReviewScheduled,
    Revised,
    RevisionDecided,
    Together,
)
from domain.inspections import Answer
from domain.time import months_after

Given = Literal["yes", "no", "partly", "not_recorded", "not_applicable"]
"""How a question is answered (codebook list `inspection-answers`)."""

DRAFTING: Final = ("initiated", "drafted", "co_authored")
"""The states a plan has before it is decided."""


class Review(NamedTuple):
    """A review that is or was due: why (codebook list `review-types`), by which day, and how it went.

    `missed` is each time it was said not to be held; `ended` is the closing, if that certainly came too late.
    """

    kind: str
    due_on: date
    held: Step | None = None
    missed: tuple[Step, ...] = ()
    ended: Step | None = None

    @property
    def owed(self) -> bool:
        """Whether it is still to be held."""
        return not self.held and not self.ended

    @property
    def in_time(self) -> bool:
        """Whether it may have been held by its day."""
        return self.held is not None and not past(self.held, self.due_on)

    @property
    def broken_at(self) -> Step | None:
        """The first event that certainly came after the due day, with no review before it."""
        come = (step for step in (*self.missed, self.held, self.ended) if step and past(step, self.due_on))
        return None if self.in_time else next(come, None)

    def outcomes(self) -> Iterator[tuple[str, date]]:
        """How it went (codebook list `review-outcomes`), each outcome with the day it holds from, in order."""
        if self.held and self.in_time:
            yield "in_time", self.held.ends
        elif self.due_on < date.max:
            overdue = self.due_on + timedelta(days=1)
            yield "not_held_yet", overdue
            given_up = [max(overdue, step.ends) for step in (*self.missed, self.ended) if step]
            if given_up and not (self.held and self.held.ends < min(given_up)):
                yield "missed", min(given_up)
            if self.held:
                yield "late", self.held.ends


class Change(NamedTuple):
    """A material change of a decided plan, the decisions that may be of it, and the review or closing it went on to."""

    step: Step
    decisions: tuple[Step, ...]
    end: Step | None


def reviews(steps: Sequence[Step]) -> list[Review]:
    """Every review that was ever due or is: at intervals, then at life changes."""
    closing = next((step for step in steps if _closes(step.event)), None)
    while_open = [step for step in _known(steps) if closing is None or not step.certainly_after(closing)]
    due = [*_at_intervals(while_open), *_at_life_changes(while_open)]
    ended = [review._replace(ended=closing) if not review.held else review for review in due]
    return [review for review in ended if review.ended is None or past(review.ended, review.due_on)]


def decision_limit(described: Described) -> date | None:
    """The last day to decide a plan: months after the settlement or the claim, whichever is said to be last."""
    days = [day for day in (described.settled_on, described.claimed_on) if day]
    months = rules.value("decision_months", described.legal_regime, max(days)) if days else None
    return months_after(max(days), months) if months else None


def broken(steps: Sequence[Step]) -> Iterator[Broken]:
    """The rules an effective history departs from (codebook list `rules`)."""
    found: list[tuple[str, Step]] = [
        *(("participation_not_recorded", step) for step in steps if _not_recorded_who(step.event)),
        *(("view_not_recorded", step) for step in steps if _view_not_recorded(step.event)),
        *(("decided_without_co_authorship", step) for step in steps if _decided_alone(step, steps)),
        *(("decided_late", step) for step in _decided_late(steps)),
        *(("review_overdue", review.broken_at) for review in reviews(steps) if review.broken_at),
        *(("material_change_without_decision", each.end) for each in changes(steps) if each.end and not each.decisions),
        *(("reviewed_after_closing", step) for step in steps if _after_closing(step, steps)),
        *(("competence_mapped_again", step) for step in _mapped_again(steps)),
        *(("appeal_period", step) for step in steps if _appealed_late(step, steps)),
    ]
    for rule, event_id in dict.fromkeys((rule, step.event_id) for rule, step in found):
        yield Broken(f"individual_plan.{rule}", event_id)


def changes(steps: Sequence[Step]) -> Iterator[Change]:
    """The material changes of a decided plan, each between a decision or review and the next, or the closing."""
    known = _known(steps)
    turns = [step for step in known if begins(step.event) or isinstance(step.event, Reviewed | Closed)]
    first = next((i for i, step in enumerate(turns) if begins(step.event)), len(turns))
    decisions = [step for step in known if isinstance(step.event, Decided | RevisionDecided)]
    for start, end in pairwise((*turns[first:], None)):
        assert start is not None
        meant = (each for each in decisions if each is not start and not start.certainly_after(each))
        made = tuple(each for each in meant if end is None or not each.certainly_after(end))
        for step in known:
            within = step is start or (isinstance(step.event, Revised) and step.certainly_after(start))
            if within and _is_material(step.event) and (end is None or end.certainly_after(step)):
                yield Change(step, made, end)


def past(step: Step, day: date) -> bool:
    """Whether a step certainly came after a day."""
    return step.starts is not None and step.starts > day


def begins(event: Event) -> bool:
    """Whether a plan was decided with an event, or by the time the event tells of."""
    if isinstance(event, RegisteredAsExisting):
        return event.state not in (*DRAFTING, *MISSING)
    return isinstance(event, Decided)


def described(steps: Sequence[Step]) -> Described | None:
    """What the plan's opening says of it."""
    return next((step.event for step in steps if isinstance(step.event, Described)), None)


def _regime(steps: Sequence[Step]) -> str:
    opening = described(steps)
    return opening.legal_regime if opening else "unknown"


def _closes(event: Event) -> bool:
    return isinstance(event, Closed) or (isinstance(event, RegisteredAsExisting) and event.state == "closed")


def _known(steps: Sequence[Step]) -> Sequence[Step]:
    """The steps that can be judged by those around them: before a plan was registered as existing, some are untold."""
    existing = next((step for step in steps if isinstance(step.event, RegisteredAsExisting)), None)
    return [step for step in steps if existing is None or not existing.certainly_after(step)]


def _at_intervals(steps: Sequence[Step]) -> Iterator[Review]:
    """From a decision or a review to the next: due when agreed or, if that is earlier, an interval later."""
    regime = _regime(steps)
    agreed: date | None = None
    base: Step | None = None
    due: date | None = None
    missed: tuple[Step, ...] = ()
    for step in steps:
        match step.event:
            case RegisteredAsExisting(next_review_due=day):
                agreed = day
            case ReviewScheduled(due_on=day) if _in_its_time(step, base, due):
                agreed, missed = day, ()
            case ReviewMissed(review_type=kind) if due and kind != "life_change":
                missed = (*missed, step)
            case Decided() if due is None or not past(step, due):
                base, missed = step, ()
            case Reviewed(next_review_due=day):
                if due:
                    yield Review("interval", due, _held(steps, base, due), missed)
                agreed, base, missed = day, step, ()
            case _:
                continue
        due = _due(agreed, base, regime)
    if due:
        yield Review("interval", due, _held(steps, base, due), missed)


def _due(agreed: date | None, base: Step | None, regime: str) -> date | None:
    """The earlier of the day agreed and an interval after the decision or the last review."""
    months = rules.value("review_months", regime, base.ends) if base else None
    days = (agreed, months_after(base.ends, months) if base and months else None)
    return min((day for day in days if day), default=None)


def _in_its_time(scheduled: Step, base: Step | None, due: date | None) -> bool:
    """Whether a review was scheduled before the one owed was overdue, and surely not before the last was held."""
    before = base is not None and isinstance(base.event, Reviewed) and not scheduled.certainly_after(base)
    return not before and (due is None or not past(scheduled, due))


def _held(steps: Sequence[Step], base: Step | None, due: date) -> Step | None:
    """The review held since: the first that may have come in time, else the first."""
    since = [step for step in steps if step is not base and not (base and base.certainly_after(step))]
    held = [step for step in since if isinstance(step.event, Reviewed)]
    return next((step for step in held if not past(step, due)), held[0] if held else None)


def _at_life_changes(steps: Sequence[Step]) -> Iterator[Review]:
    """For each material change in the participant's life while the plan is decided: some days later."""
    begun = next((step for step in steps if begins(step.event)), None)
    for change in steps:
        if not isinstance(change.event, MaterialLifeChangeRegistered) or not begun or not change.certainly_after(begun):
            continue
        days = rules.value("life_change_review_days", _regime(steps), change.ends)
        if days:
            due = change.ends + timedelta(days=days)
            held = _held(steps, change, due)
            until = [step for step in steps if not (held and step.certainly_after(held))]
            since = (step for step in until if not change.certainly_after(step))
            missed = tuple(step for step in since if _life_change_review_missed(step.event))
            yield Review("life_change", due, held, missed)


def _life_change_review_missed(event: Event) -> bool:
    return isinstance(event, ReviewMissed) and event.review_type == "life_change"


def _is_material(event: Event) -> bool:
    return "material" in (getattr(event, "outcome", None), getattr(event, "extent", None))


def _not_recorded_who(event: Event) -> bool:
    """Whoever records a meeting about the plan owes who was there; of an older one it may be unknown by now."""
    return isinstance(event, Together) and event.took_part == (NOT_RECORDED,)


def _view_not_recorded(event: Event) -> bool:
    return isinstance(event, Together) and event.participant_view in (NOT_RECORDED, "not_asked")


def _after_closing(step: Step, steps: Sequence[Step]) -> bool:
    after = isinstance(step.event, Reviewed)
    return after and any(_closes(each.event) and step.certainly_after(each) for each in steps)


def _decided_alone(step: Step, steps: Sequence[Step]) -> bool:
    return isinstance(step.event, Decided) and not any(_may_be_shared(each, step) for each in steps)


def _may_be_shared(step: Step, decision: Step) -> bool:
    """Whether a step tells, or leaves possible, that the participant had drawn up the plan by the decision."""
    if isinstance(step.event, RegisteredAsExisting):
        return step.event.state not in ("initiated", "drafted")
    shared = isinstance(step.event, CoAuthored) and not step.event.without_participant
    return shared and not step.certainly_after(decision)


def _decided_late(steps: Sequence[Step]) -> Iterator[Step]:
    opening = described(steps)
    if opening is None or (isinstance(opening, RegisteredAsExisting) and opening.state not in DRAFTING):
        return
    first, limit = next((step for step in steps if isinstance(step.event, Decided)), None), decision_limit(opening)
    if first and limit and past(first, limit):
        yield first


def _mapped_again(steps: Sequence[Step]) -> Iterator[Step]:
    opening = described(steps)
    mapped = [step for step in steps if isinstance(step.event, CompetenceMapped)]
    if opening and opening.pathway == "resettlement":
        for times, step in enumerate(mapped, start=1):
            allowed = rules.value("competence_mappings", opening.legal_regime, step.ends)
            if allowed is not None and times > allowed:
                yield step


def _appealed_late(step: Step, steps: Sequence[Step]) -> bool:
    decisions = [each for each in steps if isinstance(each.event, Decided | RevisionDecided)]
    since = max((each.ends for each in decisions if not each.certainly_after(step)), default=None)
    if not isinstance(step.event, ComplaintFiled) or since is None:
        return False
    weeks = rules.value("appeal_weeks", rules.HOUSE, since)
    return weeks is not None and past(step, since + timedelta(weeks=weeks))


def _decided(steps: Sequence[Step]) -> Answer:
    last = _last_decision(steps)
    if last is None:
        return Answer("decided", NOT_RECORDED)
    given: dict[str, Given] = {"individual_decision": "yes", "other": "no"}
    return Answer("decided", given.get(last[1].decision_form, NOT_RECORDED), (last[0].event_id,))


def _co_authored(steps: Sequence[Step]) -> Answer:
    alone = [step for step in steps if _decided_alone(step, steps)]
    shared = [step for step in steps if isinstance(step.event, CoAuthored)]
    told = [step.event for step in shared if isinstance(step.event, CoAuthored)]
    there = [event for event in told if "participant" in event.took_part]
    heard = [event for event in there if event.participant_view in ("recorded", "declined")]
    answer: Given = NOT_RECORDED
    if alone or (shared and all(event.without_participant for event in told)):
        answer = "no"
    elif there:
        answer = "yes" if heard else "partly"
    return Answer("co_authored", answer, tuple(step.event_id for step in (*alone, *shared)))


def _required_contents(steps: Sequence[Step]) -> Answer:
    regime, last = _regime(steps), _last_decision(steps)
    contents = codebook.load().lists["plan-contents"].codes.values()
    required = {content.code for content in contents if regime in content.regimes}
    if not required and regime not in MISSING:
        return Answer("required_contents", "not_applicable")
    if last is None or not required:
        return Answer("required_contents", NOT_RECORDED)
    found = required & {*last[1].contents}
    answer: Given = "yes" if found == required else "partly" if found else "no"
    if found != required and MISSING & {*last[1].contents}:
        answer = NOT_RECORDED
    return Answer("required_contents", answer, (last[0].event_id,))


def _reassessed(steps: Sequence[Step]) -> Answer:
    due = reviews(steps)
    late = [review for review in due if review.broken_at]
    known = [review for review in due if review.held or review.broken_at]
    shown = dict.fromkeys(step.event_id for review in known for step in (review.held or review.broken_at,) if step)
    answer: Given = "yes" if not late else "partly" if any(review.held for review in known) else "no"
    if not known:
        answer = NOT_RECORDED if due else "not_applicable"
    return Answer("reassessed", answer, tuple(shown))


def _material_changes_decided(steps: Sequence[Step]) -> Answer:
    made = list(changes(steps))
    decided = [change for change in made if change.decisions]
    lacking = [change for change in made if not change.decisions and change.end]
    answer: Given = "partly" if decided and lacking else "yes" if decided else "no"
    if not decided and not lacking:
        answer = NOT_RECORDED if made else "not_applicable"
    decisions = dict.fromkeys(step.event_id for change in decided for step in change.decisions)
    return Answer("material_changes_decided", answer, (*decisions, *(change.step.event_id for change in lacking)))


def _last_decision(steps: Sequence[Step]) -> tuple[Step, Decided] | None:
    return next(((step, step.event) for step in reversed(steps) if isinstance(step.event, Decided)), None)


INSPECTED: Final[tuple[Callable[[Sequence[Step]], Answer], ...]] = (
    _decided,
    _co_authored,
    _required_contents,
    _reassessed,
    _material_changes_decided,
)
"""What answers each question of an inspection of individual plans."""
