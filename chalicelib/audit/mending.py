"""Mends heads that a restore of `records` set behind their chains: an operator's tool.

No entry is ever overwritten, so appends to a chain whose head is behind are refused until the head
says again where the chain ends. That is what its last entry in `audit` says, a table that is not
restored together with `records`. Scans `audit`, which no function may.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from chalicelib.audit.entry import SCHEMA, Entry
from chalicelib.audit.trail import Head, Trail
from chalicelib.clock import Clock, to_millis
from chalicelib.tables.codec import Item, decode
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.schema import UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, RunCommand
from chalicelib.vault.ledger import Line, is_line


class _InPlace(Exception):
    """The head is where it has to be."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What `audit` still says: the erasure ledger's lines, and the last entries of all chains."""

    lines: tuple[Line, ...]
    ends: tuple[Entry, ...]
    unreadable: int
    """Items among the lines that are none."""


class Mending:
    """Reads `audit`, mends heads in `records`."""

    def __init__(
        self, records: Table, audit: Table, trail: Trail, clock: Clock, run_command: RunCommand
    ) -> None:
        self._records = records
        self._audit = audit
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def read(self) -> Kept:
        """All of the table, of which lines and last entries are held in memory.

        Raises `UnreadableItem` for an entry.
        """
        lines: list[Line] = []
        unreadable = 0
        ends: dict[str, Item] = {}
        for item in self._scan():
            if is_line(item):
                try:
                    lines.append(Line.from_item(item))
                except UnreadableItem:
                    unreadable += 1
            elif item.get("et") == SCHEMA.item_type:
                pk = str(item["pk"])
                ends[pk] = max(ends.get(pk, item), item, key=lambda each: str(each["sk"]))
        return Kept(
            tuple(lines),
            tuple(Entry.from_fields(SCHEMA.lift(item)) for item in ends.values()),
            unreadable,
        )

    def is_behind(self, end: Entry) -> bool:
        """Whether the head of the chain that ends with `end` is before it, or missing."""
        head = self._trail.head(end.entity)
        return head is None or head.seq < end.seq

    def mend(self, end: Entry) -> None:
        """Lets the head stand at `end`, unless it stands there or later. May be repeated."""
        with suppress(_InPlace):
            self._run_command(lambda: self._mended(end))

    def _mended(self, end: Entry) -> list[Action]:
        head = self._trail.head(end.entity)
        # Listed as of now, so that the next checkpoint seals what the lost head was to bring it.
        mended = Head(end.entity, end.seq, end.hash, to_millis(self._clock.now()))
        if head is None:
            return [Put(self._records, mended.item(), ABSENT, Moved)]
        if head.seq >= end.seq:
            raise _InPlace
        return [Put(self._records, mended.item(), _stands(head), Moved)]

    def _scan(self) -> Iterator[Item]:
        pages = self._audit.client.get_paginator("scan")
        for page in pages.paginate(TableName=self._audit.name, ConsistentRead=True):
            yield from map(decode, page["Items"])


def _stands(head: Head) -> Condition:
    """Nobody appended to the chain since its head was read."""
    return Condition("#seq = :seq", {"#seq": "seq"}, {":seq": head.seq})
