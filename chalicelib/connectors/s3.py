"""Datasets in S3: every object under a collection's prefix, read as a whole.

An object is written anew without, or with changed, rows under the condition that it is still the
one that was read. One whose rows are all gone stays, empty: a delete could not be conditional
everywhere. In a bucket with versions the older ones that hold the erased rows go
(`s3_versions.py`).
"""

import json
import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from chalicelib.connectors.answering import answer_of
from chalicelib.connectors.datamap.models import Collection
from chalicelib.connectors.datamap.settings import S3Collection
from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.guarding import check_guard
from chalicelib.connectors.places import PlaceUnavailable, Sighting
from chalicelib.connectors.rows import topmost
from chalicelib.connectors.s3_bucket import Bucket
from chalicelib.connectors.s3_objects import read_rows, rewrite
from chalicelib.connectors.s3_versions import purge
from chalicelib.connectors.stores import Decide, Decision, Lookup, Values, matches, settled

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ATTEMPTS = 5
_IN_MEMORY = 8 * 1024 * 1024  # bytes of a rewritten object; more is on disk
_OVERTAKEN = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "412")
_CARRIED_OVER = (
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Metadata",
    "SSEKMSKeyId",
    "ServerSideEncryption",
    "StorageClass",
)
"""What a rewritten object has of the one before; its tags it has not."""


class S3Store:
    """`stores.Store` on one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._bucket = Bucket(client, bucket)

    def find(self, collection: Collection, lookup: Lookup) -> Iterator[Values]:
        """The rows in the current versions, object by object. Raises `PlaceUnavailable`."""
        for key in self._bucket.keys(_settings(collection).prefix):
            yield from self._matching(collection, lookup, {"Key": key})

    def all_rows(self, collection: Collection) -> Iterator[Values]:
        """Every row of the current versions: each object is read. Raises `PlaceUnavailable`."""
        for key in self._bucket.keys(_settings(collection).prefix):
            yield from self._rows(collection, {"Key": key})

    def enumerate(
        self, collection: Collection, after: str, lookup: Lookup | None = None
    ) -> Iterator[Sighting]:
        """Every row of the current versions, object by object. Raises `PlaceUnavailable`.

        A position is an object's name and, inside of it, its entity tag and the rows that were
        read. Going on there reads the object again; one that is another by now begins anew.
        `lookup` is no way here: each object would be read to its end.
        """
        if lookup is not None:
            raise PlaceUnavailable
        key, tag, read = json.loads(after) if after else ("", "", 0)
        if tag:
            yield from self._sightings(collection, key, tag, read)
        for each in self._bucket.keys(_settings(collection).prefix, key):
            yield from self._sightings(collection, each)

    def _sightings(
        self, collection: Collection, key: str, tag: str = "", read: int = 0
    ) -> Iterator[Sighting]:
        answer = self._bucket.get({"Key": key})
        if answer is not None:
            current = answer["ETag"]
            skipped = read if current == tag else 0
            rows = islice(self._parsed(collection, key, answer), skipped, None)
            for number, row in enumerate(rows, skipped + 1):
                yield Sighting(row, json.dumps([key, current, number]))
        # Thousands of objects may be empty: going on has to get past them, too.
        yield Sighting(None, json.dumps([key, "", 0]))

    def change(
        self,
        collection: Collection,
        lookup: Lookup,
        decide: Decide,
        *,
        erases: bool,
        guard: Guard = (),
    ) -> Iterator[Decision]:
        """Rewrites each object that holds rows to be changed; `erases` looks at versions too.

        A `guard` is checked right before each write and each deletion. A hold that begins while
        that one call is on its way (the upload of the object, at the longest) comes too late.
        """
        counted: set[str] = set()
        for key in self._bucket.keys(_settings(collection).prefix):
            for decision in self._changed(collection, lookup, key, decide, guard):
                counted.add(key)
                yield decision
        if erases:
            read = partial(self._matching, collection, lookup)
            prefix = _settings(collection).prefix
            yield from purge(self._bucket, prefix, read, decide, counted, guard)

    def _changed(
        self, collection: Collection, lookup: Lookup, key: str, decide: Decide, guard: Guard
    ) -> list[Decision]:
        for _ in range(_ATTEMPTS):
            decisions = [decide(row) for row in self._matching(collection, lookup, {"Key": key})]
            if not any(each.alters for each in decisions):
                return decisions
            written = self._rewritten(collection, lookup, key, decide, guard)
            if written is not None:
                return written
        raise PlaceUnavailable

    def _rewritten(
        self, collection: Collection, lookup: Lookup, key: str, decide: Decide, guard: Guard
    ) -> list[Decision] | None:
        """What was decided and written; None when somebody wrote the object meanwhile."""
        decisions: list[Decision] = []

        def change(row: Values) -> Values | None:
            if not matches(lookup, row):
                return row
            decision = settled(decide(row))
            decisions.append(decision)
            if not decision.alters:
                return row
            return None if decision.delete else {**row, **decision.changes}

        answer = self._bucket.get({"Key": key})
        if answer is None:
            return []
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as anew:
            zipped = _is_zipped(key, answer)
            layout = _settings(collection).format
            columns = _columns(collection)
            rewrite(answer["Body"], anew, layout, change, zipped=zipped, columns=columns)
            anew.seek(0)
            check_guard(guard)
            written = answer_of(
                self._bucket.client.put_object,
                *_OVERTAKEN,
                Bucket=self._bucket.name,
                Key=key,
                Body=anew,
                # A writer who came between keeps what they wrote: the object is read again.
                IfMatch=answer["ETag"],
                **{name: answer[name] for name in _CARRIED_OVER if name in answer},
            )
        return decisions if written is not None else None

    def _matching(
        self, collection: Collection, lookup: Lookup, which: dict[str, str]
    ) -> Iterator[Values]:
        return (row for row in self._rows(collection, which) if matches(lookup, row))

    def _rows(self, collection: Collection, which: dict[str, str]) -> Iterator[Values]:
        answer = self._bucket.get(which)
        if answer is not None:
            yield from self._parsed(collection, which["Key"], answer)

    def _parsed(self, collection: Collection, key: str, answer: Any) -> Iterator[Values]:
        layout, columns = _settings(collection).format, _columns(collection)
        zipped = _is_zipped(key, answer)
        return read_rows(answer["Body"], layout, zipped=zipped, columns=columns)


def _settings(collection: Collection) -> S3Collection:
    settings: S3Collection = collection.settings
    return settings


def _columns(collection: Collection) -> frozenset[str]:
    return frozenset(topmost(collection.fields))


def _is_zipped(key: str, answer: Any) -> bool:
    return key.endswith(".gz") or answer.get("ContentEncoding") == "gzip"
