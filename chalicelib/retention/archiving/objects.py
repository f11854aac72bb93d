"""The archive's bucket: every version in it is locked (S3 Object Lock, COMPLIANCE) until its date.

What ends earlier is made unreadable by its key. A deletion puts a marker over the locked version,
and the bucket's lifecycle removes what lies under markers as soon as no lock is on it any more.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.errors import Conflict, Internal

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ALMOST_A_SECOND = timedelta(microseconds=999_999)


class CopyExists(Conflict):
    """An object of that name is there, or somebody puts one at this moment."""

    code = "copy_exists"


class CopyMissing(Internal):
    """The archive has no such object, though nothing in it can be deleted."""

    code = "archived_copy_missing"


class ArchiveBucket:
    """Puts and reads objects, and says that they may go."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, key: str, body: bytes, until: datetime) -> None:
        """Puts `body`, locked until `until` (aware; S3 counts whole seconds, so up to one more).

        Raises `CopyExists`: nothing is ever written over.
        """
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",
                ObjectLockMode="COMPLIANCE",
                ObjectLockRetainUntilDate=(until + _ALMOST_A_SECOND).replace(microsecond=0),
            )
        except self._s3.exceptions.ClientError as refusal:
            if refusal.response["Error"]["Code"] in {
                "PreconditionFailed",
                "ConditionalRequestConflict",
            }:
                raise CopyExists from None
            raise

    def read(self, key: str) -> bytes:
        """The object, its checksum compared. Raises `CopyMissing`."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        except self._s3.exceptions.NoSuchKey:
            raise CopyMissing from None
        return answer["Body"].read()

    def remove(self, prefix: str) -> None:
        """Lets all below `prefix` go once its lock is over. May be repeated."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for found in page.get("Contents", []):
                self._s3.delete_object(Bucket=self._bucket, Key=found["Key"])
