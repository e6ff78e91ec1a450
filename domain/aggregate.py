"""The base of every record: fold events into state, decide, and name what a decision departs from.

A rule about the world never refuses a fact about the world. Only the impossible is
refused; what breaks a rule is recorded with its deviation, once the sender says that it is what happened.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import ClassVar, NamedTuple, Protocol, Self
from uuid import UUID

import msgspec

from domain import codebook, members
from domain.commands import Claim, Command
from domain.degrees import Degrees, Experienced, Promised, degrees
from domain.duties import Duty
from domain.errors import (
    DeviationNeeded,
    FutureDate,
    ImpossibleCorrection,
    ImpossibleInterval,
    Invalid,
    UnknownCode,
)
from domain.events import MISSING, Corrected, Deviation, Event, Meta, Retracted, code_fields, lists_of_codes
from domain.history import PENDING, Recorded, Step, effective, opening_retracted
from domain.time import oslo_day


class Broken(NamedTuple):
    """A rule (codebook list `rules`) and the event that departs from it."""

    rule: str
    event_id: UUID


class Reference(NamedTuple):
    """Another record an event points at: its noun, its id and the JSON pointer of the member that names it."""

    noun: str
    record: UUID
    pointer: str


class Others(Protocol):
    """Other records, as a decision may look at them: what it has seen of them still holds when it is stored."""

    def __call__(self, noun: str, record: UUID) -> "Aggregate":
        """The record of that noun. Raises NotFound when this ledger has none."""
        ...


class Aggregate(ABC):
    """One record. A subclass declares its noun and events, folds them in `apply`, and names broken rules.

    An instance is the record as of the history it was folded from: `history` is everything recorded, `steps` what
    of it holds on the day it was folded for.
    """

    noun: ClassVar[str]
    events: ClassVar[tuple[type[Event], ...]]
    personal: ClassVar[bool] = False
    """Whether the record is about one participant: its events are personal data, even without text."""
    hears: ClassVar[tuple[type[Event], ...]] = ()
    """The events whose members are the record's: the last to say one holds. `domain.members` has their types."""
    in_lists: ClassVar[tuple[str, ...]] = ()
    """The members a list shows: codes, dates and counts, never text."""
    in_detail: ClassVar[tuple[str, ...]] = ()
    """The members a detail shows beside those it hears and those a list shows."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, blank in members.blanks(cls.hears).items():
            if hasattr(Aggregate, name):
                raise TypeError(f"{cls.__name__}.{name} is what every record has; call the member otherwise")
            if not hasattr(cls, name):
                setattr(cls, name, blank)

    def __init__(self, record: UUID, history: Sequence[Recorded] = (), on: date | None = None) -> None:
        self.id = record
        self.history = tuple(history)
        self.pending: tuple[Recorded, ...] = ()
        self.claimed: frozenset[Claim] = frozenset()
        self.steps = effective(self.history, on)
        for step in judged(self.steps):
            members.hear(self, step.event)
            self.apply(step)

    @abstractmethod
    def apply(self, step: Step) -> None:
        """Folds one effective event into the state; decides nothing."""

    @classmethod
    def broken(cls, steps: Sequence[Step]) -> Iterator[Broken]:
        """The rules an effective history departs from, judged in valid order."""
        return iter(())

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        """The other records an event points at; each must exist."""
        return ()

    @classmethod
    def check(cls, event: Event) -> None:
        """Refuses what is impossible in an event of this noun, beyond codes and dates."""

    def considering(self, event: Event, others: Others) -> Event:
        """The event with what it rests on in other records written into it, by the ledger and nobody else.

        It is asked of the record as it is before the event.
        """
        return event

    def duties(self) -> Iterator[Duty]:
        """What the record owes as it stands, whether or not its day has come."""
        return iter(())

    @property
    def subject(self) -> UUID:
        """Whose keys seal the record: the person's where it is about one person, else its own."""
        return self.id

    def claiming(self) -> Iterable[Claim]:
        """What no other record of the ledger may have while this one has it."""
        return ()

    @property
    def claims(self) -> frozenset[Claim]:
        """What the record claims; a record taken back claims nothing."""
        return frozenset(self.claiming()) if self.history and not self.retracted else frozenset()

    def degrees_in(self, book: codebook.Codebook) -> Degrees:
        """The degree of participation as promised, documented and experienced."""
        return degrees(filter(self.shows, self.steps), book)

    @classmethod
    def shows(cls, step: Step) -> bool:
        """Whether a step may show a degree of participation."""
        return True

    @property
    def version(self) -> int:
        """The number of events recorded; 0 before the first."""
        return self.history[-1].version if self.history else 0

    @property
    def position(self) -> int:
        """The ledger position of the last event."""
        return self.history[-1].position

    @property
    def retracted(self) -> bool:
        """Whether the opening event, and with it the record, has been retracted."""
        return opening_retracted(self.history)

    @cached_property
    def deviations(self) -> list[Deviation]:
        """Every rule the effective history departs from now, with the reason that was given, if any."""
        reasons = {
            (deviation.rule, deviation.event_id or each.event_id): deviation.reason
            for each in self.history
            for deviation in each.event.meta.deviations
            if deviation.reason is not None
        }
        return [
            Deviation(rule=rule, event_id=event_id, reason=reasons.get((rule, event_id)))
            for rule, event_id in self.broken(judged(self.steps))
        ]

    def record(self, event: Event, command: Command) -> Self:
        """Decides that the event is recorded, and returns the record with it pending.

        Raises Invalid for the impossible, DeviationNeeded for a rule the event itself breaks and nobody
        acknowledged. What it makes earlier events depart from is recorded with it, unasked.
        """
        self._refuse_impossible(event, command)
        return self._with(event, command)

    def correct(self, target: UUID, replacement: Event, reason: str | None, meta: Meta, command: Command) -> Self:
        """Replaces one event of this record, whole."""
        original = self._target(target, "/event_id")
        if type(original.event) is not type(replacement):
            raise ImpossibleCorrection("/replacement", f"the event to correct is {original.name}")
        with Invalid.within("/replacement"):
            self._refuse_impossible(replacement, command)
        return self._with(Corrected(meta=meta, target=target, replacement=replacement, reason=reason), command)

    def retract(self, target: UUID, reason: str | None, meta: Meta, command: Command) -> Self:
        """Takes one event of this record back."""
        self._target(target, "/event_id")
        if target not in {step.event_id for step in effective(self.history)}:
            raise ImpossibleCorrection("/event_id", "the event has been retracted already")
        return self._with(Retracted(meta=meta, target=target, reason=reason), command)

    def _target(self, target: UUID, pointer: str) -> Recorded:
        for each in self.history:
            if each.event_id == target and not isinstance(each.event, Corrected | Retracted):
                return each
        raise ImpossibleCorrection(pointer, "this record has no such event; corrections aim at the original")

    def _with(self, event: Event, command: Command) -> Self:
        recorded = Recorded(
            event_id=command.new_id(),
            stream_id=self.id,
            version=self.version + 1,
            name=f"{self.noun}.{event.NAME}",
            event=event,
            position=PENDING + len(self.pending),
            recorded_at=max(command.now, self.history[-1].recorded_at + 1 if self.history else 0),
        )
        deviations = self._deviations(recorded, command)
        if deviations:
            meta = msgspec.structs.replace(event.meta, deviations=deviations)
            recorded = msgspec.structs.replace(recorded, event=msgspec.structs.replace(event, meta=meta))
        after = type(self)(self.id, (*self.history, recorded))
        recorded = msgspec.structs.replace(recorded, subject=after.subject)
        after.pending = (*self.pending, recorded)
        after.claimed = self.claimed if self.pending else self.claims
        return after

    def _deviations(self, recorded: Recorded, command: Command) -> tuple[Deviation, ...]:
        before = set(self.broken(judged(effective(self.history))))
        after = list(self.broken(judged(effective((*self.history, recorded)))))
        new = [broken for broken in after if broken not in before]
        own = [broken.rule for broken in new if broken.event_id == recorded.event_id]
        acknowledged = {deviation.rule: deviation for deviation in command.acknowledged}
        unasked = [rule for rule in own if rule not in acknowledged]
        if unasked and not command.accept_all:
            raise DeviationNeeded(own)
        reasons = {rule: deviation.reason for rule, deviation in acknowledged.items()}
        return (
            *(acknowledged.get(rule, Deviation(rule=rule, reason="import")) for rule in own),
            *(
                Deviation(rule=rule, event_id=event_id, reason=reasons.get(rule))
                for rule, event_id in new
                if event_id != recorded.event_id
            ),
        )

    def _refuse_impossible(self, event: Event, command: Command) -> None:
        meta, today = event.meta, oslo_day(command.now)
        for bound, day in (("from", meta.occurred_from), ("to", meta.occurred_to)):
            if day is not None and day > today:
                raise FutureDate(f"/occurred/{bound}", f"{day} has not come; today is {today}")
        if meta.occurred_from and meta.occurred_to and meta.occurred_from > meta.occurred_to:
            raise ImpossibleInterval("/occurred/to", f"{meta.occurred_to} is before {meta.occurred_from}")
        _refuse_unknown_codes(event)
        self.check(event)


def judged(steps: Sequence[Step]) -> Sequence[Step]:
    """The steps of a noun's own events: promises and experiences of participation neither change nor break them."""
    return [step for step in steps if not isinstance(step.event, Promised | Experienced)]


def _refuse_unknown_codes(struct: msgspec.Struct, pointer: str = "") -> None:
    for field, list_id in code_fields(type(struct)).items():
        refuse_unknown(list_id, getattr(struct, field), f"{pointer}/{field}")
    for field, list_id in lists_of_codes(type(struct)).items():
        for i, code in enumerate(getattr(struct, field)):
            refuse_unknown(list_id, code, f"{pointer}/{field}/{i}")
    for field in type(struct).__struct_fields__:
        value = getattr(struct, field)
        if field != "meta" and isinstance(value, msgspec.Struct):
            _refuse_unknown_codes(value, f"{pointer}/{field}")
        elif isinstance(value, tuple):
            for i, each in enumerate(value):
                if isinstance(each, msgspec.Struct):
                    _refuse_unknown_codes(each, f"{pointer}/{field}/{i}")


def refuse_unknown(list_id: str, code: str, pointer: str) -> None:
    """Refuses a code that is neither in the codebook's list nor a reason why there is none."""
    if code not in MISSING and not codebook.load().known(list_id, code):
        raise UnknownCode(pointer, f"is not in the codebook's list {list_id!r}")
