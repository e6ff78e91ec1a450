"""Seats: what those of a body are, which are reserved, and how many may have been filled (seed s:271–279, s:352–353).

A body's composition is told as counted seats, never as a list of people; a participant who is named is sealed under
their own key.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec

from domain.aggregate import refuse_unknown
from domain.errors import ImpossibleCount
from domain.events import MISSING, NOT_RECORDED, Count, Event, Person, Unit, codes, most, one_of, persons, several
from domain.history import Step

STRATA = {
    "genders": "gender",
    "age-bands": "age_band",
    "residence-times": "residence_time",
    "voices": "constituency",
}
"""What seats may be reserved by, and a body compared by: codebook list → the member of a seat that has its code."""


Stratification = Annotated[str, one_of(*STRATA)]


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """Seats whose holders are alike: how many, on whose behalf they sit, and what they are.

    `roles` are all the roles each of them holds; a person may hold two.
    """

    n: Annotated[int, msgspec.Meta(ge=1)] = 1
    constituency: Annotated[str, codes("voices")] = NOT_RECORDED
    gender: Annotated[str, codes("genders")] = NOT_RECORDED
    age_band: Annotated[str, codes("age-bands")] = NOT_RECORDED
    residence_time: Annotated[str, codes("residence-times")] = NOT_RECORDED
    roles: Annotated[tuple[str, ...], several("roles", most=10)] = ()
    unit: Unit = NOT_RECORDED

    def traits(self) -> Iterator[tuple[str, str]]:
        """What each holder is, as (codebook list, code)."""
        yield from ((list_id, getattr(self, member)) for list_id, member in STRATA.items())
        yield from (("roles", role) for role in self.roles)


class Quota(msgspec.Struct, frozen=True):
    """Seats reserved for those who have a code of one of the lists of `STRATA`."""

    list: Stratification
    code: Annotated[str, most(64)]
    n: Annotated[int, msgspec.Meta(ge=1)]


class Share(NamedTuple):
    """How many of those who sit have a code of a list."""

    list: str
    code: str
    n: int


class Representative(Person, frozen=True, kw_only=True):
    """A participant who took a seat, or left one."""


class SeatsDefined(Event, frozen=True, kw_only=True):
    """It was laid down how many seats there are, who fills them, and which are reserved."""

    NAME: ClassVar[str] = "seats_defined"

    seats: Count = NOT_RECORDED
    electorate: Annotated[str, codes("voices")] = NOT_RECORDED
    quotas: tuple[Quota, ...] = ()


class Seated(Event, frozen=True, kw_only=True):
    """Representatives took their seats."""

    NAME: ClassVar[str] = "seated"

    selection_method: Annotated[str, codes("selection-methods")] = NOT_RECORDED
    taken: tuple[Seat, ...]
    representatives: Annotated[tuple[Representative, ...], persons("casework")] = ()


class Resigned(Event, frozen=True, kw_only=True):
    """Representatives left their seats."""

    NAME: ClassVar[str] = "resigned"

    reason: Annotated[str, codes("resignation-reasons")] = NOT_RECORDED
    left: tuple[Seat, ...]
    representatives: Annotated[tuple[Representative, ...], persons("casework")] = ()


class Filling:
    """How the seats may have been filled when a body sat, on the reading of the days that accuses least.

    `emptied` are the steps that empty every seat. Nothing is told of seats nobody recorded.
    """

    def __init__(self, sitting: Step, steps: Sequence[Step], emptied: Sequence[Step]) -> None:
        told = [step for step in steps if step is sitting or not step.certainly_after(sitting)]
        before = [step for step in told if step is sitting or sitting.certainly_after(step)]
        ends = [step for step in emptied if step in told]
        since = [step for step in before if all(step.certainly_after(end) for end in ends)]
        taken = [step for step in told if hasattr(step.event, "taken")]
        self._taken: list[Any] = [
            step.event for step in taken if not _outdone(step, [end for end in ends if end in before])
        ]
        self._known = any(step in since for step in taken) and all(each.taken for each in self._taken)
        self._left = [step.event for step in since if isinstance(step.event, Resigned)]
        laid_down = [step for step in before if hasattr(step.event, "quotas")]
        self._defined: list[Any] = [
            step.event for step in told if laid_down and hasattr(step.event, "quotas") and not _outdone(step, laid_down)
        ]

    def vacant(self) -> bool:
        """Whether there certainly was an empty seat."""
        return bool(self._defined) and all(
            isinstance(each.seats, int) and self._fewer(each.seats, None) for each in self._defined
        )

    def unmet(self, by_law: Sequence[Quota] = ()) -> bool:
        """Whether a quota of the law, or one laid down for the body, certainly was not met."""
        return any(self._missed(quota) for quota in by_law) or (
            bool(self._defined) and all(any(map(self._missed, each.quotas)) for each in self._defined)
        )

    def _missed(self, quota: Quota) -> bool:
        return self._fewer(quota.n, quota)

    def _fewer(self, n: int, quota: Quota | None) -> bool:
        if not self._known:
            return False
        taken = [seat for each in self._taken for seat in each.taken if not quota or _may_be(seat, quota)]
        left = [seat for each in self._left for seat in each.left if not quota or _code(seat, quota) == quota.code]
        filled: int = sum(seat.n for seat in taken) - sum(seat.n for seat in left)
        return filled < n


def refuse_impossible_seats(event: Event) -> None:
    """Refuses quotas of no such code or of more seats than there are, and more people named than seats."""
    seats = getattr(event, "seats", NOT_RECORDED)
    for i, quota in enumerate(getattr(event, "quotas", ())):
        refuse_unknown(quota.list, quota.code, f"/quotas/{i}/code")
        if isinstance(seats, int) and quota.n > seats:
            raise ImpossibleCount(f"/quotas/{i}/n", f"{quota.n} are more than the {seats} seats")
    named, counted = getattr(event, "representatives", ()), getattr(event, "taken", getattr(event, "left", ()))
    if len(named) > sum(seat.n for seat in counted):
        raise ImpossibleCount("/representatives", f"{len(named)} are named, more than the seats")


def _code(seat: Seat, quota: Quota) -> str:
    code: str = getattr(seat, STRATA[quota.list])
    return code


def _may_be(seat: Seat, quota: Quota) -> bool:
    return _code(seat, quota) in MISSING | {quota.code}


def _outdone(step: Step, by: Sequence[Step]) -> bool:
    return any(other.certainly_after(step) for other in by)
