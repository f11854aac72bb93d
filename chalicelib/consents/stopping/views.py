"""What the API shows of processors and stop orders."""

from collections.abc import Mapping
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.consents.stopping.models import Processor, Receiver, StopOrder
from chalicelib.consents.stopping.orders import StopOrders
from chalicelib.consents.stopping.wire import (
    ProcessorView,
    ReceiverView,
    StopOrderLine,
    StopOrderList,
    StopOrderView,
)
from chalicelib.http.paging import page_asked
from chalicelib.law.explain import explain
from chalicelib.notices.messages import Message
from chalicelib.notices.tracking import Tracking, UnknownMessage
from chalicelib.tables.cursors import Cursors

_WAITING = "stop-orders/waiting"


def processor_view(processor: Processor) -> ProcessorView:
    """The processor as the staff sees it."""
    return ProcessorView(
        processor_id=processor.processor_id,
        name=processor.name,
        purposes=processor.purposes,
        endpoint_id=processor.endpoint_id,
        created_at=rfc3339(processor.at),
    )


def waiting_page(orders: StopOrders, cursors: Cursors, query: Mapping[str, str]) -> StopOrderList:
    """The page of the waiting orders that `query` asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`.
    """
    asked = page_asked(query, _WAITING, cursors)
    found, last = orders.page(asked.limit, asked.start)
    return StopOrderList(
        stop_orders=tuple(StopOrderLine(**_line(each)) for each in found),
        cursor=cursors.encode(_WAITING, last) if last else None,
    )


def stop_order_view(order: StopOrder, tracking: Tracking) -> StopOrderView:
    """The order with its date explained in English, and what became of its events."""
    return StopOrderView(
        **_line(order),
        subject_id=order.subject_id,
        law=order.deadline.law,
        article=order.deadline.article,
        explanation=explain(order.deadline, "en"),
        receivers=tuple(
            _receiver(each, receiver, _message(tracking, receiver.message_id))
            for each, receiver in order.receivers.items()
        ),
    )


def _line(order: StopOrder) -> dict[str, Any]:
    return {
        "stop_order": order.order_id,
        "purpose": order.purpose,
        "state": order.state.value,
        "ended_at": rfc3339(order.ended_at),
        "stop_by": rfc3339(order.stop_by),
        "processors": len(order.receivers),
        "waiting": len(order.waiting),
        "alerts": order.alerts,
    }


def _receiver(processor_id: str, receiver: Receiver, message: Message | None) -> ReceiverView:
    return ReceiverView(
        processor_id=processor_id,
        name=receiver.name,
        state=receiver.state,
        at=rfc3339(receiver.at),
        by=receiver.by,
        how=receiver.how,
        stopped_at=rfc3339(receiver.stopped_at) if receiver.stopped_at else None,
        message_id=receiver.message_id,
        delivery=message.state.value if message else None,
        failure=message.reason if message else None,
    )


def _message(tracking: Tracking, message_id: str) -> Message | None:
    try:
        return tracking.look_up(message_id)
    except UnknownMessage:  # past its thirty days
        return None
