"""The exports bucket: objects that are written as a stream and read in ranges.

Nothing can be read of an object before all of it is there: short ones are put at once, longer ones
become visible when S3 completes their multipart upload. What a process that died leaves of an
upload is no object, and the bucket's lifecycle removes it after a day.
"""

import contextlib
import hashlib
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from chalicelib.packing.errors import ObjectMissing, UploadUnfinished

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

OBJECT_LIFE = timedelta(days=7)
"""How long an object can be had; the bucket's lifecycle deletes it then."""

URL_LIFE = timedelta(seconds=60)
"""How long the address of one link takes to be used."""

_PIECE_BYTES = 8 * 1024 * 1024  # at most 10,000 of them: 80 GB


class Exports:
    """The bucket. `presigning` is a client that signs addresses with Signature Version 4."""

    def __init__(self, s3: "S3Client", presigning: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._presigning = presigning
        self._bucket = bucket

    def upload(self, key: str, media_type: str) -> "Upload":
        """A stream into the object `key`; it replaces what is there when it ends well."""
        return Upload(self._s3, self._bucket, key, media_type)

    def read(self, key: str, first: int, last: int) -> bytes:
        """The bytes of `key` from `first` to `last` inclusive. Raises `ObjectMissing`."""
        return self._read(key, f"bytes={first}-{last}")

    def read_end(self, key: str, count: int) -> bytes:
        """The last `count` bytes of `key`, fewer if it is shorter. Raises `ObjectMissing`."""
        return self._read(key, f"bytes=-{count}")

    def remove(self, prefix: str) -> None:
        """Deletes every object whose key begins with `prefix`; the bucket keeps no versions."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in pages:
            for found in page.get("Contents", []):
                self._s3.delete_object(Bucket=self._bucket, Key=found["Key"])

    def address(self, key: str, file_name: str, life: timedelta) -> str:
        """A presigned URL that downloads `key` under `file_name` for as long as `life`."""
        return self._presigning.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": key,
                "ResponseContentDisposition": f'attachment; filename="{file_name}"',
                "ResponseCacheControl": "no-store",
            },
            ExpiresIn=int(life.total_seconds()),
        )

    def _read(self, key: str, span: str) -> bytes:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key, Range=span)
        except self._s3.exceptions.ClientError as refusal:
            # S3 says of nothing that it is not there to who may not list the whole bucket.
            if refusal.response["Error"]["Code"] in {"AccessDenied", "NoSuchKey"}:
                raise ObjectMissing from None
            raise
        return answer["Body"].read()


class Upload:
    """A file to write to, as a context: left by an exception, it leaves nothing.

    Holds eight megabytes at most. `sha256` (hex) and `size` tell of the whole once it ended.
    """

    def __init__(self, s3: "S3Client", bucket: str, key: str, media_type: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._media_type = media_type
        self._buffer = bytearray()
        self._hash = hashlib.sha256()
        self._upload_id = ""
        self._pieces: list[CompletedPartTypeDef] = []
        self._ended = False
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._finish()
        elif self._upload_id:
            # Already failing: what S3 says to this must not hide why.
            with contextlib.suppress(self._s3.exceptions.ClientError):
                self._s3.abort_multipart_upload(
                    Bucket=self._bucket, Key=self._key, UploadId=self._upload_id
                )

    @property
    def sha256(self) -> str:
        """Of all that was written. Raises `UploadUnfinished` before the upload ended."""
        if not self._ended:
            raise UploadUnfinished
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        self._buffer += data
        self._hash.update(data)
        self.size += len(data)
        while len(self._buffer) > _PIECE_BYTES:
            self._send(bytes(self._buffer[:_PIECE_BYTES]))
            del self._buffer[:_PIECE_BYTES]
        return len(data)

    def flush(self) -> None:
        """What is written waits until there is enough for a piece (for `zipfile`)."""

    def _send(self, piece: bytes) -> None:
        if not self._upload_id:
            started = self._s3.create_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                ContentType=self._media_type,
                ChecksumAlgorithm="CRC32",
            )
            self._upload_id = started["UploadId"]
        number = len(self._pieces) + 1
        sent = self._s3.upload_part(
            Bucket=self._bucket,
            Key=self._key,
            UploadId=self._upload_id,
            PartNumber=number,
            Body=piece,
            ChecksumAlgorithm="CRC32",
        )
        self._pieces.append(
            {
                "PartNumber": number,
                "ETag": sent["ETag"],
                "ChecksumCRC32": sent["ChecksumCRC32"],
            }
        )

    def _finish(self) -> None:
        rest = bytes(self._buffer)
        if self._upload_id:
            self._send(rest)
            self._s3.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._pieces},
            )
        else:
            self._s3.put_object(
                Bucket=self._bucket, Key=self._key, Body=rest, ContentType=self._media_type
            )
        self._ended = True
