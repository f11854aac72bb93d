"""Moves of a message that belong together with another change, as actions of its transaction.

A message that is to go out again gets `OUTBOX#<message id>` / `AGAIN#<id>` beside it: the stream
relay hands what is inserted to the queues, and an item that changes is not inserted.
"""

from chalicelib.clock import from_millis
from chalicelib.errors import Unavailable
from chalicelib.notices.messages import Message, State
from chalicelib.notices.outbox import OUTBOX_AGAIN, unclaimed
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import compose
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put


class Overtaken(Unavailable):
    """Somebody else moved the message since it was read: what stands there now decides."""

    code = "overtaken"


class OutboxActions:
    """Makes the actions; `records` is the table that the outbox is in."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def burial(self, message: Message, reason: str) -> Action:
        """Gives the claimed `message` up for good. `reason` is a stable code.

        The transaction meets `Overtaken` when the claim is not the caller's any more.
        """
        dead = {
            **message.item,
            "state": State.DEAD.value,
            "reason": reason,
            "rev": message.rev + 1,
        }
        # Whoever claimed it after our lease may be sending it right now.
        return Put(self._records, dead, revision_is(message.rev), otherwise=Overtaken)

    def resurrection(self, message: Message, again_id: str) -> list[Action]:
        """Queues the dead `message` as if no attempt had been made; `again_id` is fresh.

        Its id stays, so a receiver that got it before can tell. The transaction meets `Moved` when
        somebody else moved it since it was read.
        """
        item = message.item
        kept = {name: value for name, value in item.items() if name not in _OF_ITS_LAST_LIFE}
        queued = {
            **kept,
            "state": State.QUEUED.value,
            "rev": message.rev + 1,
            **unclaimed(message.id, from_millis(message.at)),
        }
        again = OUTBOX_AGAIN.stamp(
            {
                "pk": item["pk"],
                "sk": compose("AGAIN", again_id),
                "channel": message.channel.value,
                "ttl": item["ttl"],
                **({"endpoint": message.endpoint} if message.endpoint else {}),
            }
        )
        return [
            # Of two people who redrive at once, one queues it.
            Put(self._records, queued, revision_is(message.rev), otherwise=Moved),
            Put(self._records, again, ABSENT),
        ]


_OF_ITS_LAST_LIFE = {"attempts", "lease", "reason"}
