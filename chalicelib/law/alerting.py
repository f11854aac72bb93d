"""When somebody is alerted of a date. Pure.

The alerts of a date are numbered: those before it, longest first, the one at it, then one after
another until whatever waits for the date is done.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AlertTimes:
    """How long before the date the alerts come, and how often after it.

    `ValueError` unless they come one after another.
    """

    before: tuple[timedelta, ...]
    between_after: timedelta

    def __post_init__(self) -> None:
        falling = all(first > second for first, second in pairwise((*self.before, timedelta())))
        if not falling or self.between_after <= timedelta():
            raise ValueError("alerts come one after another")

    def offset(self, number: int) -> timedelta:
        """How long after the date alert `number` comes; negative before it."""
        if number < len(self.before):
            return -self.before[number]
        return (number - len(self.before)) * self.between_after

    def passed(self, due_at: datetime, now: datetime) -> int:
        """How many alerts for the date `due_at` have had their moment at `now`."""
        if now >= due_at:
            return len(self.before) + 1 + (now - due_at) // self.between_after
        return sum(due_at - each <= now for each in self.before)


def alert_name(offset: timedelta) -> str:
    """A constant for the trail: `48h_before`, `at`, `24h_after`."""
    hours = abs(offset) // _HOUR
    if not offset:
        return "at"
    return f"{hours}h_before" if offset < timedelta() else f"{hours}h_after"


def hours_left(due_at: datetime, now: datetime) -> int:
    """Whole hours until `due_at`, rounded up; negative after it, rounded down."""
    left = due_at - now
    return -(-left // _HOUR) if left > timedelta() else left // _HOUR
