"""The gate obeys what a person's requests ended in."""

import json
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.clock import rfc3339
from chalicelib.connectors.event_bus import EVENT_BUS
from chalicelib.notices.outbox import message_context, message_scope
from chalicelib.services import Services
from tests.contract.consenting import PURPOSE, Office
from tests.contract.people import EMAIL, records
from tests.contract.stopping import Stops
from tests.contract.test_fulfilment import archive, decide, status
from tests.contract.working import MemoryPlace, equip, opened, work
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import staff_token


@pytest.fixture
def office(services: Services, gateway: Gateway) -> Office:
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    return Office(services, gateway)


def ended(office: Office, clock: FixedClock, type_: str) -> Any:
    """A request of Siti's, carried out."""
    made = opened(office.gateway, office.services, type=type_)
    work(office.services, clock)
    if status(office.gateway, made) == "awaiting_approval":
        assert decide(office.gateway, made, "approve").status == 200
        work(office.services, clock)
    assert status(office.gateway, made) == "completed"
    return made


@pytest.mark.parametrize(
    ("type_", "purpose", "why"),
    [
        ("restriction", PURPOSE, "restricted"),
        ("restriction", "service_delivery", "restricted"),
        ("objection", "improvement", "objected"),
        ("consent_withdrawal", PURPOSE, "no_consent"),
        ("deletion", PURPOSE, "erased"),
        ("deletion", "service_delivery", "erased"),
    ],
)
def test_a_request_that_ended_stops_the_use(
    office: Office, clock: FixedClock, type_: str, purpose: str, why: str
) -> None:
    siti = office.person()
    siti.decide("given")
    subject = siti.subject_id
    assert office.check(subject, purpose)["allowed"]
    ended(office, clock, type_)
    stopped = office.check(subject, purpose)
    assert (stopped["allowed"], stopped["why"]) == (False, why)


@pytest.mark.parametrize(
    ("type_", "purpose", "basis", "why"),
    [
        ("restriction", "regulatory_compliance", "legal_obligation", "required_by_law"),
        ("objection", PURPOSE, "consent", "consent"),
        ("objection", "service_delivery", "contract", "basis"),
        ("consent_withdrawal", "service_delivery", "contract", "basis"),
    ],
)
def test_it_stops_nothing_else(
    office: Office, clock: FixedClock, type_: str, purpose: str, basis: str, why: str
) -> None:
    siti = office.person()
    siti.decide("given")
    subject = siti.subject_id
    ended(office, clock, type_)
    answer = office.check(subject, purpose)
    assert (answer["allowed"], answer["basis"], answer["why"]) == (True, basis, why)


def test_a_withdrawal_by_request_is_a_record_like_any_other(
    office: Office, clock: FixedClock
) -> None:
    siti = office.person()
    siti.decide("given")
    made = ended(office, clock, "consent_withdrawal")
    newest, oldest = office.person().history()
    assert (newest["state"], oldest["state"]) == ("withdrawn", "given")
    assert newest["actor"] == f"request/{made.json()['request_id']}"
    assert newest["method"] == "request"


def test_an_erasure_leaves_no_record_of_a_consent(
    office: Office, services: Services, clock: FixedClock
) -> None:
    siti = office.person()
    siti.decide("given")
    subject = siti.subject_id
    browser = {"site": "jutsoo", "visitor_id": 26 * "V"}
    assert siti.call("POST", "/v1/consents/preferences", browser).status == 201
    ended(office, clock, "deletion")
    left = [item for item in records(services) if subject in str(item["pk"])]
    kinds = sorted({str(item["et"]) for item in left} - {"trail_head", "person_request"})
    assert kinds == ["consent_standing", "erasure"]
    (standing,) = [item for item in left if item["et"] == "consent_standing"]
    assert (standing["erased"], standing["entries"]) == (True, {})


def test_a_copy_holds_the_records_of_consents(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.collect(evidence="screen 12")
    browser = {"site": "jutsoo", "visitor_id": 26 * "V"}
    assert office.person().call("POST", "/v1/consents/preferences", browser).status == 201
    made = ended(office, clock, "access")
    with ZipFile(BytesIO(archive(services, made))) as copy:
        (record,) = json.loads(copy.read("places/privacy-office/consents.json"))
        (browser,) = json.loads(copy.read("places/privacy-office/browsers.json"))
    assert browser == {"site": "jutsoo", "visitor_id": 26 * "V"}
    assert (record["state"], record["evidence"]) == ("given", "screen 12")


def test_the_privacy_officer_lifts_a_restriction(office: Office, clock: FixedClock) -> None:
    siti = office.person()
    siti.decide("given")
    subject = siti.subject_id
    ended(office, clock, "restriction")
    path = f"/v1/staff/subjects/{subject}/restriction/lift"
    lifted = office.call("POST", path, staff_token(clock, "dpo"))
    assert lifted.status == 200, lifted.body
    assert office.check(subject)["allowed"]
    again = office.call("POST", path, staff_token(clock, "dpo"))
    assert (again.status, again.code) == (409, "not_restricted")


def test_lifting_a_restriction_leaves_an_objection(office: Office, clock: FixedClock) -> None:
    siti = office.person()
    subject = siti.subject_id
    ended(office, clock, "objection")
    ended(office, clock, "restriction")
    path = f"/v1/staff/subjects/{subject}"
    assert office.call("POST", f"{path}/restriction/lift", staff_token(clock, "dpo")).status == 200
    assert office.check(subject, "improvement")["why"] == "objected"
    assert office.call("POST", f"{path}/objection/lift", staff_token(clock, "dpo")).status == 200
    assert office.check(subject, "improvement")["allowed"]


def test_the_72_hours_run_from_the_receipt_of_the_request(
    office: Office, services: Services, clock: FixedClock
) -> None:
    stops = Stops(services, office.gateway)
    stops.processor()
    siti = office.person()
    siti.decide("given")
    received = clock.now()
    ended(office, clock, "consent_withdrawal")
    newest, _ = office.person().history()
    order = stops.order(newest["record_id"])
    assert order["stop_by"] == rfc3339(received + timedelta(hours=72))


def test_processors_and_subscribers_hear_of_an_erasure(
    office: Office, services: Services, clock: FixedClock
) -> None:
    stops = Stops(services, office.gateway)
    stops.processor()
    siti = office.person()
    siti.decide("given")
    subject = siti.subject_id
    ended(office, clock, "deletion")
    (order_id,) = stops.waiting()
    assert stops.order(order_id)["state"] == "terminated"
    events = [detail["state"] for _, detail in bus_events(services, subject)]
    assert events == ["given", "terminated"]


def bus_events(services: Services, subject: str) -> list[tuple[str, dict[str, Any]]]:
    """What waits for EventBridge about the person, oldest first."""
    items = sorted(
        (each for each in records(services) if each.get("kind") == EVENT_BUS),
        key=lambda item: str(item["pk"]),
    )
    said = [
        json.loads(
            services.vault.open(
                message_scope(item), message_context(services.records, item), item["sealed"]
            )
        )
        for item in items
    ]
    return [(e["type"], e["detail"]) for e in said if e["detail"]["subject_id"] == subject]


def test_an_auditor_sees_the_history_with_the_very_text(
    office: Office, services: Services, clock: FixedClock
) -> None:
    siti = office.person()
    subject = siti.subject_id
    shown = office.shown("id")
    siti.decide("given", **shown)
    siti.decide("withdrawn", **shown)
    path = f"/v1/staff/subjects/{subject}/consents/{PURPOSE}"
    answer = office.call("GET", path, staff_token(clock, "auditor"))
    assert answer.status == 200, answer.body
    assert [each["state"] for each in answer.json()["records"]] == ["withdrawn", "given"]
    (text,) = answer.json()["texts"]
    assert (text["sha256"], text["language"]) == (shown["notice_sha256"], "id")
    assert "04" in text["texts"]
    actions = [each.action for each in services.trail.history(Entity("subject", subject))]
    assert "personal_data.read" in actions
    assert office.call("GET", path, staff_token(clock, "engineer")).status == 403


@pytest.mark.parametrize(
    ("type_", "action"),
    [("restriction", "subject.restricted"), ("objection", "subject.objected")],
)
def test_what_a_request_did_stands_in_the_chain_and_so_does_its_end(
    office: Office, services: Services, clock: FixedClock, type_: str, action: str
) -> None:
    subject = office.person().subject_id
    made = ended(office, clock, type_)
    path = f"/v1/staff/subjects/{subject}/{type_}/lift"
    assert office.call("POST", path, staff_token(clock, "dpo")).status == 200
    entries = {each.action: each for each in services.trail.history(Entity("subject", subject))}
    assert entries[action].facts["request"] == made.json()["request_id"]
    assert entries[f"subject.{type_}_lifted"].facts["request"] == made.json()["request_id"]


def test_all_records_go_however_many_there_are(
    office: Office, services: Services, clock: FixedClock
) -> None:
    siti = office.person()
    subject = siti.subject_id
    for number in range(60):
        siti.decide("given" if number % 2 == 0 else "withdrawn")
    services.obeying.sweep(subject)
    assert list(services.records.query_all(f"CONSENTS#{subject}")) == []
