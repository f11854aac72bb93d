"""Adds the digests that never arrived: an operator's tool for after the stream gave records up.

The one place that scans a table. No function may; an operator with rights of his own runs it
(`python -m chalicelib.audit backfill`), as often as he likes: what is held already is left alone.

**What it proves.** A digest that is added today is sealed by the next checkpoint, so it proves that
the item stood there today, not on the day of the choice: an item that somebody changed meanwhile
has a digest that nobody ever got as a receipt, and would be sealed with the others. That is why the
tool only counts until it is told to add, and why adding leaves an entry in the trail first.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.audit.archive import Archive
from chalicelib.audit.collector import FIRST_LOOKBACK, OVERLAP, Collector
from chalicelib.audit.digests import DigestBook, preference_digest
from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.leaves import Leaves
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, to_millis
from chalicelib.tables.codec import decode
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import run_command

ENTITY = Entity("digests", "preferences")
_OPERATOR = Actor("operator", "backfill")


@dataclass(frozen=True, slots=True)
class Gap:
    """Digests of stored preferences that nothing holds, and how many items have none at all."""

    preferences: int
    missing: frozenset[bytes]
    undigestible: int


class Backfill:
    """Compares the preferences table with what the trail holds. Both are held in memory."""

    def __init__(
        self,
        preferences: Table,
        archive: Archive,
        collector: Collector,
        trail: Trail,
        book: DigestBook,
        clock: Clock,
    ) -> None:
        self._preferences = preferences
        self._archive = archive
        self._collector = collector
        self._trail = trail
        self._book = book
        self._clock = clock

    def find(self) -> Gap:
        """What is missing. Reads the whole preferences table and every checkpoint's leaves.

        A digest is held when a checkpoint has it as a leaf, or a batch that the next checkpoint
        collects. One that the stream is only about to bring counts as missing: adding it too
        changes no tree. Raises `UnreadableLeaves`, `UnreadableJws`, `UnreadableCheckpoint`,
        `UnreadableItem` and the clients' errors.
        """
        # The table first: whatever is written meanwhile is not missed, it is not looked for.
        stored: set[bytes] = set()
        preferences = undigestible = 0
        for item in self._scan():
            preferences += 1
            try:
                stored.add(preference_digest(decode(item)))
            except (TypeError, ValueError):
                undigestible += 1
        return Gap(preferences, frozenset(stored - self._held()), undigestible)

    def add(self, gap: Gap) -> None:
        """Adds what is missing, after an entry in the trail that says how much."""
        if not gap.missing:
            return
        facts = {"missing": len(gap.missing)}
        run_command(
            self._preferences.client,
            lambda: self._trail.actions(ENTITY, _OPERATOR, "digests.backfilled", facts),
            sleep=time.sleep,
        )
        self._book.add(gap.missing, self._clock.now())

    def _scan(self) -> Iterator[Any]:
        start: dict[str, Any] = {}
        while True:
            answer = self._preferences.client.scan(
                TableName=self._preferences.name, ConsistentRead=True, **start
            )
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _held(self) -> set[bytes]:
        held: set[bytes] = set()
        sealed_until = None
        for checkpoint, signed in self._archive.checkpoints():
            sealed_until = checkpoint.end
            if signed.leaves is not None:
                held.update(Leaves.from_bytes(signed.leaves).digests)
        now = to_millis(self._clock.now())
        start = now - FIRST_LOOKBACK if sealed_until is None else sealed_until
        for batch in self._collector.batches(start - OVERLAP, now + 1):
            held.update(batch.digests)
        return held
