"""OpenDSR 2.0 by the API on moto: submitted, asked about, cancelled, called back, signed."""

import base64
import json
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.connectors.webhooks.client import NoAnswer
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import State
from chalicelib.opendsr.__main__ import main as opendsr_command
from chalicelib.opendsr.__main__ import self_sign
from chalicelib.opendsr.callbacks import StatusCallbacks
from chalicelib.opendsr.news import STATUS_CALLBACK
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.rules import Event, moved
from chalicelib.services import Services
from tests.contract.asking import look, opened
from tests.contract.hooks import Hooks, ToldInternet
from tests.contract.partners import (
    CALLBACK_URL,
    ID,
    OPENDSR,
    PERSON,
    Partner,
    identity,
    submission,
    verify_signature,
)
from tests.contract.people import records
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

OTHER = "b7551968-d5d6-44b2-9831-815ac9017798"
DOMAIN = "opendsr.jutsoo.test"


@pytest.fixture
def partner(gateway: Gateway, clock: FixedClock) -> Partner:
    return Partner(gateway, clock)


@pytest.fixture
def internet(services: Services) -> ToldInternet:
    return Hooks(services).internet


def certificate(gateway: Gateway) -> str:
    return gateway.call("GET", f"{OPENDSR}/certificate.pem").body


def request_of(services: Services, subject_request_id: str = ID) -> DataRequest:
    found = services._submissions.find("platform-client", subject_request_id)
    assert found is not None
    return services.request_book.get(found)


def change(services: Services, event: Event, subject_request_id: str = ID) -> None:
    """What the worker and the staff do."""
    request_id = request_of(services, subject_request_id).request_id
    book, who = services.request_book, Actor("system", "worker")
    services.run_command(
        lambda: book.change(moved(book.get(request_id), event), who, "request.tested")
    )


def queued(services: Services) -> list[str]:
    """The ids of the callbacks that wait, oldest first."""
    items = [
        item
        for item in records(services)
        if item["et"] == "outbox_message" and item["kind"] == STATUS_CALLBACK
    ]
    return [
        item["pk"].removeprefix("OUTBOX#") for item in sorted(items, key=lambda each: each["pk"])
    ]


def deliver(services: Services, message_id: str) -> None:
    """What the queue's message about a callback starts."""
    message = services.outbox_store.claim(message_id)
    assert message is not None
    services._send_callback(message)


def test_a_submission_opens_at_once_and_is_answered_as_the_specification_says(
    gateway: Gateway, services: Services, partner: Partner
) -> None:
    said = submission(extensions={"example-processor.com": {"foo": 123456}})
    raw = json.dumps(said, indent=2)
    answer = partner.submit(raw)
    assert answer.status == 201, answer.body
    assert answer.json() == {
        "controller_id": "platform-client",
        "expected_completion_time": "2026-11-26T10:00:00.000Z",  # 72 hours, UU PDP
        "received_time": "2026-11-23T10:00:00.000Z",
        "encoded_request": base64.b64encode(raw.encode()).decode(),
        "subject_request_id": ID,
    }
    request = request_of(services)
    assert (request.status, request.source.value, request.type.value) == (
        "open",
        "opendsr",
        "deletion",
    )
    assert request.content.email == PERSON
    (first,) = services.requests.timeline(request)
    assert (str(first.actor), first.action) == ("platform/platform-client", "request.received")
    assert first.facts["subject_request_id"] == ID
    assert first.facts["submitted"] == "2018-10-02T15:00:00.000Z"
    assert partner.ask().json() == {
        "controller_id": "platform-client",
        "expected_completion_time": "2026-11-26T10:00:00.000Z",
        "subject_request_id": ID,
        "request_status": "pending",
        "api_version": "2.0",
    }


def test_answers_are_signed_over_their_very_bytes(
    gateway: Gateway, services: Services, partner: Partner
) -> None:
    self_sign(services)
    pem = certificate(gateway)
    for answer in (partner.submit(), partner.ask(), partner.cancel()):
        assert answer.headers["X-OpenDSR-Processor-Domain"] == DOMAIN
        signature = answer.headers["X-OpenDSR-Signature"]
        verify_signature(pem, signature, answer.body.encode())
        with pytest.raises(InvalidSignature):
            verify_signature(pem, signature, answer.body.encode() + b" ")


def test_discovery_says_what_is_supported(gateway: Gateway) -> None:
    assert gateway.call("GET", f"{OPENDSR}/discovery").json() == {
        "api_version": "2.0",
        "supported_identities": [
            {"identity_type": "email", "identity_format": "raw"},
            {"identity_type": "controller_customer_id", "identity_format": "raw"},
        ],
        "supported_subject_request_types": ["access", "portability", "erasure"],
        "processor_certificate": f"https://{DOMAIN}/opendsr/v2/certificate.pem",
    }


def test_without_a_certificate_there_is_none(gateway: Gateway, services: Services) -> None:
    missing = gateway.call("GET", f"{OPENDSR}/certificate.pem")
    assert (missing.status, missing.json()["error"]["errors"][0]["reason"]) == (
        404,
        "no_partner_certificate",
    )
    self_sign(services)
    found = gateway.call("GET", f"{OPENDSR}/certificate.pem")
    assert (found.status, found.headers["content-type"]) == (200, "application/x-pem-file")


def test_the_operator_asks_for_a_certificate_and_puts_it_in_force(
    gateway: Gateway, services: Services, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert opendsr_command(["request"]) == 0
    assert capsys.readouterr().out.startswith("-----BEGIN CERTIFICATE REQUEST-----")
    asked = tmp_path / "asked.pem"
    assert opendsr_command(["request", "--output", str(asked)]) == 0
    assert opendsr_command(["self-sign"]) == 0
    pem = tmp_path / "issued.pem"
    pem.write_text(certificate(gateway))
    assert opendsr_command(["install", str(pem)]) == 0
    assert certificate(gateway) == pem.read_text()
    pem.write_text("nothing")
    assert opendsr_command(["install", str(pem)]) == 1
    assert "unreadable" in capsys.readouterr().err


def test_a_repeat_changes_nothing_and_is_answered_alike(
    services: Services, partner: Partner, clock: FixedClock
) -> None:
    first = partner.submit()
    before = len(records(services))
    clock.advance(timedelta(minutes=5))
    assert partner.submit().json() == first.json()
    assert len(records(services)) == before
    other = partner.submit(subject_request_type="access")
    assert (other.status, reason(other)) == (400, "subject_request_id_reused")


def test_of_repeats_at_once_one_is_taken_in(
    racing: Services, gateway: Gateway, partner: Partner
) -> None:
    answers = at_once(4, lambda _: partner.submit())
    assert {getattr(each, "status", each) for each in answers} == {201}
    assert len({getattr(each, "body", "") for each in answers}) == 1
    assert len([item for item in records(racing) if item["et"] == "data_request"]) == 1


def reason(answer: Answer) -> str:
    return str(answer.json()["error"]["errors"][0]["reason"])


@pytest.mark.parametrize(
    ("changes", "message", "code"),
    [
        ({"subject_request_id": None}, "subject_request_id field is required", "missing"),
        ({"subject_identities": None}, "subject_identities field is required", "missing"),
        ({"subject_request_id": ID.upper()}, "subject_request_id wrong format", "wrong_format"),
        ({"subject_request_id": "1"}, "subject_request_id wrong format", "wrong_format"),
        ({"subject_request_type": "rectification"}, None, "not_allowed"),
        ({"submitted_time": "2018-10-02T15:00:00"}, None, "timezone_missing"),
        ({"api_version": "1.0"}, None, "wrong_format"),
        ({"regulation": "pdp"}, None, "not_allowed"),
        ({"canary": 1}, "body unknown field", "unknown_field"),
        ({"subject_identities": [identity(format_="sha256")]}, None, "not_supported"),
        ({"subject_identities": [identity(format_="md5")]}, None, "not_supported"),
        ({"subject_identities": [identity("1", "android_id")]}, None, "not_supported"),
        ({"subject_identities": [identity(), identity("b@example.com")]}, None, "not_supported"),
        ({"subject_identities": [identity("canary")]}, "email malformed", "malformed"),
        ({"status_callback_urls": ["http://examplecontroller.com/"]}, None, "not_https"),
        ({"status_callback_urls": ["https://10.0.0.1/"]}, None, "not_a_domain_name"),
        ({"status_callback_urls": [CALLBACK_URL] * 4}, None, "invalid_value"),
        ({"extensions": {DOMAIN: {"canary": "x"}}}, None, "invalid_value"),
        ({"extensions": {DOMAIN: {"language": "canary"}}}, None, "invalid_value"),
    ],
)
def test_what_is_wrong_is_said_in_the_specifications_format(
    services: Services, partner: Partner, changes: dict[str, Any], message: str | None, code: str
) -> None:
    refused = partner.submit(**changes)
    assert (refused.status, reason(refused)) == (400, code)
    assert refused.headers["content-type"] == "application/json;charset=UTF-8"
    error = refused.json()["error"]
    assert (error["code"], error["errors"][0]["domain"]) == (400, "Validation")
    if message is not None:
        assert (error["message"], error["errors"][0]["message"]) == (message, f"{message}.")
    for value in ("canary", PERSON, "10.0.0.1"):
        assert value not in refused.body
    assert not [item for item in records(services) if item["et"] == "data_request"]


def test_what_is_not_theirs_partners_do_not_learn_of(
    gateway: Gateway, clock: FixedClock, partner: Partner
) -> None:
    for answer in (partner.ask(), partner.cancel(), partner.ask("canary")):
        assert (answer.status, reason(answer)) == (404, "unknown_subject_request")
    partner.submit()
    stranger = Partner(gateway, clock, "consents:check")
    for answer in (stranger.submit(), stranger.ask(), stranger.cancel()):
        assert (answer.status, reason(answer)) == (403, "not_permitted")


def test_a_customer_is_found_by_the_controllers_own_id(
    services: Services, partner: Partner
) -> None:
    answer = partner.submit(subject_identities=[identity("c-1", "controller_customer_id")])
    assert answer.status == 201, answer.body
    content = request_of(services).content
    assert (content.email, content.identities) == ("", {"user_id": "c-1"})


def test_regulation_and_extension_say_where_the_person_lives(
    services: Services, partner: Partner
) -> None:
    partner.submit(regulation="ccpa", subject_request_type="access")
    assert "us-ca" in {each.pack for each in request_of(services).deadlines}
    said = {DOMAIN: {"country": "DE", "language": "id"}}
    answer = partner.submit(subject_request_id=OTHER, extensions=said)
    assert answer.status == 201, answer.body
    request = request_of(services, OTHER)
    assert "eu" in {each.pack for each in request.deadlines}
    assert request.content.language == "id"


def test_what_waits_can_be_cancelled_and_stays_so(services: Services, partner: Partner) -> None:
    partner.submit()
    for _ in range(2):
        cancelled = partner.cancel()
        assert (cancelled.status, cancelled.json()["subject_request_id"]) == (202, ID)
    assert partner.ask().json()["request_status"] == "cancelled"
    assert request_of(services).status is Status.WITHDRAWN
    last = services.requests.timeline(request_of(services))[-1]
    assert (str(last.actor), last.action) == ("platform/platform-client", "request.withdrawn")


def test_what_is_carried_out_cannot(services: Services, partner: Partner) -> None:
    partner.submit()
    for event in (Event.STARTED, Event.APPROVED):
        change(services, event)
    refused = partner.cancel()
    assert (refused.status, reason(refused)) == (400, "not_cancellable")
    assert partner.ask().json()["request_status"] == "in_progress"


def test_a_second_submission_for_the_person_joins_the_first_and_is_told_of_its_progress(
    services: Services, partner: Partner
) -> None:
    partner.submit()
    assert partner.submit(subject_request_id=OTHER).status == 201
    assert request_of(services, OTHER).status is Status.JOINED
    change(services, Event.STARTED)
    assert partner.ask(OTHER).json()["request_status"] == "in_progress"
    assert len(queued(services)) == 2
    refused = partner.cancel(OTHER)
    assert (refused.status, reason(refused)) == (400, "not_cancellable")


def test_a_partner_neither_stops_nor_learns_of_what_the_person_asked_for(
    gateway: Gateway, services: Services, clock: FixedClock, partner: Partner
) -> None:
    partner.submit(status_callback_urls=None)
    own = opened(gateway, services, type="deletion", email=PERSON)
    assert look(gateway, own).json()["joined_to"] is None
    assert partner.cancel().status == 202
    assert look(gateway, own).json()["status"] == "open"
    clock.advance(timedelta(hours=30))
    answer = partner.submit(subject_request_id=OTHER, status_callback_urls=None)
    assert request_of(services, OTHER).status is Status.OPEN
    theirs = request_of(services, OTHER).deadlines[0].unpaused_due_at
    assert answer.json()["expected_completion_time"] == rfc3339(theirs)


def test_identities_of_two_people_are_refused(services: Services, partner: Partner) -> None:
    customer = identity("c-1", "controller_customer_id")
    partner.submit(subject_identities=[customer])
    partner.submit(subject_request_id=OTHER)
    answer = partner.submit(
        subject_request_id=OTHER.replace("b", "c"), subject_identities=[identity(), customer]
    )
    assert (answer.status, reason(answer)) == (400, "identifiers_of_two_people")


def test_not_more_wait_for_one_request_than_fit_into_its_transaction(
    services: Services, partner: Partner
) -> None:
    ids = [f"{number:08d}-d5d6-44b2-9831-815ac9017798" for number in range(11)]
    answers = [partner.submit(subject_request_id=each) for each in ids]
    assert [each.status for each in answers] == [201] * 10 + [400]
    assert reason(answers[-1]) == "too_many_callbacks"
    change(services, Event.STARTED, ids[0])
    assert len(queued(services)) == 10


def test_each_status_is_called_back_once_signed_and_complete(
    gateway: Gateway, services: Services, partner: Partner, internet: ToldInternet
) -> None:
    self_sign(services)
    partner.submit(subject_request_type="access")
    assert queued(services) == []
    # What is between is of no interest to partners.
    for event in (Event.STARTED, Event.PREPARED, Event.RETURNED, Event.APPROVED, Event.COMPLETED):
        change(services, event)
    ids = queued(services)
    assert len(ids) == 2
    for each in ids:
        deliver(services, each)
    bodies = [json.loads(each.body) for each in internet.posted]
    assert [each["request_status"] for each in bodies] == ["in_progress", "completed"]
    request_id = request_of(services).request_id
    assert bodies[1] == {
        "controller_id": "platform-client",
        "expected_completion_time": "2026-11-26T10:00:00.000Z",
        "status_callback_url": CALLBACK_URL,
        "subject_request_id": ID,
        "request_status": "completed",
        "results_url": f"https://{DOMAIN}/v1/requests/{request_id}/export",
    }
    for posted in internet.posted:
        assert posted.target.host == "examplecontroller.com"
        assert posted.headers["X-OpenDSR-Processor-Domain"] == DOMAIN
        verify_signature(certificate(gateway), posted.headers["X-OpenDSR-Signature"], posted.body)
        assert PERSON.encode() not in posted.body
    assert partner.ask().json()["results_url"] == bodies[1]["results_url"]


def test_a_callback_that_fails_comes_again_and_is_given_up_in_the_end(
    services: Services, partner: Partner, internet: ToldInternet, clock: FixedClock
) -> None:
    dead = []
    partner.submit()
    change(services, Event.STARTED)
    (message_id,) = queued(services)
    internet.answers = [500, NoAnswer(), 302, *[503] * 30]
    delivery = StatusCallbacks(
        services.outbox_store,
        services._partner_callbacks,
        internet,
        services.open_dsr_stamp,
        clock,
        lambda: dead.append(1),
        jitter=lambda _shortest, longest: longest,
    )
    for _ in range(24):
        message = services.outbox_store.claim(message_id)
        assert message is not None
        try:
            delivery.attempt(message)
        except Later as later:
            clock.advance(timedelta(seconds=later.seconds))
    given_up = services.outbox_store.get(message_id)
    assert given_up is not None
    assert (given_up.state, given_up.reason, dead) == (State.DEAD, "status_503", [1])


def test_a_callback_to_the_inside_of_a_network_is_not_sent(
    services: Services, partner: Partner, internet: ToldInternet
) -> None:
    partner.submit()
    change(services, Event.STARTED)
    internet.addresses = [ip_address("10.0.0.1")]
    (message_id,) = queued(services)
    with pytest.raises(Later):
        deliver(services, message_id)
    assert internet.posted == []


def test_the_queue_of_webhooks_sends_callbacks_too(
    services: Services, partner: Partner, internet: ToldInternet
) -> None:
    partner.submit()
    change(services, Event.STARTED)
    (message_id,) = queued(services)
    event = {
        "Records": [
            {
                "messageId": "1",
                "receiptHandle": "handle",
                "body": json.dumps({"id": message_id}),
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
            }
        ]
    }
    assert services.webhook_consumer.run(event) == {"batchItemFailures": []}
    (posted,) = internet.posted
    assert json.loads(posted.body)["request_status"] == "in_progress"
    sent = services.outbox_store.get(message_id)
    assert sent is not None
    assert sent.state is State.SENT


def test_nothing_that_was_submitted_stands_in_clear(services: Services, partner: Partner) -> None:
    partner.submit(
        status_callback_urls=["https://examplecontroller.com/canary"],
        subject_identities=[identity(), identity("canary-customer", "controller_customer_id")],
    )
    assert partner.cancel().status == 202
    clear = [
        {name: value for name, value in item.items() if name != "sealed"}
        for item in records(services)
    ]
    for secret in (PERSON, "canary", "examplecontroller"):
        assert secret not in repr(clear)
