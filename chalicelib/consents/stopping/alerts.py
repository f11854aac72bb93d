"""One stop order's alerts: what goes out, what the trail keeps, the counter, in one transaction.

Alerts whose moments passed while nobody looked are raised together, and go to whom the last of
them goes to. Each of them counts, and the entry in the trail says from which to which.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import rfc3339
from chalicelib.connectors.webhooks.events import Json
from chalicelib.consents.stopping.models import StopOrder
from chalicelib.consents.stopping.order_store import OrderStore
from chalicelib.consents.stopping.orders import stop_entity
from chalicelib.law.alerting import alert_name, hours_left
from chalicelib.law.escalation import Escalation
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action

WATCHER = Actor("system", "watcher")
EVENT = "consent.stop_deadline"

type Announce = Callable[[str, Mapping[str, Json]], list[Action]]
"""Makes the writes that tell webhook endpoints of an event, by its type and data."""


class StopAlerts:
    """Raises alerts by mail and by `announce`. Neither says whose consent it was.

    `addresses` are by the names of the escalation's steps.
    """

    def __init__(
        self,
        store: OrderStore,
        outbox: Outbox,
        announce: Announce,
        trail: Trail,
        escalation: Escalation,
        addresses: Mapping[str, Sequence[str]],
        language: Language,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._announce = announce
        self._trail = trail
        self._escalation = escalation
        self._addresses = addresses
        self._language = language

    def actions(self, order: StopOrder, numbers: range, now: datetime) -> list[Action]:
        """The transaction that raises the alerts `numbers`, at least one, of `order`.

        It meets `Moved` when the order changed since it was read.
        """
        offset = self._escalation.times.offset
        first, last = (alert_name(offset(number)) for number in (numbers[0], numbers[-1]))
        facts: dict[str, Fact] = {
            "first": first,
            "last": last,
            "count": len(numbers),
            "told": ",".join(self._escalation.told(numbers[-1])),
            "waiting": len(order.waiting),
        }
        return [
            self._store.change(replace(order, alerts=numbers.stop)),
            *self._mails(order, numbers[-1], now),
            *self._announce(EVENT, _data(order, last, now)),
            *self._trail.actions(stop_entity(order.order_id), WATCHER, "stop_order.alerted", facts),
        ]

    def _mails(self, order: StopOrder, number: int, now: datetime) -> list[Action]:
        values = {
            "stop_order": order.order_id,
            "purpose": order.purpose,
            "processors": "; ".join(order.receivers[each].name for each in order.waiting),
            "law": order.deadline.law,
            "article": order.deadline.article,
            "stop_by": rfc3339(order.stop_by),
            "hours": str(hours_left(order.stop_by, now)),
        }
        told = [
            address for step in self._escalation.told(number) for address in self._addresses[step]
        ]
        return [
            action
            for address in dict.fromkeys(told)  # whoever is told for two reasons is told once
            for action in self._outbox.mail(
                "stop_alert", address, self._language, values, about=order.order_id
            ).actions
        ]


def _data(order: StopOrder, alert: str, now: datetime) -> dict[str, Json]:
    return {
        "stop_order": order.order_id,
        "purpose": order.purpose,
        "state": order.state.value,
        "processors": list(order.waiting),
        "law": order.deadline.law,
        "article": order.deadline.article,
        "stop_by": rfc3339(order.stop_by),
        "alert": alert,
        "hours_left": hours_left(order.stop_by, now),
    }
