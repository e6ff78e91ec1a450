"""Guidance in how to live in a home of one's own (form f20, seed s:124, s:141–143).

assigned → active → closed. "At det veiledes og ikke bare informeres": whether a session informed, guided or showed is
told of each. The record is about one participant, whose keys seal it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Annotated, ClassVar

from domain.aggregate import Broken
from domain.degrees import Experienced, Promised
from domain.events import NOT_RECORDED, Casework, Count, Event, Rating, SeedLine, Unit, Voice, codes, several
from domain.history import Step
from domain.personal import OfParticipant, PersonalRecord

Themes = Annotated[tuple[str, ...], several("guidance-themes", most=20)]

_BARRED = {"child": "guidance.child_interpreted", "relative": "guidance.relative_interpreted"}


class Described(OfParticipant, frozen=True, kw_only=True):
    """Who is guided, by which unit, in what; said when the record is opened."""

    unit: Unit = NOT_RECORDED
    themes: Themes = ()
    arena: Annotated[str, codes("arenas")] = NOT_RECORDED
    phase: Annotated[str, codes("phases")] = NOT_RECORDED
    seed_line: SeedLine | None = None
    need: Casework = None


class Assigned(Described, frozen=True, kw_only=True):
    """Somebody was given a guide."""

    NAME: ClassVar[str] = "assigned"


class SessionHeld(Event, frozen=True, kw_only=True):
    """The guide and the participant met. `minutes` is how long it took, or why that is not known."""

    NAME: ClassVar[str] = "session_held"

    mode: Annotated[str, codes("guidance-modes")] = NOT_RECORDED
    themes: Themes = ()
    language: Annotated[str, codes("languages")] = NOT_RECORDED
    interpreter: Annotated[str, codes("guidance-interpreters")] = NOT_RECORDED
    minutes: Count = NOT_RECORDED
    place: Annotated[str, codes("guidance-places")] = NOT_RECORDED
    notes: Casework = None


class MasteryAssessed(Event, frozen=True, kw_only=True):
    """It was assessed what the participant masters of a theme, before and after. For an evaluation project only."""

    NAME: ClassVar[str] = "mastery_assessed"

    theme: Annotated[str, codes("guidance-themes")]
    before: Annotated[str, codes("mastery-levels")] = NOT_RECORDED
    after: Annotated[str, codes("mastery-levels")] = NOT_RECORDED


class EvaluatedByUser(Event, frozen=True, kw_only=True):
    """The participant said how useful it was: 1 (of no use) to 5 (of great use)."""

    NAME: ClassVar[str] = "evaluated_by_user"

    usefulness: Rating = NOT_RECORDED
    comment: Voice = None


class Closed(Event, frozen=True, kw_only=True):
    """The guidance came to its end."""

    NAME: ClassVar[str] = "closed"

    reason: Annotated[str, codes("guidance-endings")] = NOT_RECORDED
    explanation: Casework = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """Guidance from before the ledger, or told of late, opened in the state it was in.

    `held` is how many sessions there had been, `interpreter` who interpreted in them.
    """

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("guidance-states")]
    held: Count = NOT_RECORDED
    interpreter: Annotated[str, codes("guidance-interpreters")] = NOT_RECORDED


class Guidance(PersonalRecord):
    """The guidance of one participant, as its effective history tells it."""

    noun = "guidance"
    events = (
        Assigned,
        SessionHeld,
        MasteryAssessed,
        EvaluatedByUser,
        Closed,
        RegisteredAsExisting,
        Promised,
        Experienced,
    )

    hears = (Described,)
    in_lists = (
        "state", "unit", "arena", "phase", "session_count", "informed", "guided", "demonstrated", "minutes",
        "last_session_on", "seed_line",
    )  # fmt: skip
    in_detail = (
        "participant", "held_before", "sessions", "mastery", "usefulness", "comment", "closing_reason",
        "closing_explanation",
    )  # fmt: skip

    state: Annotated[str, codes("guidance-states")] = "unknown"
    held_before: Count = 0
    sessions: tuple[SessionHeld, ...] = ()
    last_session_on: date | None = None
    mastery: tuple[MasteryAssessed, ...] = ()
    usefulness: Rating = NOT_RECORDED
    comment: Voice = None
    closing_reason: Annotated[str, codes("guidance-endings")] = NOT_RECORDED
    closing_explanation: Casework = None

    def apply(self, step: Step) -> None:
        event = step.event
        match event:
            case Assigned():
                self.state = "assigned"
            case RegisteredAsExisting():
                self.state, self.held_before = event.state, event.held
            case SessionHeld():
                self.state, self.sessions, self.last_session_on = "active", (*self.sessions, event), step.ends
            case MasteryAssessed():
                self.mastery = (*(each for each in self.mastery if each.theme != event.theme), event)
            case EvaluatedByUser():
                self.usefulness, self.comment = event.usefulness, event.comment
            case Closed():
                self.state, self.closing_reason, self.closing_explanation = "closed", event.reason, event.explanation

    @property
    def session_count(self) -> int:
        """How many sessions are told of here."""
        return len(self.sessions)

    @property
    def informed(self) -> int:
        """How many of them only informed."""
        return self._modes["inform"]

    @property
    def guided(self) -> int:
        """How many of them guided."""
        return self._modes["guide"]

    @property
    def demonstrated(self) -> int:
        """How many of them showed."""
        return self._modes["demonstrate"]

    @property
    def _modes(self) -> Counter[str]:
        return Counter(session.mode for session in self.sessions)

    @property
    def minutes(self) -> int:
        """How long the sessions took together, as far as that is known."""
        return sum(session.minutes for session in self.sessions if isinstance(session.minutes, int))

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        ends = [step for step in steps if _ends(step.event)]
        for step in steps:
            event = step.event
            if isinstance(event, SessionHeld | RegisteredAsExisting) and event.interpreter in _BARRED:
                yield Broken(_BARRED[event.interpreter], step.event_id)
            if isinstance(event, SessionHeld | Closed) and any(step.certainly_after(end) for end in ends):
                yield Broken("guidance.recorded_after_end", step.event_id)


def _ends(event: Event) -> bool:
    return isinstance(event, Closed) or (isinstance(event, RegisteredAsExisting) and event.state == "closed")
