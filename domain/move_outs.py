"""Move-outs: from a municipal dwelling to an own one, and how it went there (seed s:102–106, s:233–234, s:374).

planned → readiness assessed → viewings → moved → followed up → stable, returned or lost; abandoned. A skipped state is
no deviation. Whether they wanted to is said twice: in the person's own word, and as staff saw it. A member that two
events have is of the record: the last to say it holds.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, ClassVar, Final, NamedTuple
from uuid import UUID

from domain import rules
from domain.aggregate import Broken, Others, Reference
from domain.degrees import Experienced, Promised
from domain.duties import Duty
from domain.errors import UnknownReference
from domain.events import MISSING, NOT_RECORDED, Casework, Count, Event, IdOrUnknown, Voice, about, codes, several
from domain.history import Step
from domain.personal import OfParticipant, PersonalRecord
from domain.time import months_after

_STANDINGS: Final = {
    "moved": "open",
    "followed_up": "open",
    "stability_confirmed": "stable",
    "returned": "returned",
    "lost_to_follow_up": "lost",
}
"""How a move-out in that state stands after the move, as far as the state alone tells."""


class Described(OfParticipant, frozen=True, kw_only=True):
    """Who is to move out of which tenancy, at whose initiative, and how they took part in planning it."""

    tenancy: IdOrUnknown = "unknown"
    initiated_by: Annotated[str, codes("initiators")] = NOT_RECORDED
    participation: Annotated[str, codes("housing-participations")] = NOT_RECORDED
    planned_on: date | None = None
    plan: Casework = None
    plan_words: Voice = None

    @property
    def left(self) -> UUID | None:
        """The tenancy they move out of, if that is known."""
        return None if self.tenancy == "unknown" else UUID(self.tenancy)


class Planned(Described, frozen=True, kw_only=True):
    """Moving out was planned, for a day if one was set."""

    NAME: ClassVar[str] = "planned"


class ReadinessAssessed(Event, frozen=True, kw_only=True):
    """It was assessed whether they are ready for a home of their own: as staff saw it, and as they say themselves."""

    NAME: ClassVar[str] = "readiness_assessed"

    readiness: Annotated[str, codes("readinesses")] = NOT_RECORDED
    readiness_own: Annotated[str, codes("readinesses")] = NOT_RECORDED
    assessment: Casework = None


class ViewingAttended(Event, frozen=True, kw_only=True):
    """They looked at a dwelling: of which tenure, and what came of it."""

    NAME: ClassVar[str] = "viewing_attended"

    viewed_tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    viewing_outcome: Annotated[str, codes("viewing-outcomes")] = NOT_RECORDED
    viewing_words: Voice = None


class Moved(Event, frozen=True, kw_only=True):
    """They moved out of the municipal dwelling."""

    NAME: ClassVar[str] = "moved"

    destination: Annotated[str, codes("move-out-destinations")]
    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    voluntariness_own: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    voluntariness_staff: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    move_words: Voice = None


class FollowedUp(Event, frozen=True, kw_only=True):
    """They were followed up after the move: how it goes, what they need, and what they think of having moved.

    `milestone` is the number of months after the move that it is the follow-up of.
    """

    NAME: ClassVar[str] = "followed_up"

    milestone: Annotated[Count, about("Months after the move; by its day, if it is not said.")] = NOT_RECORDED
    stability: Annotated[str, codes("stabilities")] = NOT_RECORDED
    needs: Annotated[tuple[str, ...], several("housing-criteria")] = ()
    own_view: Annotated[str, codes("move-out-views")] = NOT_RECORDED
    follow_up_words: Voice = None
    follow_up_note: Casework = None


class StabilityConfirmed(Event, frozen=True, kw_only=True):
    """It was confirmed that they live stably in the home they moved to."""

    NAME: ClassVar[str] = "stability_confirmed"

    months_since_move: Count = NOT_RECORDED
    stability_note: Casework = None


class Returned(Event, frozen=True, kw_only=True):
    """They came back to municipal housing."""

    NAME: ClassVar[str] = "returned"

    months_since_move: Count = NOT_RECORDED
    return_reason: Annotated[str, codes("return-reasons")] = NOT_RECORDED
    return_words: Voice = None


class LostToFollowUp(Event, frozen=True, kw_only=True):
    """Nobody knows any longer how they live; who is found again is followed up again."""

    NAME: ClassVar[str] = "lost_to_follow_up"

    lost_reason: Annotated[str, codes("lost-reasons")] = NOT_RECORDED


class Abandoned(Event, frozen=True, kw_only=True):
    """The plan to move out was given up: why, and at whose initiative."""

    NAME: ClassVar[str] = "abandoned"

    abandon_reason: Annotated[str, codes("abandon-reasons")] = NOT_RECORDED
    abandoned_by: Annotated[str, codes("initiators")] = NOT_RECORDED
    abandon_explanation: Casework = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A move-out from before the ledger, or told of late, opened in the state it was in.

    When they moved is known of one opened in the state `moved`; of a later state it is not, and nothing falls due.
    """

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("move-out-states")]
    destination: Annotated[str, codes("move-out-destinations")] = NOT_RECORDED
    tenure: Annotated[str, codes("tenures")] = NOT_RECORDED
    voluntariness_own: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    voluntariness_staff: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    move_words: Voice = None


_ENDS: Final = ("returned", "abandoned")
"""The states nobody goes on from: what is recorded after them is a deviation, and nothing is owed."""


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

    hears = events
    in_lists = (
        "participant", "state", "tenancy", "initiated_by", "participation", "planned_on", "readiness",
        "readiness_own", "viewings", "moved_from", "moved_to", "destination", "tenure", "voluntariness_own",
        "voluntariness_staff", "standing", "next_follow_up_on", "own_view", "return_reason", "lost_reason",
        "abandon_reason",
    )  # fmt: skip

    state: Annotated[str, codes("move-out-states")] = "unknown"
    destination: Annotated[str, codes("move-out-destinations")] = NOT_RECORDED
    initiated_by: Annotated[str, codes("initiators")] = NOT_RECORDED
    voluntariness_own: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    voluntariness_staff: Annotated[str, codes("voluntarinesses")] = NOT_RECORDED
    viewings: int = 0
    moved: Step | None = None
    _standings: tuple[tuple[str, date], ...] = ()

    def apply(self, step: Step) -> None:
        event = step.event
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
    def standing(self) -> Annotated[str, codes("move-out-standings")]:
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
        if self.moved is None or self.state == "lost_to_follow_up":
            return
        milestones = Milestones(self.moved)
        met, since = 0, self.steps.index(self.moved)
        for at, step in enumerate(self.steps):
            if at > since and _state(step.event) in _ENDS:
                return
            if self.moved.certainly_after(step):
                continue
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
        ends = [step for step in steps if _state(step.event) in _ENDS]
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
