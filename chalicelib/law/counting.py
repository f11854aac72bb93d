"""Counting one period from its start to its end: clamps, waits, roll-overs, and their reasons."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.law.calendars import is_holiday, is_weekend, is_working_day
from chalicelib.law.case import Pause
from chalicelib.law.models import Period, Place, Rule, Unit
from chalicelib.law.periods import add_business_days, add_months, waited_days

_DAY = timedelta(days=1)
_WEEKDAYS = {5: "saturday", 6: "sunday"}


@dataclass(frozen=True, slots=True)
class Where:
    """A place, and the zone whose days count."""

    place: Place
    zone: ZoneInfo

    def day_of(self, moment: datetime) -> date:
        """The local day of `moment`."""
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """24:00 of the local `day`, in UTC."""
        return datetime.combine(day + _DAY, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class End:
    """The end of a period in UTC, its local day where days are counted, and why."""

    at: datetime
    day: date | None
    reasons: tuple[str, ...]


def count(
    rule: Rule, limit: Period, started: datetime, where: Where, pauses: tuple[Pause, ...]
) -> End:
    """Where `limit`, counted from `started`, ends in `where` with the waits that `rule` knows."""
    if limit.unit is Unit.HOURS:
        # In UTC: elapsed hours, through a change of the clocks too.
        return End(started + timedelta(hours=limit.amount), None, ("hours",))
    first = where.day_of(started)
    last, reasons = _last_day(first, limit, where.place.calendars)
    waits = [
        (where.day_of(each.since), where.day_of(each.until))
        for each in pauses
        if each.reason in rule.pauses
    ]
    if waited := waited_days(waits, first, last):
        last += waited * _DAY
        reasons.append(f"waited:{waited}")
    if rule.rolls:
        last = _roll(last, where.place.calendars, reasons)
    return End(where.end_of(last), last, tuple(reasons))


def _last_day(first: date, limit: Period, calendars: tuple[str, ...]) -> tuple[date, list[str]]:
    if limit.unit is Unit.MONTHS:
        last = add_months(first, limit.amount)
        return last, [f"clamped:{first.day}:{last}"] if last.day != first.day else []
    if limit.unit is Unit.DAYS:
        return first + limit.amount * _DAY, []
    last = add_business_days(first, limit.amount, calendars)
    between = (first + n * _DAY for n in range(1, (last - first).days))
    holidays = [day for day in between if not is_weekend(day) and is_holiday(day, calendars)]
    return last, ["business_days", *(f"left_out:{day}" for day in holidays)]


def _roll(last: date, calendars: tuple[str, ...], reasons: list[str]) -> date:
    while not is_working_day(last, calendars):
        reasons.append(f"{_WEEKDAYS.get(last.weekday(), 'holiday')}:{last}")
        last += _DAY
    return last
