"""The degree of participation, three times: as promised, as the events show, as the person says (seed s:26).

Intended is a promise made to people. Documented follows from the classes of the events that hold, in a version of the
codebook. Experienced is what they say themselves. One is never read from another.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, ClassVar, NamedTuple
from uuid import UUID

from domain.codebook import Codebook
from domain.events import NOT_RECORDED, Casework, Event, Unit, Voice, codes
from domain.history import Step

NO_EVIDENCE = "none"
"""What is documented where no event shows a degree: not the degree 0, which somebody must have seen."""


class Promised(Event, frozen=True, kw_only=True):
    """People were told what is open to them, who answers, and by when."""

    NAME: ClassVar[str] = "promised"

    degree: Annotated[str, codes("degrees")]
    answering_unit: Unit = NOT_RECORDED
    answer_due: date | None = None
    open_to_influence: Casework = None


class Experienced(Event, frozen=True, kw_only=True):
    """Those who took part said how far they had a say."""

    NAME: ClassVar[str] = "experienced"

    degree: Annotated[str, codes("degrees")]
    comment: Voice = None


class Degrees(NamedTuple):
    """The three degrees of a record (codebook list `degrees`), and the events that show the documented one."""

    intended: str = NOT_RECORDED
    documented: str = NO_EVIDENCE
    experienced: str = NOT_RECORDED
    evidence: tuple[UUID, ...] = ()


NOTHING = Degrees()
"""What no step tells."""


def degrees(steps: Iterable[Step], book: Codebook, so_far: Degrees = NOTHING) -> Degrees:
    """The degrees an effective history tells; of promises and of experiences the last counts.

    `so_far` is what the steps before these told.
    """
    intended, documented, experienced, evidence = so_far
    classes = book.lists["event-classes"].codes
    for step in steps:
        if isinstance(step.event, Promised):
            intended = step.event.degree
        elif isinstance(step.event, Experienced):
            experienced = step.event.degree
        found = classes.get(step.name)
        if found is None or found.degree is None:
            continue
        if documented == NO_EVIDENCE or found.degree > documented:
            documented, evidence = found.degree, ()
        if found.degree == documented:
            evidence = (*evidence, step.event_id)
    return Degrees(intended, documented, experienced, evidence)
