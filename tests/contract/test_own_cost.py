"""Ending a day of choices costs the same, however many there are."""

from datetime import timedelta

import pytest

from bench.metering import Meter
from chalicelib.services import Services
from tests.contract.cookies import stored
from tests.contract.keeping import DAY_OVER, choose, days
from tests.contract.moto_tables import SESSION
from tests.contract.retaining import LONG, Retained
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Gateway

FEW, MANY = 10, 1_000
KEPT = timedelta(days=180)


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


def ended(office: Retained) -> Meter:
    """What a sweep takes, and a worker of it that remembers nothing."""
    here = office.services
    fresh = Services(here.settings, clock=here.clock, ids=here.ids, create_client=SESSION.client)
    meter = Meter(fresh.dynamodb, fresh.kms, fresh.s3)

    def act() -> None:
        fresh.sweep.run(lambda: LONG)
        work(fresh, office.clock)

    return meter.take(act)


def test_many_choices_end_for_the_price_of_a_few(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    for number in range(FEW):
        choose(gateway, services, number)
    office.later(timedelta(days=1))
    for number in range(FEW, FEW + MANY):
        choose(gateway, services, number)
    assert len(stored(services)) == FEW + MANY
    office.later(DAY_OVER + KEPT - timedelta(days=1))
    few = ended(office)
    assert len(days(services)) == 1
    office.later(timedelta(days=1))
    many = ended(office)
    assert days(services) == []
    assert many.calls == few.calls
    assert (many.read, many.written) == (few.read, few.written)
