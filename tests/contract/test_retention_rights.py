"""What retention does to the tables is what the policies of its three functions allow."""

from datetime import timedelta

import pytest

from chalicelib.clock import rfc3339
from chalicelib.services import Services
from tests.contract.moto_tables import another_container
from tests.contract.policies import Uses
from tests.contract.retaining import ENUMERATIONS, LONG, YEAR, Retained
from tests.contract.working import work
from tests.fakes import FixedClock
from tests.gateway import Gateway

CLIENT = "/v1/staff/clients/acme"


@pytest.fixture
def office(services: Services, gateway: Gateway, clock: FixedClock) -> Retained:
    return Retained(services, gateway, clock)


def cold(services: Services) -> tuple[Services, Uses]:
    """A container that remembers nothing, and what it does."""
    other = another_container(services)
    uses = Uses()
    uses.watch(other)
    return other, uses


def test_the_api_may_take_in_and_show(office: Retained) -> None:
    uses = Uses()
    uses.watch(office.services)
    (made,) = office.register("c1", client="acme", user_id="u1", case="k7")
    office.later(timedelta(hours=1))
    office.register("c1", client="acme", user_id="u1", case="k7")  # used again: another end
    office.shown(made["record_id"])
    office.readable("c1")
    office.runs()
    assert office.staff("GET", "/v1/staff/retention/rehearsal").status == 200
    run_id = office.tripped()
    assert office.staff("POST", f"/v1/staff/retention/sweeps/{run_id}/confirm").status == 200
    end = {"ended_at": rfc3339(office.clock.now())}
    assert office.staff("POST", CLIENT + "/end", end).status == 202
    assert office.staff("GET", CLIENT + "/certificate").status == 404
    assert office.staff("GET", f"/v1/staff/audit/record/{made['record_id']}").status == 200
    assert uses.refused_by("api_handler") == set()


def test_the_sweep_may_hand_out_and_the_worker_may_end(office: Retained) -> None:
    office.put("c3")
    office.register("c1", client="acme", user_id="u1")
    office.register("c2", client="other")
    office.register("c3", client="gone", case="k8")
    hold_id = office.hold("client", "other")
    end = {"ended_at": rfc3339(office.clock.now())}
    assert office.staff("POST", CLIENT + "/end", end).status == 202
    worker, worked = cold(office.services)
    work(worker, office.clock)
    office.later(YEAR)
    sweeper, swept = cold(office.services)
    for _ in range(3):
        sweeper.retention_rounds.run(lambda: LONG)
        work(worker, office.clock)
        office.later(timedelta(hours=1))
    release = {"reason": "It is over."}
    assert office.staff("POST", f"/v1/staff/holds/{hold_id}/release", release).status == 200
    work(worker, office.clock)
    sweeper.retention_rounds.run(lambda: LONG)
    work(worker, office.clock)
    assert office.customers() == []
    assert office.staff("GET", CLIENT + "/certificate").status == 200
    assert swept.refused_by("sweep_retention") == set()
    assert worked.refused_by("fulfil_requests") == set()


def test_the_api_may_have_a_place_enumerated_and_the_worker_may_do_it(office: Retained) -> None:
    body = office.declares()
    seen = {"S": "2026-11-01"}
    office.shop.put("customers", {"id": {"S": "c1"}, "seen": seen, "company": {"S": "acme"}})
    office.shop.put("customers", {"id": {"S": "c2"}, "seen": seen, "user_id": {"S": "u1"}})
    uses = Uses()
    uses.watch(office.services)
    made = office.staff("POST", ENUMERATIONS, body)
    assert made.status == 202
    worker, worked = cold(office.services)
    work(worker, office.clock)
    office.shop.put("customers", {"id": {"S": "c1"}, "seen": {"S": "2026-11-02"}})
    sweeper, swept = cold(office.services)
    office.later(timedelta(days=7))
    sweeper.retention_rounds.run(lambda: LONG)
    work(worker, office.clock)
    shown = office.staff("GET", f"{ENUMERATIONS}/{made.json()['enumeration_id']}").json()
    path = f"/v1/staff/audit/enumeration/{shown['enumeration_id']}"
    assert office.staff("GET", path).status == 200
    assert (shown["unchanged"], shown["refused"]) == (1, {"record_disagrees": 1})
    assert uses.refused_by("api_handler") == set()
    assert worked.refused_by("fulfil_requests") == set()
    assert swept.refused_by("sweep_retention") == set()


def test_the_worker_may_archive_and_end_what_is_archived(office: Retained) -> None:
    office.archives()
    (made,) = office.register("c1", client="acme")
    worker, worked = cold(office.services)
    for period in (YEAR, 2 * YEAR + timedelta(days=2)):
        office.later(period)
        office.sweep()
        work(worker, office.clock)
    assert office.shown(made["record_id"])["means"] == "destroy_key"
    assert worked.refused_by("fulfil_requests") == set()


def test_the_api_may_read_the_archive(office: Retained) -> None:
    (record_id,) = office.archived("c1")
    uses = Uses()
    office.services.__dict__.pop("keyring")
    office.services.__dict__.pop("vault")
    uses.watch(office.services)
    assert office.staff("GET", f"/v1/staff/archive/{record_id}").status == 200
    assert uses.refused_by("api_handler") == set()
