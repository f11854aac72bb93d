"""What a schedule is checked for before it is proposed: the policy's promises, the law's mandates.

Errors stand in the way; warnings are for whoever approves. Findings name rules of the schedule by
their place in it, and rules of the policy by their id: nothing that somebody sent comes back.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.cookies.models import RETENTION as CHOICE_LIFE
from chalicelib.identity.models import SESSION_LIFE
from chalicelib.inventory.promises import Period as PolicyPeriod
from chalicelib.inventory.promises import RetentionRule
from chalicelib.retention.schedule.models import (
    Limit,
    Mandate,
    Means,
    Period,
    Role,
    Schedule,
    Trigger,
    Unit,
)


@dataclass(frozen=True, slots=True)
class _Own:
    """The one way in which a kind of our own records ends, and from when its time counts.

    `read_for` is how long it is read without asking the schedule: that must not end it earlier.
    """

    means: Means
    trigger: Trigger
    read_for: timedelta = timedelta()


_OWN = {
    "own.preferences": _Own(Means.DESTROY_KEY, Trigger.COLLECTED, CHOICE_LIFE),
    "own.requests": _Own(Means.DESTROY_KEY, Trigger.CLOSED),
    "own.exports": _Own(Means.DELETE, Trigger.COLLECTED),
    "own.sessions": _Own(Means.DELETE, Trigger.COLLECTED, SESSION_LIFE),
    "own.consents": _Own(Means.DELETE, Trigger.CLOSED),
    "own.incidents": _Own(Means.DESTROY_KEY, Trigger.CLOSED),
}
OWN_CATEGORIES = frozenset(_OWN)
"""What this system itself keeps, beside the policy's categories of data."""

_TRIGGERS = {
    "end_of_tax_year": Trigger.COLLECTED,
    "end_of_book_year": Trigger.COLLECTED,
    "end_of_relationship": Trigger.END_OF_ENGAGEMENT,
    "end_of_relationship_or_transaction": Trigger.END_OF_ENGAGEMENT,
    **{each.value: each for each in Trigger},
}
"""The policy's triggers as ours: a year that ends is the year in which something was collected."""
_YEAR_ENDS = {"end_of_tax_year", "end_of_book_year"}
_SHORTEST_DAYS = {Unit.MONTHS: 28, Unit.YEARS: 365}
_LONGEST_DAYS = {Unit.MONTHS: 31, Unit.YEARS: 366}
_MONTHS = {Unit.MONTHS: 1, Unit.YEARS: 12}
_HOURS = {Unit.HOURS: 1, Unit.DAYS: 24}


@dataclass(frozen=True, slots=True)
class Finding:
    """`where` names a rule; `code` is stable."""

    where: str
    code: str
    is_error: bool = True


def check_schedule(
    schedule: Schedule, categories: Collection[str], rules: Sequence[RetentionRule]
) -> list[Finding]:
    """All findings.

    `categories` are the ids of the policy's categories of data (section 2), `rules` its retention
    rules (section 6): promises (UU PDP 42-44), mandates, rules of the house.
    """
    return [
        *_categories(schedule, categories),
        *_uncovered(schedule, categories),
        *_impossible(schedule),
        *_of_own(schedule),
        *(each for rule in rules if rule.kind == "mandate" for each in _kept(schedule, rule)),
        *(each for rule in rules if rule.kind != "mandate" for each in _promised(schedule, rule)),
        *_own_mandates(schedule, {rule.id for rule in rules}),
        *_yielding(schedule),
    ]


def _categories(schedule: Schedule, categories: Collection[str]) -> Iterator[Finding]:
    known = OWN_CATEGORIES.union(categories)
    places = (
        *((f"limits.{place}", each) for place, each in enumerate(schedule.limits)),
        *((f"mandates.{place}", each) for place, each in enumerate(schedule.mandates.values())),
    )
    for where, rule in places:
        if not rule.categories <= known:
            yield Finding(f"{where}.categories", "unknown_category")


def _uncovered(schedule: Schedule, categories: Collection[str]) -> Iterator[Finding]:
    """Data that nothing ever ends (UU PDP 43(1), GDPR 5(1)(e))."""
    for category in sorted(categories):
        for role in Role:
            if not schedule.limits_on(category, role):
                yield Finding(f"{category}.{role}", "no_limit")


def _impossible(schedule: Schedule) -> Iterator[Finding]:
    """Means that nobody carries out: each of our own records ends in its one way, and keys lie over
    no others."""
    for place, limit in enumerate(schedule.limits):
        ours = limit.categories & OWN_CATEGORIES
        other = any(_OWN[each].means is not limit.means for each in ours)
        if other or (limit.means is Means.DESTROY_KEY and ours != limit.categories):
            yield Finding(f"limits.{place}.means", "means_impossible")


def _of_own(schedule: Schedule) -> Iterator[Finding]:
    """Own records that nothing ever ends, and such as would be read after their end."""
    for place, limit in enumerate(schedule.limits):
        ours = [_OWN[each] for each in limit.categories & OWN_CATEGORIES]
        if any(each.trigger is not limit.trigger for each in ours):
            yield Finding(f"limits.{place}.trigger", "trigger_impossible")
        shortest = timedelta(hours=_hours(limit.period, _SHORTEST_DAYS))
        if any(shortest < each.read_for for each in ours):
            yield Finding(f"limits.{place}.period", "ends_while_read")
    for category in sorted(OWN_CATEGORIES):
        if not schedule.limits_on(category, Role.CONTROLLER):
            yield Finding(f"{category}.{Role.CONTROLLER}", "no_limit")


def _kept(schedule: Schedule, rule: RetentionRule) -> Iterator[Finding]:
    """Whether the schedule keeps what the law wants kept, as long as the policy says it does."""
    where = f"mandates.{rule.id}"
    mandate = schedule.mandates.get(rule.id)
    if mandate is None:
        yield Finding(where, "mandate_missing")
        return
    without_year_end = rule.trigger in _YEAR_ENDS and mandate.year_end is None
    if without_year_end or (rule.period and _maybe_shorter(mandate.period, rule.period)):
        yield Finding(where, "mandate_shortened")
    same_scope = mandate.categories.issuperset(rule.categories) and mandate.roles.issuperset(
        map(Role, rule.roles)
    )
    if not same_scope or mandate.trigger is not _TRIGGERS[rule.trigger]:
        yield Finding(where, "mandate_narrowed")
    # The policy says which mandates have a condition: a schedule does not make one up.
    if rule.applies_if is None and not mandate.in_force:
        yield Finding(where, "mandate_suspended")


def _own_mandates(schedule: Schedule, of_policy: Collection[str]) -> Iterator[Finding]:
    for place, mandate in enumerate(schedule.mandates.values()):
        unconditional = not mandate.in_force and not mandate.applies_if
        if unconditional and mandate.id not in of_policy:
            yield Finding(f"mandates.{place}", "mandate_suspended")


def _promised(schedule: Schedule, rule: RetentionRule) -> Iterator[Finding]:
    """Whether the schedule holds the promise: its limit, and the data that it speaks of."""
    where = f"limits.{rule.id}"
    limit = next((each for each in schedule.limits if each.id == rule.id), None)
    if limit is None:
        yield Finding(where, "promise_missing")
        return
    if rule.period and _maybe_longer(limit.period, rule.period):
        yield Finding(where, "promise_broken")
    if limit.means not in rule.actions:
        yield Finding(where, "promise_means")
    trigger = _TRIGGERS.get(rule.trigger)
    if trigger is None:  # a visitor's choice: a category of our own
        return
    if any(
        not any(_holds(each, rule, trigger) for each in schedule.limits_on(category, Role(role)))
        for category in rule.categories
        for role in rule.roles
    ):
        yield Finding(where, "promise_narrowed")


def _holds(limit: Limit, rule: RetentionRule, trigger: Trigger) -> bool:
    in_time = rule.period is None or not _maybe_longer(limit.period, rule.period)
    return limit.trigger is trigger and in_time


def _yielding(schedule: Schedule) -> Iterator[Finding]:
    for place, limit in enumerate(schedule.limits):
        if any(
            mandate.id not in limit.yields_to and _speak_of_the_same(limit, mandate)
            for mandate in schedule.mandates.values()
        ):
            yield Finding(f"limits.{place}.yields_to", "does_not_yield", is_error=False)


def _speak_of_the_same(limit: Limit, mandate: Mandate) -> bool:
    return bool(limit.categories & mandate.categories) and bool(limit.roles & mandate.roles)


def _maybe_longer(period: Period, promised: PolicyPeriod) -> bool:
    return _outlasts(period, Period(promised.amount, Unit(promised.unit)))


def _maybe_shorter(period: Period, wanted: PolicyPeriod) -> bool:
    return _outlasts(Period(wanted.amount, Unit(wanted.unit)), period)


def _outlasts(one: Period, other: Period) -> bool:
    """Whether `one` is longer than `other` on any day that both begin on.

    Exact among calendar periods and among elapsed ones; else `one` counts at its longest.
    """
    for unit in (_MONTHS, _HOURS):
        if one.unit in unit and other.unit in unit:
            return one.amount * unit[one.unit] > other.amount * unit[other.unit]
    return _hours(one, _LONGEST_DAYS) > _hours(other, _SHORTEST_DAYS)


def _hours(period: Period, days: dict[Unit, int]) -> int:
    if period.unit in _HOURS:
        return period.amount * _HOURS[period.unit]
    return period.amount * days[period.unit] * 24
