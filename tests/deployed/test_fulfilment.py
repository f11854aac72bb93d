"""Requests from the form to the copy or the certificate, by the deployed functions alone."""

import base64
import gzip
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import jwt
import pytest

from infra.local.platform.logs import BUCKET
from infra.local.platform.tables import TABLES
from infra.local.stack import Stack
from tests.deployed.mailbox import mails_to, wait_until
from tests.deployed.sign_in import staff_token
from tests.deployed.test_canaries import everything
from tests.deployed.test_sessions import bearer, code_for, signed_in

REQUESTS = "/v1/requests"
STAFF = "/v1/staff/requests"
MARK = "kenari"
"""The bird's Indonesian name: in no file that we build on."""


class Person:
    """Somebody of the client platform, and what they do by the API."""

    def __init__(self, stack: Stack, http: httpx.Client, fresh: str) -> None:
        self.stack = stack
        self.http = http
        self.user_id = f"user-{fresh.lower()}"
        self.email = f"{MARK}.{fresh.lower()}@client.test"
        self.name = f"{MARK.title()} Putri"
        self._fill()

    def ask(self, type_: str, **said: Any) -> None:
        """Makes a request, and proves it by the mailed code."""
        arrived = len(mails_to(self.stack, self.email))
        body = {"type": type_, "email": self.email, "language": "id", "name": self.name, **said}
        made = self.http.post(REQUESTS, json=body)
        assert made.status_code == 202, made.text
        self.request_id = made.json()["request_id"]
        self.path = f"{REQUESTS}/{self.request_id}"
        self.headers = bearer(made.json()["tracking_token"])
        code = code_for(self.stack, self.email, arrived + 1)
        opened = self.http.post(f"{self.path}/verify", json={"code": code})
        assert opened.status_code == 200, opened.text

    def wait_for(self, *statuses: str) -> dict[str, Any]:
        """The request, once it has one of these statuses."""

        def there() -> dict[str, Any] | None:
            shown = self.look()
            return shown if shown["status"] in statuses else None

        return wait_until(there)

    def session(self) -> dict[str, str]:
        """The headers of a session: the tracking token fetches no copy."""
        return signed_in(self.stack, self.http, self.email)

    def look(self) -> dict[str, Any]:
        return dict(self.http.get(self.path, headers=self.headers).raise_for_status().json())

    def approved(self) -> dict[str, Any]:
        """What the staff sees when it approves."""
        dpo = bearer(staff_token(self.stack, "dpo"))
        answer = self.http.post(f"{STAFF}/{self.request_id}/approve", json={}, headers=dpo)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def certificate(self) -> str:
        answer = self.http.get(f"{self.path}/certificate", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["certificate"])

    def rows(self) -> list[str]:
        """What the platform's tables and logs hold that has the person in it."""
        return [content for content in _platform(self.stack) if self.user_id in content]

    def _fill(self) -> None:
        dynamodb = self.stack.session.client("dynamodb")
        user = {"user_id": self.user_id, "email": self.email, "company_id": "company-1"}
        for table, item in (
            ("jutsoo-users", user | {"name": self.name, "title": "Clerk", "phone": "+62 21 5"}),
            ("jutsoo-logins", {"user_id": self.user_id, "at": "2026-11-01T08:00:00Z", "ip": MARK}),
            ("jutsoo-logins", {"user_id": self.user_id, "at": "2026-11-02T08:00:00Z", "ip": MARK}),
        ):
            dynamodb.put_item(
                TableName=table, Item={name: {"S": value} for name, value in item.items()}
            )
        line = {"at": "2026-11-02T08:00:00Z", "user_id": self.user_id, "ip": MARK, "path": "/"}
        self.stack.session.client("s3").put_object(
            Bucket=BUCKET,
            Key=f"application/{self.user_id[::-1]}.ndjson.gz",  # a name that names nobody
            Body=gzip.compress(json.dumps(line).encode() + b"\n"),
        )


@pytest.fixture
def person(stack: Stack, http: httpx.Client, fresh: str) -> Person:
    return Person(stack, http, fresh)


def test_a_copy_is_approved_fetched_and_holds_what_the_platform_knows(person: Person) -> None:
    person.ask("access", country="DE")
    shown = person.wait_for("awaiting_approval")
    assert [each["law"] for each in shown["deadlines"]] == ["UU PDP 27/2022", "GDPR"]
    places = {each["place"]: each["found"] for each in person.approved()["plan"]["places"]}
    assert places == {
        "jutsoo_platform": 4,  # user, company, two logins
        "jutsoo_payments": 0,
        "jutsoo_logs": 1,
        "privacy-office": 2,
    }
    person.wait_for("completed")
    link = person.http.get(f"{person.path}/export", headers=person.session()).json()
    content = httpx.get(link["url"]).raise_for_status().content
    with ZipFile(BytesIO(content)) as copy:
        (user,) = json.loads(copy.read("places/jutsoo_platform/users.json"))
        report = copy.read("report.html").decode()
    assert (user["email"], user["name"]) == (person.email, person.name)
    assert "UU PDP 27/2022" in report
    for headers in ({}, person.headers):
        assert person.http.get(f"{person.path}/export", headers=headers).status_code == 401


def test_a_correction_is_written_where_the_data_is(person: Person) -> None:
    person.ask("correction", corrections={"user.name": "Kenari Dewi"})
    person.wait_for("awaiting_approval")
    assert not [row for row in person.rows() if "Kenari Dewi" in row]
    person.approved()
    person.wait_for("completed")
    assert [row for row in person.rows() if "Kenari Dewi" in row]


def test_a_restriction_waits_for_nobody(person: Person) -> None:
    person.ask("restriction")
    shown = person.wait_for("completed", "partly_completed")
    assert "request.approved" not in [each["event"] for each in shown["timeline"]]


def test_after_a_deletion_nothing_of_the_person_is_left_but_what_the_certificate_says(
    person: Person, stack: Stack, http: httpx.Client
) -> None:
    person.ask("deletion", details=f"{MARK} wants to be forgotten")
    person.wait_for("awaiting_approval")
    assert len(person.rows()) == 4
    person.approved()
    person.wait_for("completed", "partly_completed")
    wait_until(lambda: [each for each in mails_to(stack, person.email) if "dihapus" in each.text])
    certificate = person.certificate()
    keys = jwt.PyJWKSet.from_dict(http.get("/.well-known/jwks.json").json())
    said = jwt.decode(certificate, keys.keys[0].key, algorithms=["ES256"])
    verdicts = {each["place"]: each["verdict"] for each in said["places"]}
    assert verdicts == {
        "jutsoo_platform": "done",
        "jutsoo_payments": "nothing_found",
        "jutsoo_logs": "done",
    }
    assert person.rows() == []
    # The embedded AWS saves its state every few seconds: its files follow the tables.
    wait_until(lambda: not [each for each in _places_of(person) if each.startswith("file")])
    assert _places_of(person) == []
    # Wiped: not even the one who made it learns from us what it said.
    assert MARK not in json.dumps(person.look())
    payload = certificate.split(".")[1]
    assert MARK not in base64.urlsafe_b64decode(payload + "==").decode()


def _places_of(person: Person) -> list[str]:
    """The places that still hold something of the person in clear."""
    marks = (person.user_id.encode(), person.email.encode())
    everywhere = (*everything(person.stack), *_platform_places(person.stack))
    return [place for place, content in everywhere if any(mark in content for mark in marks)]


def _platform(stack: Stack) -> Iterator[str]:
    for _, content in _platform_places(stack):
        yield content.decode()


def _platform_places(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Every row of the platform's tables and every line of its logs, older versions too."""
    dynamodb, s3 = stack.session.client("dynamodb"), stack.session.client("s3")
    for table in TABLES:
        for item in dynamodb.scan(TableName=table)["Items"]:
            yield f"table {table}", json.dumps(item).encode()
    for each in s3.list_object_versions(Bucket=BUCKET, Prefix="application/").get("Versions", []):
        body = s3.get_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])["Body"]
        for line in gzip.decompress(body.read()).splitlines():
            yield "log line", line
