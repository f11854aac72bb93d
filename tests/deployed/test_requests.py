"""A data subject's request against the deployed stack: proved by mail, followed, withdrawn."""

import httpx

from infra.local.stack import Stack
from tests.deployed.mailbox import wait_for_mail, wait_until
from tests.deployed.test_sessions import bearer, code_for

REQUESTS = "/v1/requests"


def test_a_request_is_proved_by_mail_and_shows_its_dates_and_their_reasons(
    stack: Stack, http: httpx.Client, fresh: str
) -> None:
    email = f"{fresh.lower()}@example.test"
    body = {"type": "access", "email": email, "language": "id", "country": "DE", "name": "Siti"}
    made = http.post(REQUESTS, json=body)
    assert made.status_code == 202, made.text
    path = f"{REQUESTS}/{made.json()['request_id']}"
    headers = bearer(made.json()["tracking_token"])
    opened = http.post(f"{path}/verify", json={"code": code_for(stack, email)})
    assert (opened.status_code, opened.json()["status"]) == (200, "open"), opened.text
    shown = http.get(path, headers=headers).json()
    assert [each["law"] for each in shown["deadlines"]] == ["UU PDP 27/2022", "GDPR"]
    assert "72 jam" in " ".join(shown["deadlines"][0]["explanation"])
    assert shown["due_at"] == shown["deadlines"][0]["due_at"]
    assert [each["state"] for each in shown["mails"]] == ["sent"]
    # Work on it has begun meanwhile.
    events = [each["event"] for each in shown["timeline"]]
    assert events[:2] == ["request.received", "request.proved"]
    assert http.get(path).status_code == 401
    withdrawn = http.post(f"{path}/withdraw", json={}, headers=headers)
    assert withdrawn.json()["status"] == "withdrawn"


def test_a_bounce_shows_on_the_request(stack: Stack, http: httpx.Client, fresh: str) -> None:
    email = f"bounce+{fresh.lower()}@simulator.amazonses.com"
    made = http.post(REQUESTS, json={"type": "deletion", "email": email, "language": "en"})
    path = f"{REQUESTS}/{made.json()['request_id']}"
    wait_for_mail(stack, email)
    headers = bearer(made.json()["tracking_token"])

    def bounced() -> bool:
        (mail,) = http.get(path, headers=headers).json()["mails"]
        return bool(mail["state"] == "bounced")

    # SES's report takes its way through topic and queue; one that fails comes again half a minute
    # later.
    wait_until(bounced)
