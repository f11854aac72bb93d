"""The services of stop orders: who is told when a consent ends, and watched until they stopped."""

from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.services.webhooks import WebhookServices

if TYPE_CHECKING:
    from chalicelib.consents.stopping.acknowledging import Acknowledging
    from chalicelib.consents.stopping.order_store import OrderStore
    from chalicelib.consents.stopping.orders import StopOrders
    from chalicelib.consents.stopping.processor_store import ProcessorStore
    from chalicelib.consents.stopping.processors import Processors
    from chalicelib.consents.stopping.settling import Settling
    from chalicelib.consents.stopping.watching import StopWatcher
    from chalicelib.notices.models import Language


class StoppingServices(WebhookServices):
    """Processors, stop orders, their watcher."""

    @cached_property
    def processors(self) -> "Processors":
        from chalicelib.consents.stopping.processors import Processors
        from chalicelib.inventory.consenting import consent_purposes

        return Processors(
            self._processor_store,
            self.stop_settling,
            consent_purposes,
            lambda endpoint_id: self.webhook_endpoints.get(endpoint_id) is not None,
            self.trail,
            self.clock,
            self.ids,
            self.idempotency,
        )

    @cached_property
    def stop_orders(self) -> "StopOrders":
        from chalicelib.consents.stopping.orders import StopOrders

        return StopOrders(
            self._stop_order_store, self._processor_store, self.outbox, self.trail, self.clock
        )

    @cached_property
    def stop_settling(self) -> "Settling":
        from chalicelib.consents.stopping.settling import Settling

        return Settling(
            self.stop_orders,
            self._stop_order_store,
            self._processor_store,
            self.trail,
            self.clock,
            self.run_command,
        )

    @cached_property
    def stop_acknowledging(self) -> "Acknowledging":
        from chalicelib.consents.stopping.acknowledging import Acknowledging

        return Acknowledging(
            self.stop_orders, self.stop_settling, self.webhook_verifying, self.clock
        )

    @cached_property
    def stop_watcher(self) -> "StopWatcher":
        from chalicelib.consents.stopping.alerts import StopAlerts
        from chalicelib.consents.stopping.terms import escalation
        from chalicelib.consents.stopping.watching import StopWatcher

        settings, terms = self.settings, escalation()
        alerts = StopAlerts(
            self._stop_order_store,
            self.outbox,
            self.webhook_events.announcement,
            self.trail,
            terms,
            {
                "team": [each.strip() for each in settings.alert_address.split(",")],
                "dpo": [settings.dpo_address],
                "second_dpo": [settings.second_dpo_address],
            },
            cast("Language", settings.alert_language),
        )
        return StopWatcher(
            self._stop_order_store,
            self.stop_settling,
            alerts,
            terms.times,
            self.clock,
            self.run_command,
        )

    @cached_property
    def _processor_store(self) -> "ProcessorStore":
        from chalicelib.consents.stopping.processor_store import ProcessorStore

        return ProcessorStore(self.records)

    @cached_property
    def _stop_order_store(self) -> "OrderStore":
        from chalicelib.consents.stopping.order_store import OrderStore
        from chalicelib.consents.stopping.terms import escalation

        return OrderStore(self.records, escalation().times)
