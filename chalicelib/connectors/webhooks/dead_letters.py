"""Events that an endpoint did not get, in the `records` table: ids and codes, never a word of them.

pk        WEBHOOK#<endpoint id>
sk        DEAD#<message id>
et, v     item type and schema version
event     the type of event
reason    why it was given up
attempts  how many attempts were made
at        when it was given up, ms since 1970 UTC
ttl       epoch seconds: when the message in the outbox ends, and its body with it
"""

from dataclasses import dataclass

from chalicelib.connectors.webhooks.models import DeadLetter
from chalicelib.notices.outbox_actions import Overtaken
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import PRESENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Delete, Put

WEBHOOK_DEAD_LETTER = Schema("webhook_dead_letter")


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """Some dead letters, oldest message first, and the key to go on from, None at the end."""

    letters: list[DeadLetter]
    last: Key | None


class DeadLetters:
    """The dead letters of every endpoint, each in a list of its own."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def page(self, endpoint_id: str, *, limit: int, start: Key | None = None) -> DeadLetterPage:
        """The endpoint's dead letters, read consistently; `start` is an earlier page's `last`."""
        page = self._records.query(
            compose("WEBHOOK", endpoint_id), limit=limit, start=start, consistent=True
        )
        return DeadLetterPage([_letter_from(item) for item in page.items], page.last)

    def addition(self, letter: DeadLetter) -> Action:
        """The write of `letter`; once more is once."""
        key = _key(letter)
        # No condition: the message's burial in the same transaction has it, and letter and burial
        # come and go together.
        return Put(
            self._records,
            WEBHOOK_DEAD_LETTER.stamp(
                {
                    "pk": key.pk,
                    "sk": key.sk,
                    "event": letter.event,
                    "reason": letter.reason,
                    "attempts": letter.attempts,
                    "at": letter.at,
                    "ttl": letter.ends_at,
                }
            ),
        )

    def removal(self, letter: DeadLetter) -> Action:
        """The delete of `letter`, for who queues its message again."""
        # Of two people who redrive at once, one takes it.
        return Delete(self._records, _key(letter), PRESENT, otherwise=Overtaken)


def _key(letter: DeadLetter) -> Key:
    return Key(compose("WEBHOOK", letter.endpoint_id), compose("DEAD", letter.message_id))


def _letter_from(item: Item) -> DeadLetter:
    match WEBHOOK_DEAD_LETTER.lift(item):
        case {
            "pk": str(pk),
            "sk": str(sk),
            "event": str(event),
            "reason": str(reason),
            "attempts": int(attempts),
            "at": int(at),
            "ttl": int(ttl),
        }:
            return DeadLetter(
                pk.removeprefix("WEBHOOK#"),
                sk.removeprefix("DEAD#"),
                event,
                reason,
                attempts,
                at,
                ttl,
            )
    raise UnreadableItem(WEBHOOK_DEAD_LETTER.item_type)
