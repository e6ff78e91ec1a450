"""Every refusal, as one tree; a docstring is the problem's title.

Refusal
├── NotFound                nothing by that id in this ledger
├── Invalid                 a member of the request says something impossible
│   ├── UnknownReference
│   ├── UnknownCode
│   ├── FutureDate
│   ├── ImpossibleInterval
│   ├── ImpossibleCount
│   └── ImpossibleCorrection
├── DeviationNeeded         a rule is broken; it may be recorded with `deviations`
├── Stale                   somebody recorded something in between
├── KeyReused               an idempotency key came back with other content
└── Taken                   what was claimed belongs to another record
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Refusal(Exception):
    """The request was refused"""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(Refusal):
    """Nothing is found here"""


class Invalid(Refusal):
    """The request says something impossible"""

    def __init__(self, pointer: str, detail: str) -> None:
        """`pointer` is the JSON pointer (RFC 6901) of the member in the command's body."""
        super().__init__(detail)
        self.pointer = pointer

    @classmethod
    @contextmanager
    def within(cls, member: str) -> Iterator[None]:
        """Whatever is refused in here is a member of `member`."""
        try:
            yield
        except cls as refusal:
            refusal.pointer = member + refusal.pointer
            raise


class UnknownReference(Invalid):
    """A reference to a record this ledger does not have"""


class UnknownCode(Invalid):
    """A code the codebook does not have"""


class FutureDate(Invalid):
    """A date that has not come"""


class ImpossibleInterval(Invalid):
    """An interval that ends before it begins"""


class ImpossibleCount(Invalid):
    """Counts that cannot be true together"""


class ImpossibleCorrection(Invalid):
    """A correction that has nothing to correct"""


class DeviationNeeded(Refusal):
    """A rule is broken; record it as a deviation if it is what happened"""

    def __init__(self, rules: Sequence[str]) -> None:
        """`rules` are the ids of every rule the event breaks, acknowledged or not (codebook list `rules`)."""
        super().__init__(f"{', '.join(rules)}: if it is what happened, send it again with `deviations`")
        self.rules = tuple(rules)


class Stale(Refusal):
    """The record has changed since it was read"""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"the record is at version {actual}, not {expected}: read it again and send its ETag")
        self.expected, self.actual = expected, actual


class KeyReused(Refusal):
    """The idempotency key was used before, with other content"""


class Taken(Refusal):
    """What the record claims already belongs to another record"""
