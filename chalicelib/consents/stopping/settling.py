"""What becomes of a stop order: its processors say that they stopped, or are removed."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from chalicelib.audit.entry import Actor, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, rfc3339, to_millis
from chalicelib.consents.stopping.models import How, Receiver, ReceiverState, StopOrder
from chalicelib.consents.stopping.order_store import OrderStore
from chalicelib.consents.stopping.orders import StopOrders, UnknownStopOrder, stop_entity
from chalicelib.consents.stopping.processor_store import ProcessorStore
from chalicelib.consents.stopping.rules import settled
from chalicelib.tables.transactions import Action, RunCommand

AT_ONCE = 200
"""Orders that the removal of a processor looks at itself: a call ends after 29 seconds."""


@dataclass(frozen=True, slots=True)
class Word:
    """That somebody stopped: who says it and how, and since when by their own word (aware)."""

    actor: Actor
    how: How
    stopped_at: datetime | None = None


class _Stands(Exception):
    """There is nothing to change (any more)."""


class Settling:
    """Settles stop orders, each change in one transaction with its entry in the trail."""

    def __init__(
        self,
        orders: StopOrders,
        store: OrderStore,
        processors: ProcessorStore,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._orders = orders
        self._store = store
        self._processors = processors
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def acknowledge(self, order_id: str, processor_id: str, word: Word) -> StopOrder:
        """Notes that the processor stopped; the order as it is then. The first word counts, any
        other changes nothing. Raises `UnknownStopOrder`.
        """
        facts: dict[str, Fact] = {"how": word.how.value}
        if word.stopped_at is not None:
            facts["stopped_at"] = rfc3339(word.stopped_at)

        def acknowledged(receiver: Receiver) -> Receiver:
            state = ReceiverState.ACKNOWLEDGED
            return replace(receiver, state=state, how=word.how, stopped_at=word.stopped_at)

        action = "stop_order.acknowledged"
        self._settle(order_id, processor_id, word.actor, acknowledged, action, facts)
        return self._orders.get(order_id)

    def drop(self, processor_id: str, actor: Actor) -> None:
        """Lets orders, up to 200, wait no more for a processor that was removed.

        What a death, the limit or the index's lag leaves, the watcher does (`drop_removed`).
        """
        for order_id in islice(self._store.waiting(), AT_ONCE):
            self._drop(order_id, processor_id, actor)

    def drop_removed(self, order: StopOrder, actor: Actor) -> None:
        """Lets `order` wait no more for processors that are not registered (any more)."""
        registered = {each.processor_id for each in self._processors.all()}
        for processor_id in order.waiting:
            if processor_id not in registered:
                self._drop(order.order_id, processor_id, actor)

    def _drop(self, order_id: str, processor_id: str, actor: Actor) -> None:
        def removed(receiver: Receiver) -> Receiver:
            return replace(receiver, state=ReceiverState.REMOVED)

        facts: dict[str, Fact] = {"reason": "processor_removed"}
        with suppress(UnknownStopOrder):  # it was never asked
            self._settle(order_id, processor_id, actor, removed, "stop_order.released", facts)

    def _settle(
        self,
        order_id: str,
        processor_id: str,
        actor: Actor,
        change: Callable[[Receiver], Receiver],
        action: str,
        facts: dict[str, Fact],
    ) -> None:
        now = from_millis(to_millis(self._clock.now()))

        def build() -> list[Action]:
            order, receiver = self._orders.asked(order_id, processor_id)
            if receiver.state is not ReceiverState.ASKED:
                raise _Stands
            order = settled(order, processor_id, replace(change(receiver), at=now, by=str(actor)))
            told = {"processor": processor_id, **facts, "waiting": len(order.waiting)}
            return [
                self._store.change(order),
                *self._trail.actions(stop_entity(order_id), actor, action, told),
            ]

        with suppress(_Stands):
            self._run_command(build)
