"""A breach on the deployed stack as those who handle it go through it: from its report over the
notices in people's mailboxes to a pack of evidence that verifies offline."""

import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from chalicelib.clock import rfc3339
from infra.local.stack import Stack
from tests.contract.closing import ENCRYPT, FOUND, OWNER
from tests.contract.responding import FACTS, INCIDENTS, SCORES
from tests.deployed.conftest import invoke
from tests.deployed.mailbox import mails_to, wait_until
from tests.deployed.sign_in import staff_token
from tests.deployed.test_proof import SCHEDULED
from tests.deployed.test_sessions import bearer

PDF = b"%PDF-1.7 a receipt of the portal"
HOURS_AGO = timedelta(hours=30)


@dataclass
class Handling:
    """One incident as the staff's tools see it."""

    http: httpx.Client
    tokens: dict[str, dict[str, str]]
    incident_id: str = ""

    def call(self, method: str, verb: str, body: object = None, *, as_: str = "dpo") -> Any:
        answer = self.answer(method, verb, body, as_=as_)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def answer(
        self, method: str, verb: str, body: object = None, *, as_: str = "dpo"
    ) -> httpx.Response:
        path = f"{INCIDENTS}/{self.incident_id}{verb}" if self.incident_id else INCIDENTS
        return self.http.request(method, path, json=body, headers=self.tokens[as_])

    def approved(self, recipient: str, **said: Any) -> str:
        """The id of a notice that security proposed and the DPO approved."""
        asked = {"recipient": recipient} | said
        notice_id = self.call("POST", "/notices", asked, as_="security")["notice_id"]
        self.call("POST", f"/notices/{notice_id}/approve")
        return str(notice_id)

    def filed(self, recipient: str) -> None:
        proof = {"media_type": "application/pdf", "content": b64encode(PDF).decode()}
        filing = {
            "filed_at": rfc3339(datetime.now(UTC) + timedelta(seconds=1)),
            "means": "portal",
            "reference": "KOMDIGI-2026-17",
            "proof": proof,
        }
        self.call("POST", f"/notices/{self.approved(recipient)}/filing", filing)

    def missing(self) -> set[str]:
        return {each["field"] for each in self.call("GET", "/missing")["missing"]}


def told_by_mail(stack: Stack, address: str) -> list[str]:
    """Subjects of what the address got, once the schedule went by as often as it takes."""

    def look() -> list[str]:
        invoke(stack, "WatchIncidents", SCHEDULED)
        return [each.subject for each in mails_to(stack, address)]

    return wait_until(look)


def until(handling: Handling, verb: str, fits: Callable[[Any], bool]) -> Any:
    return wait_until(lambda: found if fits(found := handling.call("GET", verb)) else None)


def known(here: Handling, **facts: Any) -> None:
    """Reports a breach that is known since hours ago, assessed and judged."""
    reported = here.call("POST", "", FACTS | facts, as_="security")
    here.incident_id = reported["incident_id"]
    aware = {"aware_at": rfc3339(datetime.now(UTC) - HOURS_AGO), "reasons": "the owner called"}
    here.call("POST", "/awareness", aware)
    here.call("POST", "/assessment", SCORES)
    here.call("POST", "/nature", {"nature": "breach", "reasons": "it was stolen"})


def followed(here: Handling) -> None:
    """Says what was found out and is done about it, and approves the report to clients."""
    here.call("PUT", "/aftermath", FOUND, as_="security")
    due_at = rfc3339(datetime.now(UTC) + timedelta(days=9))
    action = {"what": ENCRYPT, "owner": OWNER, "due_at": due_at}
    here.call("POST", "/aftermath/actions", action, as_="security")
    here.call("POST", "/aftermath/report", {}, as_="security")
    report_id = here.call("GET", "/aftermath")["client_report"]["report_id"]
    here.call("POST", "/aftermath/report/approve", {"report_id": report_id})


def verified(here: Handling, folder: Path) -> subprocess.CompletedProcess[str]:
    """What the command for auditors says of the incident's pack, with our published keys."""
    here.call("POST", "/evidence")
    packed = until(here, "/evidence", lambda found: found["url"])
    pack, keys = folder / "pack.zip", folder / "keys.json"
    pack.write_bytes(httpx.get(packed["url"]).raise_for_status().content)
    keys.write_text(here.http.get("/.well-known/jwks.json").text)
    command = [sys.executable, "-m", "chalicelib.incidents", "verify", str(pack)]
    return subprocess.run(
        [*command, "--key", str(keys)], capture_output=True, text=True, check=False
    )


def test_a_breach_from_its_report_to_its_evidence(
    stack: Stack, http: httpx.Client, fresh: str, tmp_path: Path
) -> None:
    siti, rahma, maju = (f"{each}-{fresh.lower()}@client.test" for each in ("siti", "rahma", "dpo"))
    here = Handling(http, {role: bearer(staff_token(stack, role)) for role in ("dpo", "security")})
    known(here, countries=["ID"], how=None)
    people = [
        {"kind": "subjects", "email": siti, "language": "id"},
        {"kind": "subjects", "email": rahma, "language": "en"},
        {"kind": "clients", "email": maju, "client": "pt-maju", "language": "en"},
    ]
    here.call("POST", "/recipients", {"recipients": people}, as_="security")

    refused = here.answer("POST", "/notices", {"recipient": "subjects"}, as_="security")
    assert (refused.status_code, refused.json()["code"]) == (409, "notice_incomplete")
    assert {each["field"] for each in refused.json()["errors"]} == {"how"}
    here.call("PUT", "/facts", FACTS | {"countries": ["ID"]}, as_="security")
    here.filed("authority")
    for recipient in ("subjects", "clients"):
        here.approved(recipient)
    (in_indonesian,) = told_by_mail(stack, siti)
    (in_english,) = told_by_mail(stack, rahma)
    assert in_indonesian.startswith("Data Anda di")
    assert in_english.startswith("Your data at")
    assert len(told_by_mail(stack, maju)) == 1

    def all_done(dates: Any) -> bool:
        invoke(stack, "WatchIncidents", SCHEDULED)
        return {each["state"] for each in dates["duties"]} <= {"done", "not_required"}

    until(here, "/dates", all_done)
    refused = here.answer("POST", "/close", {"reasons": "all was done"})
    assert (refused.status_code, refused.json()["code"]) == (409, "incident_incomplete")
    after = {"containment", "root_cause", "remediation", "lessons", "client_report"}
    assert here.missing() == after
    followed(here)
    wait_until(lambda: len(told_by_mail(stack, maju)) == 2)
    wait_until(lambda: not here.missing())
    here.call("POST", "/close", {"reasons": "all was done"})

    invoke(stack, "CheckpointTrail", SCHEDULED)
    checked = verified(here, tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert f"evidence of incident {here.incident_id}" in checked.stdout
    assert "the trail is sealed until" in checked.stdout
