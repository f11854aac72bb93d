"""When data has to go: the law's vectors, ties, holes, and what holds for every schedule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.retention.expiry import Archived, Expiry, expiry_of, later
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
from chalicelib.retention.schedule.text import standard

JAKARTA, BERLIN = ZoneInfo("Asia/Jakarta"), ZoneInfo("Europe/Berlin")
BOOKS, OURS = "financial", Role.CONTROLLER
MILLISECOND = timedelta(milliseconds=1)
YEAR = Period(1, Unit.YEARS)


def at(year: int, month: int, day: int, hour: int = 0, zone: ZoneInfo = JAKARTA) -> datetime:
    return datetime(year, month, day, hour, tzinfo=zone)


def limit(
    name: str = "limit",
    period: Period = YEAR,
    trigger: Trigger = Trigger.COLLECTED,
    means: Means = Means.DELETE,
    *yields_to: str,
) -> Limit:
    return Limit(
        name,
        {},
        frozenset({OURS}),
        frozenset({BOOKS}),
        trigger,
        period,
        "ground",
        means=means,
        yields_to=frozenset(yields_to),
    )


def mandate(
    name: str = "mandate",
    period: Period = YEAR,
    trigger: Trigger = Trigger.COLLECTED,
    year_end: tuple[int, int] | None = None,
    *,
    in_force: bool = True,
) -> Mandate:
    return Mandate(
        name,
        {},
        frozenset({OURS}),
        frozenset({BOOKS}),
        trigger,
        period,
        "law",
        year_end=year_end,
        in_force=in_force,
    )


def schedule(*rules: Limit | Mandate) -> Schedule:
    """A schedule whose limits yield to all of its mandates."""
    mandates = {each.id: each for each in rules if isinstance(each, Mandate)}
    limits = [each for each in rules if isinstance(each, Limit)]
    return Schedule([replace(each, yields_to=frozenset(mandates)) for each in limits], mandates)


def end(*rules: Limit | Mandate, **triggers: datetime) -> Expiry:
    happened = {Trigger(name): moment for name, moment in triggers.items()}
    return expiry_of(schedule(*rules), BOOKS, OURS, happened)


def test_a_tax_voucher_is_kept_to_the_end_of_2035() -> None:
    """law.md F: UU KUP 28(11)."""
    collected = at(2025, 3, 14, 9)
    ending = expiry_of(
        standard().schedule(),
        BOOKS,
        OURS,
        {Trigger.COLLECTED: collected, Trigger.END_OF_ENGAGEMENT: at(2026, 5, 1)},
    )
    assert ending.at == at(2036, 1, 1)
    assert (ending.limit and ending.limit.rule, ending.means) == ("on_termination", Means.DELETE)
    assert [each.rule for each in ending.kept_by] == ["company_documents", "tax_books"]
    assert {each.ground for each in ending.kept_by} == {"UU KUP 28(11)", "UU 8/1997 11(1)"}
    assert {each.since for each in ending.kept_by} == {collected}
    assert ending.restricted_from == at(2026, 5, 4)


def test_what_a_client_owns_no_tax_law_keeps() -> None:
    triggers = {Trigger.COLLECTED: at(2025, 3, 14), Trigger.END_OF_ENGAGEMENT: at(2026, 5, 1)}
    ending = expiry_of(standard().schedule(), BOOKS, Role.PROCESSOR, triggers)
    assert (ending.at, ending.kept_by, ending.restricted_from) == (at(2026, 5, 4), (), None)


def test_of_two_holds_the_later_counts() -> None:
    """law.md F."""
    ten, five = mandate("ten", Period(10, Unit.YEARS)), mandate("five", Period(5, Unit.YEARS))
    ending = end(limit(), ten, five, collected=at(2025, 3, 14))
    assert ending.at == at(2035, 3, 15)
    assert {each.rule: each.until for each in ending.kept_by} == {
        "ten": at(2035, 3, 15),
        "five": at(2030, 3, 15),
    }


def test_a_hold_that_ends_before_the_limit_prolongs_nothing() -> None:
    ending = end(limit(), mandate(period=Period(1, Unit.MONTHS)), collected=at(2025, 3, 14))
    assert (ending.at, ending.kept_by, ending.restricted_from) == (at(2026, 3, 15), (), None)


@pytest.mark.parametrize("rule", [limit(), mandate()])
def test_years_from_29_february_end_with_the_28th(rule: Limit | Mandate) -> None:
    """law.md D; Regulation 1182/71 Article 3(2)(c)."""
    ending = end(limit(period=Period(0, Unit.HOURS)), rule, collected=at(2024, 2, 29, 15))
    until = ending.kept_by[0].until if ending.kept_by else end(rule, collected=at(2024, 2, 29)).at
    assert until == at(2025, 3, 1)


@pytest.mark.parametrize(
    ("day", "year_end", "last"),
    [
        ((2025, 3, 14), (12, 31), (2035, 12, 31)),
        ((2025, 12, 31), (12, 31), (2035, 12, 31)),
        ((2026, 1, 1), (12, 31), (2036, 12, 31)),
        ((2025, 3, 14), (3, 31), (2035, 3, 31)),
        ((2025, 4, 1), (3, 31), (2036, 3, 31)),
        ((2025, 1, 5), (2, 29), (2035, 2, 28)),
    ],
)
def test_ten_years_count_from_the_end_of_the_year(
    day: tuple[int, int, int], year_end: tuple[int, int], last: tuple[int, int, int]
) -> None:
    books = mandate(period=Period(10, Unit.YEARS), year_end=year_end)
    ending = end(limit(period=Period(1, Unit.HOURS)), books, collected=at(*day, 23))
    assert ending.at == at(*last) + timedelta(days=1)


def test_the_day_is_that_of_jakarta() -> None:
    new_year = datetime(2025, 12, 31, 17, tzinfo=UTC)  # midnight in Jakarta
    books = mandate(year_end=(12, 31))
    assert end(limit(), books, collected=new_year).at == at(2028, 1, 1)
    assert end(limit(), books, collected=new_year - MILLISECOND).at == at(2027, 1, 1)
    assert end(limit(), collected=new_year).at == at(2027, 1, 2)
    assert end(limit(), collected=new_year - MILLISECOND).at == at(2027, 1, 1)


@pytest.mark.parametrize(
    ("unit", "last"), [(Unit.HOURS, at(2025, 3, 15)), (Unit.DAYS, at(2025, 3, 24))]
)
def test_a_hold_keeps_for_the_whole_of_its_last_day(unit: Unit, last: datetime) -> None:
    ending = end(
        limit(period=Period(0, Unit.HOURS)),
        mandate(period=Period(10, unit)),
        collected=at(2025, 3, 14, 15),
    )
    assert ending.at == last + timedelta(days=1)


def test_a_mandate_that_is_not_in_force_keeps_nothing() -> None:
    aml = mandate(period=Period(5, Unit.YEARS), in_force=False)
    ending = end(limit(), aml, collected=at(2025, 3, 14))
    assert (ending.at, ending.kept_by) == (at(2026, 3, 15), ())
    in_force = replace(aml, in_force=True)
    assert end(limit(), in_force, collected=at(2025, 3, 14)).at == at(2030, 3, 15)


def test_a_limit_yields_only_to_the_mandates_that_it_names() -> None:
    rules = schedule(limit(), mandate(period=Period(5, Unit.YEARS)))
    deaf = Schedule([replace(rules.limits[0], yields_to=frozenset())], rules.mandates)
    assert expiry_of(deaf, BOOKS, OURS, {Trigger.COLLECTED: at(2025, 3, 14)}).at == at(2026, 3, 15)


def test_hours_are_exact_through_a_change_of_the_clock_elsewhere() -> None:
    """law.md F: elapsed hours."""
    aware = datetime(2025, 3, 28, 15, tzinfo=BERLIN)
    until = later(aware, Period(72, Unit.HOURS))
    assert until == datetime(2025, 3, 31, 16, tzinfo=BERLIN)
    assert until.tzinfo is UTC
    assert end(limit(period=Period(3, Unit.DAYS)), collected=aware).at == until


def test_between_the_limit_and_the_hold_data_is_only_stored() -> None:
    ending = end(limit(), mandate(period=Period(2, Unit.YEARS)), collected=at(2025, 3, 14))
    assert ending.restricted_from == at(2026, 3, 15)
    assert not ending.is_restricted(at(2026, 3, 15) - MILLISECOND)
    assert ending.is_restricted(at(2026, 3, 15))
    assert not ending.is_over(at(2026, 3, 15))


def test_what_one_limit_ends_is_not_used_though_another_is_the_first_to_delete() -> None:
    kept = limit("kept", Period(1, Unit.MONTHS))
    free = replace(limit("free"), yields_to=frozenset())
    books = mandate(period=Period(5, Unit.YEARS))
    both = Schedule([replace(kept, yields_to=frozenset({"mandate"})), free], {"mandate": books})
    ending = expiry_of(both, BOOKS, OURS, {Trigger.COLLECTED: at(2025, 3, 14)})
    assert (ending.limit and ending.limit.rule, ending.at) == ("free", at(2026, 3, 15))
    assert ending.restricted_from == at(2025, 4, 15)


def test_what_is_gone_is_not_restricted() -> None:
    late = limit("late", Period(2, Unit.YEARS))
    early = replace(limit("early"), yields_to=frozenset())
    books = mandate(period=Period(5, Unit.YEARS))
    both = Schedule([replace(late, yields_to=frozenset({"mandate"})), early], {"mandate": books})
    ending = expiry_of(both, BOOKS, OURS, {Trigger.COLLECTED: at(2025, 3, 14)})
    assert (ending.at, ending.restricted_from) == (at(2026, 3, 15), None)


def test_what_has_not_happened_ends_nothing_and_is_told() -> None:
    ending = end(limit(trigger=Trigger.REQUEST), limit("other"), collected=at(2025, 3, 14))
    assert ending.at == at(2026, 3, 15)
    (waiting,) = ending.open
    assert (waiting.rule, waiting.since, waiting.until) == ("limit", None, None)
    nothing = end(limit())
    assert (nothing.at, nothing.limit, len(nothing.open)) == (None, None, 1)
    assert not nothing.is_over(datetime.max.replace(tzinfo=UTC))


def test_a_hold_that_has_not_begun_keeps_without_an_end() -> None:
    ending = end(limit(), mandate(trigger=Trigger.END_OF_ENGAGEMENT), collected=at(2025, 3, 14, 8))
    assert (ending.at, ending.restricted_from) == (None, at(2026, 3, 15))
    (keeping,) = ending.kept_by
    assert (keeping.since, keeping.until) == (None, None)
    assert not ending.is_over(at(2999, 1, 1))
    assert ending.is_restricted(at(2999, 1, 1))


def test_what_no_limit_speaks_of_never_ends() -> None:
    triggers = {Trigger.COLLECTED: at(2025, 3, 14)}
    assert expiry_of(schedule(limit()), "business", OURS, triggers) == Expiry(None)
    assert expiry_of(schedule(limit()), BOOKS, Role.PROCESSOR, triggers) == Expiry(None)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        (Means.DELETE, Means.DESTROY_KEY),
        (Means.DESTROY_KEY, Means.ANONYMISE),
        (Means.ANONYMISE, Means.ARCHIVE),
        (Means.DELETE, Means.ARCHIVE),
    ],
)
def test_of_two_limits_at_one_moment_the_more_thorough_means_wins(
    stronger: Means, weaker: Means, order: int
) -> None:
    rules = [limit("b", means=stronger), limit("a", means=weaker)][::order]
    ending = end(*rules, collected=at(2025, 3, 14))
    assert (ending.means, ending.limit and ending.limit.rule) == (stronger, "b")
    kept = end(*rules, mandate(period=Period(2, Unit.YEARS)), collected=at(2025, 3, 14))
    assert (kept.means, kept.at) == (stronger, at(2027, 3, 15))
    earlier = limit("c", Period(1, Unit.MONTHS), means=weaker)
    assert end(*rules, earlier, collected=at(2025, 3, 14)).means is weaker


MOMENTS = st.builds(
    lambda minutes, zone: (at(2000, 1, 1) + timedelta(minutes=minutes)).astimezone(zone),
    st.integers(0, 100 * 366 * 24 * 60),
    st.sampled_from([UTC, JAKARTA, BERLIN]),
)
PERIODS = st.builds(Period, st.integers(0, 200), st.sampled_from(Unit))
TRIGGERS = st.dictionaries(st.sampled_from(Trigger), MOMENTS)
LIMITS = st.builds(
    limit,
    st.sampled_from("abc"),
    PERIODS,
    st.sampled_from(Trigger),
    st.sampled_from(Means),
)
MANDATES = st.builds(
    mandate,
    st.sampled_from("mno"),
    PERIODS,
    st.sampled_from(Trigger),
    st.none() | st.tuples(st.integers(1, 12), st.integers(1, 31)),
    in_force=st.booleans(),
)
RULES = st.lists(LIMITS | MANDATES, max_size=6)


def order(moment: datetime | None) -> datetime:
    return moment or datetime.max.replace(tzinfo=UTC)


@given(RULES, TRIGGERS)
def test_nothing_ends_before_the_earliest_limit(
    rules: list[Limit | Mandate], triggers: dict[Trigger, datetime]
) -> None:
    ending = expiry_of(schedule(*rules), BOOKS, OURS, triggers)
    owns = [
        later(triggers[each.trigger], each.period)
        for each in rules
        if isinstance(each, Limit) and each.trigger in triggers
    ]
    assert (ending.limit is None) == (not owns)
    if owns:
        assert order(ending.at) >= min(owns)
        if not ending.kept_by:
            assert ending.at in owns


@given(RULES, MANDATES, TRIGGERS)
def test_one_more_mandate_makes_nothing_end_earlier(
    rules: list[Limit | Mandate], added: Mandate, triggers: dict[Trigger, datetime]
) -> None:
    fewer = [each for each in rules if each.id != added.id]
    before = expiry_of(schedule(*fewer), BOOKS, OURS, triggers)
    after = expiry_of(schedule(*fewer, added), BOOKS, OURS, triggers)
    assert order(after.at) >= order(before.at)


@given(LIMITS, MANDATES, MOMENTS, st.timedeltas(timedelta(), timedelta(days=800)))
def test_a_later_trigger_makes_no_limit_end_earlier(
    one: Limit, kept: Mandate, moment: datetime, step: timedelta
) -> None:
    moved = moment.astimezone(UTC) + step
    for rules in ((one,), (one, kept)):
        before = expiry_of(schedule(*rules), BOOKS, OURS, dict.fromkeys(Trigger, moment))
        after = expiry_of(schedule(*rules), BOOKS, OURS, dict.fromkeys(Trigger, moved))
        assert order(after.at) >= order(before.at)


def test_a_day_and_some_hours_later_is_not_earlier() -> None:
    """Both end on 28 February: what begins later in the month does not end in its morning."""
    month = Period(1, Unit.MONTHS)
    assert later(at(2025, 1, 31, 1), month) == later(at(2025, 1, 30, 23), month) == at(2025, 3, 1)


@given(RULES, TRIGGERS)
def test_over_is_over_to_the_millisecond(
    rules: list[Limit | Mandate], triggers: dict[Trigger, datetime]
) -> None:
    ending = expiry_of(schedule(*rules), BOOKS, OURS, triggers)
    if ending.at is not None:
        assert ending.at.tzinfo is UTC
        assert ending.is_over(ending.at)
        assert not ending.is_over(ending.at - MILLISECOND)


ARCHIVES, REQUEST, CLOSED = Means.ARCHIVE, Trigger.REQUEST, Trigger.CLOSED
SINCE, UNTIL = at(2026, 11, 25), at(2028, 11, 25)


def left(rules: Schedule, rule: str = "archives", **happened: datetime) -> Expiry:
    """The end of a copy that `rule` had archived, when these triggers happened."""
    triggers = {Trigger(name): moment for name, moment in happened.items()}
    return expiry_of(rules, BOOKS, OURS, triggers, Archived(rule, SINCE, UNTIL))


def test_a_copy_ends_when_its_time_is_over_whatever_archived_it() -> None:
    rules = schedule(limit("archives", means=ARCHIVES), limit("too", means=ARCHIVES))
    found = left(rules, collected=at(2024, 1, 1))
    assert (found.at, found.means) == (UNTIL, Means.DESTROY_KEY)
    assert found.limit is not None
    assert (found.limit.rule, found.limit.trigger) == ("archives", Trigger.ARCHIVED)
    assert (found.limit.since, found.limit.until) == (SINCE, UNTIL)
    assert not found.is_over(UNTIL - MILLISECOND)
    assert found.is_over(UNTIL)


@pytest.mark.parametrize("means", [Means.DELETE, Means.ANONYMISE, Means.DESTROY_KEY])
def test_another_limit_ends_a_copy_earlier_by_its_key(means: Means) -> None:
    on_request = limit("on_request", Period(72, Unit.HOURS), REQUEST, means)
    rules = schedule(limit("archives", means=ARCHIVES), on_request)
    assert left(rules).at == UNTIL
    assert [each.rule for each in left(rules).open] == ["on_request"]
    found = left(rules, request=SINCE)
    assert (found.at, found.means) == (SINCE + timedelta(hours=72), Means.DESTROY_KEY)
    assert found.limit is not None
    assert found.limit.rule == "on_request"
    assert left(rules, request=UNTIL).at == UNTIL


def test_a_mandate_keeps_a_copy_that_the_rule_yields_to() -> None:
    law = mandate(period=Period(5, Unit.YEARS), trigger=CLOSED)
    rules = schedule(limit("archives", means=ARCHIVES), law)
    assert left(rules).at is None  # its trigger has not happened
    assert left(rules, closed=SINCE).at == at(2031, 11, 26)
    assert left(rules, closed=at(2020, 1, 1)).at == UNTIL
    stubborn = Schedule([limit("archives", means=ARCHIVES)], rules.mandates)
    assert left(stubborn, closed=SINCE).at == UNTIL


def test_a_schedule_without_the_rule_yields_to_every_law() -> None:
    law = mandate(period=Period(5, Unit.YEARS), trigger=CLOSED)
    rules = Schedule([limit("another", trigger=REQUEST)], {law.id: law})
    assert left(rules, closed=SINCE).at == at(2031, 11, 26)
    suspended = replace(law, in_force=False)
    assert left(replace(rules, mandates={law.id: suspended}), closed=SINCE).at == UNTIL
