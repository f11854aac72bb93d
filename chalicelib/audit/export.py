"""Makes the bundle that the verifier reads, from the tables and the write-once bucket.

Which chains there are follows from the checkpoints' leaves and from what changed since, so no table
is scanned.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.audit.archive import Archive
from chalicelib.audit.bundle import Bundle, Chain, Signed, entry_to_json
from chalicelib.audit.collector import FIRST_LOOKBACK, OVERLAP, Collector, hours
from chalicelib.audit.digests import LeafBatch, leaves_bucket
from chalicelib.audit.document import Checkpoint
from chalicelib.audit.entry import SCHEMA, Entity, Entry, entry_key
from chalicelib.audit.leaves import Leaves
from chalicelib.audit.link import Link
from chalicelib.audit.pointer import Pointer
from chalicelib.audit.trail import Head, head_key
from chalicelib.clock import Clock, to_millis
from chalicelib.tables.codec import Item
from chalicelib.tables.schema import UnreadableItem
from chalicelib.tables.table import Table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Exporter:
    """Reads the trail as it stands. What it finds unreadable it passes on for the verifier."""

    def __init__(
        self,
        records: Table,
        audit: Table,
        s3: "S3Client",
        bucket: str,
        clock: Clock,
    ) -> None:
        self._records = records
        self._audit = audit
        self._archive = Archive(s3, bucket)
        self._clock = clock

    def export(
        self, jwks: Sequence[Mapping[str, Any]], entities: Sequence[Entity] | None = None
    ) -> Bundle:
        """The whole trail, or the chains of `entities` with all checkpoints. Held in memory.

        `jwks` are the public keys to name in it. Raises the clients' errors.
        """
        # The pointer first, the bucket next, the chains last: whatever happens meanwhile, the
        # chains reach at least as far as the checkpoints say.
        latest = Pointer(self._records).read()
        checkpoints = list(self._archive.checkpoints())
        chosen = entities if entities is not None else self._all_entities(checkpoints, latest)
        batches = list(self._batches(checkpoints)) if entities is None else []
        return Bundle(
            complete=entities is None,
            exported_at=to_millis(self._clock.now()),
            keys=tuple(jwks),
            chains={str(entity): self._chain(entity) for entity in chosen},
            batches=tuple(batches),
            checkpoints=tuple(signed for _, signed in checkpoints),
            latest=latest,
        )

    def pieces(
        self, jwks: Sequence[Mapping[str, Any]], entities: Sequence[Entity]
    ) -> Iterator[bytes]:
        """The bundle of the chains of `entities` as JSON text, made while it is read.

        One checkpoint is held at a time, then the chains. Raises the clients' errors.
        """
        latest = Pointer(self._records).read()  # in the order of `export`, and for its reason
        before = b'{"checkpoints":['
        for _, signed in self._archive.checkpoints():
            yield before + _json(signed.to_json())
            before = b","
        rest = Bundle(
            complete=False,
            exported_at=to_millis(self._clock.now()),
            keys=tuple(jwks),
            chains={str(entity): self._chain(entity) for entity in entities},
            batches=(),
            checkpoints=(),
            latest=latest,
        ).to_json()
        del rest["checkpoints"]
        yield (b"]," if before == b"," else before + b"],") + _json(rest)[1:]

    def _all_entities(
        self, checkpoints: Sequence[tuple[Checkpoint, Signed]], latest: Link | None
    ) -> list[Entity]:
        entities = {
            head.entity
            for _, signed in checkpoints
            if signed.leaves is not None
            for head in Leaves.from_bytes(signed.leaves).heads
        }
        now = to_millis(self._clock.now())
        start = latest.end if latest else _beginning(checkpoints, now)
        recent = Collector(self._records, self._audit).collect(start, now, lambda: True)
        if recent:
            entities.update(head.entity for head in recent[0].heads)
        return sorted(entities, key=str)

    def _batches(self, checkpoints: Sequence[tuple[Checkpoint, Signed]]) -> Iterator[LeafBatch]:
        now = to_millis(self._clock.now())
        for hour in hours(_beginning(checkpoints, now) - OVERLAP, now):
            for item in self._audit.query_all(leaves_bucket(hour), consistent=True):
                yield LeafBatch.from_item(item)

    def _chain(self, entity: Entity) -> Chain:
        head = self._records.get(head_key(entity), consistent=True)
        items = self._audit.query_all(entry_key(entity, 1).pk, consistent=True)
        stored = Head.from_item(head) if head else None
        return Chain(
            (stored.seq, stored.hash) if stored else None, tuple(_entry(item) for item in items)
        )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _beginning(checkpoints: Sequence[tuple[Checkpoint, Signed]], now: int) -> int:
    return checkpoints[0][0].start if checkpoints else now - FIRST_LOOKBACK


def _entry(item: Item) -> dict[str, Any]:
    try:
        entry = Entry.from_fields(SCHEMA.lift(item))
    except UnreadableItem:
        return {"sk": str(item.get("sk"))}
    stored = item.get("hash")
    return {**entry_to_json(entry), "hash": stored.hex() if isinstance(stored, bytes) else ""}
