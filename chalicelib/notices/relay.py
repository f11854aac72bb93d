"""From a DynamoDB stream event of the `records` table to the queues of the channels.

What goes into a queue is `{"id": "<message id>"}` and nothing else. A message that is delivered to
its queue twice is sent once: the consumer's claim (outbox_store.py) sees to that.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from chalicelib.errors import Internal, Unavailable
from chalicelib.notices.messages import Channel, Message
from chalicelib.notices.outbox import OUTBOX_AGAIN, OUTBOX_MESSAGE
from chalicelib.tables.schema import UnreadableItem
from chalicelib.telemetry import log_failure

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH_LIMIT = 10
_ENDPOINT = re.compile(r"[0-9A-Za-z]{1,128}")
"""What an endpoint's id looks like, within what SQS takes as the name of a group."""

_LONGEST_DELAY_SECONDS = 900  # what SQS delays a message

type Entry = dict[str, str | int]
"""A message for SQS, but for its number in the batch."""


class RelayIncomplete(Unavailable):
    """A queue did not take every message: the stream has to deliver the batch again."""

    code = "relay_incomplete"


class EntryRefused(Internal):
    """A queue will never take this message: SQS finds the fault with it."""

    code = "entry_refused"


class Relay:
    """Hands new messages of the outbox to the queue of their channel."""

    def __init__(self, sqs: "SQSClient", queues: Mapping[Channel, str]) -> None:
        self._sqs = sqs
        self._queues = queues

    def forward(self, event: Mapping[str, Any]) -> int:
        """Puts every message that `event` says was inserted into its queue.

        Returns how many records it passed over because they make no sense, to us or to SQS: a shard
        goes on only behind what its reader accepts, so one such record would hold up all that
        follow. Raises `RelayIncomplete` and the client's errors; then the stream delivers all of it
        again.
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
        return senseless + self._put_all(waiting)

    def hand_over(self, messages: Iterable[Message]) -> int:
        """Puts every one of `messages` into its queue; returns how many the queues took.

        Raises as `forward`, and `UnreadableItem`.
        """
        waiting = self._nothing()
        for message in messages:
            waiting[message.channel].append(_entry(message.id, message.endpoint))
        return sum(map(len, waiting.values())) - self._put_all(waiting)

    def _nothing(self) -> dict[Channel, list[Entry]]:
        return {channel: [] for channel in self._queues}

    def _put_all(self, waiting: Mapping[Channel, Sequence[Entry]]) -> int:
        """Returns how many entries SQS will never take."""
        return sum(
            self._put(self._queues[channel], some)
            for channel, entries in waiting.items()
            for some in batched(entries, _BATCH_LIMIT, strict=False)
        )

    def _put(self, queue_url: str, entries: tuple[Entry, ...]) -> int:
        numbered: Any = [{**entry, "Id": str(number)} for number, entry in enumerate(entries)]
        answer = self._sqs.send_message_batch(QueueUrl=queue_url, Entries=numbered)
        failed = answer.get("Failed", [])
        if not all(_is_for_good(each) for each in failed):
            raise RelayIncomplete
        for _ in failed:
            log_failure(EntryRefused(), "")
        return len(failed)


def _is_for_good(failure: Mapping[str, Any]) -> bool:
    # Throttling, by SQS or by KMS, counts as the sender's fault as well, but it passes.
    return bool(failure["SenderFault"]) and "throttl" not in str(failure["Code"]).lower()


def _entry_of(image: Mapping[str, Any]) -> tuple[Channel, Entry]:
    match image:
        case {
            "et": {"S": OUTBOX_MESSAGE.item_type | OUTBOX_AGAIN.item_type},
            "pk": {"S": str(pk)},
            "channel": {"S": str(channel)},
        }:
            endpoint = image["endpoint"]["S"] if "endpoint" in image else None
            entry = _entry(pk.removeprefix("OUTBOX#"), endpoint)
            return Channel(channel), entry | _delayed(image)
    raise UnreadableItem(OUTBOX_MESSAGE.item_type)


def _delayed(image: Mapping[str, Any]) -> Entry:
    """A new message that has a lease is to go out later: its queue keeps it until then."""
    if "lease" not in image or "at" not in image:
        return {}
    millis = int(image["lease"]["N"]) - int(image["at"]["N"])
    return {"DelaySeconds": min(max(0, millis // 1000), _LONGEST_DELAY_SECONDS)}


def _entry(message_id: str, endpoint: str | None) -> Entry:
    entry: Entry = {"MessageBody": json.dumps({"id": message_id})}
    if endpoint is not None:
        if not _ENDPOINT.fullmatch(endpoint):
            raise UnreadableItem(OUTBOX_MESSAGE.item_type)
        # SQS's fair queues: an endpoint that keeps its consumers busy waits behind the others, and
        # not they behind it.
        entry["MessageGroupId"] = endpoint
    return entry
