"""What became of messages, for those who may ask."""

import re

from chalicelib.errors import NotFound
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore

_MESSAGE_ID = re.compile(r"[0-9A-Z]{26}")


class UnknownMessage(NotFound):
    """No such message, or it is past its thirty days."""

    code = "unknown_message"


class Tracking:
    """Looks up messages by their ids."""

    def __init__(self, store: OutboxStore) -> None:
        self._store = store

    def look_up(self, message_id: str) -> Message:
        """What of the message stands in clear. Raises `UnknownMessage`."""
        named = _MESSAGE_ID.fullmatch(message_id)
        message = self._store.get(message_id) if named else None
        if message is None:
            raise UnknownMessage
        return message
