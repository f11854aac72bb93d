"""The copy on the deployed stack: built, released, fetched through the API, checked offline."""

import json
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from chalicelib.audit.entry import Entity
from chalicelib.audit.jws import PublicKey
from chalicelib.connectors.places import Description, Row, Verdict
from chalicelib.packing.verifier import verify
from chalicelib.requests.copies.models import BuiltCopy, PartDescription
from chalicelib.requests.copies.naming import COPY
from chalicelib.services import Services
from infra.local.stack import Stack
from tests.deployed.mailbox import wait_until
from tests.deployed.sign_in import staff_token
from tests.deployed.test_sessions import bearer, code_for, signed_in

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectTypeDef

REQUESTS = "/v1/requests"
PLATFORM = Description("platform", "The platform", "dynamodb", ("users",))
ROWS = [Row("users", {"id": number, "name": f"Siti {number}" * 400}) for number in range(3000)]
"""Enough for a part of several pieces."""


@pytest.fixture
def made(stack: Stack, http: httpx.Client, fresh: str) -> tuple[str, dict[str, str]]:
    """A proved request: its path, and the headers of its person's session."""
    email = f"{fresh.lower()}@example.test"
    answer = http.post(REQUESTS, json={"type": "access", "email": email, "language": "id"})
    path = f"{REQUESTS}/{answer.json()['request_id']}"
    opened = http.post(f"{path}/verify", json={"code": code_for(stack, email)})
    assert opened.status_code == 200, opened.text
    return path, signed_in(stack, http, email)


def release(here: Services, request_id: str) -> BuiltCopy:
    """What the fulfilment does at its end."""
    here.copy_parts.write(request_id, PLATFORM.id, ROWS)
    request = here.requests.look(request_id, f"request/{request_id}")
    trail = here.trail.history(Entity("request", request_id))
    built = here.copy_builder.build(request, [PartDescription(PLATFORM, Verdict.DONE)], trail)
    here.run_command(partial(here.copies.release_actions, request_id, built))
    here.copy_parts.remove(request_id)
    return built


def objects(stack: Stack, request_id: str) -> "list[ObjectTypeDef]":
    listed = stack.session.client("s3").list_objects_v2(Bucket=stack.settings.exports_bucket)
    return [each for each in listed.get("Contents", []) if request_id in each["Key"]]


def test_a_copy_is_fetched_through_the_api_and_holds_offline(
    stack: Stack, http: httpx.Client, made: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    path, headers = made
    request_id = path.rpartition("/")[2]
    assert http.get(f"{path}/export", headers=headers).json()["code"] == "no_copy"
    built = release(stack.services, request_id)
    (stored,) = objects(stack, request_id)
    assert stored["Key"].startswith("archives/")

    answer = http.get(f"{path}/export", headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["sha256"], answer.json()["downloads_left"]) == (built.sha256, 4)
    fetched = httpx.get(answer.json()["url"], timeout=30)
    assert fetched.status_code == 200, fetched.text
    copy = tmp_path / "copy.zip"
    copy.write_bytes(fetched.content)
    keys = tmp_path / "keys.json"
    keys.write_text(http.get("/.well-known/jwks.json").text)
    command = [sys.executable, "-m", "chalicelib.requests.copies", "verify", str(copy)]
    checked = subprocess.run(
        [*command, "--jwks", str(keys)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
    assert f"copy of request {request_id}" in checked.stdout
    events = [each["event"] for each in http.get(path, headers=headers).json()["timeline"]]
    assert "copy.downloaded" in events


def test_the_worker_makes_the_copy_of_a_request_that_is_approved(
    stack: Stack, http: httpx.Client, made: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    path, headers = made
    request_id = path.rpartition("/")[2]

    def reached(*statuses: str) -> str | None:
        status = str(http.get(path, headers=headers).json()["status"])
        return status if status in statuses else None

    wait_until(lambda: reached("awaiting_approval"))
    assert http.get(f"{path}/export", headers=headers).json()["code"] == "no_copy"
    dpo = bearer(staff_token(stack, "dpo"))
    approved = http.post(f"/v1/staff/requests/{request_id}/approve", json={}, headers=dpo)
    assert approved.status_code == 200, approved.text
    wait_until(lambda: reached("completed", "partly_completed"))
    copy = tmp_path / "copy.zip"
    copy.write_bytes(httpx.get(http.get(f"{path}/export", headers=headers).json()["url"]).content)
    assert (
        list(verify(COPY, copy, [PublicKey.from_jwk(stack.services.signer.public_jwk())]).findings)
        == []
    )
    with zipfile.ZipFile(copy) as packed:
        names = packed.namelist()
        report = packed.read("report.html").decode()
    assert "places/privacy-office/profile.json" in names
    assert "Jawaban disetujui." in report
    wait_until(lambda: len(objects(stack, request_id)) == 1)  # the archive; the parts go


def test_the_address_is_worth_nothing_when_it_is_changed_or_unsigned(
    stack: Stack, http: httpx.Client, made: tuple[str, dict[str, str]]
) -> None:
    path, headers = made
    request_id = path.rpartition("/")[2]
    release(stack.services, request_id)
    url = http.get(f"{path}/export", headers=headers).json()["url"]
    for forged in (
        url.partition("?")[0],
        url.replace(request_id, "01JSOMEBODYELSE00000000000"),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
    ):
        assert httpx.get(forged, timeout=30).status_code in {400, 403}, forged


def test_removing_a_copy_leaves_no_object(
    stack: Stack, http: httpx.Client, made: tuple[str, dict[str, str]]
) -> None:
    path, headers = made
    request_id = path.rpartition("/")[2]
    release(stack.services, request_id)
    url = http.get(f"{path}/export", headers=headers).json()["url"]
    stack.services.copies.remove(request_id)
    assert objects(stack, request_id) == []
    assert httpx.get(url, timeout=30).status_code in {403, 404}


def test_the_published_keys_are_the_signing_keys(stack: Stack, http: httpx.Client) -> None:
    published = http.get("/.well-known/jwks.json").json()
    assert published == {"keys": stack.services.public_keys()}
    assert [key["x"] for key in published["keys"]] == [
        stack.services.signer.public_jwk()["x"],
        stack.services.receipt_signer.public_jwk()["x"],
    ]
    assert json.dumps(published).count('"d"') == 0
