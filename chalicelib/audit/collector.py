"""Finds what changed since a moment: chains that grew and preferences that came.

Both stand in buckets of an hour, so the cost follows the hours and the changes, never what is
stored. Nothing is lost to an index that lags or to a writer that was slow between reading the time
and writing: every collection starts `OVERLAP` before its window, and a leaf found twice is one leaf
in each of two trees.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import batched

from chalicelib.audit.digests import LeafBatch, leaves_bucket
from chalicelib.audit.leaves import HeadLeaf, Leaves
from chalicelib.audit.trail import Head, heads_bucket
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table

OVERLAP = 20 * 60 * 1000  # ms; a Lambda lives at most 15 minutes, an index lags by seconds
FIRST_LOOKBACK = 2 * 24 * 60 * 60 * 1000  # ms; the first run comes an hour after the deployment
_HOUR = 60 * 60 * 1000  # ms
_BATCH = 100
_ENOUGH_LEAVES = 500_000  # about 100 MB while they are sorted


class Collector:
    """Reads heads from `records` and leaf batches from `audit`."""

    def __init__(self, records: Table, audit: Table) -> None:
        self._records = records
        self._audit = audit

    def collect(
        self, start: int, end: int, in_time: Callable[[], bool]
    ) -> tuple[Leaves, int] | None:
        """The leaves from `start` to `end` (ms), and the moment up to which they are complete.

        That moment is `end`, or the end of an earlier hour when time ran out or the leaves are
        enough for one tree; None when time ran out before it got past `start`.
        """
        since = start - OVERLAP
        heads: set[HeadLeaf] = set()
        digests: set[bytes] = set()
        reached = since
        try:
            while reached < end and len(heads) + len(digests) < _ENOUGH_LEAVES:
                heads |= set(_watched(self._heads(reached, since), in_time))
                for batch in _watched(self._batches(reached, since), in_time):
                    digests.update(batch.digests)
                reached = min(end, _next_hour(reached))
        except _OutOfTime:
            pass  # The unfinished hour is collected again by the next run.
        return (Leaves(heads, digests), reached) if reached > start else None

    def batches(self, since: int, end: int) -> Iterator[LeafBatch]:
        """The leaf batches stored from `since` to `end` (ms)."""
        for hour in hours(since, end):
            yield from self._batches(hour, since)

    def _heads(self, hour: int, since: int) -> Iterator[HeadLeaf]:
        for keys in batched(self._records.due(heads_bucket(hour)), _BATCH, strict=False):
            yield from self._read_heads(keys, since)

    def _read_heads(self, keys: Iterable[Key], since: int) -> Iterator[HeadLeaf]:
        # Consistently: the index says which chains grew, the items say where they end now.
        for item in self._records.batch_get(keys, consistent=True).values():
            head = Head.from_item(item)
            if head.at >= since:
                yield HeadLeaf(head.entity, head.seq, head.hash)

    def _batches(self, hour: int, since: int) -> Iterator[LeafBatch]:
        for item in self._audit.query_all(leaves_bucket(hour), consistent=True):
            batch = LeafBatch.from_item(item)
            if batch.at >= since:
                yield batch


def hours(start: int, end: int) -> Iterator[int]:
    """A moment of each UTC hour that `start` to `end` (ms, exclusive) touches."""
    while start < end:
        yield start
        start = _next_hour(start)


def _next_hour(moment: int) -> int:
    return moment - moment % _HOUR + _HOUR


class _OutOfTime(Exception):
    """The run must come to its end."""


def _watched[T](found: Iterable[T], in_time: Callable[[], bool]) -> Iterator[T]:
    if not in_time():
        raise _OutOfTime
    for each in found:
        yield each
        if not in_time():
            raise _OutOfTime
