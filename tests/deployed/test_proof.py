"""A choice can be proved: stream, digest, checkpoint in the write-once bucket, offline verifier."""

import base64
import contextlib
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from botocore.exceptions import ClientError

from chalicelib.audit.__main__ import main as audit_command
from chalicelib.audit.export import Exporter
from infra.local.stack import Stack
from tests.deployed.conftest import MakeChoice, invoke
from tests.deployed.test_preferences import post

SCHEDULED = {
    "version": "0",
    "account": "000000000000",
    "region": "ap-southeast-3",
    "detail": {},
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-11-23T10:00:00Z",
    "id": "event-1",
    "resources": ["rule"],
}


def verify(*arguments: str) -> tuple[int, str]:
    """The verifier's exit code and what it said."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = audit_command(["verify", *arguments])
    return code, said.getvalue()


def test_a_receipt_verifies_offline_and_an_edit_is_found(
    stack: Stack, http: httpx.Client, choice: MakeChoice, tmp_path: Path
) -> None:
    sent = choice()
    receipt = post(http, sent).json()["receipt"]
    bundle = _sealed_bundle(stack, receipt, tmp_path)

    code, said = verify(str(bundle), "--receipt", receipt)
    assert (code, "all is well" in said, "receipt is leaf" in said) == (0, True, True)

    stored = _stored(stack, sent["visitor_id"])
    item = tmp_path / "item.json"
    item.write_text(json.dumps(stored))
    assert verify(str(bundle), "--receipt", receipt, "--item", str(item))[0] == 0
    stored["day"]["S"] = "2020-01-01"
    item.write_text(json.dumps(stored))
    assert verify(str(bundle), "--receipt", receipt, "--item", str(item))[0] == 1

    altered = json.loads(bundle.read_text())
    text = json.dumps(altered).replace("site.published", "site.unpublished")
    assert text != json.dumps(altered)
    bundle.write_text(text)
    assert verify(str(bundle))[0] == 1


def test_the_checkpoint_is_a_jws_that_a_public_library_verifies(
    stack: Stack, http: httpx.Client, choice: MakeChoice, tmp_path: Path
) -> None:
    _sealed_bundle(stack, post(http, choice()).json()["receipt"], tmp_path)
    s3 = stack.session.client("s3")
    bucket = stack.settings.trail_bucket
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    name = max(key for key in keys if key.endswith(".jws"))
    token = s3.get_object(Bucket=bucket, Key=name)["Body"].read().decode()
    key = jwt.PyJWK(stack.services.signer.public_jwk())
    payload = jwt.decode_complete(token, key, algorithms=["ES256"])["payload"]
    assert payload["number"] >= 1


def test_the_bucket_keeps_what_was_written(
    stack: Stack, http: httpx.Client, choice: MakeChoice, tmp_path: Path
) -> None:
    _sealed_bundle(stack, post(http, choice()).json()["receipt"], tmp_path)
    s3 = stack.session.client("s3")
    bucket = stack.settings.trail_bucket
    for version in s3.list_object_versions(Bucket=bucket)["Versions"]:
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"])


def _sealed_bundle(stack: Stack, receipt: str, folder: Path) -> Path:
    """Waits for the stream, runs the deployed checkpoint, exports; the bundle holds `receipt`."""
    bundle = folder / "bundle.json"
    deadline = time.monotonic() + 30
    while True:
        invoke(stack, "CheckpointTrail", SCHEDULED)
        here = stack.services
        exporter = Exporter(
            here.records, here.audit, here.s3, here.settings.trail_bucket, here.clock
        )
        exported = exporter.export([here.signer.public_jwk()])
        bundle.write_text(json.dumps(exported.to_json()))
        if "receipt is leaf" in verify(str(bundle), "--receipt", receipt)[1]:
            return bundle
        assert time.monotonic() < deadline, "the receipt never reached a checkpoint"
        time.sleep(0.5)


def _stored(stack: Stack, visitor_id: str) -> dict[str, Any]:
    """The visitor's only item as DynamoDB's JSON, octets in base64."""
    (item,) = stack.session.client("dynamodb").query(
        TableName=stack.tables["preferences"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"SITE#jutsoo#VISITOR#{visitor_id}"}},
    )["Items"]
    return {**item, "sealed": {"B": base64.b64encode(item["sealed"]["B"]).decode()}}
