"""Stop orders: issued with the end of a consent.

An order is written in the transaction that ends the consent, and so is the event for each processor
(a sealed message of the outbox):

    {"type": "consent.stop", "timestamp": "…", "data": {
        "stop_order": "…", "processor": "…", "subject_id": "…", "purpose": "…",
        "state": "withdrawn", "ended_at": "…", "stop_by": "…",
        "acknowledge_at": "/v1/stop-orders/…/processors/…"}}

Nothing in it is personal data: whose consent it was says the id that the gate is asked with.
"""

import json
from dataclasses import replace

from chalicelib.audit.entry import Actor, Entity, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, rfc3339
from chalicelib.consents.models import ConsentEvent, State
from chalicelib.consents.stopping.models import Processor, Receiver, ReceiverState, StopOrder
from chalicelib.consents.stopping.order_store import OrderStore
from chalicelib.consents.stopping.processor_store import ProcessorStore
from chalicelib.consents.stopping.rules import ends_consent
from chalicelib.errors import NotFound
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.notices.outbox import Outbox, Queued
from chalicelib.tables.keys import Key
from chalicelib.tables.transactions import Action

EVENT = "consent.stop"


class UnknownStopOrder(NotFound):
    """No such stop order, or none that this processor was asked by."""

    code = "unknown_stop_order"


class StopOrders:
    """Issues and shows stop orders."""

    def __init__(
        self,
        orders: OrderStore,
        processors: ProcessorStore,
        outbox: Outbox,
        trail: Trail,
        clock: Clock,
    ) -> None:
        self._orders = orders
        self._processors = processors
        self._outbox = outbox
        self._trail = trail
        self._clock = clock

    def follow(self, event: ConsentEvent) -> list[Action]:
        """The writes that order all processors to stop, where `event` ends a valid consent; for its
        transaction. None where nobody processes on it.

        72 elapsed hours run from when a withdrawal was received (UU PDP 40), by us or by whom the
        person told; from when we noted any other end. Reads the processors consistently.
        """
        if not ends_consent(event):
            return []
        told = [each for each in self._processors.all() if event.purpose in each.purposes]
        if not told:
            return []
        received_at = event.recorded_at
        if event.state is State.WITHDRAWN:
            received_at = min(received_at, event.occurred_at)
        case = Case(received_at=received_at)
        (date,) = deadlines({"id": None}, "consent_withdrawal", case)
        order = StopOrder(
            event.record_id, event.subject_id, event.purpose, event.state, received_at, date
        )
        asked = {each.processor_id: self._asking(order, each) for each in told}
        receivers = {
            each.processor_id: Receiver(
                each.name,
                each.endpoint_id,
                asked[each.processor_id].message_id,
                ReceiverState.ASKED,
                order.ended_at,
            )
            for each in told
        }
        facts: dict[str, Fact] = {
            "purpose": order.purpose,
            "state": order.state.value,
            "processors": len(told),
            "law": date.pack,
            "rule": date.rule,
            "stop_by": rfc3339(order.stop_by),
        }
        entity, actor = stop_entity(order.order_id), Actor.parse(event.actor)
        return [
            self._orders.addition(replace(order, receivers=receivers)),
            *(action for each in asked.values() for action in each.actions),
            *self._trail.first_actions(entity, actor, "stop_order.issued", facts),
        ]

    def get(self, order_id: str) -> StopOrder:
        """One order. Raises `UnknownStopOrder`."""
        order = self._orders.get(order_id)
        if order is None:
            raise UnknownStopOrder
        return order

    def page(self, limit: int, start: Key | None) -> tuple[list[StopOrder], Key | None]:
        """`limit` orders that wait for a processor, after `start`, the earliest alert first; and
        where to go on from. The list lags by moments."""
        ids, last = self._orders.page(limit, start)
        return self._orders.many(ids), last

    def asked(self, order_id: str, processor_id: str) -> tuple[StopOrder, Receiver]:
        """The order, and the processor that it asked. Raises `UnknownStopOrder`."""
        order = self.get(order_id)
        if processor_id not in order.receivers:
            raise UnknownStopOrder
        return order, order.receivers[processor_id]

    def _asking(self, order: StopOrder, processor: Processor) -> Queued:
        body = {
            "type": EVENT,
            "timestamp": rfc3339(self._clock.now()),
            "data": {
                "stop_order": order.order_id,
                "processor": processor.processor_id,
                "subject_id": order.subject_id,
                "purpose": order.purpose,
                "state": order.state.value,
                "ended_at": rfc3339(order.ended_at),
                "stop_by": rfc3339(order.stop_by),
                "acknowledge_at": f"/v1/stop-orders/{order.order_id}"
                f"/processors/{processor.processor_id}",
            },
        }
        content = json.dumps(body, separators=(",", ":")).encode()
        return self._outbox.webhook(processor.endpoint_id, EVENT, content)


def stop_entity(order_id: str) -> Entity:
    """The chain of one stop order."""
    return Entity("stop_order", order_id)
