"""How often something may happen in an hour or a day, counted by blind index.

    pk     LIMIT#<what>#<blind index>
    sk     <start of the hour or day, UTC>
    count  how often it happened
    ttl    when DynamoDB may sweep the item

Counting and refusing is one conditional addition: of any number of calls at once no more than the
limit pass.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from chalicelib.clock import Clock
from chalicelib.errors import DomainError
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Update
from chalicelib.tables.updates import Changes

COUNTER = Schema("limit_counter")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times in each hour, or `window`, of the clock; `what` names it in keys."""

    what: str
    most: int
    window: timedelta = HOUR


class Limits:
    """Counters in the `records` table."""

    def __init__(self, records: Table, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def allows(self, limit: Limit, whom: str) -> bool:
        """Counts one more for `whom`, a blind index; False, and not counted, when it is too many.

        One UpdateItem.
        """
        key, ends = self._counter(limit, whom)
        turn = _turn_left(limit)
        return self._records.update(key, turn, put=ends, add={"count": 1}) is not None

    def left(self, *asked: tuple[Limit, str]) -> list[bool]:
        """Whether each limit allows its `whom` one more, in order. One BatchGetItem."""
        keys = [self._counter(limit, whom)[0] for limit, whom in asked]
        found = self._records.batch_get(keys, consistent=True)
        return [
            key not in found or cast("int", COUNTER.lift(found[key])["count"]) < limit.most
            for key, (limit, _) in zip(keys, asked, strict=True)
        ]

    def turn(self, limit: Limit, whom: str, otherwise: Callable[[], DomainError]) -> Update:
        """The write that counts one more for `whom`, for a command's transaction.

        It fails with `otherwise` when it is too many.
        """
        key, ends = self._counter(limit, whom)
        changes = Changes(put=ends, add={"count": 1})
        return Update(self._records, key, changes, _turn_left(limit), otherwise)

    def seconds_left(self, limit: Limit) -> int:
        """How long the present window of `limit` lasts still."""
        now = self._clock.now()
        return int((_start_of(limit.window, now) + limit.window - now).total_seconds()) + 1

    def _counter(self, limit: Limit, whom: str) -> tuple[Key, Item]:
        """Where the present window's counter stands, and its attributes beside the count."""
        start = _start_of(limit.window, self._clock.now())
        key = Key(compose("LIMIT", limit.what, whom), f"{start:%Y-%m-%dT%H}")
        return key, COUNTER.stamp({"ttl": int((start + 2 * limit.window).timestamp())})


def _turn_left(limit: Limit) -> Condition:
    # Of calls at once, each takes one of the turns that are left.
    return Condition(
        "attribute_not_exists(#count) OR #count < :most", {"#count": "count"}, {":most": limit.most}
    )


def _start_of(window: timedelta, moment: datetime) -> datetime:
    return moment - (moment - _EPOCH) % window


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
