"""The other ways in, against the deployed stack: letters, guardians, clients; joins, repeats."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from chalicelib.clock import rfc3339
from infra.local.stack import Stack
from tests.deployed.sign_in import platform_token, staff_token
from tests.deployed.test_requests import REQUESTS
from tests.deployed.test_sessions import bearer, code_for

FORM = "/v1/staff/requests"
CHECK = {"means": "document", "reference": "register 7"}


def letter(email: str | None, **changes: Any) -> dict[str, Any]:
    said = {
        "type": "access",
        "source": "letter",
        "received_at": rfc3339(datetime.now(UTC) - timedelta(days=2)),
        "language": "id",
        **({"email": email} if email else {}),
    }
    return said | changes


def test_a_letter_opens_at_once_and_its_writers_own_request_joins_it(
    stack: Stack, http: httpx.Client, fresh: str
) -> None:
    email, staff = f"{fresh.lower()}@example.test", bearer(staff_token(stack, "agent"))
    sent = http.post(FORM, json=letter(email, identity_checked=CHECK), headers=staff)
    assert (sent.status_code, sent.json()["status"]) == (202, "open"), sent.text
    body, key = {"type": "access", "email": email, "language": "id"}, {"idempotency-key": fresh}
    made, again = (http.post(REQUESTS, json=body, headers=key) for _ in range(2))
    assert (made.status_code, again.json()) == (202, made.json()), made.text
    path = f"{REQUESTS}/{made.json()['request_id']}"
    code = code_for(stack, email)
    joined = http.post(f"{path}/verify", json={"code": code}, headers=key)
    assert joined.json()["joined_to"] == sent.json()["request_id"], joined.text
    repeated = http.post(f"{path}/verify", json={"code": code}, headers=key)
    assert (repeated.status_code, repeated.json()["joined_to"]) == (200, joined.json()["joined_to"])


def test_a_person_lists_their_own_requests(stack: Stack, http: httpx.Client, fresh: str) -> None:
    email, staff = f"{fresh.lower()}@example.test", bearer(staff_token(stack, "agent"))
    form = letter(email, identity_checked=CHECK)
    sent = http.post(FORM, json=form, headers=staff).json()
    assert http.post("/v1/sessions", json={"email": email, "language": "id"}).status_code == 202
    proof = {"email": email, "code": code_for(stack, email)}
    session = http.post("/v1/sessions/verify", json=proof).json()["token"]
    listed = http.get(REQUESTS, headers=bearer(session)).json()
    assert [each["request_id"] for each in listed["requests"]] == [sent["request_id"]]
    path = f"{REQUESTS}/{sent['request_id']}/withdraw"
    withdrawn = http.post(path, json={}, headers=bearer(sent["tracking_token"]))
    assert withdrawn.json()["status"] == "withdrawn", withdrawn.text
    another = http.post(FORM, json=form, headers=staff).json()
    assert another["status"] == "open"


def test_the_staff_checks_a_guardians_mandate(stack: Stack, http: httpx.Client, fresh: str) -> None:
    guardian, staff = f"g{fresh.lower()}@example.test", bearer(staff_token(stack, "dpo"))
    acting = {"capacity": "guardian", "name": "Ani", "email": guardian, "reference": "14/2026"}
    child = f"{fresh.lower()}@example.test"
    body = {"type": "access", "email": child, "language": "id", "on_behalf": acting}
    made = http.post(REQUESTS, json=body).json()
    path = f"{REQUESTS}/{made['request_id']}/verify"
    proved = http.post(path, json={"code": code_for(stack, guardian)})
    assert (proved.status_code, proved.json()["status"]) == (200, "awaiting_identity"), proved.text
    check = CHECK | {"means": "mandate"}
    checked = http.post(f"{FORM}/{made['request_id']}/identity", json=check, headers=staff)
    assert (checked.status_code, checked.json()["status"]) == (200, "open"), checked.text


def test_a_letter_without_an_address_waits_for_the_staff(stack: Stack, http: httpx.Client) -> None:
    staff = bearer(staff_token(stack, "agent"))
    made = http.post(FORM, json=letter(None, name="Siti"), headers=staff)
    assert (made.status_code, made.json()["status"]) == (202, "received"), made.text
    path = f"{FORM}/{made.json()['request_id']}/identity"
    assert http.post(path, json=CHECK, headers=staff).json()["status"] == "open"


def test_a_client_asks_for_its_users(stack: Stack, http: httpx.Client, fresh: str) -> None:
    users = [{"user_id": f"u-{fresh}"}, {"email": f"{fresh.lower()}@example.test"}]
    body = {"type": "restriction", "client": "PT Maju", "language": "id", "users": users}
    headers = bearer(platform_token(stack, "requests:write")) | {"idempotency-key": fresh}
    first = http.post("/v1/platform/requests", json=body, headers=headers)
    assert [each["problem"] for each in first.json()["requests"]] == [None, None], first.text
    more = body | {"users": [*users, {"user_id": f"v-{fresh}"}]}
    again = http.post("/v1/platform/requests", json=more, headers=headers)
    assert again.status_code == 200, again.text
    *repeated, new = again.json()["requests"]
    ids = [each["request_id"] for each in first.json()["requests"]]
    assert [each["request_id"] for each in repeated] == ids
    assert (new["status"], new["joined_to"]) == ("open", None)
