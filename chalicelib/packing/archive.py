"""A ZIP archive written as a stream: every file is hashed as it goes in, none is held whole."""

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, cast

from chalicelib.packing.objects import Upload

_LONG_BYTES = 1024**3
"""From here on a file gets ZIP64 sizes, which some old programs cannot read; its end is not known
when its header is written."""


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the archive: its name, the SHA-256 (hex) and the size in bytes of its content."""

    name: str
    sha256: str
    size: int


class Archive:
    """An archive in the making; `close` writes its directory."""

    def __init__(self, stream: Upload, moment: datetime) -> None:
        """`moment` (aware) is when all its files were made."""
        # ZipFile needs `write` and `flush`, and puts sizes behind what it cannot go back to.
        self._zip = zipfile.ZipFile(cast("IO[bytes]", stream), "w", zipfile.ZIP_DEFLATED)
        self._time = moment.astimezone(UTC).timetuple()[:6]
        self.files: list[PackedFile] = []

    def add(self, name: str, pieces: Iterable[bytes], *, expected: int = 0) -> PackedFile:
        """Adds a file. `expected` is about its size in bytes, where it may be a long one."""
        entry = zipfile.ZipInfo(name, self._time)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w", force_zip64=expected >= _LONG_BYTES) as file:
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                file.write(piece)
        packed = PackedFile(name, digest.hexdigest(), size)
        self.files.append(packed)
        return packed

    def close(self) -> None:
        """Ends the archive; the stream stays open."""
        self._zip.close()
