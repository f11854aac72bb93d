"""Telling the endpoints what happened."""

import json
from collections.abc import Mapping

from chalicelib.clock import Clock, rfc3339
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action

type Json = str | int | bool | list[Json] | dict[str, Json] | None


class Events:
    """Queues an event for every endpoint that asked for its type."""

    def __init__(self, endpoints: EndpointStore, outbox: Outbox, clock: Clock) -> None:
        self._endpoints = endpoints
        self._outbox = outbox
        self._clock = clock

    def announcement(self, event_type: str, data: Mapping[str, Json]) -> list[Action]:
        """The writes that tell of an event, for the transaction that makes it happen.

        The body is what the Standard Webhooks specification suggests: `type`, `timestamp`, `data`.
        Paused endpoints are told as well: it becomes their dead letter. Raises `TooLongToSeal`.
        """
        body = {"type": event_type, "timestamp": rfc3339(self._clock.now()), "data": dict(data)}
        content = json.dumps(body, separators=(",", ":")).encode()
        return [
            action
            for endpoint in self._endpoints.all()
            if event_type in endpoint.events
            for action in self._outbox.webhook(endpoint.id, event_type, content).actions
        ]
