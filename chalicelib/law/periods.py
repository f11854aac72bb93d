"""Adding a law's periods to a day, and a hold's to a date. Pure arithmetic of calendar days."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta

from chalicelib.law.calendars import working_day_after

_YEAR = 12  # months


def add_months(day: date, months: int) -> date:
    """The same date number `months` later, or that month's last day where it has no such number.

    Regulation (EEC, Euratom) 1182/71 Article 3(2)(c).
    """
    years, month = divmod(day.year * _YEAR + day.month - 1 + months, _YEAR)
    last = monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last))


def add_business_days(day: date, count: int, calendars: tuple[str, ...]) -> date:
    """The `count`th working day after `day`, which itself does not count."""
    for _ in range(count):
        day = working_day_after(day, calendars)
    return day


def waited_days(waits: Iterable[tuple[date, date]], first: date, last: date) -> int:
    """How many days a period from `first` to `last` waited.

    Each of `waits` runs from its first day to the day on which it was over, which counts again.
    Days that two waits share wait once, and each wait moves `last`; a wait that begins after it
    revives nothing.
    """
    waited, reached = 0, first
    for since, over in sorted(waits):
        begins = max(since, reached)
        if begins > last + timedelta(days=waited):
            break
        if over > begins:
            waited += (over - begins).days
            reached = over
    return waited


def end_of_hold(trigger: date, years: int, *, year_end: tuple[int, int] | None = None) -> date:
    """The last day of a hold of `years` after `trigger`; 29 February becomes the 28th.

    With `year_end` (month, day) the years count from the end of the tax or book year that
    `trigger` lies in (UU KUP 28(11), UU 8/1997 11(1)); a year that ends in February ends on its
    last day.
    """
    if year_end is None:
        return add_months(trigger, years * _YEAR)
    month, day = year_end
    ends = _in_year(trigger.year, month, day)
    if ends < trigger:
        ends = _in_year(trigger.year + 1, month, day)
    return _in_year(ends.year + years, month, day)


def latest_hold(ends: Iterable[date]) -> date:
    """The day on which the last of several holds ends. Raises `ValueError` without any."""
    return max(ends)


def _in_year(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))
