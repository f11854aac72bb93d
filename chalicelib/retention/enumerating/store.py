"""Enumerations in the `records` table: the last one of each collection.

pk  ENUMERATION#<id>     the id is a hash of place and collection
sk  COLLECTION
place, collection        as the data map calls them
stage, at                how far it is; when it began, ms since 1970 UTC
counts, refused          records by outcome, and by the code of what spoke against them
problem                  the code of what stands in its way, if anything does
ended_at                 ms, once it ended
sealed                   the position that it has come to, under the key of the house's records: a
                         row's key may be personal data
due_pk  ENUMERATIONS, with due_sk, <ms>#<id>, while somebody is to look after it
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import Conflict
from chalicelib.retention.enumerating.models import Enumeration, Stage
from chalicelib.retention.records.store import HOUSE
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

ENUMERATION = Schema("enumeration")
_LISTED = "ENUMERATIONS"
_MILLISECOND = timedelta(milliseconds=1)
_SCOPE = Scope.holdings(HOUSE)


class EnumerationMoved(Conflict):
    """Somebody else went on with the enumeration. Never leaves this package."""

    code = "enumeration_moved"


class EnumerationStore:
    """Reads enumerations; makes the writes that move them on."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, enumeration_id: str) -> Enumeration | None:
        """Read consistently; None for a collection that was never enumerated."""
        item = self._records.get(_key(enumeration_id), consistent=True)
        return _enumeration_from(item) if item else None

    def to_look_at(self, until: datetime) -> Iterator[str]:
        """Ids of those that somebody is to look after by `until`, the earliest first."""
        before = f"{to_millis(until + _MILLISECOND):013d}"
        for key in self._records.due(_LISTED, before=before):
            yield key.pk.partition(SEPARATOR)[2]

    def change(self, enumeration: Enumeration) -> Action:
        """The write of `enumeration` in place of the one that it was made from."""
        stands = revision_is(enumeration.revision) if enumeration.revision else ABSENT
        # Of two workers, or two who begin it, one goes on.
        return Put(self._records, _item_of(enumeration), stands, EnumerationMoved)

    def position(self, enumeration: Enumeration) -> str:
        """Where it has come to, empty at the beginning. Raises `SealBroken`."""
        if not enumeration.sealed:
            return ""
        return self._vault.open(_SCOPE, self._context(enumeration), enumeration.sealed).decode()

    def come_to(self, enumeration: Enumeration, position: str) -> Enumeration:
        """The enumeration at that position."""
        sealed = self._vault.seal(_SCOPE, self._context(enumeration), position.encode())
        return replace(enumeration, sealed=sealed)

    def _context(self, enumeration: Enumeration) -> SealContext:
        key = _key(enumeration.enumeration_id)
        return SealContext(
            self._records.logical, key.pk, key.sk, ENUMERATION.item_type, ENUMERATION.version
        )


def _key(enumeration_id: str) -> Key:
    return Key(compose("ENUMERATION", enumeration_id), "COLLECTION")


def _item_of(enumeration: Enumeration) -> Item:
    key = _key(enumeration.enumeration_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": enumeration.revision + 1,
        "place": enumeration.place,
        "collection": enumeration.collection,
        "stage": enumeration.stage.value,
        "at": to_millis(enumeration.begun_at),
        "counts": dict(enumeration.counts),
        "refused": dict(enumeration.refused),
    }
    if enumeration.problem:
        item["problem"] = enumeration.problem
    if enumeration.ended_at is not None:
        item["ended_at"] = to_millis(enumeration.ended_at)
    if enumeration.sealed:
        item["sealed"] = enumeration.sealed
    if enumeration.look_at is not None:
        item |= {
            "due_pk": _LISTED,
            "due_sk": f"{to_millis(enumeration.look_at):013d}#{enumeration.enumeration_id}",
        }
    return ENUMERATION.stamp(item)


def _enumeration_from(item: Item) -> Enumeration:
    match ENUMERATION.lift(item):
        case {
            "rev": int(revision),
            "place": str(place),
            "collection": str(collection),
            "stage": str(stage),
            "at": int(at),
            "counts": dict(counts),
            "refused": dict(refused),
        }:
            moment, _, _ = str(item.get("due_sk", "")).partition(SEPARATOR)
            ended_at = item.get("ended_at")
            return Enumeration(
                place,
                collection,
                from_millis(at),
                from_millis(int(moment)) if moment else None,
                Stage(stage),
                _numbers(counts),
                _numbers(refused),
                str(item.get("problem", "")),
                from_millis(ended_at) if isinstance(ended_at, int) else None,
                cast("bytes", item.get("sealed", b"")),
                revision,
            )
    raise UnreadableItem(ENUMERATION.item_type)


def _numbers(stored: Mapping[str, Value]) -> dict[str, int]:
    return {name: cast("int", number) for name, number in stored.items()}
