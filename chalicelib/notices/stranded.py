"""Messages that never reached a queue: the relay gave their place in the stream up, after 23 hours.

The stream forgets them an hour later, so they are not read from it again. Each message is listed in
the index `due` from when it is queued until its first claim; what has been there for longer than a
queue takes to be worked is handed over once more. A consumer's claim makes copies harmless, so this
may run at any time, and twice.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import batched

from chalicelib.clock import Clock, to_millis
from chalicelib.notices.messages import Message, State
from chalicelib.notices.outbox import KEPT, unclaimed_bucket
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.notices.relay import Relay
from chalicelib.tables.table import Table

_AT_ONCE = 100
_DAY = timedelta(days=1)


class Stranded:
    """Finds such messages in `records` and hands them to the queues of their channels."""

    def __init__(self, records: Table, store: OutboxStore, relay: Relay, clock: Clock) -> None:
        self._records = records
        self._store = store
        self._relay = relay
        self._clock = clock

    def hand_over(self, waited: timedelta) -> int:
        """Queues every message that was put into the outbox at least `waited` ago and that no
        consumer has claimed yet; returns how many.

        Asks the index once for each day that messages are kept, and reads what is listed there.
        Raises `RelayIncomplete`, `UnreadableItem` and the client's errors: run it again then.
        """
        count = 0
        for some in batched(self._waiting(waited), _AT_ONCE, strict=False):
            count += self._relay.hand_over(some)
        return count

    def _waiting(self, waited: timedelta) -> Iterator[Message]:
        latest = self._clock.now() - waited
        # One day more than KEPT: where it began is a part of a day.
        for age in range(KEPT.days, -1, -1):
            for key in self._records.due(unclaimed_bucket(latest - age * _DAY)):
                message = self._store.get(key.pk.removeprefix("OUTBOX#"))
                # The index lags behind the table: it may have expired or been claimed since.
                if (
                    message is not None
                    and message.state is State.QUEUED
                    and message.at <= to_millis(latest)
                ):
                    yield message
