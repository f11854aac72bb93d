"""A copy as a file, signed with a key made here."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from chalicelib.audit.jws import PublicKey
from chalicelib.packing.archive import Archive
from chalicelib.packing.manifest import prove
from chalicelib.packing.objects import Upload
from chalicelib.requests.copies.naming import COPY
from tests.unit.audit.world import LocalSigner

MOMENT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FILES: Mapping[str, bytes] = {
    "places/platform/users.json": json.dumps(
        [{"id": n, "text": "x" * 80} for n in range(60)]
    ).encode(),
    "places/platform/users.csv": b"\xef\xbb\xbfid\r\n1\r\n",
    "report.html": b"<!DOCTYPE html><title>Report</title>",
}

type Pack = Callable[[Path], Path]


class Stream:
    """As much of an upload as an archive needs: it cannot be gone back in."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, data: bytes) -> int:
        self.content += data
        return len(data)

    def flush(self) -> None:
        pass


@pytest.fixture(scope="session")
def signer() -> LocalSigner:
    return LocalSigner()


@pytest.fixture(scope="session")
def keys(signer: LocalSigner) -> list[PublicKey]:
    return [PublicKey.from_jwk(signer.jwk())]


@pytest.fixture(scope="session")
def packed(signer: LocalSigner) -> bytes:
    """The archive's bytes."""
    stream = Stream()
    archive = Archive(cast("Upload", stream), MOMENT)
    for name, content in FILES.items():
        archive.add(name, [content[:10], content[10:]])
    prove(archive, COPY, "01JREQUEST", MOMENT, signer, [signer.jwk()])
    archive.close()
    return bytes(stream.content)


@pytest.fixture
def copy(packed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "copy.zip"
    path.write_bytes(packed)
    return path
