"""Events for whoever subscribes on EventBridge, out of the outbox.

They wait in the queue of webhooks like events for endpoints, and are sent by the same function. At
least once: the detail's `id` is the message's, the same at every attempt.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from chalicelib.errors import Unavailable
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.vault.errors import KeyDestroyed, SealBroken

EVENT_BUS = "eventbus"
"""The kind of such a message, and what stands in place of an endpoint's id."""
SOURCE = "jaga"


class PutsEvents(Protocol):
    """The one call of EventBridge's client that we make."""

    def put_events(self, *, Entries: Any) -> Mapping[str, Any]: ...  # noqa: N803  # boto3's name


class EventRefused(Unavailable):
    """EventBridge did not take the event; it is tried again."""

    code = "event_refused"


def event(type_: str, detail: Mapping[str, str]) -> dict[str, Any]:
    """An event of `type_` as the outbox keeps it. Nothing in `detail` may be personal data."""
    return {"type": type_, "detail": dict(detail)}


class EventBus:
    """Puts events onto one bus."""

    def __init__(self, client: PutsEvents, bus: str, outbox: OutboxStore) -> None:
        self._client = client
        self._bus = bus
        self._outbox = outbox

    def send(self, message: Message) -> None:
        """Sends the claimed `message`. Raises `EventRefused` and the client's errors: the queue
        brings it back."""
        try:
            said = json.loads(self._outbox.open_body(message))
        except (KeyDestroyed, SealBroken) as end:  # neither passes
            self._outbox.bury(message, end.code)
            return
        entry: Any = {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": said["type"],
            "Detail": json.dumps({"id": message.id, **said["detail"]}),
        }
        answer = self._client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise EventRefused
        self._outbox.mark_sent(message.id)
