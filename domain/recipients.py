"""Recipients: the registers of who is heard, "postlisten" (seed s:281–283, s:320–322, s:346–348).

opened; then recipients are added, verified and removed, and gaps flagged and closed. A gap is the kind of group
nobody on the list speaks for; a register is never a list of persons by where they come from.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, ClassVar, NamedTuple
from uuid import UUID

import msgspec

from domain.aggregate import Aggregate, Reference
from domain.commands import Command
from domain.degrees import Experienced, Promised
from domain.duties import Duty
from domain.errors import FutureDate, UnknownReference
from domain.events import (
    MISSING,
    NOT_RECORDED,
    Casework,
    Corrected,
    Count,
    Event,
    Identity,
    Person,
    SeedLine,
    Unit,
    codes,
    most,
    persons,
    several,
)
from domain.history import Step
from domain.time import oslo_day

Gaps = Annotated[tuple[str, ...], several("coverage-gaps")]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Recipients on a list that nobody entered one by one: how many of a kind, with or without a voice of refugees."""

    kind: Annotated[str, codes("recipient-kinds")]
    refugee_voice: Annotated[str, codes("refugee-voice-listed")] = NOT_RECORDED
    n: Annotated[int, msgspec.Meta(ge=1)]


class Individual(Person, frozen=True, kw_only=True):
    """A participant who is heard as themselves, or for their household."""


class Described(Event, frozen=True, kw_only=True):
    """What a register is for, said when it is opened."""

    scope: Annotated[str, codes("register-scopes")]
    unit: Unit = NOT_RECORDED
    seed_line: SeedLine | None = None
    title: Annotated[Casework, most(500)] = None


class Opened(Described, frozen=True, kw_only=True):
    """A register was opened."""

    NAME: ClassVar[str] = "opened"


class RecipientAdded(Event, frozen=True, kw_only=True):
    """A recipient was put on the list, or entered anew under the same id."""

    NAME: ClassVar[str] = "recipient_added"

    recipient: UUID
    kind: Annotated[str, codes("recipient-kinds")]
    represents_group: Annotated[str, codes("groups")] = NOT_RECORDED
    refugee_voice: Annotated[str, codes("refugee-voice-listed")] = NOT_RECORDED
    channel: Annotated[str, codes("recipient-channels")] = NOT_RECORDED
    since: date | None = None
    body: UUID | None = None
    addressee: Annotated[Identity, most(500)] = None
    contact: Identity = None
    individuals: Annotated[tuple[Individual, ...], persons("casework"), most(10)] = ()


class RecipientVerified(Event, frozen=True, kw_only=True):
    """Somebody made sure that the recipient is there and can be reached."""

    NAME: ClassVar[str] = "recipient_verified"

    recipient: UUID
    verifying_unit: Unit = NOT_RECORDED


class RecipientRemoved(Event, frozen=True, kw_only=True):
    """A recipient was taken off the list."""

    NAME: ClassVar[str] = "recipient_removed"

    recipient: UUID
    reason: Annotated[str, codes("removal-reasons")] = NOT_RECORDED


class CoverageGapFlagged(Event, frozen=True, kw_only=True):
    """Somebody saw that nobody on the list speaks for a kind of group (seed s:248–249, s:346–348)."""

    NAME: ClassVar[str] = "coverage_gap_flagged"

    gap: Annotated[str, codes("coverage-gaps")]


class GapClosed(Event, frozen=True, kw_only=True):
    """Somebody on the list speaks for that kind of group now; the recipient, if it is named."""

    NAME: ClassVar[str] = "gap_closed"

    gap: Annotated[str, codes("coverage-gaps")]
    recipient: UUID | None = None


class RegisteredAsExisting(Described, frozen=True, kw_only=True):
    """A register from before the ledger, or told of late, opened with those on it counted and its gaps."""

    NAME: ClassVar[str] = "registered_as_existing"

    listed: tuple[Listed, ...] = ()
    gaps: Gaps = ()


class Recipient(NamedTuple):
    """A recipient on the list: what was said when it was added, and the last day it may have been verified on."""

    entry: RecipientAdded
    verified_on: date | None = None


class Heard(NamedTuple):
    """How many of a kind are on the list; `refugee_voices` how many of them are known to speak for refugees."""

    kind: Annotated[str, codes("recipient-kinds")]
    n: int
    refugee_voices: Count


class ConsultationRegister(Aggregate):
    """One register, as its effective history tells it."""

    noun = "register"
    events = (
        Opened,
        RecipientAdded,
        RecipientVerified,
        RecipientRemoved,
        CoverageGapFlagged,
        GapClosed,
        RegisteredAsExisting,
        Promised,
        Experienced,
    )

    hears = (Described,)
    in_lists = (
        "scope", "unit", "recipient_count", "refugee_voices", "refugee_voice_unknown", "gap_count",
        "last_verified_on", "seed_line",
    )  # fmt: skip
    in_detail = ("listed", "recipients", "heard", "gaps")

    listed: tuple[Listed, ...] = ()
    gaps: Gaps = ()
    last_verified_on: date | None = None
    _entered: Mapping[UUID, Recipient] = MappingProxyType({})

    def apply(self, step: Step) -> None:
        event = step.event
        recipients = dict(self._entered)
        match event:
            case RegisteredAsExisting():
                self.listed, self.gaps = event.listed, tuple(sorted({*self.gaps, *event.gaps}))
            case RecipientAdded():
                recipients[event.recipient] = Recipient(event)
            case RecipientVerified():
                self.last_verified_on = step.ends
                if event.recipient in recipients:
                    recipients[event.recipient] = recipients[event.recipient]._replace(verified_on=step.ends)
            case RecipientRemoved():
                recipients.pop(event.recipient, None)
            case CoverageGapFlagged():
                self.gaps = tuple(sorted({*self.gaps, event.gap}))
            case GapClosed():
                self.gaps = tuple(gap for gap in self.gaps if gap != event.gap)
        self._entered = recipients

    @property
    def recipients(self) -> tuple[Recipient, ...]:
        """Those on the list who were entered one by one, in the order they were added."""
        return tuple(self._entered.values())

    @property
    def recipient_count(self) -> int:
        """How many are on the list, one by one or counted."""
        return self._all.total()

    @property
    def refugee_voices(self) -> int:
        """How many of them are known to speak for refugees."""
        return self._all["yes"]

    @property
    def refugee_voice_unknown(self) -> int:
        """Of how many of them that is not known."""
        return self._all.total() - self._all["yes"] - self._all["no"]

    @property
    def gap_count(self) -> int:
        """How many kinds of group nobody on the list speaks for."""
        return len(self.gaps)

    @property
    def heard(self) -> tuple[Heard, ...]:
        """Who a hearing that fixes its list now invites, counted by kind; recipients are not named."""
        return tuple(Heard(kind, said.total(), _speaking(said)) for kind, said in sorted(self._voices().items()))

    @property
    def _all(self) -> Counter[str]:
        return sum(self._voices().values(), Counter())

    def _voices(self) -> dict[str, Counter[str]]:
        """By kind of recipient."""
        voices: dict[str, Counter[str]] = {}
        for each in self.listed:
            voices.setdefault(each.kind, Counter())[each.refugee_voice] += each.n
        for entry, _ in self._entered.values():
            voices.setdefault(entry.kind, Counter())[entry.refugee_voice] += 1
        return voices

    def duties(self) -> Iterator[Duty]:
        if self.gaps:
            yield Duty("register.coverage_gap")

    @classmethod
    def references(cls, event: Event) -> Iterable[Reference]:
        if isinstance(event, RecipientAdded):
            if event.body is not None:
                yield Reference("body", event.body, "/body")
            for i, each in enumerate(event.individuals):
                yield Reference("participant", each.participant, f"/individuals/{i}/participant")

    def _refuse_impossible(self, event: Event, command: Command) -> None:
        super()._refuse_impossible(event, command)
        if isinstance(event, RecipientAdded) and event.since and event.since > oslo_day(command.now):
            raise FutureDate("/since", f"{event.since} has not come")
        if isinstance(event, RecipientVerified | RecipientRemoved | GapClosed) and event.recipient is not None:
            told = (
                each.event.replacement if isinstance(each.event, Corrected) else each.event for each in self.history
            )
            if event.recipient not in {each.recipient for each in told if isinstance(each, RecipientAdded)}:
                raise UnknownReference("/recipient", "this register never had such a recipient")


def _speaking(said: Counter[str]) -> Count:
    """A number that is not known of anybody is not recorded; it is not zero."""
    return said["yes"] if said.keys() - MISSING else NOT_RECORDED
