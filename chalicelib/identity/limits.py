"""How often something may happen in an hour, counted by blind index.

    pk     LIMIT#<what>#<blind index>
    sk     <hour, UTC>
    count  how often it happened
    ttl    when DynamoDB may sweep the item

Counting and refusing is one conditional addition: of any number of calls at once no more than the
limit pass.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.clock import Clock
from chalicelib.tables.conditions import Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table

COUNTER = Schema("limit_counter")
_WINDOW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` times an hour; `what` names it in keys."""

    what: str
    most: int


class Limits:
    """Counters in the `records` table."""

    def __init__(self, records: Table, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def allows(self, limit: Limit, whom: str) -> bool:
        """Counts one more for `whom`, a blind index; False, and not counted, when it is too many.

        One UpdateItem.
        """
        start = _hour_of(self._clock.now())
        key = Key(compose("LIMIT", limit.what, whom), f"{start:%Y-%m-%dT%H}")
        # Of calls at once, each takes one of the turns that are left.
        turn_left = Condition(
            "attribute_not_exists(#count) OR #count < :most",
            {"#count": "count"},
            {":most": limit.most},
        )
        ends = COUNTER.stamp({"ttl": int((start + 2 * _WINDOW).timestamp())})
        return self._records.update(key, turn_left, put=ends, add={"count": 1}) is not None

    def seconds_left(self) -> int:
        """How long the present hour lasts still."""
        now = self._clock.now()
        return int((_hour_of(now) + _WINDOW - now).total_seconds()) + 1


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
