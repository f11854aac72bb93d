"""A request carried out on moto, its places in memory: planned, approved, concluded, wiped."""

import json
from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib.audit.jws import Jws
from chalicelib.connectors.places import Kept
from chalicelib.http.permissions import Role
from chalicelib.services import Services
from tests.contract.asking import look, post
from tests.contract.people import EMAIL, mails, records, signed_in
from tests.contract.working import MemoryPlace, equip, opened, work
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
    equip(services, crm, ledger)
    made = opened(gateway, services)
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"
    session = signed_in(gateway, services)
    assert export(gateway, made, session).code == "no_copy"
    approved = decide(gateway, made, "approve")
    assert (approved.status, approved.json()["plan"]["stage"]) == (200, "concluding")
    work(services, clock)
    assert status(gateway, made) == "completed"
    with ZipFile(BytesIO(archive(services, made))) as copy:
        assert json.loads(copy.read("places/crm/rows.json")) == [
            {"email": EMAIL, "user.name": "Siti"}
        ]
        (profile,) = json.loads(copy.read("places/privacy-office/profile.json"))
        assert profile["email"] == EMAIL
        (said,) = json.loads(copy.read("places/privacy-office/requests.json"))
        assert said["request_id"] == made.json()["request_id"]
        assert json.loads(copy.read("places/ledger/rows.json")) == [{"paid": 1}, {"paid": 2}]
    session = signed_in(gateway, services)  # the first one ended: hours have passed
    assert export(gateway, made, session).json()["downloads_left"] == 4
    assert [mail for mail in mails(services) if sorted(mail["values"]) == ["request_id"]]


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
    told = {each["place"]: (each["verdict"], each["kept"]) for each in shown["result"]["places"]}
    assert told["crm"] == ("done", [])
    assert [each["citation"] for each in told["ledger"][1]] == ["UU KUP 28(11)"]
    certificate = certificate_of(gateway, made)
    assert certificate["places"] == [
        {
            "place": "crm",
            "verdict": "done",
            "found": 1,
            "changed": 1,
            "by_hand": False,
            "retained": [],
        },
        {
            "place": "ledger",
            "verdict": "retained",
            "found": 2,
            "changed": 0,
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
    account = gateway.call("GET", "/v1/sessions/current", headers=bearer(session))
    assert EMAIL not in account.body
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


def export(gateway: Gateway, made: Answer, session: str) -> Answer:
    path = f"/v1/requests/{made.json()['request_id']}/export"
    return gateway.call("GET", path, headers=bearer(session))


def archive(services: Services, made: Answer) -> bytes:
    """The bytes of the one copy in the bucket."""
    bucket = services.settings.exports_bucket
    (stored,) = services.s3.list_objects_v2(
        Bucket=bucket, Prefix=f"archives/{made.json()['request_id']}/"
    )["Contents"]
    return services.s3.get_object(Bucket=bucket, Key=stored["Key"])["Body"].read()


def certificate_of(gateway: Gateway, made: Answer) -> dict[str, Any]:
    token = STAFF_POOL.sign(staff_claims(gateway._clock, Role.AUDITOR))
    path = f"{STAFF}/{made.json()['request_id']}/certificate"
    answer = gateway.call("GET", path, headers=bearer(token))
    assert answer.status == 200, answer.body
    return dict(Jws.parse(answer.json()["certificate"]).payload)


def test_who_joined_gets_the_copy_and_the_certificate_of_the_first(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    equip(services, crm)
    first, second = opened(gateway, services), opened(gateway, services)
    assert look(gateway, second).json()["joined_to"] == first.json()["request_id"]
    work(services, clock)
    decide(gateway, first, "approve")
    work(services, clock)
    session = signed_in(gateway, services)
    for each in (first, second):
        assert look(gateway, each).json()["result"]["places"]
        path = f"/v1/requests/{each.json()['request_id']}/export"
        assert gateway.call("GET", path, headers=bearer(session)).status == 200
    erased, joined = (opened(gateway, services, type="deletion") for _ in range(2))
    work(services, clock)
    decide(gateway, erased, "approve")
    work(services, clock)
    path = f"/v1/requests/{joined.json()['request_id']}/certificate"
    answer = gateway.call("GET", path, headers=bearer(joined.json()["tracking_token"]))
    assert answer.status == 200, answer.body


def test_a_refusal_shows_its_ground(
    gateway: Gateway, services: Services, clock: FixedClock, crm: MemoryPlace
) -> None:
    equip(services, crm)
    made = opened(gateway, services)
    assert decide(gateway, made, "refuse", {"ground": "id/safety"}).status == 200
    assert decide(gateway, made, "refuse", {"ground": "id/data-of-others"}).code == "impossible_now"
    (ground,) = look(gateway, made).json()["result"]["grounds"]
    assert ground.startswith("UU PDP 27/2022 33:")
