"""Requests through every kind of place at once: tables, a bucket, SQL, a system that answers later.

On a stack of its own: while the data map names the system, every request waits for its answer.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import standardwebhooks
import yaml

from chalicelib.audit.entry import Actor
from infra.local.platform.connecting import data_map_text
from infra.local.platform.people import USERS
from infra.local.stack import Stack
from tests.deployed.mailbox import wait_until
from tests.deployed.sign_in import staff_token
from tests.deployed.test_sessions import bearer, code_for
from tests.deployed.test_webhooks import Api
from tests.receiver import Receiver, receiving

COPIED, ERASED = USERS[3].email, USERS[4].email
"""One each: of the mails that somebody gets, the first has the code."""
CRM = """
  fides_key: crm
  meta: {jaga: {kind: webhook, categories: [business], endpoint: %s}}
  collections:
    - name: people
      fields:
        - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email}}
"""


@dataclass
class Crm:
    """The system that answers later; it knows the specification and our address."""

    http: httpx.Client
    receiver: Receiver
    webhook: standardwebhooks.Webhook

    def answer(self, event: str, email: str, **said: Any) -> None:
        """Answers the one event of this type, once it has come; it is about `email`."""

        def asked() -> dict[str, Any] | None:
            bodies = [json.loads(each.body) for each in self.receiver.received]
            return next((each["data"] for each in bodies if each["type"] == event), None)

        data = wait_until(asked)
        assert data["find"] == {"people.email": [email]}
        body = json.dumps({"place": data["place"], "task": data["task"], "verdict": "done", **said})
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": event,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self.webhook.sign(event, now, body),
        }
        answered = self.http.post(data["answer_at"], content=body, headers=headers)
        assert answered.status_code == 200, answered.text


@pytest.fixture(scope="module")
def own_stack() -> Iterator[Stack]:
    with Stack() as running:
        yield running


@pytest.fixture(scope="module")
def http(own_stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=own_stack.api_url, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def crm(own_stack: Stack, http: httpx.Client) -> Iterator[Crm]:
    """Registered, and named by the data map in force."""
    api = Api(own_stack)
    with closing(api), receiving() as receiver:
        endpoint_id, secret = api.register(receiver.url)
        described = yaml.safe_load(data_map_text())
        described["dataset"].append(yaml.safe_load(CRM % endpoint_id))
        own_stack.services.data_maps.publish(Actor("operator", "test"), yaml.safe_dump(described))
        yield Crm(http, receiver, standardwebhooks.Webhook(secret))


@dataclass
class Asked:
    """A request that was made and proved, as the staff sees it."""

    http: httpx.Client
    path: str
    headers: dict[str, str]

    def status(self) -> str:
        return str(self.http.get(self.path, headers=self.headers).json()["status"])

    def wait_for(self, *statuses: str) -> str:
        return wait_until(lambda: ((now := self.status()) in statuses and now) or None)

    def approve(self) -> None:
        self.wait_for("awaiting_approval")
        approved = self.http.post(f"{self.path}/approve", json={}, headers=self.headers)
        assert approved.status_code == 200, approved.text


def ask(stack: Stack, http: httpx.Client, kind: str, email: str) -> Asked:
    made = http.post("/v1/requests", json={"type": kind, "email": email, "language": "en"})
    request_id = made.json()["request_id"]
    code = {"code": code_for(stack, email)}
    assert http.post(f"/v1/requests/{request_id}/verify", json=code).status_code == 200
    return Asked(http, f"/v1/staff/requests/{request_id}", bearer(staff_token(stack, "dpo")))


def test_a_copy_waits_for_the_system_that_answers_later(
    own_stack: Stack, http: httpx.Client, crm: Crm
) -> None:
    asked = ask(own_stack, http, "access", COPIED)
    rows = [{"collection": "people", "values": {"email": COPIED, "tier": "gold"}}]
    crm.answer("data_request.copy", COPIED, found=1, changed=0, rows=rows)
    asked.approve()
    assert asked.wait_for("completed", "partly_completed") == "completed"


def test_an_erasure_ends_in_a_certificate_of_every_place(
    own_stack: Stack, http: httpx.Client, crm: Crm
) -> None:
    asked = ask(own_stack, http, "deletion", ERASED)
    asked.approve()
    crm.answer("data_request.erase", ERASED, found=1, changed=1)
    assert asked.wait_for("completed", "partly_completed") == "partly_completed"
    shown = http.get(f"{asked.path}/certificate", headers=asked.headers).json()
    _, payload, _ = shown["certificate"].split(".")
    places = json.loads(base64.urlsafe_b64decode(payload + "=="))["places"]
    assert {each["place"]: each["verdict"] for each in places} == {
        "crm": "done",
        "jutsoo_logs": "done",
        "jutsoo_payments": "retained",
        "jutsoo_platform": "retained",
    }
    payments = next(each for each in places if each["place"] == "jutsoo_payments")
    assert {(each["collection"], each["rule"], each["rows"]) for each in payments["retained"]} == {
        ("payments", "tax_books", 2),
        ("payment_approvals", "tax_books", 2),
    }
