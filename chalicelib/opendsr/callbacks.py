"""Delivering status callbacks (8.5): signed by the certificate's key, tried again as webhooks are.

A callback that is given up is not tried again by hand: the partner asks for the status.
"""

import json
import random
from collections.abc import Callable
from datetime import timedelta
from math import ceil

from chalicelib.clock import Clock
from chalicelib.connectors.webhooks.client import NoAnswer, WebhookClient
from chalicelib.connectors.webhooks.rules import (
    MOST_ATTEMPTS,
    Outcome,
    longest_pause,
    outcome_of,
)
from chalicelib.connectors.webhooks.targets import RefusedTarget
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.opendsr.callback_store import CallbackStore
from chalicelib.opendsr.signing import Stamp
from chalicelib.vault.errors import KeyDestroyed, SealBroken


class StatusCallbacks:
    """Sends the status callbacks of the outbox. `on_dead` hears of each that is given up."""

    def __init__(
        self,
        outbox: OutboxStore,
        callbacks: CallbackStore,
        client: WebhookClient,
        stamp: Stamp,
        clock: Clock,
        on_dead: Callable[[], None],
        *,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._outbox = outbox
        self._callbacks = callbacks
        self._client = client
        self._stamp = stamp
        self._clock = clock
        self._on_dead = on_dead
        self._jitter = jitter

    def attempt(self, message: Message) -> None:
        """Sends the claimed `message`. Raises `Later` for another attempt."""
        try:
            addressed = self._addressed(message)
        except (KeyDestroyed, SealBroken) as end:  # neither passes
            self._give_up(message, end.code)
            return
        if addressed is None:
            self._give_up(message, "callback_removed")
            return
        url, body = addressed
        try:
            status = self._client.post(url, self._stamp.headers(body), body)
        except (NoAnswer, RefusedTarget) as failure:
            self._again(message, failure.code)
            return
        if outcome_of(status) is Outcome.SENT:
            self._outbox.mark_sent(message.id)
        else:
            self._again(message, f"status_{status}")

    def _addressed(self, message: Message) -> tuple[str, bytes] | None:
        content = json.loads(self._outbox.open_body(message))
        callback = self._callbacks.get(str(content["of"]), str(content["own"]))
        if callback is None:
            return None
        url = self._callbacks.urls(callback)[int(content["url"])]
        said = {**content["body"], "status_callback_url": url}
        return url, json.dumps(said, separators=(",", ":")).encode()

    def _again(self, message: Message, reason: str) -> None:
        attempts = message.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            self._give_up(message, reason)
            return
        seconds = ceil(self._jitter(1, longest_pause(attempts)))
        self._outbox.retry(message, self._clock.now() + timedelta(seconds=seconds))
        raise Later(seconds + 1)

    def _give_up(self, message: Message, reason: str) -> None:
        if self._outbox.bury(message, reason):
            self._on_dead()
