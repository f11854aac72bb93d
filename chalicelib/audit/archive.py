"""Reads the write-once bucket from its first checkpoint to its last."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chalicelib.audit.bundle import Signed
from chalicelib.audit.document import Checkpoint, jws_key, leaves_key
from chalicelib.audit.jws import Jws

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Archive:
    """The checkpoints in `bucket`."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def checkpoints(self) -> Iterator[tuple[Checkpoint, Signed]]:
        """Every checkpoint in its order, with its leaves file as it stands (None if missing).

        Believes what it reads; the verifier does not. Raises `UnreadableJws`,
        `UnreadableCheckpoint` and the client's errors.
        """
        number = 1
        while (text := self._read(jws_key(number))) is not None:
            jws = text.decode()
            checkpoint = Checkpoint.from_payload(Jws.parse(jws).payload)
            yield checkpoint, Signed(jws, self._read(leaves_key(number, checkpoint.root)))
            number += 1

    def _read(self, key: str) -> bytes | None:
        try:
            return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
