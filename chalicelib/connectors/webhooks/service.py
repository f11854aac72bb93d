"""What the staff does with webhook endpoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.connectors.webhooks.dead_letters import DeadLetterPage, DeadLetters
from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
from chalicelib.connectors.webhooks.models import (
    OVERLAP,
    Confidential,
    Endpoint,
    EndpointPage,
    EndpointState,
    Issued,
)
from chalicelib.connectors.webhooks.signing import SigningSecret
from chalicelib.errors import Conflict, NotFound
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.ids import Ids
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action, RunCommand

MOST_ENDPOINTS = 50
"""An event goes into the outbox once for each endpoint, in one transaction of at most 100 items."""

type CheckTarget = Callable[[str], object]
"""Raises `RefusedTarget` for a URL that nothing may be sent to, `NoAnswer`."""


class UnknownWebhook(NotFound):
    """No endpoint of that id is registered."""

    code = "unknown_webhook"


class TooManyWebhooks(Conflict):
    """As many endpoints are registered as there may be."""

    code = "too_many_webhooks"


@dataclass(frozen=True, slots=True)
class Detail:
    """An endpoint with its URL and a page of its dead letters."""

    endpoint: Endpoint
    url: str = field(repr=False)
    dead_letters: DeadLetterPage


class Webhooks:
    """Registers endpoints and changes them, each change with its entry in the trail."""

    def __init__(
        self,
        store: EndpointStore,
        dead_letters: DeadLetters,
        check_target: CheckTarget,
        trail: Trail,
        clock: Clock,
        ids: Ids,
        idempotency: Idempotency,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._dead_letters = dead_letters
        self._check_target = check_target
        self._trail = trail
        self._clock = clock
        self._ids = ids
        self._idempotency = idempotency
        self._run_command = run_command

    def register(
        self, actor: Actor, url: str, events: Sequence[str], call: KeyedCall | None = None
    ) -> Issued:
        """A new endpoint for `events` (types) at `url`, with a fresh secret; one for each `call`.

        Raises `RefusedTarget`, `NoAnswer` when the name's servers do not answer, `TooManyWebhooks`,
        `IdempotencyConflict`.
        """
        if earlier := self._idempotency.earlier(call):
            return _repeated(earlier)
        self._check_target(url)
        # Two at once may pass the count together: the transaction has room for that.
        if len(self._store.all()) >= MOST_ENDPOINTS:
            raise TooManyWebhooks
        now = self._now()
        endpoint_id, secret = self._ids.new(), SigningSecret.generate()
        creation = self._store.creation(
            endpoint_id, sorted(set(events)), Confidential(url, secret), now
        )
        return self._issue(
            Issued(endpoint_id, secret, now),
            call,
            lambda: [creation, *self._entry(endpoint_id, actor, "webhook.registered")],
        )

    def page(self, limit: int, start: Key | None) -> EndpointPage:
        """`limit` endpoints after `start`, oldest first."""
        endpoints, last = self._store.page(limit, start)
        opened = self._store.open(endpoints)
        listed = [(each, its.url) for each, its in zip(endpoints, opened, strict=True)]
        return EndpointPage(listed, last)

    def get(self, endpoint_id: str) -> tuple[Endpoint, str]:
        """The endpoint with its URL. Raises `UnknownWebhook`."""
        endpoint = self._existing(endpoint_id)
        (opened,) = self._store.open([endpoint])
        return endpoint, opened.url

    def detail(self, endpoint_id: str, limit: int, start: Key | None) -> Detail:
        """The endpoint with `limit` of its dead letters after `start`. Raises `UnknownWebhook`."""
        endpoint, url = self.get(endpoint_id)
        page = self._dead_letters.page(endpoint_id, limit=limit, start=start)
        return Detail(endpoint, url, page)

    def rotate(self, actor: Actor, endpoint_id: str, call: KeyedCall | None = None) -> Issued:
        """A fresh secret, one for each `call`; the one before still signs for 24 hours.

        Raises `UnknownWebhook`, `IdempotencyConflict`.
        """
        if earlier := self._idempotency.earlier(call):
            return _repeated(earlier)
        now, secret = self._now(), SigningSecret.generate()

        def build() -> list[Action]:
            endpoint = self._existing(endpoint_id)
            (before,) = self._store.open([endpoint])
            return [
                self._store.with_secrets(endpoint, before.rotated(secret, now)),
                *self._entry(endpoint_id, actor, "webhook.rotated"),
            ]

        return self._issue(Issued(endpoint_id, secret, now + OVERLAP), call, build)

    def pause(self, actor: Actor, endpoint_id: str) -> None:
        """Sends nothing there until `resume`; repeating it changes nothing.

        Raises `UnknownWebhook`.
        """
        self._switch(actor, endpoint_id, EndpointState.PAUSED, "webhook.paused")

    def resume(self, actor: Actor, endpoint_id: str) -> None:
        """Sends there again; repeating it changes nothing. Raises `UnknownWebhook`."""
        self._switch(actor, endpoint_id, EndpointState.ACTIVE, "webhook.resumed")

    def remove(self, actor: Actor, endpoint_id: str) -> None:
        """Forgets the endpoint; what still waits for it is given up. Raises `UnknownWebhook`."""
        self._run_command(
            lambda: [
                self._store.removal(self._existing(endpoint_id)),
                *self._entry(endpoint_id, actor, "webhook.removed"),
            ]
        )

    def _issue(
        self, issued: Issued, call: KeyedCall | None, build: Callable[[], Sequence[Action]]
    ) -> Issued:
        result: Item = {
            "endpoint_id": issued.endpoint_id,
            "previous_valid_until": to_millis(issued.previous_valid_until),
        }
        earlier = self._idempotency.run(call, result, build)
        return _repeated(earlier) if earlier else issued

    def _switch(self, actor: Actor, endpoint_id: str, state: EndpointState, action: str) -> None:
        def build() -> list[Action]:
            return [
                self._store.with_state(self._existing(endpoint_id), state),
                *self._entry(endpoint_id, actor, action),
            ]

        if self._existing(endpoint_id).state is not state:
            self._run_command(build)

    def _existing(self, endpoint_id: str) -> Endpoint:
        endpoint = self._store.get(endpoint_id)
        if endpoint is None:
            raise UnknownWebhook
        return endpoint

    def _now(self) -> datetime:
        # Milliseconds are what is stored, so that a repeat is answered what the first was.
        return from_millis(to_millis(self._clock.now()))

    def _entry(self, endpoint_id: str, actor: Actor, action: str) -> list[Action]:
        return self._trail.actions(webhook_entity(endpoint_id), actor, action, {})


def webhook_entity(endpoint_id: str) -> Entity:
    """The endpoint's chain in the trail."""
    return Entity("webhook", endpoint_id)


def _repeated(result: Item) -> Issued:
    until = from_millis(cast("int", result["previous_valid_until"]))
    return Issued(str(result["endpoint_id"]), None, until)
