"""A data subject signs in against the deployed stack: by a code from the mail, or vouched for."""

import re
from typing import Any

import httpx
import pytest

from infra.local.stack import Stack
from tests.deployed.mailbox import mails_to, wait_for_mail, wait_until
from tests.deployed.sign_in import platform_user_id_token, staff_token

SESSIONS, VERIFY = "/v1/sessions", "/v1/sessions/verify"
VOUCHED, CURRENT = "/v1/sessions/vouched", "/v1/sessions/current"


@pytest.fixture
def email(fresh: str) -> str:
    return f"{fresh.lower()}@example.test"


def ask(http: httpx.Client, email: str, language: str = "id") -> httpx.Response:
    return http.post(SESSIONS, json={"email": email, "language": language})


def code_for(stack: Stack, email: str, count: int = 1) -> str:
    """The code in the newest of `count` mails to `email`."""
    found = re.search(r"\b(\d{6})\b", wait_for_mail(stack, email, count=count).text)
    assert found
    return found[1]


def verify(http: httpx.Client, email: str, code: str) -> httpx.Response:
    return http.post(VERIFY, json={"email": email, "code": code})


def signed_in(stack: Stack, http: httpx.Client, email: str) -> dict[str, str]:
    """The headers of a session for `email`, by a mailed code."""
    arrived = len(mails_to(stack, email))
    assert ask(http, email).status_code == 202

    def code() -> str | None:
        """Other mails may arrive at the same time."""
        since = mails_to(stack, email)[arrived:]
        found = (re.search(r"^\s*(\d{6})\s*$", mail.text, re.MULTILINE) for mail in since)
        return next((each[1] for each in found if each), None)

    opened = verify(http, email, wait_until(code)).raise_for_status()
    return bearer(opened.json()["token"])


def bearer(token: Any) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_code_arrives_works_once_and_opens_what_is_its_holders(
    stack: Stack, http: httpx.Client, email: str
) -> None:
    assert ask(http, email).status_code == 202
    code = code_for(stack, email)
    opened = verify(http, email, code)
    assert opened.status_code == 200
    assert verify(http, email, code).status_code == 403
    headers = bearer(opened.json()["token"])
    shown = http.get(CURRENT, headers=headers)
    assert (shown.json()["email"], shown.json()["language"]) == (email, "id")
    for path in ("/v1/staff/account", "/v1/platform/account", "/v1/staff/audit/subject/x"):
        assert http.get(path, headers=headers).status_code == 401
    assert http.delete(CURRENT, headers=headers).status_code == 200
    assert http.get(CURRENT, headers=headers).status_code == 401


def test_the_mail_is_in_the_readers_language(stack: Stack, http: httpx.Client, email: str) -> None:
    ask(http, email, "en")
    english = wait_for_mail(stack, email)
    ask(http, email, "id")
    indonesian = wait_for_mail(stack, email, count=2)
    assert english.subject != indonesian.subject
    assert "10 minutes" in english.text
    assert "10 menit" in indonesian.text


def test_only_the_newest_code_counts(stack: Stack, http: httpx.Client, email: str) -> None:
    ask(http, email)
    older = code_for(stack, email)
    ask(http, email)
    newest = code_for(stack, email, count=2)
    if older != newest:  # one in a million
        assert verify(http, email, older).status_code == 403
    assert verify(http, email, newest).status_code == 200


def test_five_wrong_tries_end_a_code(stack: Stack, http: httpx.Client, email: str) -> None:
    ask(http, email)
    code = code_for(stack, email)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    answers = [verify(http, email, wrong) for _ in range(5)] + [verify(http, email, code)]
    assert {(each.status_code, each.json()["code"]) for each in answers} == {(403, "invalid_code")}


def test_a_signed_in_user_of_the_platform_needs_no_code(stack: Stack, http: httpx.Client) -> None:
    token = platform_user_id_token(stack)
    opened = http.post(VOUCHED, json={"id_token": token, "language": "en"})
    assert opened.status_code == 200, opened.text
    shown = http.get(CURRENT, headers=bearer(opened.json()["token"]))
    assert shown.json()["email"] == stack.platform_user.email
    assert mails_to(stack, stack.platform_user.email) == []
    again = http.post(VOUCHED, json={"id_token": token, "language": "en"})
    assert (again.status_code, again.json()["code"]) == (401, "invalid_token")


def test_a_staff_token_vouches_for_nobody(stack: Stack, http: httpx.Client) -> None:
    body = {"id_token": staff_token(stack, "dpo"), "language": "en"}
    assert http.post(VOUCHED, json=body).status_code == 401


def test_the_staff_finds_a_person_and_the_finding_is_recorded(
    stack: Stack, http: httpx.Client, email: str
) -> None:
    ask(http, email)
    assert verify(http, email, code_for(stack, email)).status_code == 200
    headers = bearer(staff_token(stack, "agent"))
    found = http.post("/v1/staff/subjects/find", json={"email": email}, headers=headers).json()
    assert found["email"] == email
    trail = http.get(f"/v1/staff/audit/subject/{found['subject_id']}", headers=headers).json()
    assert [entry["action"] for entry in trail["entries"]] == [
        "session.opened",
        "personal_data.read",
    ]
    assert trail["entries"][1]["actor"].startswith("staff/")
