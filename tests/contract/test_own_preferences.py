"""A day's cookie choices end by the schedule, with one key."""

import contextlib
import random
from datetime import timedelta

import pytest

from chalicelib.audit.entry import Actor
from chalicelib.cookies.models import PreferenceIn
from chalicelib.notices.consumer import Later
from chalicelib.retention.own.place import OwnCollection
from chalicelib.retention.schedule.text import standard
from chalicelib.services import Services
from tests.contract.cookies import ORIGIN, body, post, stored
from tests.contract.keeping import (
    DAY_OVER,
    choose,
    days,
    own,
    put_in_force,
    state_of,
    visitor,
)
from tests.contract.killing import Killed, Killer, meanwhile
from tests.contract.moto_tables import SESSION
from tests.contract.policies import Uses
from tests.contract.retaining import HOURLY, Retained
from tests.contract.working import waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway

PERIOD = timedelta(days=30)
DAY = timedelta(days=1)


@pytest.fixture
def office(
    services: Services, gateway: Gateway, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> Retained:
    """Where a schedule may be put in force that ends choices early, as before that was refused."""
    monkeypatch.setattr("chalicelib.retention.schedule.checks._of_own", lambda _schedule: ())
    return Retained(services, gateway, clock)


@pytest.fixture
def month(office: Retained) -> Retained:
    """By a schedule that keeps choices for 30 days."""
    put_in_force(office, "cookie_preferences", amount=30, unit="days")
    return office


def test_a_days_choices_go_with_one_key_in_the_second_and_not_before(
    month: Retained, gateway: Gateway, services: Services
) -> None:
    for number in range(3):
        choose(gateway, services, number)
    month.later(DAY_OVER - timedelta(seconds=1))
    choose(gateway, services, 3)  # the last of the day
    month.later(timedelta(seconds=1))
    choose(gateway, services, 4)  # the first of the next
    (first, second) = days(services)
    month.later(PERIOD - timedelta(seconds=1))
    assert month.swept().due == 0
    assert {state_of(gateway, number) for number in range(5)} == {"decided"}
    month.later(timedelta(seconds=1))
    report = month.swept()
    assert (report.due, report.handed) == (1, 1)
    assert days(services) == [second]
    assert first.endswith("2026-11-23")
    assert {state_of(gateway, number) for number in range(4)} == {"undecided"}
    assert state_of(gateway, 4) == "decided"
    assert len(stored(services)) == 5  # the items are DynamoDB's to sweep; nobody can read them


def test_the_record_says_what_went_and_by_which_rule(
    month: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    month.later(DAY_OVER + PERIOD)
    month.swept()
    (item,) = own(services)
    assert (item["category"], item["state"], item["gone_by"], item["means"]) == (
        "own.preferences",
        "disposed",
        "cookie_preferences",
        "destroy_key",
    )
    assert "sealed" not in item
    assert month.runs()[0]["counts"] == {"done": 1}


def test_by_the_standard_schedule_a_day_is_kept_until_its_choices_have_all_expired(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    office.later(DAY_OVER + timedelta(days=180) - timedelta(seconds=1))
    assert office.swept().due == 0
    office.later(timedelta(seconds=1))
    assert office.swept().handed == 1
    assert days(services) == []


def test_a_key_that_is_gone_already_counts_as_done(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    (scope,) = days(services)
    key = {"pk": {"S": f"SCOPE#{scope}"}, "sk": {"S": "KEY"}}
    services.dynamodb.delete_item(TableName=services.settings.keys_table, Key=key)  # by its ttl
    office.later(DAY_OVER + timedelta(days=180))
    office.swept()
    assert office.runs()[0]["counts"] == {"done": 1}


def test_a_shorter_schedule_takes_effect_on_days_that_are_there(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    office.later(DAY_OVER + PERIOD)
    assert office.swept().due == 0
    put_in_force(office, "cookie_preferences", amount=30, unit="days")
    office.later(HOURLY)
    assert office.swept().handed == 1
    assert days(services) == []
    assert state_of(gateway) == "undecided"


def test_what_comes_before_any_schedule_is_looked_at_again_under_the_first(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    pointer = {"pk": {"S": "SCHEDULE"}, "sk": {"S": "CURRENT"}}
    services.dynamodb.delete_item(TableName=services.settings.records_table, Key=pointer)
    choose(gateway, services)
    services.schedules.publish(Actor("operator", "test"), standard())
    office.later(DAY)
    office.swept()
    assert office.runs()[0]["counts"] == {"moved": 1}
    office.later(DAY_OVER + timedelta(days=179))
    office.swept()
    assert days(services) == []


def test_a_hold_keeps_the_key_and_its_release_lets_go(
    month: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    hold = month.hold("category", "own.preferences")
    month.later(DAY_OVER + PERIOD)
    month.swept()
    assert len(days(services)) == 1
    month.release(hold)
    month.later(HOURLY)
    month.swept()
    assert days(services) == []


def test_a_hold_that_comes_at_the_last_moment_is_in_the_deeds_own_transaction(
    month: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    month.later(DAY_OVER + PERIOD)
    month.sweep()
    meanwhile(services, lambda: month.hold("category", "own.preferences"))
    work(services, month.clock)
    assert len(days(services)) == 1
    assert month.runs()[0]["counts"] == {"held": 1}


def test_of_two_first_choices_at_once_one_makes_key_and_record(
    month: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    month.later(DAY)
    other = Services(
        services.settings, clock=services.clock, ids=services.ids, create_client=SESSION.client
    )
    said = PreferenceIn.model_validate(body(services, visitor_id=visitor(2)))
    meanwhile(services, lambda: other.cookies.record("jutsoo", said, ORIGIN, gpc_header=False))
    choose(gateway, services, 1)
    assert len(days(services)) == len(own(services)) == 2
    assert [state_of(gateway, number) for number in (1, 2)] == ["decided", "decided"]


def test_a_choice_costs_nothing_more_once_its_day_has_begun(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    choose(gateway, services)
    seen: list[str] = []
    for client in (services.dynamodb, services.kms):
        client.meta.events.register("before-call", lambda model, **_: seen.append(model.name))
    choose(gateway, services, 1)
    assert seen == ["PutItem"]


def test_what_begins_a_day_may_do_it(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    uses = Uses()
    uses.watch(services)
    choose(gateway, services)
    assert own(services)
    assert uses.refused_by("api_handler") == set()


@pytest.mark.parametrize("seed", range(12))
def test_whoever_dies_no_key_is_without_its_record_and_nothing_goes_twice(
    month: Retained, gateway: Gateway, services: Services, seed: int
) -> None:
    """Posts and workers die at any write, before it or after it."""
    chance = random.Random(seed)  # noqa: S311  # a test's course, to be repeated
    killer = Killer(lambda _number: chance.choice([None, None, "before", "after"]))
    killer.watch(services)
    for number in range(12):
        said = {"event_id": f"01JEVENT{number:018d}", "visitor_id": f"01JVS1T0R{number:017d}"}
        killer.armed = True
        with contextlib.suppress(Killed):
            post(gateway, body(services, **said))
        killer.armed = False
        assert len(days(services)) == len(own(services, OwnCollection.PREFERENCES))
        if chance.random() < 0.5:
            month.later(DAY)
    begun = len(own(services))
    month.later(2 * DAY + PERIOD)
    for _ in range(6):
        killer.armed = True
        with contextlib.suppress(Killed):
            month.sweep()
        for message_id in waiting(services):
            with contextlib.suppress(Later, Killed):
                services.worker.deliver(f'{{"id": "{message_id}"}}')
        killer.armed = False
        month.later(HOURLY)
    for _ in range(5):
        work(services, month.clock)
        month.later(4 * HOURLY)
        month.sweep()
    assert days(services) == []
    assert {item["state"] for item in own(services)} == {"disposed"}
    assert sum(each["counts"].get("done", 0) for each in month.runs()) == begun
