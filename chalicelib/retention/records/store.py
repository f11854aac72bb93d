"""Records under retention in the `records` table (items.py)."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.errors import DomainError
from chalicelib.retention.records.items import (
    CLIENT_INDEX,
    LISTED,
    SHARDS,
    bucket_of_hold,
    bucket_of_shard,
    changing,
    clear_item,
    client_partition,
    context_of,
    gone_partition,
    key_of_record,
    moment_key,
    record_from,
    record_id_of,
)
from chalicelib.retention.records.models import Facts, HeldRecord, Place, State
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.schema import UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Check, Moved, Put, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.keys import Scope
from chalicelib.vault.vault import Vault

_ID_CHARACTERS = 32
HOUSE = "house"
"""Whose the records are that are no client's."""
_MILLISECOND = timedelta(milliseconds=1)


class RecordStore:
    """Finds and reads records; makes the writes that add and change them."""

    def __init__(self, records: Table, vault: Vault, mac_key: Callable[[], bytes]) -> None:
        self._records = records
        self._vault = vault
        self._mac_key = mac_key

    def id_of(self, at: Place) -> str:
        """The id of what is there, registered or not: a MAC, so a thing is registered once and
        nothing of its reference can be guessed from it."""
        parts = [each.encode() for each in (at.place, at.collection, at.reference)]
        message = b"".join(len(each).to_bytes(4) + each for each in parts)
        tag = hmac.digest(self._mac_key(), message, hashlib.sha256)
        return base64.b32encode(tag).decode()[:_ID_CHARACTERS]

    def get(self, record_id: str) -> HeldRecord | None:
        """The record, read consistently and unopened: without its reference."""
        item = self._records.get(key_of_record(record_id), consistent=True)
        return record_from(item) if item else None

    def many(self, record_ids: Iterable[str]) -> dict[str, HeldRecord]:
        """Those that there are, by id, read consistently and unopened; one read per hundred."""
        items = self._records.batch_get(map(key_of_record, record_ids), consistent=True)
        found = map(record_from, items.values())
        return {each.record_id: each for each in found}

    def reference(self, record: HeldRecord) -> str:
        """What names the row at its place. One read. Raises `KeyDestroyed`, `SealBroken`,
        `UnreadableItem` for a record that was disposed of."""
        item = self._records.get(key_of_record(record.record_id), consistent=True) or {}
        match item.get("sealed"):
            case bytes(sealed):
                context = context_of(self._records.logical, item)
                return self._vault.open(scope_of(record.facts), context, sealed).decode()
        raise UnreadableItem(record.record_id)

    def due(self, shard: int, until: datetime) -> Iterator[str]:
        """Ids of the records of `shard` that end by `until`, the earliest first.

        Half a read unit per 4 KB of the index, whatever else is stored.
        """
        before = f"{moment_key(until + _MILLISECOND)}"
        for key in self._records.due(bucket_of_shard(shard), before=before):
            yield record_id_of(key)

    def waiting_for(self, hold_id: str) -> Iterator[str]:
        """Ids of the records that were due and wait for the hold's release."""
        for key in self._records.due(bucket_of_hold(hold_id)):
            yield record_id_of(key)

    def living(self, after: str | None, limit: int) -> tuple[list[str], str | None]:
        """`limit` ids of living records and where to go on from, over all shards.

        A record that moves meanwhile may be missed or come twice: whoever goes through them so
        that something holds of all has to set it for what comes in first.
        """
        shard, _, start = (after or "0").partition(" ")
        keys, last = self._records.due_place(bucket_of_shard(int(shard)), limit, start or None)
        ids = [record_id_of(each) for each in keys]
        if last is not None:
            return ids, f"{shard} {last}"
        following = int(shard) + 1
        return ids, str(following) if following < SHARDS else None

    def of_client(self, client: str, after: str, limit: int, *, gone: bool = False) -> list[str]:
        """`limit` ids of the client's living records behind `after`, in their order; of those that
        were disposed of with `gone`. The index lags by moments."""
        partition = gone_partition(client) if gone else client_partition(client)
        behind = key_of_record(after).pk if after else " "
        keys = self._records.index_page(CLIENT_INDEX, partition, behind, limit)
        return [record_id_of(each) for each in keys]

    def addition(self, record: HeldRecord) -> Action:
        """The write that adds `record`. Of two that add it at once one has to look again."""
        item = clear_item(replace(record, revision=1))
        context = context_of(self._records.logical, item)
        sealed = self._vault.seal(scope_of(record.facts), context, record.at.reference.encode())
        return Put(self._records, {**item, "sealed": sealed}, ABSENT, otherwise=Moved)

    def tombstone(self, record: HeldRecord) -> Action:
        """The write of a record that was disposed of and that the table does not know, so that its
        id is never used again."""
        return Put(self._records, clear_item(replace(record, revision=1)), ABSENT, otherwise=Moved)

    def still_readable(self, facts: Facts) -> Action:
        """For the transaction of an `addition`: it fails with `KeyDestroyed` if the key went."""
        return self._vault.still_there(scope_of(facts))

    def change(self, record: HeldRecord, otherwise: type[DomainError] = Moved) -> Update:
        """The write of `record` in place of the one that it was made from (its revision).

        One that was disposed of loses its reference and leaves all lists. It meets `otherwise`
        where somebody changed the record meanwhile.
        """
        removed = ("sealed", *LISTED) if record.state is State.DISPOSED else ()
        return Update(
            self._records,
            key_of_record(record.record_id),
            Changes(put=changing(record), add={"rev": 1}, remove=removed),
            # Two changes at once: the second sees what the first did, and decides anew.
            revision_is(record.revision),
            otherwise,
        )

    def unchanged(self, record: HeldRecord, otherwise: type[DomainError]) -> Check:
        """For the transaction of a deed: it fails with `otherwise` if the record has changed."""
        key = key_of_record(record.record_id)
        return Check(self._records, key, revision_is(record.revision), otherwise)


def scope_of(facts: Facts) -> Scope:
    """What the references of a client's records live and die with."""
    return Scope.holdings(facts.client or HOUSE)
