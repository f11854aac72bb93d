"""Events on the deployed stack: registered by the API, queued, signed, received on this machine."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import pytest
import standardwebhooks

from chalicelib.clock import SystemClock
from chalicelib.connectors.webhooks.signing import (
    REPLAY_WINDOW,
    SigningSecret,
    UnverifiedWebhook,
    verify,
)
from chalicelib.ids import UlidFactory
from chalicelib.notices.messages import Message, State
from infra.local.stack import Stack
from tests.deployed.sign_in import staff_token
from tests.receiver import Receiver, answer, receiving

EVENT = "request.closed"


class Api:
    """Calls as an engineer."""

    def __init__(self, stack: Stack) -> None:
        self._client = httpx.Client(
            base_url=stack.api_url,
            headers={"authorization": f"Bearer {staff_token(stack, 'engineer')}"},
            timeout=30,
        )

    def __call__(self, method: str, path: str = "", **body: Any) -> httpx.Response:
        return self._client.request(method, f"/v1/staff/webhooks{path}", json=body or None)

    def post(self, body: Any, headers: dict[str, str]) -> httpx.Response:
        """A registration with these headers."""
        return self._client.post("/v1/staff/webhooks", json=body, headers=headers)

    def register(self, url: str) -> tuple[str, str]:
        """Id and secret of a new endpoint at `url`."""
        registered = self("POST", url=url, events=[EVENT])
        assert registered.status_code == 201, registered.text
        issued = registered.json()
        return issued["endpoint_id"], issued["secret"]

    def close(self) -> None:
        self._client.close()


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    with closing(Api(stack)) as calling:
        yield calling


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def queue(stack: Stack, endpoint_id: str, word: str = "x") -> str:
    """Puts an event for the endpoint into the deployed outbox; the message's id."""
    body = json.dumps({"type": EVENT, "data": {"word": word}}).encode()
    queued = stack.services.outbox.webhook(endpoint_id, EVENT, body)
    stack.services.run_command(lambda: queued.actions)
    return queued.message_id


def wait_until(holds: Callable[[], bool], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def look(stack: Stack, message_id: str) -> Message:
    message = stack.services.outbox_store.get(message_id)
    assert message is not None
    return message


def test_an_event_arrives_after_failures_and_verifies(
    stack: Stack, api: Api, receiver: Receiver
) -> None:
    endpoint_id, secret = api.register(receiver.url)
    receiver.script = [answer(500), answer(503)]
    message_id = queue(stack, endpoint_id)
    wait_until(lambda: look(stack, message_id).state is State.SENT)
    assert len(receiver.received) == 3
    assert {each.headers["webhook-id"] for each in receiver.received} == {message_id}
    arrived = receiver.received[-1]
    independent = standardwebhooks.Webhook(secret)
    assert independent.verify(arrived.body, arrived.headers)["data"] == {"word": "x"}
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        independent.verify(arrived.body + b" ", arrived.headers)
    later = datetime.now(UTC) + REPLAY_WINDOW + timedelta(minutes=1)
    with pytest.raises(UnverifiedWebhook):
        verify(arrived.headers, arrived.body, [SigningSecret(secret)], later)


def test_a_rotated_secret_and_the_one_before_both_verify(
    stack: Stack, api: Api, receiver: Receiver
) -> None:
    endpoint_id, before = api.register(receiver.url)
    after = api("POST", f"/{endpoint_id}/rotate").json()["secret"]
    queue(stack, endpoint_id)
    wait_until(lambda: bool(receiver.received))
    (arrived,) = receiver.received
    for secret in (before, after):
        assert standardwebhooks.Webhook(secret).verify(arrived.body, arrived.headers)


def test_a_repeated_registration_is_one_endpoint(api: Api, receiver: Receiver) -> None:
    key = {"idempotency-key": UlidFactory(SystemClock()).new()}
    body = {"url": receiver.url, "events": [EVENT]}
    first, again = (api.post(body, key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200), again.text
    endpoint_id = first.json()["endpoint_id"]
    assert again.json() == {"endpoint_id": endpoint_id, "secret": None}
    other = api.post({**body, "events": ["request.opened"]}, key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")


def test_a_redirect_is_not_followed(stack: Stack, api: Api, receiver: Receiver) -> None:
    endpoint_id, _ = api.register(receiver.url)
    with receiving() as elsewhere:
        receiver.script = [answer(307, location=elsewhere.url)]
        message_id = queue(stack, endpoint_id)
        wait_until(lambda: look(stack, message_id).state is State.SENT)
        assert len(receiver.received) == 2
        assert elsewhere.received == []


def test_a_slow_endpoint_is_cut_off_and_delays_no_other(
    stack: Stack, api: Api, receiver: Receiver
) -> None:
    slow, _ = api.register(receiver.url)
    with receiving() as quick:
        other, _ = api.register(quick.url)

        def hang(_request: BaseHTTPRequestHandler) -> None:
            time.sleep(20)

        receiver.script = [hang]
        held_up = queue(stack, slow)
        wait_until(lambda: bool(receiver.received))
        begun = time.monotonic()
        message_id = queue(stack, other)
        wait_until(lambda: bool(quick.received), 5)
        # Shorter than the endpoint sleeps: the attempt ended before it would have answered.
        wait_until(lambda: look(stack, held_up).attempts == 1, 12 - (time.monotonic() - begun))
        wait_until(lambda: look(stack, message_id).state is State.SENT)


def test_a_message_that_its_queue_delivers_twice_is_sent_once(
    stack: Stack, api: Api, receiver: Receiver
) -> None:
    endpoint_id, _ = api.register(receiver.url)
    message_id = queue(stack, endpoint_id)
    sqs = stack.session.client("sqs")
    for _ in range(3):
        sqs.send_message(
            QueueUrl=stack.settings.webhook_queue_url, MessageBody=json.dumps({"id": message_id})
        )
    wait_until(lambda: look(stack, message_id).state is State.SENT)
    time.sleep(3)  # the copies are worked meanwhile
    assert len(receiver.received) == 1


def test_gone_pauses_one_endpoint_whose_dead_letters_go_out_after_a_redrive(
    stack: Stack, api: Api, receiver: Receiver
) -> None:
    gone, secret = api.register(receiver.url)
    receiver.script = [answer(410)]
    first = queue(stack, gone)
    wait_until(lambda: look(stack, first).state is State.DEAD)
    second = queue(stack, gone)
    wait_until(lambda: look(stack, second).state is State.DEAD)
    with receiving() as healthy:
        other, _ = api.register(healthy.url)
        queue(stack, other)
        wait_until(lambda: bool(healthy.received))
        assert api("GET", f"/{other}").json()["dead_letters"] == []
    detail = api("GET", f"/{gone}").json()
    assert detail["state"] == "paused"
    assert {each["message_id"]: each["reason"] for each in detail["dead_letters"]} == {
        first: "gone",
        second: "webhook_paused",
    }
    assert api("POST", f"/{gone}/redrive").json()["code"] == "webhook_paused"
    assert api("POST", f"/{gone}/resume").json()["state"] == "active"
    assert api("POST", f"/{gone}/redrive").json() == {"redriven": 2, "remaining": False}
    wait_until(lambda: len(receiver.received) == 3)
    for arrived in receiver.received[1:]:
        assert standardwebhooks.Webhook(secret).verify(arrived.body, arrived.headers)
    assert {each.headers["webhook-id"] for each in receiver.received} == {first, second}
    assert api("GET", f"/{gone}").json()["dead_letters"] == []


def test_an_endpoint_is_removed(stack: Stack, api: Api, receiver: Receiver) -> None:
    endpoint_id, _ = api.register(receiver.url)
    assert api("DELETE", f"/{endpoint_id}").status_code == 200
    assert api("GET", f"/{endpoint_id}").json()["code"] == "unknown_webhook"
    message_id = queue(stack, endpoint_id)
    wait_until(lambda: look(stack, message_id).state is State.DEAD)
    assert receiver.received == []


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "https://localhost/"]
)
def test_no_event_is_aimed_at_the_inside(api: Api, url: str) -> None:
    refused = api("POST", url=url, events=[EVENT])
    assert (refused.status_code, refused.json()["code"]) == (422, "refused_target")


def test_neither_url_nor_secret_nor_body_is_left_in_clear(
    stack: Stack, api: Api, receiver: Receiver
) -> None:
    endpoint_id, secret = api.register(f"{receiver.url}/canary-of-the-url")
    receiver.script = [answer(500, b"canary-of-the-answer", **{"x-canary": "canary-of-the-header"})]
    message_id = queue(stack, endpoint_id, "canary-of-the-body")
    wait_until(lambda: look(stack, message_id).state is State.SENT)
    time.sleep(6)  # the state is saved every five seconds
    canaries = [b"canary-of-the", secret.removeprefix("whsec_").encode()]
    for path in stack.home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(canary in content for canary in canaries), path
