"""Appending to a chain inside the very transaction that makes the change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from chalicelib.audit.entry import (
    GENESIS,
    HASH_BYTES,
    SCHEMA,
    Actor,
    Entity,
    Entry,
    Fact,
    entry_key,
)
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import DomainError
from chalicelib.ids import Ids
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, ConditionFailed, Moved, Put

HEAD_SCHEMA = Schema("trail_head")


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: its last entry's sequence number, hash and time (ms since 1970 UTC)."""

    entity: Entity
    seq: int
    hash: bytes
    at: int

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The head after `entry`."""
        return cls(entry.entity, entry.seq, entry.hash, entry.at)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """The head stored as `item`. Raises `UnreadableItem`."""
        match HEAD_SCHEMA.lift(item):
            case {"due_sk": str(entity), "seq": int(seq), "hash": bytes(hash_), "at": int(at)} if (
                len(hash_) == HASH_BYTES
            ):
                return cls(Entity.parse(entity), seq, hash_, at)
        raise UnreadableItem(HEAD_SCHEMA.item_type)

    def item(self) -> Item:
        """The head as the records table stores it, listed under the hour of its last change."""
        key = head_key(self.entity)
        return HEAD_SCHEMA.stamp(
            {
                "pk": key.pk,
                "sk": key.sk,
                "seq": self.seq,
                "hash": self.hash,
                "at": self.at,
                "due_pk": heads_bucket(self.at),
                "due_sk": str(self.entity),
            }
        )


class Trail:
    """Chains of entries in `audit`, their heads in `records`."""

    def __init__(self, records: Table, audit: Table, clock: Clock, ids: Ids) -> None:
        self._records = records
        self._audit = audit
        self._clock = clock
        self._ids = ids

    def actions(
        self, entity: Entity, actor: Actor, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        """The two writes that append one entry, for the transaction that makes the change.

        Reads the head consistently each time, so call it inside the `build` of `run_command`, once
        per entity and transaction. `facts` holds constants, ids, numbers and hashes, never personal
        data; raises `UnfitForTrail`. The transaction meets `Moved` when the chain has grown
        meanwhile.
        """
        head = self.head(entity)
        if head is None:
            return self._appended(self._entry(entity, actor, action, facts, None), ABSENT, Moved)
        # Two writers who read the same head: one moves it, the other starts anew from the new head.
        head_stands = Condition(
            "#seq = :seq AND #hash = :hash",
            {"#seq": "seq", "#hash": "hash"},
            {":seq": head.seq, ":hash": head.hash},
        )
        return self._appended(self._entry(entity, actor, action, facts, head), head_stands, Moved)

    def first_actions(
        self, entity: Entity, actor: Actor, action: str, facts: Mapping[str, Fact]
    ) -> list[Action]:
        """As `actions`, for an entity whose id was drawn a moment ago: no head is read.

        The transaction fails for good where the chain has begun, since that id came twice.
        """
        entry = self._entry(entity, actor, action, facts, None)
        return self._appended(entry, ABSENT, ConditionFailed)

    def head(self, entity: Entity) -> Head | None:
        """The present end of the chain, read consistently; None while nothing happened yet."""
        item = self._records.get(head_key(entity), consistent=True)
        return Head.from_item(item) if item else None

    def history(self, entity: Entity) -> Iterator[Entry]:
        """All entries of `entity`, oldest first, read page by page. Raises `UnreadableItem`."""
        for item in self._audit.query_all(entry_key(entity, 1).pk, consistent=True):
            yield Entry.from_fields(SCHEMA.lift(item))

    def page(self, entity: Entity, limit: int, start: Key | None) -> tuple[list[Entry], Key | None]:
        """`limit` entries of `entity` after `start`, oldest first, and where to go on from.

        Raises `UnreadableItem`.
        """
        page = self._audit.query(entry_key(entity, 1).pk, limit=limit, start=start)
        return [Entry.from_fields(SCHEMA.lift(item)) for item in page.items], page.last

    def _entry(
        self,
        entity: Entity,
        actor: Actor,
        action: str,
        facts: Mapping[str, Fact],
        head: Head | None,
    ) -> Entry:
        return Entry(
            self._ids.new(),
            entity,
            head.seq + 1 if head else 1,
            to_millis(self._clock.now()),
            actor,
            action,
            dict(facts),
            head.hash if head else GENESIS,
        )

    def _appended(
        self, entry: Entry, head_stands: Condition, otherwise: type[DomainError]
    ) -> list[Action]:
        return [
            # Even with a head that was set back (a restored table) no entry is ever overwritten.
            Put(self._audit, entry.item(), ABSENT, otherwise),
            Put(self._records, Head.of(entry).item(), head_stands, otherwise),
        ]


def head_key(entity: Entity) -> Key:
    """Where the head of `entity` stands in the records table."""
    return Key(compose("TRAIL", entity.type, entity.id), "HEAD")


def heads_bucket(at: int) -> str:
    """The bucket of the `due` index that lists heads moved in the UTC hour of `at` (ms)."""
    return compose("HEADS", f"{from_millis(at):%Y-%m-%dT%H}")
