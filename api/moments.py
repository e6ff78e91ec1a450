"""`as_of` and `on` made exact: a ledger position and a reference day."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from api.problems import Unprocessable
from api.services import Records
from domain.codebook import Codebook, UnknownVersion, load
from domain.time import end_of_oslo_day, microseconds, oslo_day, start_of_oslo_day

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Moment(NamedTuple):
    """What the ledger knew at `position` (None: whatever it knows now) of what had happened by `day`.

    `book` is the version of the codebook it is read by: the ledger's own now, whatever the position, unless asked for.
    """

    position: int | None
    day: date
    on: date | None
    book: Codebook


def resolve(query: Mapping[str, Any], records: Records, now: int, member: str = "as_of") -> Moment:
    """The moment that member of a query asks for. Raises Unprocessable for the future and for what is past the head."""
    today = oslo_day(now)
    on: date | None = query.get("on")
    if on is not None and on > today:
        raise Unprocessable([("/query/on", f"{on} has not come; today is {today}")])
    position, day = _as_of(query.get(member), records, now, f"/query/{member}")
    return Moment(position, on or day, on, book_of(query, records))


def book_of(query: Mapping[str, Any], records: Records) -> Codebook:
    """The codebook a query asks for; the ledger's own when it asks for none."""
    try:
        return load(query["codebook"] if "codebook" in query else records.codebook())
    except UnknownVersion as error:
        raise Unprocessable([("/query/codebook", str(error))]) from error


def _as_of(text: str | None, records: Records, now: int, pointer: str) -> tuple[int | None, date]:
    if text is None:
        return None, oslo_day(now)
    if re.fullmatch(r"\d{1,18}", text, re.ASCII):
        position, head = int(text), records.head()
        if position > head:
            raise Unprocessable([(pointer, f"position {position} is past the ledger's head, {head}")])
        told = records.page(position - 1, 1)[0].recorded_at if position else 0
        return position, oslo_day(told)
    instant = _instant(text, now, pointer)
    return records.position_at(instant), oslo_day(instant)


def span(text: str) -> tuple[int, int]:
    """The first and last microsecond of an Oslo day, or an RFC 3339 instant twice. Raises ValueError for neither."""
    try:
        if _DAY.fullmatch(text):
            day = date.fromisoformat(text)
            return start_of_oslo_day(day), end_of_oslo_day(day)
        if _INSTANT.fullmatch(text):
            instant = microseconds(datetime.fromisoformat(text.upper()).astimezone(UTC))
            return instant, instant
    except OverflowError as error:
        raise ValueError(text) from error
    raise ValueError(text)


def _instant(text: str, now: int, pointer: str) -> int:
    try:
        first, last = span(text)
    except ValueError as error:
        raise Unprocessable([(pointer, "is neither a position, nor a day, nor an RFC 3339 instant")]) from error
    instant = now if first <= now <= last else last
    if instant > now:
        raise Unprocessable([(pointer, "is in the future")])
    return instant
