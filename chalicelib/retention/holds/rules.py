"""What may be decided about a hold, and when its review is reminded of. Pure.

    active ──release──> released

A hold ends by nothing else: its review date is when somebody has to look at it again, not its end.
The reminders of a date are numbered (law/alerting.py): one 7 days before it, one at it, then one
every 7 days until somebody moves the date or releases the hold. A new date has its own.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.law.alerting import AlertTimes
from chalicelib.retention.holds.models import (
    MOST,
    Hold,
    HoldReleased,
    Standing,
    TooManyHolds,
)

AHEAD = timedelta(days=7)
TIMES = AlertTimes(before=(AHEAD,), between_after=timedelta(days=7))
FURTHEST = timedelta(days=3653)
"""How far ahead a review may be: ten years, the longest that a law wants books kept."""
_DAY = timedelta(days=1)


def check_review(review_at: datetime, now: datetime) -> None:
    """Raises `InvalidInput` unless `review_at` is to come, within ten years."""
    if not now < review_at <= now + FURTHEST:
        raise InvalidInput(FieldError("review_at", "out_of_range"))


def reviewed(hold: Hold, review_at: datetime) -> Hold:
    """The hold with another review date, of which nobody was reminded. Raises `HoldReleased`."""
    _check_active(hold)
    return replace(hold, review_at=review_at, reminders=0)


def released(hold: Hold, staff_id: str, reason: str, now: datetime) -> Hold:
    """The hold once `staff_id` released it. Raises `HoldReleased` when somebody did before."""
    _check_active(hold)
    return replace(hold, released_by=staff_id, released_at=now, reason=reason)


def with_hold(standing: Standing, hold_id: str) -> Standing:
    """The target with one more hold on it. Raises `TooManyHolds`."""
    if len(standing.holds) >= MOST:
        raise TooManyHolds
    return replace(standing, holds=(*standing.holds, hold_id))


def without_hold(standing: Standing, hold_id: str) -> Standing:
    """The target without the hold; the others stay."""
    return replace(standing, holds=tuple(each for each in standing.holds if each != hold_id))


def reminders_due(hold: Hold, now: datetime) -> range:
    """The numbers of the reminders whose moment has come and that did not go out yet."""
    if not hold.is_active:
        return range(0)
    return range(hold.reminders, TIMES.passed(hold.review_at, now))


def next_reminder(hold: Hold) -> datetime:
    """When the next reminder of an active hold is due."""
    return hold.review_at + TIMES.offset(hold.reminders)


def days_left(review_at: datetime, now: datetime) -> int:
    """Whole days until `review_at`, rounded up; negative after it, rounded down to more days."""
    left = review_at - now
    return -(-left // _DAY) if left > timedelta() else left // _DAY


def _check_active(hold: Hold) -> None:
    if not hold.is_active:
        raise HoldReleased
