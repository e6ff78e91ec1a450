"""Meetings: dialogue meetings, interviews, theme evenings, caretaker meetings, outreach … (seed s:39–50, s:358–375).

scheduled → invited → held → minuted; cancelled. A skipped state is no deviation. Who was there is a tally, a counted
group, or attendance by pseudonym; a meeting of people who must stay anonymous is a first-class record.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Annotated, ClassVar, Self, TypeVar
from uuid import UUID

import msgspec

from domain.aggregate import Aggregate, Broken, Others, Reference, refuse_unknown
from domain.commands import Command
from domain.degrees import Experienced, Promised
from domain.errors import ImpossibleCount, Invalid
from domain.events import (
    FOUND,
    NEEDED,
    NOT_RECORDED,
    Casework,
    Count,
    Event,
    Meta,
    Person,
    SeedLine,
    Unit,
    about,
    codes,
    most,
    one_of,
    persons,
)
from domain.history import Step

T = TypeVar("T")
_UNASSESSED = ("not_assessed", "not_asked")


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """Heads counted at a meeting; `attended` may include people of no category counted here."""

    invited: Count = NOT_RECORDED
    attended: Count = NOT_RECORDED
    refugees: Count = NOT_RECORDED
    staff: Count = NOT_RECORDED
    others: Count = NOT_RECORDED
    first_time: Count = NOT_RECORDED


class CodeCount(msgspec.Struct, frozen=True):
    """How many of a group have a code."""

    code: Annotated[str, most(64)]
    n: Count


class Marginal(msgspec.Struct, frozen=True):
    """A group's distribution over one codebook list (`genders`, `age-bands`, `residence-times`, `countries` …)."""

    list: Annotated[str, one_of("genders", "age-bands", "residence-times", "countries", "pathways")]
    counts: Annotated[tuple[CodeCount, ...], most(300)]


class Group(msgspec.Struct, frozen=True):
    """A counted group: n persons nobody names, with marginals; their joint distribution is unknown."""

    n: Annotated[int, msgspec.Meta(ge=1)]
    marginals: Annotated[tuple[Marginal, ...], most(10)] = ()


class Described(Event, frozen=True, kw_only=True):
    """What a meeting is, said when it is opened."""

    kind: Annotated[str, codes("meeting-kinds")]
    composition: Annotated[str, codes("meeting-compositions")] = NOT_RECORDED
    level: Annotated[str, codes("levels")] = NOT_RECORDED
    form: Annotated[str, codes("forms")] = NOT_RECORDED
    arena: Annotated[str, codes("arenas")] = NOT_RECORDED
    phase: Annotated[str, codes("phases")] = NOT_RECORDED
    units: Annotated[tuple[Unit, ...], most(50)] = ()
    interpreter_need: Annotated[str, codes("interpreter-needs")] = NOT_RECORDED
    seed_line: SeedLine | None = None
    title: Annotated[Casework, most(500)] = None
    place: Annotated[Casework, most(500)] = None
    agenda: Casework = None


class Scheduled(Described, frozen=True, kw_only=True):
    """A meeting was planned, for a day if one was set."""

    NAME: ClassVar[str] = "scheduled"

    planned_on: date | None = None


class Invited(Event, frozen=True, kw_only=True):
    """People were invited; how many, and whether anybody asked if they need an interpreter."""

    NAME: ClassVar[str] = "invited"

    invited: Count = NOT_RECORDED
    interpreter_need: Annotated[str, codes("interpreter-needs")] = NOT_RECORDED


class Held(Event, frozen=True, kw_only=True):
    """The meeting took place."""

    NAME: ClassVar[str] = "held"

    interpreter_need: Annotated[str, codes("interpreter-needs")] = NOT_RECORDED
    interpreter_use: Annotated[str, codes("interpreter-uses")] = NOT_RECORDED
    tally: Tally = Tally()
    group: Group | None = None


class Minuted(Event, frozen=True, kw_only=True):
    """The minutes were written."""

    NAME: ClassVar[str] = "minuted"

    minutes: Casework = None


class Cancelled(Event, frozen=True, kw_only=True):
    """The meeting was called off."""

    NAME: ClassVar[str] = "cancelled"

    reason: Annotated[str, codes("cancellation-reasons")] = NOT_RECORDED
    explanation: Casework = None


class Attendee(Person, frozen=True, kw_only=True):
    """A participant who was there."""

    first_time: Annotated[str, codes("yes-no")] = NOT_RECORDED
    interpreter_use: Annotated[str, codes("interpreter-uses")] = NOT_RECORDED


class AttendanceRecorded(Event, frozen=True, kw_only=True):
    """These participants were there, beside those already recorded. The ledger counts them: `n` is their number."""

    NAME: ClassVar[str] = "attendance_recorded"

    n: Annotated[int, FOUND] = 0
    attendees: Annotated[tuple[Attendee, ...], persons("casework"), NEEDED, most(500)] = ()


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A meeting from before the ledger, or told of late, opened in the state it was in."""

    NAME: ClassVar[str] = "registered_as_existing"

    state: Annotated[str, codes("meeting-states")]
    planned_on: date | None = None
    interpreter_use: Annotated[str, codes("interpreter-uses")] = NOT_RECORDED
    tally: Tally = Tally()
    group: Group | None = None
    minutes: Casework = None


class Meeting(Aggregate):
    """One meeting, as its effective history tells it."""

    noun = "meeting"
    events = (
        Scheduled,
        Invited,
        Held,
        Minuted,
        Cancelled,
        RegisteredAsExisting,
        AttendanceRecorded,
        Promised,
        Experienced,
    )

    hears = (Described,)
    in_lists = (
        "state", "kind", "composition", "level", "form", "arena", "phase", "planned_on", "held_from", "held_to",
        "interpreter_need", "interpreter_use", "attended", "group_n", "attendance", "seed_line",
    )  # fmt: skip
    in_detail = ("tally", "group", "attendees", "minutes", "cancellation_reason", "cancellation_explanation")

    state: Annotated[str, codes("meeting-states")] = "unknown"
    level: Annotated[str, codes("levels")] = NOT_RECORDED
    form: Annotated[str, codes("forms")] = NOT_RECORDED
    arena: Annotated[str, codes("arenas")] = NOT_RECORDED
    phase: Annotated[str, codes("phases")] = NOT_RECORDED
    planned_on: date | None = None
    first_held: Step | None = None
    held: Step | None = None
    interpreter_need: Annotated[str, codes("interpreter-needs")] = NOT_RECORDED
    interpreter_use: Annotated[str, codes("interpreter-uses")] = NOT_RECORDED
    tally: Tally = Tally()
    group: Group | None = None
    attendance: Annotated[int | None, about("How many participants are recorded by pseudonym.")] = None
    attendees: tuple[Attendee, ...] = ()
    minutes: Casework = None
    cancellation_reason: Annotated[str | None, codes("cancellation-reasons")] = None
    cancellation_explanation: Casework = None

    def apply(self, step: Step) -> None:
        event = step.event
        if isinstance(event, AttendanceRecorded):
            self.attendance = (self.attendance or 0) + event.n
            self.attendees = (*self.attendees, *event.attendees)
            return
        self.state = _state(event)
        if isinstance(event, Scheduled | RegisteredAsExisting):
            self.planned_on = event.planned_on
        if isinstance(event, Invited | Held):
            self.interpreter_need = _known(event.interpreter_need, self.interpreter_need)
        if isinstance(event, Invited):
            self.tally = msgspec.structs.replace(self.tally, invited=event.invited)
        if isinstance(event, Held | RegisteredAsExisting):
            invited = _known(event.tally.invited, self.tally.invited)
            self.tally = msgspec.structs.replace(event.tally, invited=invited)
            self.group = event.group
            self.interpreter_use = event.interpreter_use
        if _happened(event):
            self.first_held, self.held = self.first_held or step, step
        if isinstance(event, Minuted | RegisteredAsExisting):
            self.minutes = event.minutes
        if isinstance(event, Cancelled):
            self.cancellation_reason = event.reason
            self.cancellation_explanation = event.explanation

    @property
    def attended(self) -> Count:
        """How many heads were counted, or why that is not known."""
        return self.tally.attended

    @property
    def group_n(self) -> int | None:
        """How many are in the counted group."""
        return self.group.n if self.group else None

    @property
    def held_from(self) -> date | None:
        """The first day it may have been held on."""
        return self.held.starts if self.held else None

    @property
    def held_to(self) -> date | None:
        """The last day it may have been held on; None, too, when the end is open."""
        return self.held.event.meta.occurred_to if self.held else None

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        ends = [step for step in steps if _state(step.event) in ("cancelled", "minuted")]
        for step in steps:
            event = step.event
            if _happened(event) and _need_certainly_not_assessed(step, steps):
                yield Broken("meeting.interpreter_need_not_assessed", step.event_id)
            ended = [_state(end.event) for end in ends if step.certainly_after(end)]
            if "cancelled" in ended and isinstance(event, Held | AttendanceRecorded):
                yield Broken("meeting.held_after_cancellation", step.event_id)
            elif ended and not isinstance(event, AttendanceRecorded):
                yield Broken("meeting.recorded_after_end", step.event_id)

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        if isinstance(event, AttendanceRecorded):
            for i, attendee in enumerate(event.attendees):
                yield Reference("participant", attendee.participant, f"/attendees/{i}/participant")

    @classmethod
    def considering(cls, event: Event, others: Others) -> Event:
        if isinstance(event, AttendanceRecorded):
            return msgspec.structs.replace(event, n=len(event.attendees))
        return event

    def record(self, event: Event, command: Command) -> Self:
        self._refuse_counted_twice(event)
        return super().record(event, command)

    def correct(self, target: UUID, replacement: Event, reason: str | None, meta: Meta, command: Command) -> Self:
        with Invalid.within("/replacement"):
            self._refuse_counted_twice(replacement, instead_of=target)
        return super().correct(target, replacement, reason, meta, command)

    def _refuse_counted_twice(self, event: Event, instead_of: UUID | None = None) -> None:
        counted = {
            attendee.participant
            for step in self.steps
            if isinstance(step.event, AttendanceRecorded) and step.event_id != instead_of
            for attendee in step.event.attendees
        }
        for i, attendee in enumerate(event.attendees if isinstance(event, AttendanceRecorded) else ()):
            if attendee.participant in counted:
                raise ImpossibleCount(f"/attendees/{i}/participant", "is recorded as having been there already")
            counted.add(attendee.participant)

    @classmethod
    def check(cls, event: Event) -> None:
        if isinstance(event, Held | RegisteredAsExisting):
            _refuse_impossible_tally(event.tally)
            if event.group:
                _refuse_impossible_group(event.group, event.tally.attended)


def _state(event: Event) -> str:
    return event.state if isinstance(event, RegisteredAsExisting) else event.NAME


def _happened(event: Event) -> bool:
    return isinstance(event, Held) or (isinstance(event, RegisteredAsExisting) and event.state in ("held", "minuted"))


def _need_certainly_not_assessed(held: Step, steps: Sequence[Step]) -> bool:
    """What the holding says of the need decides; else the last that was said before, on every reading of the days."""
    if _need(held) != NOT_RECORDED:
        return _need(held) in _UNASSESSED
    said = [step for step in steps if _need(step) != NOT_RECORDED]
    missed = [step for step in said if _need(step) in _UNASSESSED and held.certainly_after(step)]
    assessed = [step for step in said if _need(step) not in _UNASSESSED and not step.certainly_after(held)]
    return bool(missed) and all(any(miss.certainly_after(step) for miss in missed) for step in assessed)


def _need(step: Step) -> str:
    return getattr(step.event, "interpreter_need", NOT_RECORDED)


def _known(new: T, old: T) -> T:
    """A later event that does not say does not unsay."""
    return old if new == NOT_RECORDED else new


def _refuse_impossible_tally(tally: Tally) -> None:
    if not isinstance(tally.attended, int):
        return
    for part in ("refugees", "staff", "others", "first_time"):
        count = getattr(tally, part)
        if isinstance(count, int) and count > tally.attended:
            raise ImpossibleCount(f"/tally/{part}", f"{count} is more than the {tally.attended} who attended")
    known = [n for n in (tally.refugees, tally.staff, tally.others) if isinstance(n, int)]
    if sum(known) > tally.attended:
        raise ImpossibleCount("/tally/attended", f"{sum(known)} are counted in the parts")


def _refuse_impossible_group(group: Group, attended: Count) -> None:
    if isinstance(attended, int) and group.n > attended:
        raise ImpossibleCount("/group/n", f"{group.n} are more than the {attended} who attended")
    for i, marginal in enumerate(group.marginals):
        for j, count in enumerate(marginal.counts):
            refuse_unknown(marginal.list, count.code, f"/group/marginals/{i}/counts/{j}/code")
        known = sum(count.n for count in marginal.counts if isinstance(count.n, int))
        if known > group.n:
            raise ImpossibleCount(f"/group/marginals/{i}/counts", f"{known} are more than the group's {group.n}")
