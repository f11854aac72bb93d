"""Parts: what each place holds about the person, between the search and the archive.

    parts/<request id>/<place id>

A part is sealed under the request's key (frames.py): destroying the key makes it unreadable before
anything is deleted. Writing one again replaces it, whole or not at all.
"""

from collections.abc import Iterable
from urllib.parse import quote

from chalicelib.connectors.places import Row
from chalicelib.ids import Ids
from chalicelib.packing.errors import ObjectMissing
from chalicelib.packing.objects import Exports
from chalicelib.requests.copies.errors import PartMissing
from chalicelib.requests.copies.frames import LENGTH_BYTES, FrameReader, FrameWriter, Seal
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

MEDIA_TYPE = "application/octet-stream"
_ITEM_TYPE, _VERSION = "copy_part", 1


class Parts:
    """Writes, reads and removes parts."""

    def __init__(self, exports: Exports, vault: Vault, ids: Ids) -> None:
        self._exports = exports
        self._vault = vault
        self._ids = ids

    def write(self, request_id: str, place_id: str, rows: Iterable[Row]) -> int:
        """Stores `rows` as the place's part, in place of an earlier one; returns how many.

        Takes rows one by one and holds a few megabytes. Whatever `rows` raises goes on, and nothing
        is stored then. Raises `KeyDestroyed`, `ValueError` for a number that JSON has not.
        """
        count = 0
        with self._exports.upload(_key(request_id, place_id), MEDIA_TYPE) as upload:
            frames = FrameWriter(self._ids.new(), self._sealing(request_id, place_id), upload.write)
            for row in rows:
                frames.add(row)
                count += 1
            frames.finish()
        return count

    def read(self, request_id: str, place_id: str) -> FrameReader:
        """The part, its collections and their lines. Two reads now, one per 8 MB later.

        Raises `PartMissing`, `SealBroken`, `KeyDestroyed`.
        """
        key = _key(request_id, place_id)

        def read(first: int, last: int) -> bytes:
            try:
                return self._exports.read(key, first, last)
            except ObjectMissing:
                raise PartMissing(place_id) from None

        try:
            length = int.from_bytes(self._exports.read_end(key, LENGTH_BYTES))
            end = self._exports.read_end(key, length + LENGTH_BYTES)
        except ObjectMissing:
            raise PartMissing(place_id) from None
        opening = self._opening(request_id, place_id)
        return FrameReader.of(end[:-LENGTH_BYTES], opening, read)

    def remove(self, request_id: str) -> None:
        """Deletes all parts of the request."""
        self._exports.remove(f"parts/{request_id}/")

    def _sealing(self, request_id: str, place_id: str) -> Seal:
        scope = Scope.request(request_id)
        return lambda plain, label: self._vault.seal(
            scope, _context(request_id, place_id, label), plain
        )

    def _opening(self, request_id: str, place_id: str) -> Seal:
        scope = Scope.request(request_id)
        return lambda sealed, label: self._vault.open(
            scope, _context(request_id, place_id, label), sealed
        )


def _context(request_id: str, place_id: str, label: str) -> SealContext:
    return SealContext("exports", request_id, place_id, _ITEM_TYPE, _VERSION, (label,))


def _key(request_id: str, place_id: str) -> str:
    return f"parts/{request_id}/{quote(place_id, safe='')}"
