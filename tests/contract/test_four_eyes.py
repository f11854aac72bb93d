"""Nobody alone: who takes in, checks or decides has somebody else do the rest."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.http.permissions import Role
from chalicelib.services import Services
from tests.contract.asking import letter, look, make, post
from tests.contract.partners import ID, Partner, identity
from tests.contract.people import EMAIL
from tests.contract.test_fulfilment import decide, status
from tests.contract.working import MemoryPlace, equip, opened, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, bearer, staff_claims

ONE, OTHER = "aaaaaaaa-2222-4333-8444-555555555555", "bbbbbbbb-2222-4333-8444-555555555555"
CHECK = {"means": "callback", "reference": "x"}
RESOLVED = {"found": 1, "changed": 1}


@pytest.fixture
def crm(services: Services) -> MemoryPlace:
    place = MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]})
    equip(services, place)
    return place


def taken_in(gateway: Gateway, services: Services, clock: FixedClock, **said: Any) -> Answer:
    """One by letter, which `ONE` takes in."""
    token = STAFF.sign(staff_claims(clock, Role.DPO, sub=ONE))
    made = post(gateway, "/v1/staff/requests", letter(services, **said), token)
    assert made.status == 202, made.body
    return made


@pytest.mark.usefixtures("crm")
def test_who_took_a_request_in_does_not_approve_it(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = taken_in(gateway, services, clock, identity_checked=CHECK)
    work(services, clock)
    refused = decide(gateway, made, "approve", who=ONE)
    assert (refused.status, refused.code) == (409, "same_decider")
    assert decide(gateway, made, "approve", who=OTHER).status == 200


@pytest.mark.usefixtures("crm")
def test_who_checked_whose_it_is_does_not_approve_it(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = make(gateway)
    assert decide(gateway, made, "identity", CHECK, who=ONE).status == 200
    work(services, clock)
    assert decide(gateway, made, "approve", who=ONE).code == "same_decider"
    assert decide(gateway, made, "approve", who=OTHER).status == 200


@pytest.mark.usefixtures("crm")
def test_what_only_the_staff_checked_waits_for_approval_whatever_it_asks_for(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    made = taken_in(gateway, services, clock, type="restriction", identity_checked=CHECK)
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"


def test_who_took_it_in_does_not_say_what_was_done_by_hand(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = taken_in(gateway, services, clock, type="deletion", identity_checked=CHECK)
    work(services, clock)
    crm.down = 10_000
    assert decide(gateway, made, "approve", who=OTHER).status == 200
    work(services, clock)
    assert decide(gateway, made, "places/crm/resolve", RESOLVED, who=ONE).code == "same_decider"
    assert decide(gateway, made, "places/crm/resolve", RESOLVED, who=OTHER).status == 200


def test_who_refused_neither_decides_an_appeal_nor_says_what_was_done(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    ground = {"ground": "id/defence"}
    assert decide(gateway, made, "refuse", ground, who=ONE).status == 200
    path = f"/v1/requests/{made.json()['request_id']}/appeal"
    assert post(gateway, path, {}, made.json()["tracking_token"]).status == 200
    work(services, clock)
    assert decide(gateway, made, "refuse", ground, who=ONE).code == "same_decider"
    assert decide(gateway, made, "approve", who=ONE).code == "same_decider"
    crm.down = 10_000
    assert decide(gateway, made, "approve", who=OTHER).status == 200
    work(services, clock)
    assert decide(gateway, made, "places/crm/resolve", RESOLVED, who=ONE).code == "same_decider"
    assert decide(gateway, made, "places/crm/resolve", RESOLVED, who=OTHER).status == 200


@pytest.mark.usefixtures("crm")
def test_who_approves_what_a_client_asked_for_sees_what_the_person_has_open(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    own = opened(gateway, services)
    clock.advance(timedelta(hours=1))
    partner = Partner(gateway, clock)
    partner.submit(subject_identities=[identity(EMAIL)], status_callback_urls=None)
    work(services, clock)
    request_id = services._submissions.find("platform-client", ID)
    token = STAFF.sign(staff_claims(clock, Role.DPO))
    path = f"/v1/staff/requests/{request_id}"
    shown = gateway.call("GET", path, headers=bearer(token)).json()
    assert shown["status"] == "awaiting_approval"
    assert shown["also_living"] == [own.json()["request_id"]]
    assert shown["identity"]["submitter"] == "opendsr/platform-client"
    assert look(gateway, own).json()["joined_to"] is None
