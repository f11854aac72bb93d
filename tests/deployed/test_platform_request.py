"""A user of the demonstration's platform is copied, corrected and erased by nothing but the API."""

import time

import httpx

from infra.local.platform.people import USERS
from infra.local.stack import Stack
from tests.deployed.mailbox import mails_to
from tests.deployed.sign_in import staff_token
from tests.deployed.test_platform import texts
from tests.deployed.test_sessions import bearer, code_for

WHO = USERS[4]  # other tests take others
_PATIENCE_SECONDS = 90


def carried_out(stack: Stack, http: httpx.Client, type_: str, **said: object) -> str:
    """Makes, proves and approves a request, and waits for its end; the status that it ended in."""
    body = {"type": type_, "email": WHO.email, "language": "en", **said}
    before = len(mails_to(stack, WHO.email))
    made = http.post("/v1/requests", json=body)
    assert made.status_code == 202, made.text
    path = f"/v1/requests/{made.json()['request_id']}"
    tracking = bearer(made.json()["tracking_token"])
    code = code_for(stack, WHO.email, count=before + 1)
    assert http.post(f"{path}/verify", json={"code": code}).status_code == 200
    if await_status(http, path, tracking, {"awaiting_approval", "completed"}) != "completed":
        approval = path.replace("/v1/", "/v1/staff/") + "/approve"
        approved = http.post(approval, json={}, headers=bearer(staff_token(stack, "dpo")))
        assert approved.status_code == 200, approved.text
    return await_status(http, path, tracking, {"completed", "partly_completed"})


def await_status(http: httpx.Client, path: str, headers: dict[str, str], among: set[str]) -> str:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        status = str(http.get(path, headers=headers).json()["status"])
        if status in among:
            return status
        time.sleep(0.5)
    raise AssertionError(status)


def test_a_correction_reaches_every_place(stack: Stack, http: httpx.Client) -> None:
    said = {"corrections": {"user.name": "Putri Corrected"}}
    assert carried_out(stack, http, "correction", **said) == "completed"
    left = texts(stack)
    assert WHO.name not in left
    assert left.count("Putri Corrected") == 3  # the user, and the holder of two accounts


def test_a_deletion_leaves_what_the_law_keeps(stack: Stack, http: httpx.Client) -> None:
    assert carried_out(stack, http, "deletion") == "partly_completed"
    left = texts(stack)
    assert WHO.email not in left
    assert f'"user_id": "{WHO.user_id}"' not in left
    assert left.count("Putri Corrected") == 1  # the holder of the account that is kept
