"""A queue service that takes every batch and remembers what it took."""

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
