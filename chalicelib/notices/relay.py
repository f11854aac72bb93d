"""From a DynamoDB stream event of the `records` table to the queues of the channels.

What goes into a queue is `{"id": "<message id>"}` and nothing else. A message that is delivered to
its queue twice is sent once: the consumer's claim (outbox_store.py) sees to that.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from chalicelib.errors import Unavailable
from chalicelib.notices.messages import Channel, Message
from chalicelib.notices.outbox import OUTBOX_AGAIN, OUTBOX_MESSAGE
from chalicelib.tables.schema import UnreadableItem
from chalicelib.telemetry import log_failure

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH_LIMIT = 10

type Entry = dict[str, str]
"""A message for SQS, but for its number in the batch."""


class RelayIncomplete(Unavailable):
    """A queue did not take every message: the stream has to deliver the batch again."""

    code = "relay_incomplete"


class Relay:
    """Hands new messages of the outbox to the queue of their channel."""

    def __init__(self, sqs: "SQSClient", queues: Mapping[Channel, str]) -> None:
        self._sqs = sqs
        self._queues = queues

    def forward(self, event: Mapping[str, Any]) -> int:
        """Puts every message that `event` says was inserted into its queue.

        Returns how many records it passed over because they make no sense: a shard goes on only
        behind what its reader accepts, so one such record would hold up all mail behind it. Raises
        `RelayIncomplete` and the client's errors; then the stream delivers all of it again.
        """
        waiting = self._nothing()
        senseless = 0
        for record in event["Records"]:
            try:
                if record["eventName"] == "INSERT":
                    channel, entry = _entry_of(record["dynamodb"]["NewImage"])
                    waiting[channel].append(entry)
            except Exception as error:  # noqa: BLE001  # no I/O here: whatever failed, the record made it
                senseless += 1
                log_failure(error, "")
        self._put_all(waiting)
        return senseless

    def hand_over(self, messages: Iterable[Message]) -> None:
        """Puts every one of `messages` into its queue. Raises as `forward`."""
        waiting = self._nothing()
        for message in messages:
            waiting[message.channel].append(_entry(message.id, message.endpoint))
        self._put_all(waiting)

    def _nothing(self) -> dict[Channel, list[Entry]]:
        return {channel: [] for channel in self._queues}

    def _put_all(self, waiting: Mapping[Channel, Sequence[Entry]]) -> None:
        for channel, entries in waiting.items():
            for some in batched(entries, _BATCH_LIMIT, strict=False):
                self._put(self._queues[channel], some)

    def _put(self, queue_url: str, entries: tuple[Entry, ...]) -> None:
        numbered: Any = [{**entry, "Id": str(number)} for number, entry in enumerate(entries)]
        answer = self._sqs.send_message_batch(QueueUrl=queue_url, Entries=numbered)
        if answer.get("Failed"):
            raise RelayIncomplete


def _entry_of(image: Mapping[str, Any]) -> tuple[Channel, Entry]:
    match image:
        case {
            "et": {"S": OUTBOX_MESSAGE.item_type | OUTBOX_AGAIN.item_type},
            "pk": {"S": str(pk)},
            "channel": {"S": str(channel)},
        }:
            endpoint = image["endpoint"]["S"] if "endpoint" in image else None
            return Channel(channel), _entry(pk.removeprefix("OUTBOX#"), endpoint)
    raise UnreadableItem(OUTBOX_MESSAGE.item_type)


def _entry(message_id: str, endpoint: str | None) -> Entry:
    entry = {"MessageBody": json.dumps({"id": message_id})}
    if endpoint is not None:
        # SQS's fair queues: an endpoint that keeps its consumers busy waits behind the others, and
        # not they behind it.
        entry["MessageGroupId"] = endpoint
    return entry
