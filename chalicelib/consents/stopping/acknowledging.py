"""Taking a processor's own word that it stopped: only from whom it was asked."""

from collections.abc import Mapping

from chalicelib.audit.entry import Actor
from chalicelib.clock import Clock
from chalicelib.connectors.webhooks.verifying import Verifying
from chalicelib.consents.stopping.models import How, ReceiverState
from chalicelib.consents.stopping.orders import StopOrders
from chalicelib.consents.stopping.rules import may_have_stopped
from chalicelib.consents.stopping.settling import Settling, Word
from chalicelib.consents.stopping.wire import StoppedIn
from chalicelib.errors import FieldError, InvalidInput


class Acknowledging:
    """Checks what processors say and notes it."""

    def __init__(
        self, orders: StopOrders, settling: Settling, verifying: Verifying, clock: Clock
    ) -> None:
        self._orders = orders
        self._settling = settling
        self._verifying = verifying
        self._clock = clock

    def take(
        self,
        order_id: str,
        processor_id: str,
        headers: Mapping[str, str],
        raw: bytes,
        body: StoppedIn,
    ) -> ReceiverState:
        """Takes the word `body`, which came as `raw` under `headers` (lower-case names).

        Gives the processor's state, which the first word decides. Raises `UnknownStopOrder`,
        `UnverifiedWebhook`, `InvalidInput`.
        """
        order, receiver = self._orders.asked(order_id, processor_id)
        self._verifying.check(receiver.endpoint_id, headers, raw)
        # The signature does not cover the path: without this a word could be signed for one order
        # and sent, by whoever saw it, to another.
        if (body.stop_order, body.processor) != (order_id, processor_id):
            raise InvalidInput(FieldError("stop_order", "not_of_this_path"))
        if not may_have_stopped(order, body.stopped_at, self._clock.now()):
            raise InvalidInput(FieldError("stopped_at", "out_of_range"))
        word = Word(Actor("processor", processor_id), How.WEBHOOK, body.stopped_at)
        settled = self._settling.acknowledge(order_id, processor_id, word)
        return settled.receivers[processor_id].state
