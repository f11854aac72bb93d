"""What of the counts may be told. Pure.

A group of fewer than ten is not told; nor is a sum, from which one could be subtracted; nor a day
that still grows, in which somebody who looks twice would see one person arrive.
"""

from datetime import date, datetime, timedelta

from chalicelib.errors import FieldError, InvalidInput

SMALLEST_GROUP = 10
MOST_DAYS = 31
SETTLING = timedelta(hours=1)
"""How long after its end a day is not told yet: the stream is a few seconds behind."""

_DAY = timedelta(days=1)


def told(count: int) -> int | None:
    """`count`, or None where the group is too small."""
    return count if count >= SMALLEST_GROUP else None


def last_day(now: datetime) -> date:
    """The last UTC day that may be told at `now`."""
    return (now - SETTLING).date() - _DAY


def days_told(since: date | None, until: date | None, now: datetime) -> list[date]:
    """The days from `since` to `until`, both included, that may be told at `now`.

    Without `until` up to the last one, without `since` 31 days. Raises `InvalidInput` for more.
    """
    last = last_day(now)
    until = until or last
    since = since or until - (MOST_DAYS - 1) * _DAY
    if not 0 <= (until - since).days < MOST_DAYS:
        raise InvalidInput(FieldError("to", "out_of_range"))
    return [since + number * _DAY for number in range((min(until, last) - since).days + 1)]
