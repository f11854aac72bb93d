"""OpenDSR 2.0 on the deployed stack: a partner submits, is called back, asks and cancels."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from infra.local.stack import Stack
from tests.contract.partners import OPENDSR, SUBMISSIONS, identity, submission, verify_signature
from tests.deployed.mailbox import wait_until
from tests.deployed.sign_in import platform_token, staff_token
from tests.receiver import Received, Receiver, receiving

PARTNER, SIGNATURE = "x-opendsr-processor-domain", "x-opendsr-signature"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def partner(stack: Stack) -> Iterator[httpx.Client]:
    token = platform_token(stack, "opendsr")
    with httpx.Client(
        base_url=stack.api_url, headers={"authorization": f"Bearer {token}"}, timeout=30
    ) as client:
        yield client


@pytest.fixture
def certificate(stack: Stack) -> str:
    answer = httpx.get(f"{stack.api_url}{OPENDSR}/certificate.pem", timeout=30)
    return answer.raise_for_status().text


def submitted(fresh: str, receiver: Receiver, type_: str) -> dict[str, Any]:
    return submission(
        subject_request_id=str(uuid.uuid4()),
        subject_request_type=type_,
        subject_identities=[identity(f"{fresh.lower()}@example.test")],
        status_callback_urls=[receiver.url],
    )


def called_back(receiver: Receiver, status: str) -> Received:
    """The callback that says so."""

    def arrived() -> Received | None:
        said = [
            each for each in receiver.received if json.loads(each.body)["request_status"] == status
        ]
        return said[0] if said else None

    return wait_until(arrived)


def test_a_partner_submits_is_called_back_and_cancels(
    stack: Stack, partner: httpx.Client, receiver: Receiver, certificate: str, fresh: str
) -> None:
    said = submitted(fresh, receiver, "access")
    path = f"{SUBMISSIONS}/{said['subject_request_id']}"
    answers = [partner.post(SUBMISSIONS, json=said)]
    assert answers[0].status_code == 201, answers[0].text
    begun = called_back(receiver, "in_progress")
    answers.append(partner.get(path))
    assert answers[1].json()["request_status"] == "in_progress"
    answers.append(partner.delete(path))
    assert answers[2].status_code == 202, answers[2].text
    ended = called_back(receiver, "cancelled")
    for answer in answers:
        assert answer.headers[PARTNER] == stack.settings.opendsr_domain
        verify_signature(certificate, answer.headers[SIGNATURE], answer.content)
    for callback in (begun, ended):
        assert json.loads(callback.body)["status_callback_url"] == receiver.url
        verify_signature(certificate, callback.headers[SIGNATURE], callback.body)
    assert partner.post(SUBMISSIONS, json=said).status_code == 201  # a repeat changes nothing
    assert partner.get(path).json()["request_status"] == "cancelled"


def test_an_erasure_that_the_staff_approves_is_completed_and_called_back(
    stack: Stack, partner: httpx.Client, receiver: Receiver, certificate: str, fresh: str
) -> None:
    said = submitted(fresh, receiver, "erasure")
    subject_request_id = said["subject_request_id"]
    assert partner.post(SUBMISSIONS, json=said).status_code == 201
    request_id = stack.services._submissions.find(
        stack.settings.platform_client_id, subject_request_id
    )
    approve = f"{stack.api_url}/v1/staff/requests/{request_id}/approve"
    headers = {"authorization": f"Bearer {staff_token(stack, 'dpo')}"}
    wait_until(lambda: httpx.post(approve, headers=headers, json={}, timeout=30).is_success)
    completed = called_back(receiver, "completed")
    assert json.loads(completed.body)["subject_request_id"] == subject_request_id
    verify_signature(certificate, completed.headers[SIGNATURE], completed.body)
    shown = partner.get(f"{SUBMISSIONS}/{subject_request_id}").json()
    assert shown["request_status"] == "completed"
    assert fresh.lower() not in completed.body.decode()


def test_what_is_wrong_is_said_as_the_specification_says_it(partner: httpx.Client) -> None:
    refused = partner.post(SUBMISSIONS, json=submission(subject_request_id=None))
    assert (refused.status_code, refused.headers["content-type"]) == (
        400,
        "application/json;charset=UTF-8",
    )
    assert refused.json()["error"]["message"] == "subject_request_id field is required"


def test_only_the_scope_opens_it(stack: Stack) -> None:
    token = platform_token(stack, "consents:check")
    headers = {"authorization": f"Bearer {token}"}
    path = f"{stack.api_url}{SUBMISSIONS}"
    assert httpx.post(path, headers=headers, json=submission(), timeout=30).status_code == 403
    assert httpx.post(path, json=submission(), timeout=30).status_code == 401
