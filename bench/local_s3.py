"""S3 in a folder, answering below botocore: serialising, checksums and signing are real."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSResponse, HTTPHeaders

_CHECKSUM = "x-amz-checksum-crc32"
_PIECE = 1024 * 1024


class _Raw:
    """A response's body, as urllib3 would give it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content

    def read(self, amount: int | None = None, **_: Any) -> bytes:
        count = len(self._content) if amount is None else amount
        taken, self._content = self._content[:count], self._content[count:]
        return taken

    def close(self) -> None:
        pass


class FolderS3:
    """Puts, multipart uploads and reads of ranges; nothing else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        """For the event `before-send.s3`."""
        parts = urlsplit(request.url)
        file = self._folder / unquote(parts.path).strip("/").replace("/", "~")
        query = parse_qs(parts.query, keep_blank_values=True)
        pieces = file.with_name(file.name + ".pieces")
        match request.method:
            case "GET":
                return _range(request, file)
            case "POST" if "uploads" in query:
                pieces.write_bytes(b"")
                return _answered(request, b"<R><UploadId>one</UploadId></R>")
            case "POST":
                pieces.replace(file)
                return _answered(request, b"<R><ETag>x</ETag></R>")
            case "PUT":
                with (pieces if "partNumber" in query else file).open(
                    "ab" if "partNumber" in query else "wb"
                ) as target:
                    for piece in _body(request):
                        target.write(piece)
                return _answered(request, b"", {"ETag": "x", _CHECKSUM: "AAAAAA=="})
        raise ValueError(request.method)


def _range(request: Any, file: Path) -> AWSResponse:
    asked = request.headers["Range"]
    asked = asked.decode() if isinstance(asked, bytes) else asked
    first, last = re.fullmatch(r"bytes=(\d*)-(\d*)", asked).groups()  # type: ignore[union-attr]  # ours
    size = file.stat().st_size
    start = int(first) if first else max(0, size - int(last))
    end = int(last) + 1 if first else size
    with file.open("rb") as source:
        source.seek(start)
        return _answered(request, source.read(end - start))


def _body(request: Any) -> Iterator[bytes]:
    """The body without the framing of `aws-chunked`, if it has it."""
    body = request.body
    if isinstance(body, bytes | bytearray):
        yield bytes(body)
        return
    if b"aws-chunked" not in str(request.headers.get("Content-Encoding", "")).encode():
        while piece := body.read(_PIECE):
            yield piece
        return
    framed = bytearray()
    while piece := body.read(_PIECE):
        framed += piece
    at = 0
    while length := int(framed[at : (line := framed.index(b"\r\n", at))].split(b";")[0], 16):
        yield bytes(framed[line + 2 : line + 2 + length])
        at = line + 4 + length


def _answered(request: Any, content: bytes, headers: dict[str, str] | None = None) -> AWSResponse:
    found = HTTPHeaders()
    for name, value in {"content-length": str(len(content)), **(headers or {})}.items():
        found[name] = value
    return AWSResponse(request.url, 200, found, _Raw(content))
