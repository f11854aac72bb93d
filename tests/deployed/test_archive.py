"""What is not used is archived on the deployed stack: sealed, locked, read by the staff."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from chalicelib.clock import rfc3339
from chalicelib.retention.schedule.text import ScheduleText, standard
from infra.local.stack import Stack
from tests.contract.retaining import archiving
from tests.deployed.mailbox import wait_until
from tests.deployed.sign_in import staff_token
from tests.deployed.test_retention import REQUESTED, Client
from tests.deployed.test_sessions import bearer

VERSIONS = "/v1/staff/retention/schedule/versions"
LONG_UNUSED = timedelta(days=400)


@pytest.fixture
def client(stack: Stack, http: httpx.Client) -> Client:
    return Client(stack, http)


@pytest.fixture
def archives(client: Client) -> Iterator[None]:
    """While it lasts, what is not used any more is archived."""
    put_in_force(client, archiving())
    yield
    put_in_force(client, standard())


def put_in_force(client: Client, schedule: ScheduleText) -> None:
    """Proposed by one, previewed, approved by another."""
    engineer = bearer(staff_token(client.stack, "engineer"))
    content = {"schedule": json.loads(schedule.canonical())}
    proposed = client.http.post(VERSIONS, json=content, headers=engineer)
    path = f"{VERSIONS}/{proposed.raise_for_status().json()['version']}"
    wait_until(lambda: _preview(client, path)["complete"])
    client.http.post(f"{path}/approve", json={}, headers=client.dpo).raise_for_status()


def _preview(client: Client, path: str) -> dict[str, Any]:
    answer = client.http.get(f"{path}/preview", headers=client.dpo)
    return dict(answer.raise_for_status().json())


@pytest.mark.usefixtures("archives")
def test_a_row_that_is_not_used_is_archived_locked_read_and_ended(
    client: Client, stack: Stack, http: httpx.Client
) -> None:
    user = f"{client.name}-a"
    made = client.register(user, "technical", last_used=datetime.now(UTC) - LONG_UNUSED)
    client.swept_until(made["record_id"], "archived")
    assert not client.is_there(user)

    path = f"/v1/staff/archive/{made['record_id']}"
    (row,) = http.get(path, headers=client.dpo).raise_for_status().json()["rows"]
    assert row["email"] == f"{user}@client.test"
    engineer = bearer(staff_token(stack, "engineer"))
    assert http.get(path, headers=engineer).status_code == 403

    s3, bucket = stack.session.client("s3"), stack.settings.archive_bucket
    prefix = f"records/{made['record_id']}/"
    (version,) = s3.list_object_versions(Bucket=bucket, Prefix=prefix)["Versions"]
    key, version_id = version["Key"], version["VersionId"]
    stored = s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)
    assert user.encode() not in stored["Body"].read()
    assert stored["ObjectLockMode"] == "COMPLIANCE"
    assert stored["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=700)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key=key, VersionId=version_id)

    # Its person's request ends it earlier than its lock.
    record = {
        **client.place(user),
        "category": "technical",
        "role": "controller",
        "client": client.name,
        "triggers": {"request": rfc3339(datetime.now(UTC) - REQUESTED)},
    }
    told = http.post("/v1/records", json={"records": [record]}, headers=client.platform)
    assert told.raise_for_status().json()["records"][0]["outcome"] == "updated"
    assert http.get(path, headers=client.dpo).status_code == 410
    client.swept_until(made["record_id"], "disposed")
    # What the lock keeps nobody can open any more.
    assert s3.head_object(Bucket=bucket, Key=key, VersionId=version_id)["ContentLength"] > 0
    scope = {"pk": {"S": f"SCOPE#archive/{made['record_id']}"}, "sk": {"S": "KEY"}}
    dynamodb = stack.session.client("dynamodb")
    assert "Item" not in dynamodb.get_item(TableName=stack.tables["keys"], Key=scope)
