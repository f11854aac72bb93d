"""Webhooks for tests: endpoints and outbox on real tables, an internet that does as it is told."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from chalicelib.audit.entry import Actor
from chalicelib.connectors.webhooks.client import WebhookClient
from chalicelib.connectors.webhooks.delivery import WebhookDelivery
from chalicelib.connectors.webhooks.giving_up import GivingUp
from chalicelib.connectors.webhooks.models import DeadLetter, Endpoint, Issued
from chalicelib.connectors.webhooks.service import webhook_entity
from chalicelib.connectors.webhooks.signing import SigningSecret
from chalicelib.connectors.webhooks.targets import Address, Target
from chalicelib.notices.messages import Message
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.services import Services
from tests.contract.moto_tables import share_among_threads

DPO = Actor("staff", "01JDPO")
URL = "https://hooks.example.com/jaga"
EVENT = "request.closed"
BODY = b'{"type":"request.closed"}'
PUBLIC = ip_address("93.184.215.14")


@dataclass(frozen=True)
class Posted:
    """One request that reached an endpoint."""

    target: Target
    headers: Mapping[str, str]
    body: bytes


class ToldInternet(WebhookClient):
    """Answers what `answers` holds, one after another, and 204 then; resolves to `addresses`."""

    def __init__(self) -> None:
        super().__init__(loopback=False, resolve=lambda _host, _port: self.addresses)
        self.addresses: list[Address] = [PUBLIC]
        self.answers: list[int | Exception] = []
        self.posted: list[Posted] = []

    def exchange(
        self, target: Target, address: Address, headers: Mapping[str, str], body: bytes
    ) -> int:
        self.posted.append(Posted(target, headers, body))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Hooks:
    """Endpoints, and what serves them. Pauses between attempts are as long as they can be."""

    services: Services
    internet: ToldInternet = field(default_factory=ToldInternet)
    dead: int = 0

    def __post_init__(self) -> None:
        self.services.webhook_client = self.internet
        share_among_threads(self.services)

    def register(self, url: str = URL, *events: str) -> Issued:
        return self.services.webhooks.register(DPO, url, events or (EVENT,))

    def listed(self) -> list[tuple[Endpoint, str]]:
        """The first hundred endpoints with their URLs."""
        return self.services.webhooks.page(100, None).endpoints

    def queue(self, endpoint_id: str, body: bytes = BODY) -> str:
        """Puts an event for the endpoint into the outbox; returns the message's id."""
        queued = self.services.outbox.webhook(endpoint_id, EVENT, body)
        self.services.run_command(lambda: queued.actions)
        return queued.message_id

    def delivery(
        self, store: OutboxStore | None = None, *, by_chance: bool = False
    ) -> WebhookDelivery:
        """A consumer: of `store`, if given; with pauses of its own choice when `by_chance`."""
        here = self.services
        return WebhookDelivery(
            store or here.outbox_store,
            here.webhook_endpoints,
            here.webhooks,
            self.internet,
            GivingUp(
                here.outbox_actions,
                here.webhook_dead_letters,
                here.clock,
                here.run_command,
                self._count_dead,
            ),
            here.clock,
            jitter=random.uniform if by_chance else _longest,
        )

    def deliver(self, message_id: str, store: OutboxStore | None = None) -> None:
        """What the queue's message about `message_id` starts."""
        self.delivery(store).deliver(f'{{"id": "{message_id}"}}')

    def look(self, message_id: str) -> Message:
        message = self.services.outbox_store.get(message_id)
        assert message is not None
        return message

    def letters(self, endpoint_id: str) -> list[DeadLetter]:
        return self.services.webhook_dead_letters.page(endpoint_id, limit=100).letters

    def actions_on(self, endpoint_id: str) -> list[str]:
        """What the trail says was done to the endpoint."""
        return [each.action for each in self.services.trail.history(webhook_entity(endpoint_id))]

    def _count_dead(self) -> None:
        self.dead += 1


def fresh(issued: Issued) -> SigningSecret:
    """The secret that was just made."""
    assert issued.secret is not None
    return issued.secret


def _longest(_shortest: float, longest: float) -> float:
    return longest
