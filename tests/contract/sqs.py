"""A queue service that takes every batch and remembers what it took; what a queue brings."""

from typing import Any


class Sqs:
    """The one call that the relay makes."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.urls: set[str] = set()

    def send_message_batch(self, **asked: Any) -> dict[str, Any]:
        self.urls.add(asked["QueueUrl"])
        self.entries += asked["Entries"]
        return {}


def record(body: str) -> dict[str, Any]:
    """A Lambda event of SQS that brings `body`."""
    return {
        "Records": [
            {
                "messageId": "1",
                "receiptHandle": "handle",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "eventSource": "aws:sqs",
            }
        ]
    }
