"""Older versions of the objects in a bucket, once an erasure is through with the current ones.

A version goes or stays, whole. It goes if it holds rows that are to be another. It stays if it is
the newest that holds a row that a mandate keeps as it is there: the law's record is never destroyed
with what lies beside it.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from chalicelib.connectors.answering import answer_of
from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.guarding import check_guard
from chalicelib.connectors.places import PlaceUnavailable
from chalicelib.connectors.s3_bucket import Bucket
from chalicelib.connectors.stores import Decide, Decision, Values

type Read = Callable[[dict[str, str]], Iterable[Values]]
"""The person's rows in an object (`Key`), in one of its versions if there is a `VersionId`."""


class KeptBesideErased(PlaceUnavailable):
    """An older version holds rows that have to go beside one that a mandate keeps only there.

    Somebody has to part them: the same comes of every further try.
    """

    code = "place_kept_beside_erased"


def purge(
    bucket: Bucket,
    prefix: str,
    read: Read,
    decide: Decide,
    counted: set[str],
    guard: Guard = (),
) -> Iterator[Decision]:
    """Deletes the older versions below `prefix` that are to go.

    They are looked at whatever the current ones held: a worker may have died in between. Rows are
    counted where no current version had any (its key is not in `counted`), or where they stay.
    `guard` is checked before each deletion. Raises `KeptBesideErased` after all else is done,
    `PlaceUnavailable`.
    """
    is_mixed = False
    # They come key by key, the newest first.
    for key, versions in groupby(bucket.older_versions(prefix), itemgetter(0)):
        kept: set[str] | None = None  # the records in what is newer
        for _, version in versions:
            which = {"Key": key, "VersionId": version}
            decisions = [decide(row) for row in read(which)]
            held = {_record(each) for each in decisions if each.holds}
            if held and kept is None:
                kept = {_record(each) for each in map(decide, read({"Key": key})) if each.holds}
            if kept is not None and (only_here := held - kept):
                kept |= held
                is_mixed = is_mixed or any(map(_would_go, decisions))
                yield from _staying(decisions, only_here)
            elif any(each.alters for each in decisions):
                check_guard(guard)
                answer_of(bucket.client.delete_object, Bucket=bucket.name, **which)
                if key not in counted:
                    # What is kept of them is counted where it stays.
                    yield from (each for each in decisions if not each.holds)
    if is_mixed:
        raise KeptBesideErased


def _staying(decisions: Iterable[Decision], records: set[str]) -> Iterator[Decision]:
    """Why the `records` stay. Nothing is changed in them."""
    for each in decisions:
        if each.holds and _record(each) in records:
            yield Decision(holds=each.holds)


def _would_go(decision: Decision) -> bool:
    return decision.alters and not decision.holds


def _record(decision: Decision) -> str:
    return json.dumps(decision.lasting, sort_keys=True)
