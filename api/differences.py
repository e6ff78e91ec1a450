"""What differs in a record between two moments, member by member."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from marshmallow import fields

from api.schemas import Answer, AsOf, Day, Request

Document = Mapping[str, Any]


class Difference(NamedTuple):
    """A value that is not the same: where (RFC 6901), what it was and what it became; None where there was none."""

    pointer: str
    before: Any
    after: Any


class DifferencesQuery(Request):
    """Between which two moments."""

    from_ = AsOf(
        data_key="from",
        attribute="from",
        required=True,
        limit=40,
        metadata={"description": "What the ledger knew first: a position, an Oslo day or an instant, as `as_of` is."},
    )
    to = AsOf(limit=40, metadata={"description": "What it knew then, in the same forms. Default: what it knows now."})
    on = Day(metadata={"description": "Of both, what had happened by the end of that Oslo day. Not in the future."})


class DifferenceItem(Answer):
    """A value that is not the same at the two moments. Lists are one value; null is also what was not there."""

    pointer = fields.String(required=True, metadata={"description": "JSON pointer (RFC 6901) into the record."})
    before = fields.Raw(data_key="from", required=True, allow_none=True)
    after = fields.Raw(data_key="to", required=True, allow_none=True)


def differences(before: Document, after: Document, pointer: str = "") -> Iterator[Difference]:
    """What is not the same in two documents, in the order of their members; where both have an object, within it."""
    for member in {**before, **after}:
        old, new = before.get(member), after.get(member)
        at = f"{pointer}/{member.replace('~', '~0').replace('/', '~1')}"
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from differences(old, new, at)
        elif old != new:
            yield Difference(at, old, new)
