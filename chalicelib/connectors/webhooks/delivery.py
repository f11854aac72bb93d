"""Delivering the event that a queue names: once, or as close to once as the world allows.

    claim (60 s) ─> open and sign ─> post ─> mark as sent

A consumer that dies before the post leaves a claim, which lapses. One that dies after it, before
the mark, makes the next one post once more, under the same `webhook-id`. What fails waits under a
lease until its next attempt, so that a second delivery of the queue's message does not hurry it.

An event that is given up becomes a dead letter of its endpoint (docs/adr/0008).
"""

import json
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from math import ceil

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.connectors.webhooks.client import NoAnswer, WebhookClient
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.connectors.webhooks.giving_up import GivingUp
from chalicelib.connectors.webhooks.models import Endpoint, EndpointState
from chalicelib.connectors.webhooks.rules import (
    MOST_ATTEMPTS,
    REST,
    Outcome,
    longest_pause,
    outcome_of,
)
from chalicelib.connectors.webhooks.service import UnknownWebhook, Webhooks
from chalicelib.connectors.webhooks.signing import signed_headers
from chalicelib.connectors.webhooks.targets import RefusedTarget
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.vault.errors import KeyDestroyed, SealBroken

_SENDER = Actor("system", "send_webhooks")


class WebhookDelivery:
    """Sends the events of the outbox, each to its endpoint."""

    def __init__(
        self,
        outbox: OutboxStore,
        endpoints: EndpointStore,
        webhooks: Webhooks,
        client: WebhookClient,
        giving_up: GivingUp,
        clock: Clock,
        *,
        jitter: Callable[[float, float], float] = random.uniform,
        others: Mapping[str, Callable[[Message], None]] | None = None,
    ) -> None:
        """`others` send what goes to no endpoint, by its kind."""
        self._outbox = outbox
        self._endpoints = endpoints
        self._webhooks = webhooks
        self._client = client
        self._giving_up = giving_up
        self._clock = clock
        self._jitter = jitter
        self._others = others or {}

    def deliver(self, body: str) -> None:
        """Sends the event that the queue's message `body` names, unless it is done with.

        Raises `Later` for another attempt, `Overtaken`, and any error that somebody has to mend.
        """
        message_id = str(json.loads(body)["id"])
        message = self._outbox.claim(message_id)
        if message is None:
            if (seconds := self._outbox.wait(message_id)) is not None:
                raise Later(seconds)
            return
        if (send := self._others.get(message.kind)) is not None:
            send(message)
            return
        endpoint = self._endpoints.get(str(message.endpoint))
        if endpoint is None:
            self._outbox.bury(message, "webhook_removed")
        elif endpoint.state is EndpointState.PAUSED:
            self._giving_up.give_up(message, "webhook_paused", attempts=message.attempts)
        elif endpoint.rests(self._clock.now()):
            # As if it were tried in vain, without the seconds that this takes (rules.REST).
            self._again(message, NoAnswer.code)
        else:
            self._attempt(message, endpoint)

    def _attempt(self, message: Message, endpoint: Endpoint) -> None:
        try:
            body = self._outbox.open_body(message)
        except (KeyDestroyed, SealBroken) as end:  # neither passes
            self._giving_up.give_up(message, end.code, attempts=message.attempts)
            return
        try:
            status = self._post(message, endpoint, body)
        except NoAnswer:
            self._endpoints.rest(endpoint.id, self._clock.now() + REST)
            self._again(message, NoAnswer.code)
        except RefusedTarget:
            # What the name resolves to may change again, if it was its owner's mistake.
            self._again(message, RefusedTarget.code)
        else:
            self._conclude(message, endpoint, status)

    def _post(self, message: Message, endpoint: Endpoint, body: bytes) -> int:
        (confidential,) = self._endpoints.open([endpoint])
        now = self._clock.now()
        headers = signed_headers(message.id, body, confidential.signers(now), now)
        return self._client.post(confidential.url, headers, body)

    def _conclude(self, message: Message, endpoint: Endpoint, status: int) -> None:
        match outcome_of(status):
            case Outcome.SENT:
                self._outbox.mark_sent(message.id)
            case Outcome.GONE:
                with suppress(UnknownWebhook):  # removed a moment ago: nothing left to pause
                    self._webhooks.pause(_SENDER, endpoint.id)
                self._giving_up.give_up(message, "gone", attempts=message.attempts + 1)
            case Outcome.AGAIN:
                self._again(message, f"status_{status}")

    def _again(self, message: Message, reason: str) -> None:
        attempts = message.attempts + 1
        if attempts >= MOST_ATTEMPTS:
            self._giving_up.give_up(message, reason, attempts=attempts)
            return
        seconds = ceil(self._jitter(1, longest_pause(attempts)))
        self._outbox.retry(message, self._clock.now() + timedelta(seconds=seconds))
        raise Later(seconds + 1)
