"""Retention on the deployed stack: an end in its second, a hold, a certificate checked offline."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import joserfc.jwk
import joserfc.jws
import pytest

from chalicelib.clock import rfc3339
from infra.local.stack import Stack
from tests.deployed.conftest import invoke
from tests.deployed.mailbox import wait_until
from tests.deployed.sign_in import platform_token, staff_token
from tests.deployed.test_proof import SCHEDULED
from tests.deployed.test_sessions import bearer

TABLE = "jutsoo-users"
REQUESTED = timedelta(hours=72)  # limit `on_request` of the standard schedule


class Client:
    """A client of its own, whose users are rows of the platform under retention."""

    def __init__(self, stack: Stack, http: httpx.Client) -> None:
        self.stack = stack
        self.http = http
        self.name = f"client-{time.time_ns()}"
        self.platform = bearer(platform_token(stack, "records:write"))
        self.dpo = bearer(staff_token(stack, "dpo"))
        self._dynamodb = stack.session.client("dynamodb")

    def register(self, user: str, category: str, **triggers: datetime) -> dict[str, Any]:
        """What came of registering a new row."""
        item = {"user_id": {"S": user}, "email": {"S": f"{user}@client.test"}}
        self._dynamodb.put_item(TableName=TABLE, Item=item)
        record = {
            **self.place(user),
            "category": category,
            "role": "controller",
            "client": self.name,
            "triggers": {name: rfc3339(at) for name, at in triggers.items()},
        }
        body = {"records": [record]}
        answer = self.http.post("/v1/records", json=body, headers=self.platform)
        return dict(answer.raise_for_status().json()["records"][0])

    def place(self, user: str) -> dict[str, str]:
        return {"place": "jutsoo_platform", "collection": "users", "reference": user}

    def is_readable(self, user: str) -> bool:
        body = {"records": [self.place(user)]}
        answer = self.http.post("/v1/records/check", json=body, headers=self.platform)
        return bool(answer.raise_for_status().json()["records"][0]["readable"])

    def is_there(self, user: str) -> bool:
        return "Item" in self._dynamodb.get_item(TableName=TABLE, Key={"user_id": {"S": user}})

    def state(self, record_id: str) -> str:
        answer = self.http.get(f"/v1/records/{record_id}", headers=self.platform)
        return str(answer.raise_for_status().json()["state"])

    def staff(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(f"/v1/staff/{path}", json=body, headers=self.dpo)
        return dict(answer.raise_for_status().json())

    def sweep(self) -> None:
        invoke(self.stack, "SweepRetention", SCHEDULED)

    def swept_until(self, record_id: str, state: str) -> None:
        """Sweeps as the hours would, until the record's state is this one."""

        def reached() -> bool:
            self.sweep()
            return self.state(record_id) == state

        wait_until(reached)


@pytest.fixture
def client(stack: Stack, http: httpx.Client) -> Client:
    return Client(stack, http)


def test_a_record_ends_in_its_second_a_hold_holds_it_and_its_release_lets_go(
    client: Client,
) -> None:
    user = f"{client.name}-a"
    ends = datetime.now(UTC) + timedelta(seconds=3)
    made = client.register(user, "technical", request=ends - REQUESTED)
    assert made["expiry"]["expires_at"] == rfc3339(ends)
    assert client.is_readable(user)
    held = client.staff(
        "holds",
        {
            "target": {"kind": "client", "value": client.name},
            "ground": "A claim is pending.",
            "citation": "Case 7/Pdt.G/2026",
            "review_at": rfc3339(ends + timedelta(days=30)),
        },
    )
    time.sleep(max(0.0, (ends - datetime.now(UTC)).total_seconds()))
    assert not client.is_readable(user)
    client.swept_until(made["record_id"], "held")
    assert client.is_there(user)
    client.staff(f"holds/{held['hold_id']}/release", {"reason": "The claim was withdrawn."})
    client.swept_until(made["record_id"], "disposed")
    assert not client.is_there(user)


def test_an_engagement_ends_in_a_certificate_that_verifies_offline(
    client: Client, http: httpx.Client
) -> None:
    now = datetime.now(UTC)
    gone = client.register(f"{client.name}-b", "technical", request=now - REQUESTED)
    kept = client.register(f"{client.name}-c", "financial", collected=now - timedelta(days=30))
    client.swept_until(gone["record_id"], "disposed")
    ended = client.staff(f"clients/{client.name}/end", {"ended_at": rfc3339(now)})
    assert ended["stage"] == "planning"

    def certificate() -> str | None:
        client.sweep()
        path = f"/v1/staff/clients/{client.name}/certificate"
        answer = http.get(path, headers=client.dpo)
        return str(answer.json()["certificate"]) if answer.is_success else None

    signed = wait_until(certificate)
    keys = joserfc.jwk.KeySet.import_key_set(http.get("/.well-known/jwks.json").json())
    assert isinstance(signed, str)
    said = joserfc.jws.deserialize_compact(signed, keys, algorithms=["ES256"])
    assert b"on_request" in said.payload
    assert b"tax_books" in said.payload
    assert f"{client.name}-".encode() not in said.payload
    assert client.state(kept["record_id"]) == "kept"
