"""After a run full of marked values, no marked value stands in clear anywhere.

Looked through are every table, queue, bucket object and log stream by their APIs, and then every
byte of every file that the run left behind: state, objects, logs of the embedded AWS and ours.
"""

import base64
import contextlib
import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from chalicelib.notices.messages import State
from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice, invoke
from tests.deployed.mailbox import mails_to, wait_for_mail
from tests.deployed.sign_in import staff_token
from tests.deployed.test_mail import queue_code, wait_for_state
from tests.deployed.test_preferences import PATH
from tests.deployed.test_proof import SCHEDULED
from tests.deployed.test_sessions import (
    CURRENT,
    SESSIONS,
    VERIFY,
    VOUCHED,
    bearer,
    code_for,
    verify,
)

MARK = "kanari"
"""In no file that we build on: the Canary Islands are in every database of time zones."""

ADDRESS = f"{MARK}.person@example.test"
FORMS = (
    MARK.encode(),
    base64.b64encode(MARK.encode()),  # as the first bytes of an encoded text
    base64.b64encode(b"." + MARK.encode())[2:9],
    base64.b64encode(b".." + MARK.encode())[3:9],
    MARK.encode().hex().encode(),
    quote(ADDRESS).encode(),
)
STORED = f"{MARK}-build"
"""Fits into `banner_build`: a value that is kept, so it must be kept sealed."""


@pytest.fixture
def marked_run(stack: Stack, http: httpx.Client, choice: MakeChoice) -> Stack:
    """Sends marked values in every place that a visitor or an attacker can fill."""
    _mail_marked_values(stack)
    noisy = {
        "user-agent": f"{MARK}-agent",
        "cookie": f"session={MARK}",
        "x-forwarded-for": MARK,
        "content-type": "application/json",  # without it no body is looked at
    }
    kept = http.post(PATH, content=json.dumps(choice(banner_build=STORED)), headers=noisy)
    assert kept.status_code == 201
    refused = [
        choice(email=ADDRESS),
        choice(visitor_id=ADDRESS),
        choice(language=MARK),
        choice(notice_sha256=MARK),
        choice(occurred_at=ADDRESS),
    ]
    for body in refused:
        answer = http.post(PATH, content=json.dumps(body), headers=noisy)
        assert 400 <= answer.status_code < 500
        assert MARK not in answer.text
    for target in (
        f"{PATH}/0123456789abcdef?email={ADDRESS}",
        f"{PATH}/{quote(ADDRESS)}",
        f"/v1/sites/{MARK}/notice",
    ):
        answer = http.get(target, headers=noisy)
        assert 400 <= answer.status_code < 500
        assert MARK not in answer.text
    broken = http.post(PATH, content=f'{{"email": "{ADDRESS}"', headers=noisy)
    assert (broken.status_code, MARK in broken.text) == (400, False)
    _sign_in(stack, http, noisy)
    invoke(stack, "CheckpointTrail", SCHEDULED)
    _wait_for_state(stack, kept.json()["visitor_id"].encode())
    return stack


def _sign_in(stack: Stack, http: httpx.Client, noisy: dict[str, str]) -> None:
    """Somebody with a marked address signs in, is found by the staff, and leaves again."""
    arrived = len(mails_to(stack, ADDRESS))
    asked = http.post(SESSIONS, json={"email": ADDRESS, "language": "id"}, headers=noisy)
    assert asked.status_code == 202
    opened = verify(http, ADDRESS, code_for(stack, ADDRESS, arrived + 1))
    assert opened.status_code == 200
    assert verify(http, ADDRESS, "000000").status_code == 403
    agent = bearer(staff_token(stack, "agent")) | noisy
    found = http.post("/v1/staff/subjects/find", json={"email": ADDRESS}, headers=agent)
    assert found.json()["email"] == ADDRESS
    for path, body in (
        (SESSIONS, {"email": ADDRESS, "language": MARK}),
        (SESSIONS, {"email": f"{MARK}\r\n{ADDRESS}", "language": "en"}),
        (VERIFY, {"email": ADDRESS, "code": MARK}),
        (VOUCHED, {"id_token": MARK, "language": "en"}),
    ):
        refused = http.post(path, json=body, headers=noisy)
        assert 400 <= refused.status_code < 500
        assert MARK not in refused.text
    for scheme in ("Bearer", MARK):
        refused = http.get("/v1/staff/account", headers={"authorization": f"{scheme} {MARK}"})
        assert (refused.status_code, MARK in refused.text) == (401, False)
    http.delete(CURRENT, headers=bearer(opened.json()["token"]) | noisy)


def _mail_marked_values(stack: Stack) -> None:
    """A code to a marked address, and one that bounces, so that SES reports the address to us.

    The mailbox itself is memory of the embedded SES, as it is the reader's on AWS.
    """
    arrived = len(mails_to(stack, ADDRESS))
    queue_code(stack, ADDRESS, "id", f"{MARK}-code")
    assert f"{MARK}-code" in wait_for_mail(stack, ADDRESS, count=arrived + 1).html
    bouncing = f"bounce+{MARK}@simulator.amazonses.com"
    wait_for_state(stack, queue_code(stack, bouncing, "en", MARK), State.BOUNCED)


def test_no_marked_value_is_in_clear(marked_run: Stack) -> None:
    looked_at = 0
    for place, content in everything(marked_run):
        looked_at += 1
        for form in FORMS:
            assert form not in content.lower() if form.islower() else form not in content, place
    assert looked_at > 20


def test_the_search_would_find_one(marked_run: Stack) -> None:
    """The same search for a value that is stored in clear on purpose."""
    places = [place for place, content in everything(marked_run) if b"SITE#jutsoo" in content]
    assert any(place.startswith("table") for place in places)
    assert any(place.startswith("file") for place in places)


def _wait_for_state(stack: Stack, key: bytes) -> None:
    """The embedded AWS saves its state every few seconds: waits until what was sent is in it."""
    deadline = time.monotonic() + 30
    while not any(key in content for _, content in _files(stack)):
        assert time.monotonic() < deadline, "the state was never saved"
        time.sleep(0.5)


def everything(stack: Stack) -> Iterator[tuple[str, bytes]]:
    """Every place and its bytes."""
    yield from _tables(stack)
    yield from _queues(stack)
    yield from _objects(stack)
    yield from _logs(stack)
    yield from _files(stack)


def _tables(stack: Stack) -> Iterator[tuple[str, bytes]]:
    dynamodb = stack.session.client("dynamodb")
    for logical, name in stack.tables.items():
        for page in dynamodb.get_paginator("scan").paginate(TableName=name):
            for item in page["Items"]:
                yield f"table {logical}", repr(item).encode()


def _queues(stack: Stack) -> Iterator[tuple[str, bytes]]:
    sqs = stack.session.client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        yield f"queue {url}", repr(answer.get("Messages", [])).encode()


def _objects(stack: Stack) -> Iterator[tuple[str, bytes]]:
    s3 = stack.session.client("s3")
    for bucket in (stack.settings.trail_bucket, stack.settings.exports_bucket):
        for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            content = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
            yield f"object {each['Key']}", content


def _logs(stack: Stack) -> Iterator[tuple[str, bytes]]:
    logs = stack.session.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for stream in logs.describe_log_streams(logGroupName=name)["logStreams"]:
            events = logs.get_log_events(logGroupName=name, logStreamName=stream["logStreamName"])
            yield f"log {name}", repr(events["events"]).encode()


def _files(stack: Stack) -> Iterator[tuple[str, bytes]]:
    for file in stack.home.rglob("*"):
        if not _is_our_code(file):
            # A file may be replaced or removed while we look: what replaced it is looked at too.
            with contextlib.suppress(FileNotFoundError, IsADirectoryError):
                yield f"file {file.relative_to(stack.home)}", _plain(file.read_bytes())


def _is_our_code(file: Path) -> bool:
    """The unpacked artifact: code, not state."""
    return file.suffix in {".py", ".pyc", ".so", ".zip"}


def _plain(content: bytes) -> bytes:
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
