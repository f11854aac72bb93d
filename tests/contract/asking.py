"""What tests of requests share: making, proving, following and withdrawing one by the API."""

import json
from datetime import timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.services import Services
from tests.contract.people import EMAIL, mails
from tests.gateway import Answer, Gateway
from tests.tokens import bearer

REQUESTS = "/v1/requests"


def make(gateway: Gateway, key: str = "", **changes: Any) -> Answer:
    said = {"type": "access", "email": EMAIL, "language": "id"} | changes
    return post(gateway, REQUESTS, said, key=key)


def post(gateway: Gateway, path: str, content: Any, token: str = "", *, key: str = "") -> Answer:
    headers = {"content-type": "application/json"} | (bearer(token) if token else {})
    headers |= {"idempotency-key": key} if key else {}
    return gateway.call("POST", path, body=json.dumps(content), headers=headers)


def letter(services: Services, **changes: Any) -> dict[str, Any]:
    """The form's body for a letter that came a day ago; None takes a field away."""
    said = {
        "type": "access",
        "source": "letter",
        "received_at": rfc3339(services.clock.now() - timedelta(days=1)),
        "language": "id",
        "email": EMAIL,
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def opened(gateway: Gateway, services: Services, **changes: Any) -> Answer:
    """A request that its requester proved; the answer is the one of its making."""
    made = make(gateway, **changes)
    answer = prove(gateway, made, code_of(services, changes.get("email", EMAIL)))
    assert answer.status == 200, answer.body
    return made


def look(gateway: Gateway, made: Answer, token: str | None = None) -> Answer:
    token = made.json()["tracking_token"] if token is None else token
    path = f"{REQUESTS}/{made.json()['request_id']}"
    return gateway.call("GET", path, headers=bearer(token) if token else {})


def prove(gateway: Gateway, made: Answer, code: str, key: str = "") -> Answer:
    path = f"{REQUESTS}/{made.json()['request_id']}/verify"
    return post(gateway, path, {"code": code}, key=key)


def withdraw(gateway: Gateway, made: Answer, token: str) -> Answer:
    return post(gateway, f"{REQUESTS}/{made.json()['request_id']}/withdraw", {}, token)


def code_of(services: Services, email: str = EMAIL) -> str:
    return str([mail for mail in mails(services) if mail["to"] == email][-1]["values"]["code"])
