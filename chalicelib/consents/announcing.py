"""Telling whoever subscribed what became of a consent: an event without personal data.

It goes out through the outbox like every event, to EventBridge instead of an endpoint.
"""

import json

from chalicelib.clock import rfc3339
from chalicelib.connectors.event_bus import EVENT_BUS, event
from chalicelib.consents.models import ConsentEvent
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action

CHANGED = "consent.changed"


class Announcing:
    """Puts events into the outbox, in the transaction of what happened."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def follow(self, happened: ConsentEvent) -> list[Action]:
        """The writes that tell of `happened`: ids, constants and moments only."""
        detail = {
            "record_id": happened.record_id,
            "subject_id": happened.subject_id,
            "purpose": happened.purpose,
            "state": happened.state.value,
            "before": happened.before.value,
            "recorded_at": rfc3339(happened.recorded_at),
        }
        content = json.dumps(event(CHANGED, detail), separators=(",", ":")).encode()
        return self._outbox.webhook(EVENT_BUS, EVENT_BUS, content).actions
