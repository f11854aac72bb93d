"""What a change would do, record by record."""

from dataclasses import astuple, replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

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
from chalicelib.retention.schedule.tally import Counts, Standing, Tally
from tests.unit.retention.test_expiry import (
    MILLISECOND,
    MOMENTS,
    RULES,
    at,
    limit,
    mandate,
    schedule,
)

NOW = at(2026, 11, 23, 17)
LONG, SHORT = Period(2, Unit.YEARS), Period(1, Unit.YEARS)


def record(collected: datetime, *, held: bool = False, category: str = "financial") -> Standing:
    return Standing(category, Role.CONTROLLER, {Trigger.COLLECTED: collected}, held)


def count(before: Schedule, after: Schedule, *records: Standing) -> Tally:
    return Tally().with_page(records, before, after, NOW)


def test_earlier_later_and_over_at_once() -> None:
    long, short = schedule(limit(period=LONG)), schedule(limit(period=SHORT))
    old, fresh = record(at(2025, 3, 14)), record(at(2026, 3, 14))
    tally = count(long, short, old, fresh, fresh)
    assert tally.cells == {
        ("financial", "2026-03"): Counts(earlier=1, over_at_once=1),
        ("financial", "2027-03"): Counts(earlier=2),
    }
    assert tally.total == Counts(earlier=3, over_at_once=1)
    assert count(short, long, old).cells == {("financial", "2027-03"): Counts(later=1)}


def test_what_is_held_is_not_over_at_once() -> None:
    change = schedule(limit(period=LONG)), schedule(limit(period=SHORT))
    held = record(at(2025, 3, 14), held=True)
    assert count(*change, held).total == Counts(earlier=1)


def test_what_is_over_already_is_not_over_at_once() -> None:
    old = record(at(2020, 3, 14))
    change = schedule(limit(period=LONG)), schedule(limit(period=SHORT))
    assert count(*change, old).total == Counts(earlier=1)


def test_over_at_once_is_exact() -> None:
    change = schedule(limit(period=LONG)), schedule(limit(period=Period(72, Unit.HOURS)))
    ends_now = NOW - timedelta(hours=72)
    assert count(*change, record(ends_now)).total.over_at_once == 1
    assert count(*change, record(ends_now + MILLISECOND)).total.over_at_once == 0


def test_newly_and_never() -> None:
    nothing, some = Schedule((), {}), schedule(limit())
    one = record(at(2026, 3, 14))
    assert count(nothing, some, one).cells == {("financial", "2027-03"): Counts(newly=1)}
    assert count(some, nothing, one).cells == {("financial", ""): Counts(never=1)}
    assert count(nothing, nothing, one).cells == {("financial", ""): Counts(unchanged=1)}
    open_end = schedule(limit(), mandate(trigger=Trigger.END_OF_ENGAGEMENT))
    assert count(some, open_end, one).total == Counts(never=1)


def test_another_means_is_counted_beside_the_end() -> None:
    delete, anonymise = schedule(limit()), schedule(limit(means=Means.ANONYMISE))
    one = record(at(2026, 3, 14))
    assert count(delete, anonymise, one).total == Counts(unchanged=1, other_means=1)
    renamed = schedule(replace(limit(), id="renamed"))
    assert count(delete, renamed, one).total == Counts(unchanged=1)


def test_the_month_is_that_of_jakarta() -> None:
    hours = Period(1, Unit.HOURS)
    tally = count(Schedule((), {}), schedule(limit(period=hours)), record(at(2026, 11, 30, 23)))
    assert list(tally.cells) == [("financial", "2026-12")]


def test_categories_are_kept_apart() -> None:
    tally = count(
        Schedule((), {}),
        schedule(limit()),
        record(at(2026, 3, 14)),
        record(at(2026, 3, 14), category="business"),
    )
    assert tally.cells == {
        ("financial", "2027-03"): Counts(newly=1),
        ("business", ""): Counts(unchanged=1),
    }


@given(RULES, RULES, st.lists(MOMENTS, max_size=9))
def test_each_record_is_counted_once_however_pages_fall(
    old: list[Limit | Mandate], new: list[Limit | Mandate], moments: list[datetime]
) -> None:
    records = [record(each) for each in moments]
    before, after = schedule(*old), schedule(*new)
    whole = count(before, after, *records)
    paged = Tally()
    for each in records:
        paged = paged.with_page([each], before, after, NOW)
    assert paged == whole
    assert sum(astuple(whole.total)[:5]) == len(records)
