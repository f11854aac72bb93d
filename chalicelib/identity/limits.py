"""How often something may happen in an hour or a day, counted by blind index.

    pk     LIMIT#<what>#<blind index>
    sk     <start of the hour or day, UTC>
    count  how often it happened
    ttl    when DynamoDB may sweep the item

Counting and refusing is one conditional addition: of any number of calls at once no more than the
limit pass.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from chalicelib.clock import Clock
from chalicelib.tables.conditions import Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table

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
        start = _start_of(limit.window, self._clock.now())
        key = Key(compose("LIMIT", limit.what, whom), f"{start:%Y-%m-%dT%H}")
        # Of calls at once, each takes one of the turns that are left.
        turn_left = Condition(
            "attribute_not_exists(#count) OR #count < :most",
            {"#count": "count"},
            {":most": limit.most},
        )
        ends = COUNTER.stamp({"ttl": int((start + 2 * limit.window).timestamp())})
        return self._records.update(key, turn_left, put=ends, add={"count": 1}) is not None

    def seconds_left(self, limit: Limit) -> int:
        """How long the present window of `limit` lasts still."""
        now = self._clock.now()
        return int((_start_of(limit.window, now) + limit.window - now).total_seconds()) + 1


def _start_of(window: timedelta, moment: datetime) -> datetime:
    return moment - (moment - _EPOCH) % window


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
