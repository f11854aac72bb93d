"""Which days are no working days.

Public holidays come from the `holidays` package. It and the countries behind it take a third of a
second to import, so it is imported when the first holiday is asked for: hours and calendar days
that never roll do without.
"""

from datetime import date, timedelta
from functools import lru_cache

_SATURDAY = 5  # date.weekday()


def is_weekend(day: date) -> bool:
    """Saturday or Sunday."""
    return day.weekday() >= _SATURDAY


def is_holiday(day: date, calendars: tuple[str, ...]) -> bool:
    """Whether `day` is a public holiday in all `calendars`; never without one.

    A calendar is an ISO 3166 code: a country (`DE`) or one of its parts (`US-CA`, `GB-SCT`).
    """
    return bool(calendars) and day in _holidays(calendars, day.year)


def is_working_day(day: date, calendars: tuple[str, ...]) -> bool:
    """Neither a weekend nor a holiday of all `calendars`."""
    return not is_weekend(day) and not is_holiday(day, calendars)


def working_day_after(day: date, calendars: tuple[str, ...]) -> date:
    """The first working day after `day`."""
    day += timedelta(days=1)
    while not is_working_day(day, calendars):
        day += timedelta(days=1)
    return day


@lru_cache(maxsize=256)
def _holidays(calendars: tuple[str, ...], year: int) -> frozenset[date]:
    return frozenset.intersection(*(_holidays_of(each, year) for each in calendars))


def _holidays_of(calendar: str, year: int) -> frozenset[date]:
    from holidays import country_holidays  # noqa: PLC0415  # see above

    country, _, part = calendar.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year, expand=False))
