"""A request carried out on moto, its places in memory: planned, approved, concluded, wiped."""

from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.audit.jws import Jws, PublicKey
from chalicelib.connectors.places import Kept, Verdict
from chalicelib.requests.fulfilment.models import Stage
from chalicelib.http.permissions import Role
from chalicelib.services import Services
from tests.contract.asking import look, post, withdraw
from tests.contract.people import EMAIL, mails, records, signed_in
from tests.contract.working import MemoryPlace, equip, opened, step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF as STAFF_POOL
from tests.tokens import bearer, staff_claims

STAFF = "/v1/staff/requests"
TAX = Kept("rows", "tax_books", "UU KUP 28(11)", 2, date(2036, 12, 31))


@pytest.fixture
def crm() -> MemoryPlace:
    return MemoryPlace("crm", {EMAIL: [{"email": EMAIL, "user.name": "Siti"}]})


@pytest.fixture
def ledger() -> MemoryPlace:
    return MemoryPlace("ledger", {EMAIL: [{"paid": 1}, {"paid": 2}]})


def decide(
    gateway: Gateway, made: Answer, what: str, content: Any = None, *, who: str = ""
) -> Answer:
    claims = staff_claims(gateway._clock, Role.DPO, **({"sub": who} if who else {}))
    token = STAFF_POOL.sign(claims)
    return post(gateway, f"{STAFF}/{made.json()['request_id']}/{what}", content or {}, token)


def status(gateway: Gateway, made: Answer) -> str:
    return str(look(gateway, made).json()["status"])


def test_a_copy_is_gathered_approved_and_released(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace, ledger: MemoryPlace
) -> None:
    copies = equip(services, crm, ledger)
    made = opened(gateway, services)
    request_id = made.json()["request_id"]
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"
    assert not copies.released
    assert {place: len(rows) for (_, place), rows in copies.parts.items()} == {
        "crm": 1,
        "ledger": 2,
        "privacy-office": 2,
    }
    approved = decide(gateway, made, "approve")
    assert (approved.status, approved.json()["plan"]["stage"]) == (200, "concluding")
    work(services, clock)
    assert status(gateway, made) == "completed"
    assert copies.released == {request_id}
    assert copies.made == {request_id: 3}


def test_an_erasure_waits_for_approval_and_ends_in_a_certificate(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace, ledger: MemoryPlace
) -> None:
    ledger.kept = (TAX,)
    equip(services, crm, ledger)
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"
    assert crm.erasures == 0  # rehearsed only
    assert decide(gateway, made, "approve").status == 200
    work(services, clock)
    shown = look(gateway, made).json()
    assert (shown["status"], crm.rows_of[EMAIL]) == ("partly_completed", [])
    certificate = certificate_of(gateway, made)
    assert certificate["places"] == [
        {
            "place": "crm",
            "verdict": "done",
            "found": 1,
            "erased": 1,
            "by_hand": False,
            "retained": [],
        },
        {
            "place": "ledger",
            "verdict": "retained",
            "found": 2,
            "erased": 0,
            "by_hand": False,
            "retained": [
                {
                    "collection": "rows",
                    "rule": "tax_books",
                    "citation": "UU KUP 28(11)",
                    "rows": 2,
                    "until": "2036-12-31",
                }
            ],
        },
    ]


def test_after_an_erasure_nothing_of_the_person_is_readable(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    equip(services, crm)
    access = opened(gateway, services, name="Siti Rahma", details="all of it")
    made = opened(gateway, services, type="deletion", name="Siti Rahma")
    session = signed_in(gateway, services)
    work(services, clock)
    decide(gateway, made, "approve")
    work(services, clock)
    assert look(gateway, access).json()["status"] == "withdrawn"
    assert look(gateway, made, session).status in {401, 404}
    for item in records(services):
        if item["et"] in {"data_request", "request_task"}:
            assert "sealed" not in item or item["et"] == "request_task"
        assert item["et"] not in {"subject_profile", "subject_address"}
    mails_left = [mail for mail in mails(services) if mail["to"] == EMAIL]
    assert [sorted(mail["values"]) for mail in mails_left][-1] == ["request_id"]
    fresh = Services(services.settings, clock=clock, create_client=services._create_client)
    for scope in (f"request/{made.json()['request_id']}", f"request/{access.json()['request_id']}"):
        ledger = [item for item in records(services) if item["pk"] == f"ERASURE#{scope}"]
        assert len(ledger) == 1, scope
    assert fresh.request_book.get(made.json()["request_id"]).content.email == ""


def certificate_of(gateway: Gateway, made: Answer) -> dict[str, Any]:
    token = STAFF_POOL.sign(staff_claims(gateway._clock, Role.AUDITOR))
    path = f"{STAFF}/{made.json()['request_id']}/certificate"
    answer = gateway.call("GET", path, headers=bearer(token))
    assert answer.status == 200, answer.body
    return dict(Jws.parse(answer.json()["certificate"]).payload)
