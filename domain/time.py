"""Days and instants. A day is a day in Europe/Oslo; an instant is whole microseconds since 1970-01-01T00:00Z."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant(us: int) -> datetime:
    """The instant as an aware datetime in UTC."""
    return _EPOCH + timedelta(microseconds=us)


def microseconds(at: datetime) -> int:
    """The aware datetime as microseconds since the epoch, exact."""
    return (at - _EPOCH) // _MICROSECOND


def rfc3339(us: int) -> str:
    """The instant as RFC 3339 in UTC with microseconds and `Z`."""
    return instant(us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def oslo_day(us: int) -> date:
    """The day in Oslo at that instant."""
    return instant(us).astimezone(OSLO).date()


def start_of_oslo_day(day: date) -> int:
    """The first microsecond of a day in Oslo."""
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=OSLO))


def end_of_oslo_day(day: date) -> int:
    """The last microsecond of a day in Oslo."""
    if day == date.max:
        return microseconds(datetime.max.replace(tzinfo=UTC))
    return start_of_oslo_day(day + timedelta(days=1)) - 1


def months_after(day: date, months: int) -> date:
    """The day so many months later: the month's last where it has no such day, and never past the last of all days."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
