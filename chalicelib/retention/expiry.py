"""When data has to go, and why: the schedule applied to one thing that is held. Pure arithmetic.

A limit runs from its trigger, once that has happened; mandates may keep the data longer, the latest
of them the longest. Of several limits the one counts whose end, so prolonged, comes first. Between
the limit's end and the mandate's the data is only stored, not used (restricted).

Of what was archived a copy is left, kept for the time that its rule says; another limit may end it
earlier, a mandate that the rule yields to later. Whatever ends it, its key is destroyed.

Data is over in the very millisecond of its end. Hours and days are elapsed time. Mandates, and
periods of months and years, count in Jakarta, and their last day is a whole one: it ends there at
midnight. Were it to end at the trigger's time of day, what begins on the 30th in the evening could
end later than what begins on the 31st in the morning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from chalicelib.law.periods import add_months, end_of_hold
from chalicelib.retention.schedule.models import (
    Mandate,
    Means,
    Period,
    Role,
    Rule,
    Schedule,
    Trigger,
    Unit,
)

type Triggers = Mapping[Trigger, datetime]
"""When (aware) what a period counts from happened; what has not happened is missing."""

_ZONE = ZoneInfo("Asia/Jakarta")
_MONTHS = {Unit.MONTHS: 1, Unit.YEARS: 12}
_ELAPSED = {Unit.HOURS: timedelta(hours=1), Unit.DAYS: timedelta(days=1)}
_MOST_THOROUGH_FIRST = (Means.DELETE, Means.DESTROY_KEY, Means.ANONYMISE, Means.ARCHIVE)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part in an expiry: from when it counts, until when it runs.

    Both are None while its trigger has not happened.
    """

    rule: str
    ground: str
    trigger: Trigger
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Expiry:
    """The end of something that is held.

    `at` is None while nothing ends it, or a mandate keeps it whose own trigger has not happened.
    `limit` is the limit that counts, `means` what it wants done, `kept_by` the mandates that it
    yields to here. `restricted_from` is the limit's own end where a mandate outlasts it. `open`
    are the limits that have not begun to run.
    """

    at: datetime | None
    limit: Reason | None = None
    means: Means | None = None
    kept_by: tuple[Reason, ...] = ()
    restricted_from: datetime | None = None
    open: tuple[Reason, ...] = ()

    def is_over(self, now: datetime) -> bool:
        """Whether the data may not be there any more at `now` (aware)."""
        return self.at is not None and self.at <= now

    def is_restricted(self, now: datetime) -> bool:
        """Whether the data may be stored at `now` and not used."""
        return self.restricted_from is not None and self.restricted_from <= now


@dataclass(frozen=True, slots=True)
class Archived:
    """Of something a copy is left: by which rule, since when, until when it is kept (aware)."""

    rule: str
    since: datetime
    until: datetime


def expiry_of(
    schedule: Schedule,
    category: str,
    role: Role,
    triggers: Triggers,
    archived: Archived | None = None,
) -> Expiry:
    """The end of data of `category`, held in `role`, by `schedule`; of its copy if `archived`.

    UU PDP 43(1)(a), (b), 44; GDPR 5(1)(e); the mandates' own articles.
    """
    limits = schedule.limits_on(category, role)
    if archived:  # what archives has done so
        limits = [each for each in limits if each.means is not Means.ARCHIVE]
    running = [each for each in limits if each.trigger in triggers]
    waiting = tuple(_reason(each, triggers) for each in limits if each.trigger not in triggers)
    ends = [
        _prolonged(
            _reason(limit, triggers),
            limit.means,
            schedule.keeping(limit, category, role),
            triggers,
        )
        for limit in running
    ]
    if archived:
        ends = [
            replace(each, means=Means.DESTROY_KEY)
            for each in (*ends, _end_of_copy(schedule, archived, category, role, triggers))
        ]
    if not ends:
        return Expiry(None, open=waiting)
    first = min(ends, key=_precedence)
    # What must not be used any more by one limit is not used, whichever ends it later.
    restricted = [
        end.restricted_from
        for end in ends
        if end.restricted_from and (first.at is None or end.restricted_from < first.at)
    ]
    return replace(first, restricted_from=min(restricted, default=None), open=waiting)


def _precedence(end: Expiry) -> tuple[datetime, int, str]:
    """The earliest end first; of several at one moment the most thorough means."""
    means, limit = cast("Means", end.means), cast("Reason", end.limit)
    return end.at or _NEVER, _MOST_THOROUGH_FIRST.index(means), limit.rule


def _end_of_copy(
    schedule: Schedule, archived: Archived, category: str, role: Role, triggers: Triggers
) -> Expiry:
    limit = schedule.limit(archived.rule)
    # A schedule without the rule does not say any more what it yields to: then to every law.
    mandates = schedule.keeping(limit, category, role) if limit else schedule.on(category, role)
    ground = limit.ground if limit else ""
    own = Reason(archived.rule, ground, Trigger.ARCHIVED, archived.since, archived.until)
    return _prolonged(own, Means.DESTROY_KEY, mandates, triggers)


def _prolonged(
    own: Reason, means: Means, mandates: Iterable[Mandate], triggers: Triggers
) -> Expiry:
    kept_by = tuple(_reason(mandate, triggers) for mandate in mandates)
    longer = tuple(
        each
        for each in kept_by
        if each.until is None or (own.until is not None and each.until > own.until)
    )
    if not longer:
        return Expiry(own.until, own, means)
    untils = [each.until for each in longer]
    latest = None if None in untils else max(until for until in untils if until)
    return Expiry(latest, own, means, longer, restricted_from=own.until)


def _reason(rule: Rule, triggers: Triggers) -> Reason:
    since = triggers.get(rule.trigger)
    until = None if since is None else _end(rule, since)
    return Reason(rule.id, rule.ground, rule.trigger, since, until)


def _end(rule: Rule, since: datetime) -> datetime:
    if isinstance(rule, Mandate):
        return _after(_last_day(rule, since))
    return later(since, rule.period)


def later(since: datetime, period: Period) -> datetime:
    """The moment (UTC) at which `period` after `since` (aware) is over.

    Regulation (EEC, Euratom) 1182/71 Article 3(2)(c) for months and years.
    """
    if elapsed := _ELAPSED.get(period.unit):
        # In UTC: adding to a local time counts what its clock shows, not what elapses.
        return since.astimezone(UTC) + elapsed * period.amount
    first = since.astimezone(_ZONE).date()
    return _after(add_months(first, period.amount * _MONTHS[period.unit]))


def _last_day(mandate: Mandate, since: datetime) -> date:
    """The last day of the mandate: one that ends within a day keeps for the whole of it."""
    first = since.astimezone(_ZONE).date()
    match mandate.period:
        case Period(amount, Unit.YEARS):
            return end_of_hold(first, amount, year_end=mandate.year_end)
        case Period(amount, Unit.MONTHS):
            return add_months(first, amount)
        case elapsed:
            return later(since, elapsed).astimezone(_ZONE).date()


def _after(last: date) -> datetime:
    """The first moment (UTC) after the day `last` in Jakarta."""
    midnight = datetime.min.time()
    return datetime.combine(last + timedelta(days=1), midnight, _ZONE).astimezone(UTC)
