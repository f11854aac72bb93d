"""Previews whose workers die at any write, meet each other, run out of time: each record once."""

import random
from datetime import timedelta

import pytest

from chalicelib.retention.schedule.preview_store import Preview
from chalicelib.retention.schedule.previewing import SHIFT
from chalicelib.retention.schedule.service import PREVIEW_WORK
from chalicelib.retention.schedule.tally import Counts, Tally
from chalicelib.services import Services
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.people import records
from tests.contract.schedules import AUTHOR, FakeStock, equip, slow_down, some_records, text
from tests.contract.test_tables import at_once
from tests.contract.working import step, waiting, work
from tests.fakes import START, FixedClock

PAGES = 4
MOST_DEATHS = 6
"""Fewer than bury a message."""


@pytest.fixture
def stock(services: Services) -> FakeStock:
    return equip(services)


def propose(services: Services, months: int = 6) -> int:
    return services.schedules.propose(AUTHOR, text(months)).version.number


def check_counted(services: Services, number: int) -> Preview:
    """All is counted, once, and nothing is left to do."""
    preview = services.schedules.preview(number)
    before, after = services.schedules.change_by(number)
    assert preview.ended_at is not None
    assert preview.tally == Tally().with_page(some_records(), before, after, START)
    assert preview.tally.total == Counts(earlier=7, over_at_once=1)
    assert waiting(services) == []
    return preview


def test_it_walks_page_by_page(services: Services, clock: FixedClock, stock: FakeStock) -> None:
    number = propose(services)
    begun = services.schedules.preview(number)
    assert (begun.cursor, begun.ended_at, begun.tally) == (None, None, Tally())
    clock.advance(timedelta(minutes=5))
    work(services, clock)
    preview = check_counted(services, number)
    assert stock.asked == [None, "2", "4", "6"]
    assert (preview.started_at, preview.ended_at) == (START, START + timedelta(minutes=5))
    services.previewing.carry_on(number)
    services.previewing.carry_on(99)
    assert len(stock.asked) == PAGES


def test_over_at_once_means_when_it_was_proposed(
    services: Services, clock: FixedClock, stock: FakeStock
) -> None:
    number = propose(services)
    clock.advance(timedelta(days=400))
    work(services, clock)
    assert services.schedules.preview(number).tally.total.over_at_once == 1


def test_after_a_minute_another_worker_goes_on(
    services: Services, clock: FixedClock, stock: FakeStock
) -> None:
    number = propose(services)
    slow_down(stock, clock)
    (first,) = waiting(services)
    step(services, first)
    between = services.schedules.preview(number)
    assert (between.cursor, between.ended_at) == ("6", None)
    assert between.tally.total.earlier == 6
    (second,) = waiting(services)
    assert second != first
    step(services, second)
    check_counted(services, number)
    assert stock.asked == [None, "2", "4", "6"]


def test_a_stock_that_ends_with_the_minute_is_done(
    services: Services, clock: FixedClock, stock: FakeStock
) -> None:
    stock.while_reading = lambda: clock.advance(SHIFT / PAGES)
    number = propose(services)
    step(services, *waiting(services))
    check_counted(services, number)


# The claim, a page each, the message that is done; and once more where time is up.
WRITES = 8


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", range(WRITES))
def test_a_worker_that_dies_at_any_write_is_followed_by_one_that_goes_on(
    services: Services, clock: FixedClock, stock: FakeStock, write: int, when: str
) -> None:
    number = propose(services)
    slow_down(stock, clock)
    killer = Killer(lambda each: when if each == write else None)
    killer.watch(services)
    killer.armed = True
    work(services, clock)
    killer.armed = False
    assert killer.kills == [write]
    check_counted(services, number)


def test_those_are_all_its_writes(services: Services, clock: FixedClock, stock: FakeStock) -> None:
    propose(services)
    slow_down(stock, clock)
    killer = Killer(lambda _: None)
    killer.watch(services)
    killer.armed = True
    work(services, clock)
    assert killer.seen == WRITES + 1


@pytest.mark.parametrize("seed", range(6))
def test_workers_killed_at_random_count_each_record_once(
    services: Services, clock: FixedClock, stock: FakeStock, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # which workers die, nothing secret
    stock.size = 1
    number = propose(services)
    killer = Killer(lambda _: None)
    killer.decides = lambda _: (
        chance.choice(["before", "after", None]) if len(killer.kills) < MOST_DEATHS else None
    )
    killer.watch(services)
    slow_down(stock, clock)
    killer.armed = True
    work(services, clock, most=500)
    killer.armed = False
    assert killer.kills
    check_counted(services, number)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_proposal_that_dies_is_whole_or_not_there(
    services: Services, clock: FixedClock, stock: FakeStock, when: str
) -> None:
    killer = Killer(lambda _: when)
    killer.watch(services)
    killer.armed = True
    with pytest.raises(Killed):
        propose(services)
    killer.armed = False
    assert killer.seen == 1
    stored = {each["sk"] for each in records(services) if each["pk"] == "SCHEDULE"}
    made = {"VERSION#0000000002", "PREVIEW#0000000002"} if when == "after" else set()
    assert stored == {"CURRENT", "VERSION#0000000001"} | made
    assert len(waiting(services)) == len(made) / 2
    if made:
        work(services, clock)
        check_counted(services, 2)


def test_of_two_workers_the_slower_stops(
    services: Services, clock: FixedClock, stock: FakeStock
) -> None:
    number = propose(services)
    meanwhile(services, lambda: services.previewing.carry_on(number))
    services.previewing.carry_on(number)
    assert stock.asked == [None, None, "2", "4", "6"]
    work(services, clock)
    check_counted(services, number)


def test_of_two_workers_at_once_each_page_is_counted_by_one(
    racing: Services, clock: FixedClock
) -> None:
    equip(racing, size=1)
    number = propose(racing)
    results = at_once(2, lambda _: racing.previewing.carry_on(number))
    assert results == [None, None]
    work(racing, clock)
    check_counted(racing, number)


def test_what_it_would_replace_is_what_was_in_force_then(
    services: Services, clock: FixedClock, stock: FakeStock
) -> None:
    first, second = propose(services, 18), propose(services)
    step(services, waiting(services)[0])
    services.schedules.approve("01JOFFICER", first)
    services.previewing.carry_on(second)
    assert services.schedules.preview(second).tally.total == Counts(earlier=7, over_at_once=1)
    about = [each["about"] for each in records(services) if each.get("kind") == PREVIEW_WORK]
    assert about == [str(first), str(second)]
