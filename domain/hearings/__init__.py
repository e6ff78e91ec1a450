"""Hearings: who was invited, what they stated, and how many of their inputs were answered (seed s:317–322, s:346–351).

opened → closed → summarised → answered (n of m); extended; cancelled. How long a hearing lasts at least depends on the
type of plan (plan- og bygningsloven §§ 11-14, 12-10). Who was invited is kept as the list was on the day it was fixed.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated, Any, NamedTuple, cast
from uuid import UUID

import msgspec

from domain import rules
from domain.aggregate import Aggregate, Broken, Others, Reference
from domain.degrees import Experienced, Promised
from domain.duties import Duty
from domain.errors import ImpossibleCount, ImpossibleInterval
from domain.events import MISSING, NOT_RECORDED, Casework, Count, Event, Unit, codes
from domain.hearings.events import (
    Answered,
    Cancelled,
    Closed,
    Described,
    Extended,
    InvitationSent,
    Opened,
    RecipientListFixed,
    Recipients,
    RegisteredAsExisting,
    StatementReceived,
    Summarised,
)
from domain.history import Step


class Statement(NamedTuple):
    """A statement as received; `late` is None where the days do not tell."""

    event: StatementReceived
    received_from: date | None
    received_to: date | None
    late: bool | None


class Hearing(Aggregate):
    """One hearing, as its effective history tells it."""

    noun = "hearing"
    events = (
        Opened,
        RecipientListFixed,
        InvitationSent,
        Extended,
        StatementReceived,
        Closed,
        Summarised,
        Answered,
        Cancelled,
        RegisteredAsExisting,
        Promised,
        Experienced,
    )

    hears = (Described,)
    in_lists = (
        "state", "plan_type", "document_version", "responsible_unit", "level", "form", "arena", "phase",
        "opened_from", "opened_to", "deadline", "invited", "refugee_voice", "statement_count", "late_count",
        "answered", "of", "seed_line",
    )  # fmt: skip
    in_detail = (
        "period_days", "least_days", "recipients", "register", "statements", "inputs", "inputs_found", "summary",
        "answering_unit", "answer", "cancellation_explanation",
    )  # fmt: skip

    state: Annotated[str, codes("hearing-states")] = "unknown"
    plan_type: Annotated[str, codes("plan-types")] = NOT_RECORDED
    level: Annotated[str, codes("levels")] = NOT_RECORDED
    form: Annotated[str, codes("forms")] = NOT_RECORDED
    arena: Annotated[str, codes("arenas")] = NOT_RECORDED
    phase: Annotated[str, codes("phases")] = NOT_RECORDED
    opened: Step | None = None
    deadline: date | None = None
    invited: Count = NOT_RECORDED
    refugee_voice: Annotated[str, codes("refugee-voice-listed")] = NOT_RECORDED
    recipients: tuple[Recipients, ...] = ()
    register: UUID | None = None
    summary: Casework = None
    inputs_found: Count = NOT_RECORDED
    answering: Step | None = None
    answering_unit: Unit = NOT_RECORDED
    answer: Casework = None
    answered: Count = NOT_RECORDED
    of: Count = NOT_RECORDED
    cancellation_explanation: Casework = None

    def apply(self, step: Step) -> None:
        event = step.event
        self.state = _state(event) or self.state
        if isinstance(event, Described):
            self.opened, self.deadline = step, event.deadline
        match event:
            case Extended():
                self.deadline = event.deadline
            case RecipientListFixed():
                self.recipients, self.register = event.recipients, event.register
                self.invited, self.refugee_voice = event.invited, listed(event)
            case Summarised():
                self.summary, self.inputs_found = event.summary, event.inputs_found
            case Answered():
                self.answering, self.answered, self.of = step, event.answered, event.of
                self.answering_unit, self.answer = event.answering_unit, event.answer
            case Cancelled():
                self.cancellation_explanation = event.explanation
            case RegisteredAsExisting():
                self.invited, self.refugee_voice, self.summary = event.invited, event.refugee_voice, event.summary
                self.answered, self.of = event.answered, event.of

    def considering(self, event: Event, others: Others) -> Event:
        if isinstance(event, RecipientListFixed) and event.register is not None and not event.recipients:
            register: Any = others("register", event.register)
            return _snapshot(event, register.heard)
        if not isinstance(event, Answered):
            return event
        day = event.meta.occurred_to
        named = [each for each, step in self.named.items() if day is None or step.ends <= day]
        inputs: list[Any] = [others("input", each) for each in named]
        answers: list[Step | None] = [found.first_answered for found in inputs if not found.retracted]
        answered = [step for step in answers if step and not (day and step.starts and step.starts > day)]
        return msgspec.structs.replace(event, answered=len(answered), of=len(answers))

    def duties(self) -> Iterator[Duty]:
        if self.state == "opened" and self.deadline is not None:
            yield Duty("hearing.close", self.deadline)
        if self.state == "opened" and self.refugee_voice == "no":
            yield Duty("hearing.refugee_voice")
        if self.state in ("closed", "summarised", "answered") and self.unanswered:
            yield Duty("hearing.answer")

    @property
    def opened_from(self) -> date | None:
        """The first day it may have been opened on."""
        return self.opened.starts if self.opened else None

    @property
    def opened_to(self) -> date | None:
        """The last day it may have been opened on; None, too, when the end is open."""
        return self.opened.event.meta.occurred_to if self.opened else None

    @property
    def period_days(self) -> int | None:
        """Days from the opening to the deadline; None where one of them is not known exactly."""
        first = self.opened.starts if self.opened and self.opened.starts == self.opened.event.meta.occurred_to else None
        return (self.deadline - first).days if self.deadline and first else None

    @property
    def least_days(self) -> int | None:
        """How many days its type of plan is heard at least; None where no rule sets a number."""
        return _least_days(self.opened) if self.opened else None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Every statement received, in order."""
        received = [(step, step.event) for step in self.steps if isinstance(step.event, StatementReceived)]
        return tuple(
            Statement(event, step.starts, event.meta.occurred_to, self._late(step)) for step, event in received
        )

    @property
    def statement_count(self) -> Count:
        """How many statements were received; of a hearing registered as existing, those before that, too."""
        earlier: Count = getattr(self.opened and self.opened.event, "statements", 0)
        return earlier + len(self.statements) if isinstance(earlier, int) else earlier

    @property
    def late_count(self) -> int:
        """How many statements certainly came after the deadline."""
        return sum(statement.late is True for statement in self.statements)

    @property
    def inputs(self) -> tuple[UUID, ...]:
        """The inputs its events name, in the order they named them."""
        return tuple(self.named)

    @property
    def named(self) -> dict[UUID, Step]:
        """The inputs its statements and summaries name, and the event that named each first."""
        found: dict[UUID, Step] = {}
        for step in self.steps:
            for each in getattr(step.event, "inputs", ()):
                found.setdefault(each, step)
        return found

    @property
    def unanswered(self) -> int:
        """How many inputs have no answer, as far as its own events tell."""
        since, left = self.answering, _left(self.answered, self.of)
        return left + sum(since is None or step.certainly_after(since) for step in self.named.values())

    def _late(self, step: Step) -> bool | None:
        if self.deadline is None:
            return None
        if step.starts is not None and step.starts > self.deadline:
            return True
        return False if step.ends <= self.deadline else None

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        too_short = _certainly_too_short(steps)
        for step in steps:
            event: Any = step.event
            if step is too_short:
                yield Broken("hearing.period_too_short", step.event_id)
            if isinstance(event, Closed) and _certainly_early(step, steps):
                yield Broken("hearing.closed_early", step.event_id)
            if _state(event) == "answered" and _left(event.answered, event.of):
                yield Broken("hearing.closed_with_inputs_unanswered", step.event_id)
            if any(_ended_by(end.event, event) and step.certainly_after(end) for end in steps):
                yield Broken("hearing.recorded_after_end", step.event_id)

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        if isinstance(event, StatementReceived | Summarised):
            yield from (Reference("input", each, f"/inputs/{i}") for i, each in enumerate(event.inputs))
        if isinstance(event, StatementReceived):
            for i, submitter in enumerate(event.submitters):
                yield Reference("participant", submitter.participant, f"/submitters/{i}/participant")
        if isinstance(event, RecipientListFixed) and event.register is not None:
            yield Reference("register", event.register, "/register")

    @classmethod
    def check(cls, event: Event) -> None:
        first = event.meta.occurred_from
        if isinstance(event, Described | Extended) and event.deadline and first and event.deadline < first:
            raise ImpossibleInterval("/deadline", f"{event.deadline} is before {first}")
        match event:
            case RecipientListFixed():
                _refuse_impossible_list(event)
            case Summarised(inputs_found=int(found)) if len(set(event.inputs)) > found:
                raise ImpossibleCount("/inputs_found", f"{len(set(event.inputs))} inputs are named")
            case RegisteredAsExisting(answered=int(answered), of=int(of)) if answered > of:
                raise ImpossibleCount("/answered", f"{answered} is more than the {of} there were")


def _snapshot(event: RecipientListFixed, heard: Sequence[Any]) -> RecipientListFixed:
    """The list as the register has it, by kind of recipient; what the sender says of the whole stands."""
    recipients = tuple(Recipients(each.kind, each.n, each.refugee_voices) for each in heard)
    voices = [each.refugee_voices for each in recipients]
    silent = bool(voices) and all(voice == 0 for voice in voices)
    invited = sum(each.n for each in heard) if event.invited in MISSING else event.invited
    voice = "no" if silent and event.refugee_voice in MISSING else event.refugee_voice
    return msgspec.structs.replace(event, recipients=recipients, invited=invited, refugee_voice=voice)


def listed(event: RecipientListFixed) -> str:
    """Whether a voice of refugees was on the list; a count of them tells, too."""
    voices = [each.refugee_voices for each in event.recipients if isinstance(each.refugee_voices, int)]
    return "yes" if any(voices) else event.refugee_voice


def _state(event: Event) -> str | None:
    """The state an event brings the hearing into, if it does."""
    if isinstance(event, RegisteredAsExisting):
        return event.state
    return event.NAME if isinstance(event, Opened | Closed | Summarised | Answered | Cancelled) else None


def _left(answered: Count, of: Count) -> int:
    return of - answered if isinstance(of, int) and isinstance(answered, int) else 0


def _least_days(opened: Step) -> int | None:
    described = cast(Described, opened.event)
    return rules.value("hearing_days", described.plan_type, opened.starts or opened.ends)


def _deadlines(steps: Sequence[Step], by: Step | None = None) -> dict[Step, date | None]:
    """The deadlines that may be the last that was set, or the last before a step, by what set them."""
    told = {step: step.event.deadline for step in steps if isinstance(step.event, Described | Extended)}
    found = {step: day for step, day in told.items() if not (by and step.certainly_after(by))}
    extending = [step for step in found if isinstance(step.event, Extended) and (not by or by.certainly_after(step))]

    def replaced(step: Step) -> bool:
        return any(isinstance(step.event, Described) or each.certainly_after(step) for each in extending)

    return {step: day for step, day in found.items() if not replaced(step)}


def _certainly_too_short(steps: Sequence[Step]) -> Step | None:
    """The event whose deadline makes the period too short, whichever of the days it was opened on."""
    opened = next((step for step in steps if isinstance(step.event, Described)), None)
    if opened is None or opened.starts is None:
        return None
    least, deadlines, first = _least_days(opened), _deadlines(steps), opened.starts
    if least is None or any(day is None or (day - first).days >= least for day in deadlines.values()):
        return None
    return next(reversed(deadlines))


def _certainly_early(closed: Step, steps: Sequence[Step]) -> bool:
    days = _deadlines(steps, by=closed).values()
    return bool(days) and all(day is not None and closed.ends < day for day in days)


def _ended_by(end: Event, event: Event) -> bool:
    """Whether nothing like `event` was to follow `end`: statements may come late, and answers may be completed."""
    match _state(end):
        case "cancelled":
            return True
        case "answered":
            return not isinstance(event, StatementReceived | Answered)
        case "closed" | "summarised":
            return isinstance(event, RecipientListFixed | InvitationSent | Extended)
    return False


def _refuse_impossible_list(event: RecipientListFixed) -> None:
    for i, each in enumerate(event.recipients):
        if isinstance(each.n, int) and isinstance(each.refugee_voices, int) and each.refugee_voices > each.n:
            raise ImpossibleCount(f"/recipients/{i}/refugee_voices", f"{each.refugee_voices} are more than {each.n}")
    known = sum(each.n for each in event.recipients if isinstance(each.n, int))
    if isinstance(event.invited, int) and known > event.invited:
        raise ImpossibleCount("/invited", f"{known} are counted by kind")
    if event.refugee_voice == "no" and listed(event) == "yes":
        raise ImpossibleCount("/refugee_voice", "voices of refugees are counted by kind")
