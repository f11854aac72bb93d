"""The services of signed webhooks."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.aws import CLIENT_CONFIG
from chalicelib.services.messages import MessageServices
from chalicelib.telemetry import report_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.connectors.event_bus import EventBus
    from chalicelib.connectors.webhooks.client import WebhookClient
    from chalicelib.connectors.webhooks.dead_letters import DeadLetters
    from chalicelib.connectors.webhooks.endpoint_store import EndpointStore
    from chalicelib.connectors.webhooks.events import Events
    from chalicelib.connectors.webhooks.redrive import Redrive
    from chalicelib.connectors.webhooks.service import Webhooks
    from chalicelib.connectors.webhooks.verifying import Verifying
    from chalicelib.notices.consumer import Consumer
    from chalicelib.notices.messages import Message


class WebhookServices(MessageServices):
    """Endpoints, deliveries, dead letters."""

    _send_callback: "Callable[[Message], None]"

    @cached_property
    def webhook_endpoints(self) -> "EndpointStore":
        from chalicelib.connectors.webhooks.endpoint_store import EndpointStore

        return EndpointStore(self.records, self.vault)

    @cached_property
    def webhook_dead_letters(self) -> "DeadLetters":
        from chalicelib.connectors.webhooks.dead_letters import DeadLetters

        return DeadLetters(self.records)

    @cached_property
    def webhook_client(self) -> "WebhookClient":
        from chalicelib.connectors.webhooks.client import WebhookClient

        return WebhookClient(loopback=self.settings.stage == "local")

    @cached_property
    def webhooks(self) -> "Webhooks":
        from chalicelib.connectors.webhooks.service import Webhooks

        return Webhooks(
            self.webhook_endpoints,
            self.webhook_dead_letters,
            self.webhook_client.locate,
            self.trail,
            self.clock,
            self.ids,
            self.idempotency,
            self.run_command,
        )

    @cached_property
    def webhook_redrive(self) -> "Redrive":
        from chalicelib.connectors.webhooks.redrive import Redrive

        return Redrive(
            self.webhook_endpoints,
            self.webhook_dead_letters,
            self.outbox_store,
            self.outbox_actions,
            self.trail,
            self.ids,
            self.run_command,
        )

    @cached_property
    def webhook_events(self) -> "Events":
        from chalicelib.connectors.webhooks.events import Events

        return Events(self.webhook_endpoints, self.outbox, self.clock)

    @cached_property
    def webhook_verifying(self) -> "Verifying":
        from chalicelib.connectors.webhooks.verifying import Verifying

        return Verifying(self.webhook_endpoints, self.clock)

    @cached_property
    def event_bus(self) -> "EventBus":
        from chalicelib.connectors.event_bus import EventBus

        client = self._create_client("events", config=CLIENT_CONFIG)
        return EventBus(client, self.settings.event_bus, self.outbox_store)

    @cached_property
    def webhook_consumer(self) -> "Consumer":
        from chalicelib.connectors.event_bus import EVENT_BUS
        from chalicelib.connectors.webhooks.delivery import WebhookDelivery
        from chalicelib.connectors.webhooks.giving_up import GivingUp
        from chalicelib.notices.consumer import Consumer
        from chalicelib.opendsr.news import STATUS_CALLBACK

        giving_up = GivingUp(
            self.outbox_actions,
            self.webhook_dead_letters,
            self.clock,
            self.run_command,
            lambda: report_counts("send_webhooks", self.settings.stage, {"dead": 1}),
        )
        delivery = WebhookDelivery(
            self.outbox_store,
            self.webhook_endpoints,
            self.webhooks,
            self.webhook_client,
            giving_up,
            self.clock,
            others={STATUS_CALLBACK: self._send_callback, EVENT_BUS: self.event_bus.send},
        )
        return Consumer(self.sqs, self.settings.webhook_queue_url, delivery.deliver)
