"""Sessions stand under the schedule: they end by themselves, and are deleted by the sweep."""

import contextlib
import random
from datetime import timedelta

import pytest

from chalicelib.identity.models import SESSION_LIFE
from chalicelib.notices.consumer import Later
from chalicelib.retention.own.place import OwnCollection
from chalicelib.services import Services
from tests.contract.keeping import own
from tests.contract.killing import Killed, Killer
from tests.contract.moto_tables import SESSION
from tests.contract.people import ask, codes, current, records, signed_in, verify
from tests.contract.policies import Uses
from tests.contract.retaining import HOURLY, Retained
from tests.contract.working import waiting, work
from tests.fakes import FixedClock
from tests.gateway import Gateway

DAY = timedelta(days=1)


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


def sessions(services: Services) -> list[str]:
    return [str(item["pk"]) for item in records(services) if item["et"] == "session"]


def states(services: Services) -> list[str]:
    return [str(item["state"]) for item in own(services, OwnCollection.SESSIONS)]


def test_a_session_is_deleted_a_day_after_it_was_opened(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    token = signed_in(gateway, services)
    assert states(services) == ["kept"]
    office.later(SESSION_LIFE)
    assert current(gateway, token).status == 401
    office.later(DAY - SESSION_LIFE - timedelta(milliseconds=1))
    assert office.swept().due == 0
    assert len(sessions(services)) == 1
    office.later(timedelta(milliseconds=1))
    office.swept()
    assert (sessions(services), states(services)) == ([], ["disposed"])


def test_no_second_mechanism_deletes_it(gateway: Gateway, services: Services) -> None:
    signed_in(gateway, services)
    (item,) = [each for each in records(services) if each["et"] == "session"]
    assert "ttl" not in item


def test_of_a_session_that_was_ended_nothing_is_left_to_do(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    token = signed_in(gateway, services)
    headers = {"authorization": f"Bearer {token}"}
    assert gateway.call("DELETE", "/v1/sessions/current", headers=headers).status == 200
    office.later(DAY)
    office.swept()
    assert (sessions(services), states(services)) == ([], ["disposed"])


def test_a_hold_on_the_category_keeps_it_and_opens_nothing(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    token = signed_in(gateway, services)
    hold = office.hold("category", "own.sessions")
    office.later(DAY)
    office.swept()
    assert (len(sessions(services)), states(services)) == (1, ["held"])
    assert current(gateway, token).status == 401
    office.release(hold)
    office.later(HOURLY)
    office.swept()
    assert sessions(services) == []


def test_the_functions_may_do_what_they_do(
    office: Retained, gateway: Gateway, services: Services
) -> None:
    api = Uses()
    api.watch(services)
    signed_in(gateway, services)
    assert api.refused_by("api_handler") == set()
    worker = Services(
        services.settings, clock=services.clock, ids=services.ids, create_client=SESSION.client
    )
    worked = Uses()
    worked.watch(worker)
    office.later(DAY)
    office.sweep()
    work(worker, office.clock)
    assert sessions(services) == []
    assert worked.refused_by("fulfil_requests") == set()


@pytest.mark.parametrize("seed", range(4))
def test_whoever_dies_each_session_has_its_record_and_goes(
    office: Retained, gateway: Gateway, services: Services, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a test's course, to be repeated
    killer = Killer(lambda _number: chance.choice([None, "before", "after"]))
    killer.watch(services)
    for number in range(6):
        email = f"p{number}@example.test"
        ask(gateway, email)
        killer.armed = True
        with contextlib.suppress(Killed):
            verify(gateway, codes(services, email)[-1], email)
        killer.armed = False
    assert len(sessions(services)) == len(own(services, OwnCollection.SESSIONS))
    office.later(DAY)
    for _ in range(6):
        killer.armed = True
        with contextlib.suppress(Killed):
            office.sweep()
        for message_id in waiting(services):
            with contextlib.suppress(Later, Killed):
                services.worker.deliver(f'{{"id": "{message_id}"}}')
        killer.armed = False
        office.later(HOURLY)
    for _ in range(4):
        work(services, office.clock)
        office.later(4 * HOURLY)
        office.sweep()
    assert sessions(services) == []
    assert set(states(services)) <= {"disposed"}
