"""From parts to a signed archive, as a stream from the bucket into the bucket.

report.html                         for people, in the requester's language
trail.json                          the trail's entries as they are chained
places/<place>/<collection>.json    the rows as they are
places/<place>/<collection>.csv     the same as a table
keys.json, manifest.json, manifest.jws (packing/manifest.py)
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from chalicelib.audit.bundle import entry_to_json
from chalicelib.audit.entry import Entry
from chalicelib.clock import Clock
from chalicelib.connectors.places import Verdict
from chalicelib.ids import Ids
from chalicelib.packing.archive import Archive
from chalicelib.packing.manifest import prove
from chalicelib.packing.objects import Exports
from chalicelib.requests.copies.frames import MOST_COLUMNS, FrameReader
from chalicelib.requests.copies.models import BuiltCopy, PartDescription
from chalicelib.requests.copies.naming import COPY, archive_key, file_name
from chalicelib.requests.copies.parts import Parts
from chalicelib.requests.copies.report import Report, Searched, report_html
from chalicelib.requests.copies.sheets import sheet
from chalicelib.requests.models import DataRequest
from chalicelib.vault.signing import Signer

REPORT, TRAIL = "report.html", "trail.json"
MEDIA_TYPE = "application/zip"


class CopyBuilder:
    """Builds archives. A build that dies leaves nothing; its repeat makes another object."""

    def __init__(
        self, exports: Exports, parts: Parts, signer: Signer, clock: Clock, ids: Ids
    ) -> None:
        self._exports = exports
        self._parts = parts
        self._signer = signer
        self._clock = clock
        self._ids = ids

    def build(
        self, request: DataRequest, places: Sequence[PartDescription], trail: Iterable[Entry]
    ) -> BuiltCopy:
        """The archive of what `places` hold, with a report that names those that failed too.

        `trail` are the entries to show, the request's and the person's, in the order of their
        chains. Memory stays within some 30 MB whatever the rows are. One Sign. Raises `PartMissing`
        where the verdict is `done` and the part is not there, `SealBroken`, `KeyDestroyed`.
        """
        object_id, now = self._ids.new(), self._clock.now()
        entries = list(trail)
        with self._exports.upload(archive_key(request.request_id, object_id), MEDIA_TYPE) as upload:
            archive = Archive(upload, now)
            searched = [self._pack(archive, request.request_id, each) for each in places]
            report = Report(request, now, searched, entries, self._signer.kid)
            archive.add(REPORT, report_html(report))
            archive.add(TRAIL, _array(_line(entry_to_json(each)) for each in entries))
            keys = [self._signer.public_jwk()]
            prove(archive, COPY, request.request_id, now, self._signer, keys)
            archive.close()
        rows = sum(count for each in searched for count in each.rows.values())
        return BuiltCopy(object_id, upload.sha256, upload.size, rows, now)

    def _pack(self, archive: Archive, request_id: str, described: PartDescription) -> Searched:
        if described.verdict is not Verdict.DONE or described.by_hand:
            return Searched(described, {})
        place_id = described.place.id
        part = self._parts.read(request_id, place_id)
        for collection, summary in part.collections.items():
            size = summary.size
            as_json = file_name(place_id, collection, "json")
            archive.add(as_json, _array(part.lines(collection)), expected=size)
            as_csv = file_name(place_id, collection, "csv")
            archive.add(as_csv, _table(part, collection), expected=size)
        return Searched(described, {name: each.rows for name, each in part.collections.items()})


def _table(part: FrameReader, collection: str) -> Iterator[bytes]:
    columns = list(part.collections[collection].columns)
    return sheet(columns, part.lines(collection), more=len(columns) >= MOST_COLUMNS)


def _array(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of JSON as one array, a line each."""
    before = b"[\n"
    for line in lines:
        yield before
        yield line.rstrip(b"\n")
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _line(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
