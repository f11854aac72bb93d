"""Due dates: pure functions from a law's rule and what happened to a `Deadline`.

No clock is read here, and no zone of the machine: the days are those of the rule's place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.clock import from_millis, to_millis
from chalicelib.law.calendars import is_holiday, is_weekend, is_working_day
from chalicelib.law.deadline import Deadline
from chalicelib.law.models import (
    LimitBy,
    Pack,
    PauseReason,
    Period,
    Place,
    Rule,
    Start,
    Timing,
    Unit,
)
from chalicelib.law.packs import pack as pack_of
from chalicelib.law.periods import add_business_days, add_months, waited_days

_DAY = timedelta(days=1)
_WEEKDAYS = {5: "saturday", 6: "sunday"}


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait for the person, between two aware moments; one that lasts is given until now."""

    reason: PauseReason
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What happened, in aware moments.

    ``received_at`` is when the clock's event came: the receipt of a request, the awareness of a
    breach. ``identity_at`` and ``fee_at`` are when proof and fee came, where they were asked for.
    """

    received_at: datetime
    identity_at: datetime | None = None
    fee_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    extended: bool = False


@dataclass(frozen=True, slots=True)
class _Where:
    place: Place
    zone: ZoneInfo

    def day_of(self, moment: datetime) -> date:
        return moment.astimezone(self.zone).date()

    def end_of(self, day: date) -> datetime:
        """24:00 of the local `day`, in UTC."""
        return datetime.combine(day + _DAY, time(), self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class _End:
    at: datetime
    day: date | None
    reasons: tuple[str, ...]


def deadline(
    pack: Pack, rule: Rule, case: Case, *, place: str | None = None, zone: str | None = None
) -> Deadline:
    """When `case` is due under `rule` of `pack`.

    `place` is a place of the pack (a member state), by default the pack's own; `zone` an IANA name
    where the place's does not fit. Raises `ValueError` for a rule without limit, an extension that
    the law does not know, an unknown place or zone, a naive moment, a pause that ends before it
    begins.
    """
    if rule.limit is None:
        raise ValueError(f"{pack.id}, {rule.id}: no limit, so no date")
    if case.extended and rule.extension is None:
        raise ValueError(f"{pack.id}, {rule.id}: knows no extension")
    where = _where(pack, place, zone)
    received = _whole(case.received_at)
    started = _start(rule, case)
    pauses = _pauses(case)
    limit = _limit(rule.limit, rule.extension if case.extended else None)
    end = _end(rule, limit, started, where, pauses)
    unpaused = end
    if pauses or started != received:
        unpaused = _end(rule, limit, received, where, ())
    notice_by = None
    if rule.extension is not None:
        notice_by = _end(rule, rule.limit, received, where, ()).at
    return Deadline(
        pack=pack.id,
        version=pack.version,
        rule=rule.id,
        law=pack.law,
        article=rule.article,
        place=where.place.id,
        zone=where.zone.key,
        received_at=received,
        started_at=started,
        due_at=end.at,
        due_on=end.day,
        unpaused_due_at=unpaused.at,
        notice_by=notice_by,
        extended=case.extended,
        keep=rule.timing is Timing.KEEP,
        reasons=(*_opening(rule, rule.limit, limit, case), *end.reasons),
    )


def deadlines(laws: Mapping[str, str | None], right: str, case: Case) -> tuple[Deadline, ...]:
    """The dates of a request of type `right` under each of `laws`: jurisdiction → place or None.

    A law that has no rule for the right, or no date in it, gives none. Raises as `deadline`.
    """
    found = []
    for jurisdiction, place in laws.items():
        pack = pack_of(jurisdiction)
        rule = pack.rule_for(right, _where(pack, place, None).day_of(_whole(case.received_at)))
        if rule is not None and rule.limit is not None:
            # A law without extension is not extended by what another one allows.
            known = replace(case, extended=case.extended and rule.extension is not None)
            found.append(deadline(pack, rule, known, place=place))
    return tuple(found)


def earliest(found: Iterable[Deadline]) -> Deadline:
    """The one to work towards: the first without pauses. Raises `ValueError` without any."""
    return min(found, key=lambda each: (each.unpaused_due_at, each.due_at, each.pack, each.rule))


def _where(pack: Pack, place: str | None, zone: str | None) -> _Where:
    found = pack.place(place)
    try:
        return _Where(found, ZoneInfo(zone or found.zone))
    except KeyError:  # zoneinfo's own error for a name that it does not know
        raise ValueError("no such time zone") from None


def _whole(moment: datetime) -> datetime:
    # What is stored is what is counted from, and milliseconds are stored.
    if moment.tzinfo is None:
        raise ValueError("a moment without time zone")
    return from_millis(to_millis(moment))


def _start(rule: Rule, case: Case) -> datetime:
    received = _whole(case.received_at)
    if rule.starts is not Start.LATEST:
        return received
    later = (each for each in (case.identity_at, case.fee_at) if each is not None)
    return max([received, *map(_whole, later)])


def _pauses(case: Case) -> tuple[Pause, ...]:
    for pause in case.pauses:
        if _whole(pause.until) < _whole(pause.since):
            raise ValueError("a pause ends before it begins")
    return case.pauses


def _limit(limit: Period, extension: Period | None) -> Period:
    # An extension counts from the same start as the limit, not from the first due date.
    return Period(limit.amount + extension.amount, limit.unit) if extension else limit


def _end(
    rule: Rule, limit: Period, started: datetime, where: _Where, pauses: tuple[Pause, ...]
) -> _End:
    if limit.unit is Unit.HOURS:
        # In UTC: elapsed hours, through a change of the clocks too.
        return _End(started + timedelta(hours=limit.amount), None, ("hours",))
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
    return _End(where.end_of(last), last, tuple(reasons))


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


def _opening(rule: Rule, first: Period, limit: Period, case: Case) -> tuple[str, ...]:
    key = "limit" if rule.limit_by is LimitBy.LAW else "policy_limit"
    opening = [f"start_{rule.starts}", f"{key}:{first.unit}:{first.amount}"]
    if limit != first:
        opening.append(f"extended:{limit.unit}:{limit.amount}")
    ignored = {each.reason for each in case.pauses} - rule.pauses
    return (*opening, *(f"no_wait_{reason}" for reason in sorted(ignored)))
