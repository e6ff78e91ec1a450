"""Move-outs: from a municipal dwelling to an own one, and how it went there (seed s:102–106, s:233–234, s:374).

planned → readiness assessed → viewings → moved → followed up → stable, returned or lost; abandoned. A skipped state is
no deviation. Whether they wanted to is said twice: in the person's own word, and as staff saw it. A member that two
events have is of the record: the last to say it holds.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from domain import rules
from domain.aggregate import Broken, Others, Reference, refuse_unknown
from domain.degrees import Experienced, Promised
from domain.duties import Duty
from domain.errors import UnknownReference
from domain.events import MISSING, NOT_RECORDED, Count, Event
from domain.history import Step
from domain.move_out_events import (
    Abandoned,
    Described,
    FollowedUp,
    LostToFollowUp,
    Moved,
    Planned,
    ReadinessAssessed,
    RegisteredAsExisting,
    Returned,
    StabilityConfirmed,
    ViewingAttended,
)
from domain.personal import PersonalRecord
from domain.time import months_after

_STANDINGS: Final = {
    "moved": "open",
    "followed_up": "open",
    "stability_confirmed": "stable",
    "returned": "returned",
    "lost_to_follow_up": "lost",
}
"""How a move-out in that state stands after the move, as far as the state alone tells."""


class Standing(NamedTuple):
    """How it stood after the move (codebook list `move-out-standings`), from one day until another (None: still)."""

    code: str
    since: date
    until: date | None


class MoveOut(PersonalRecord):
    """One move-out, as its effective history tells it."""

    noun = "move_out"
    events = (
        Planned,
        ReadinessAssessed,
        ViewingAttended,
        Moved,
        FollowedUp,
        StabilityConfirmed,
        Returned,
        LostToFollowUp,
        Abandoned,
        RegisteredAsExisting,
        Promised,
        Experienced,
    )

    state = "unknown"
    moved: Step | None = None
    tenancy = "unknown"
    initiated_by = NOT_RECORDED
    participation = NOT_RECORDED
    planned_on: date | None = None
    plan: str | None = None
    plan_words: str | None = None
    readiness = NOT_RECORDED
    readiness_own = NOT_RECORDED
    assessment: str | None = None
    viewings = 0
    viewed_tenure = NOT_RECORDED
    viewing_outcome = NOT_RECORDED
    viewing_words: str | None = None
    destination = NOT_RECORDED
    tenure = NOT_RECORDED
    voluntariness_own = NOT_RECORDED
    voluntariness_staff = NOT_RECORDED
    move_words: str | None = None
    milestone: Count = NOT_RECORDED
    stability = NOT_RECORDED
    needs: tuple[str, ...] = ()
    own_view = NOT_RECORDED
    follow_up_words: str | None = None
    follow_up_note: str | None = None
    months_since_move: Count = NOT_RECORDED
    stability_note: str | None = None
    return_reason = NOT_RECORDED
    return_words: str | None = None
    lost_reason = NOT_RECORDED
    abandon_reason = NOT_RECORDED
    abandoned_by = NOT_RECORDED
    abandon_explanation: str | None = None
    _standings: tuple[tuple[str, date], ...] = ()

    def apply(self, step: Step) -> None:
        event = step.event
        self.hear(event)
        self.state = _state(event)
        if self.state == "moved":
            self.moved = step
        if isinstance(event, ViewingAttended):
            self.viewings += 1
        code = self._seen(event)
        if code != self.standing:
            self._standings = (*self._standings, (code, step.ends))

    def _seen(self, event: Event) -> str:
        """How an event shows that it stands after the move; what it does not show is as before."""
        if isinstance(event, FollowedUp):
            if event.stability in MISSING and self.standing not in (NOT_RECORDED, "lost"):
                return self.standing
            return "stable" if event.stability == "stable" else "open"
        if self.state == "moved" and self.standing != NOT_RECORDED:
            return self.standing
        return _STANDINGS.get(self.state, self.standing)

    @property
    def moved_from(self) -> date | None:
        """The first day they may have moved on."""
        return self.moved.starts if self.moved else None

    @property
    def moved_to(self) -> date | None:
        """The last day they may have moved on; None, too, when the end is open."""
        return self.moved.event.meta.occurred_to if self.moved else None

    @property
    def standing(self) -> str:
        """How it stands after the move; `not_recorded` while nobody has moved."""
        return self._standings[-1][0] if self._standings else NOT_RECORDED

    @property
    def next_follow_up_on(self) -> date | None:
        """The day the first follow-up still owed is due."""
        return min((duty.due_on for duty in self.duties() if duty.due_on), default=None)

    def standings(self) -> Iterator[Standing]:
        """How it has stood since the move, each from the day it was seen; of a move on unknown days, too."""
        ends = [*(since for _, since in self._standings), None][1:]
        for (code, since), until in zip(self._standings, ends, strict=True):
            yield Standing(code, since, until)

    def duties(self) -> Iterator[Duty]:
        """The follow-ups after the last that was held, until the last of them, a return or that nobody finds them."""
        if self.moved is None or self.state in ("returned", "lost_to_follow_up", "abandoned"):
            return
        milestones = Milestones(self.moved)
        met = 0
        for step in self.steps:
            if isinstance(step.event, FollowedUp):
                met = max(met, min(milestones.met(step), default=0))
            if isinstance(step.event, StabilityConfirmed) and milestones.reached(step) >= max(
                milestones.months, default=0
            ):
                return
        for month in milestones.months:
            if month > met:
                yield Duty("move_out.follow_up", months_after(self.moved.ends, month), self.subject)

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        ends = [step for step in steps if _state(step.event) in ("returned", "abandoned")]
        for step in steps:
            if any(step.certainly_after(end) for end in ends):
                yield Broken("move_out.recorded_after_end", step.event_id)
        moves = [step for step in steps if isinstance(step.event, Moved)]
        if moves:
            yield from _not_followed_up(Milestones(moves[-1]), steps)

    @classmethod
    def references(cls, event: Event) -> Iterator[Reference]:
        yield from super().references(event)
        if isinstance(event, Described) and event.left is not None:
            yield Reference("tenancy", event.left, "/tenancy")

    @classmethod
    def considering(cls, event: Event, others: Others) -> Event:
        if isinstance(event, Described) and event.left is not None:
            tenancy = others("tenancy", event.left)
            if tenancy.subject != event.participant:
                raise UnknownReference("/tenancy", "this participant has no such tenancy")
        return event

    @classmethod
    def check(cls, event: Event) -> None:
        for i, need in enumerate(getattr(event, "needs", ())):
            refuse_unknown("housing-criteria", need, f"/needs/{i}")


class Milestones:
    """When a move is followed up: so many months after the last day it may have been on.

    A follow-up is of the milestone it names. One that names none is of the milestone it is nearest to: from half-way
    after the one before (at first: the move) to half-way to the next (at last: as if one came as long after). Where
    the days of the move or of the follow-up are not certain, it is of every milestone they allow. Who moved to another
    municipality is followed up there, if anywhere.
    """

    def __init__(self, moved: Step) -> None:
        self._first, self._last = moved.starts, moved.ends
        elsewhere = getattr(moved.event, "destination", None) == "other_municipality"
        self.months = () if elsewhere else rules.values("follow_up_months", rules.HOUSE, moved.ends)
        after = 2 * self.months[-1] - (0, *self.months)[-2] if self.months else 0
        self._marks = (0, *self.months, after)

    def reached(self, step: Step) -> int:
        """The months it has certainly come to, the nearest mark at the earliest."""
        return self._nearest(step.starts, self._last) if step.starts else 0

    def met(self, step: Step) -> set[int]:
        """The milestones a follow-up may be of."""
        named = getattr(step.event, "milestone", NOT_RECORDED)
        if named in self.months:
            return {named}
        latest = self._nearest(step.ends, self._first) if self._first else self._marks[-1]
        return {month for month in self.months if self.reached(step) <= month <= latest}

    def _nearest(self, day: date, moved: date) -> int:
        return min(self._marks, key=lambda month: abs(day - months_after(moved, month)))


def _not_followed_up(milestones: Milestones, steps: Sequence[Step]) -> Iterator[Broken]:
    """Each missed milestone, at the first event that certainly came after its time."""
    seen = [
        step for step in steps if isinstance(step.event, FollowedUp | StabilityConfirmed | Returned | LostToFollowUp)
    ]
    settled: set[int] = set()
    for step in seen:
        if isinstance(step.event, FollowedUp):
            settled |= milestones.met(step)
        elif isinstance(step.event, Returned | LostToFollowUp):
            settled |= {month for month in milestones.months if month >= milestones.reached(step)}
    for step in seen:
        missed = {month for month in milestones.months if month < milestones.reached(step)} - settled
        if missed:
            yield Broken("move_out.not_followed_up", step.event_id)
            settled |= missed


def _state(event: Event) -> str:
    return event.state if isinstance(event, RegisteredAsExisting) else event.NAME
