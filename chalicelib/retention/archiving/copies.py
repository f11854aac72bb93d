"""Sealed copies of rows, as objects of the archive.

    records/<record id>/<name>   sealed pieces, one after the other, each of 380 KB but the last

What is sealed is a JSON list of rows, under a key of the record's own (`Scope.archive`), so that
destroying it ends all copies of the record though they are locked. Each piece is bound to its
object, to its place in it, to the number of all, and to what the record says in clear of itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from chalicelib.retention.archiving.objects import ArchiveBucket, CopyMissing
from chalicelib.retention.records.models import Copy, HeldRecord
from chalicelib.tables.transactions import Action
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import LONGEST_PLAINTEXT, LONGEST_SEALED, SealContext
from chalicelib.vault.vault import Vault

type Row = Mapping[str, Any]

_TYPE, _VERSION = "archived_rows", 1


class Copies:
    """Puts copies into the archive, opens them, ends them."""

    def __init__(self, bucket: ArchiveBucket, vault: Vault) -> None:
        self._bucket = bucket
        self._vault = vault

    def put(self, record: HeldRecord, rows: Sequence[Row]) -> None:
        """Puts the copy that `record.copy` names. Raises `CopyExists`, `KeyDestroyed`."""
        key, until = _key(record), _copy_of(record).kept.until
        plain = json.dumps(rows, separators=(",", ":")).encode()
        pieces = _cut(plain, LONGEST_PLAINTEXT)
        scope = Scope.archive(record.record_id)
        sealed = [
            self._vault.seal(scope, _context(record, key, number, len(pieces)), piece)
            for number, piece in enumerate(pieces)
        ]
        self._bucket.put(key, b"".join(sealed), until)

    def read(self, record: HeldRecord) -> list[Row]:
        """The rows in the copy that `record.copy` names.

        Raises `CopyMissing`, `KeyDestroyed`, `SealBroken`.
        """
        key = _key(record)
        pieces = _cut(self._bucket.read(key), LONGEST_SEALED)
        scope = Scope.archive(record.record_id)
        plain = b"".join(
            self._vault.open(scope, _context(record, key, number, len(pieces)), piece)
            for number, piece in enumerate(pieces)
        )
        rows: list[Row] = json.loads(plain)
        return rows

    def ending(self, record_id: str, rule: str) -> list[Action]:
        """The writes after which, by `rule`, no copy of the record can be opened (UU PDP 43, 44).

        None where there is no key of any. Call `forget` after they went through.
        """
        if not self.may_be_opened(record_id):
            return []
        return self._vault.destroy_actions(Scope.archive(record_id), rule)

    def may_be_opened(self, record_id: str) -> bool:
        """Whether there is a key of copies of the record, noted or not."""
        return self._vault.has_key(Scope.archive(record_id))

    def forget(self, record_id: str) -> None:
        """Drops the key of the record's copies from this container's memory."""
        self._vault.forget(Scope.archive(record_id))

    def remove(self, record_id: str) -> None:
        """Lets the record's copies go once their locks are over. May be repeated."""
        self._bucket.remove(f"records/{record_id}/")


def _copy_of(record: HeldRecord) -> Copy:
    if record.copy is None:
        raise CopyMissing
    return record.copy


def _key(record: HeldRecord) -> str:
    return f"records/{record.record_id}/{_copy_of(record).name}"


def _cut(content: bytes, longest: int) -> list[bytes]:
    return [content[start : start + longest] for start in range(0, len(content), longest)]


def _context(record: HeldRecord, key: str, number: int, count: int) -> SealContext:
    bound = {"place": record.at.place, "collection": record.at.collection, **asdict(record.facts)}
    said = (f"{name}={value}" for name, value in sorted(bound.items()))
    piece = (f"piece={number}/{count}", *said)
    return SealContext("archive", key, "", _TYPE, _VERSION, piece)
