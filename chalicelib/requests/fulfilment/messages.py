"""Which webhooks told others about a person, so that an erasure can take back what never went out.

    pk REQUEST#<request id>  sk MESSAGES#<id of the first>  messages: their ids in the outbox
                                                            ttl: when the last of them is swept

What was sent forgets itself (notices/outbox.py); what was given up waits for somebody to queue it
again, with the address in it.
"""

from collections.abc import Sequence
from math import ceil
from typing import cast

from chalicelib.clock import Clock
from chalicelib.notices.outbox import KEPT, message_ids
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put

REQUEST_MESSAGES = Schema("request_messages")
_PREFIX = "MESSAGES"


class Messages:
    """Notes webhooks, and forgets what they say."""

    def __init__(self, records: Table, outbox: OutboxStore, clock: Clock) -> None:
        self._records = records
        self._outbox = outbox
        self._clock = clock

    def noted(self, request_id: str, actions: Sequence[Action]) -> list[Action]:
        """`actions`, with the write that notes the messages in them as the request's."""
        ids = message_ids(actions)
        if not ids:
            return list(actions)
        item: Item = {
            "pk": compose("REQUEST", request_id),
            "sk": compose(_PREFIX, ids[0]),
            "messages": list(ids),
            "ttl": ceil((self._clock.now() + KEPT).timestamp()),
        }
        # Its key holds a fresh id, so there is nothing that this could replace.
        return [*actions, Put(self._records, REQUEST_MESSAGES.stamp(item))]

    def forget(self, request_id: str) -> None:
        """Forgets what the request's messages say that did not go out. May be repeated."""
        page = self._records.query_all(
            compose("REQUEST", request_id), sk_from=f"{_PREFIX}#", consistent=True
        )
        for item in page:
            if not str(item["sk"]).startswith(_PREFIX):
                return
            for message_id in cast("list[str]", REQUEST_MESSAGES.lift(item)["messages"]):
                self._outbox.forget(message_id)
