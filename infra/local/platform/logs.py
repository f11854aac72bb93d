"""The platform's application logs: a compressed object a day, everybody's lines in it.

The data map in infra/sites/jutsoo-platform.yml says what they hold.
"""

import gzip
import json
from contextlib import suppress
from typing import TYPE_CHECKING

import boto3

from infra.local.platform.people import USERS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "jutsoo-platform-logs"
BUCKET_ARN = f"arn:aws:s3:::{BUCKET}"
_DAYS = 5
_LINES = 200  # a user and day


def make_bucket(session: boto3.Session) -> None:
    """Makes the bucket, with versions, as one is made that must not lose logs."""
    s3: S3Client = session.client("s3")
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-3"}
        )
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def fill_bucket(session: boto3.Session) -> None:
    """Puts the days' logs in."""
    s3: S3Client = session.client("s3")
    for day in range(1, _DAYS + 1):
        lines = "".join(
            json.dumps(
                {
                    "at": f"2026-11-{day:02}T{line % 24:02}:{place:02}:00Z",
                    "user_id": user.user_id,
                    "ip": f"203.0.113.{place}",
                    "agent": "Firefox on Linux",
                    "path": f"/payments/{line}",
                    "status": 200,
                }
            )
            + "\n"
            for line in range(_LINES)
            for place, user in enumerate(USERS, start=1)
        )
        # No time in it: the same logs every time.
        body = gzip.compress(lines.encode(), mtime=0)
        s3.put_object(Bucket=BUCKET, Key=f"application/2026-11-{day:02}.ndjson.gz", Body=body)
