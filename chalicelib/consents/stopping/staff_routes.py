"""Processors and stop orders, for the staff."""

from chalicelib.audit.entry import Actor
from chalicelib.consents.stopping.models import ID_PATTERN, How, StopOrder
from chalicelib.consents.stopping.wire import (
    ProcessorChangeIn,
    ProcessorIn,
    ProcessorList,
    ProcessorView,
    RemovedProcessor,
    StopOrderList,
    StopOrderView,
    StoppedByHandIn,
)
from chalicelib.http.access import Caller, Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_PROCESSORS = "/v1/staff/processors"
_PROCESSOR = _PROCESSORS + "/{processor_id}"
_ORDERS = "/v1/staff/stop-orders"
_ORDER = _ORDERS + "/{stop_order}"
_ID = {"type": "string", "pattern": ID_PATTERN}
_OF_PROCESSOR = {"processor_id": _ID}
_OF_ORDER = {"stop_order": _ID}
_MANAGE, _READ = Staff("processors.manage"), Staff("processors.read")

stopping = Routes(__name__)


@stopping.operation(
    Operation(
        "POST",
        _PROCESSORS,
        "Register who processes on consents",
        ProcessorView,
        body=ProcessorIn,
        statuses=(201,),
        description="From then on it is told to stop, by a signed webhook, whenever a consent to"
        " one of its purposes ends (UU PDP 40).",
        access=_MANAGE,
        idempotent=True,
    )
)
def register_processor(call: Call[ProcessorIn]) -> Reply:
    body = call.body
    processor_id = services().processors.register(
        _actor(call.caller), body.name, body.purposes, body.endpoint_id, call.keyed
    )
    return _shown(processor_id, 201)


@stopping.operation(
    Operation("GET", _PROCESSORS, "Who processes on consents", ProcessorList, access=_READ)
)
def list_processors(_call: Call[None]) -> Reply:
    from chalicelib.consents.stopping.views import processor_view  # noqa: PLC0415  # the law's words

    found = services().processors.all()
    return Reply(ProcessorList(processors=tuple(map(processor_view, found))))


@stopping.operation(
    Operation(
        "GET",
        _PROCESSOR,
        "One processor",
        ProcessorView,
        parameters=_OF_PROCESSOR,
        access=_READ,
    )
)
def show_processor(_call: Call[None], processor_id: str) -> Reply:
    return _shown(processor_id)


@stopping.operation(
    Operation(
        "PUT",
        _PROCESSOR,
        "Give a processor another name or other purposes",
        ProcessorView,
        body=ProcessorChangeIn,
        description="Stop orders that were issued keep what they say.",
        parameters=_OF_PROCESSOR,
        access=_MANAGE,
        idempotent=True,
    )
)
def change_processor(call: Call[ProcessorChangeIn], processor_id: str) -> Reply:
    services().processors.change(
        _actor(call.caller), processor_id, call.body.name, call.body.purposes, call.keyed
    )
    return _shown(processor_id)


@stopping.operation(
    Operation(
        "DELETE",
        _PROCESSOR,
        "Remove a processor",
        RemovedProcessor,
        description="Stop orders that wait for it wait no more: each says so in its trail.",
        parameters=_OF_PROCESSOR,
        access=_MANAGE,
    )
)
def remove_processor(call: Call[None], processor_id: str) -> Reply:
    services().processors.remove(_actor(call.caller), processor_id)
    return Reply(RemovedProcessor(processor_id=processor_id))


@stopping.operation(
    Operation(
        "GET",
        _ORDERS,
        "Stop orders that wait for a processor, the most urgent first",
        StopOrderList,
        query=("limit", "cursor"),
        access=Staff("stop_orders.read"),
    )
)
def list_stop_orders(call: Call[None]) -> Reply:
    from chalicelib.consents.stopping.views import waiting_page  # noqa: PLC0415  # the law's words

    here = services()
    return Reply(waiting_page(here.stop_orders, here.cursors, call.query))


@stopping.operation(
    Operation(
        "GET",
        _ORDER,
        "A stop order: who was told, who acknowledged, by when and why",
        StopOrderView,
        parameters=_OF_ORDER,
        access=Staff("stop_orders.read"),
    )
)
def show_stop_order(_call: Call[None], stop_order: str) -> Reply:
    return _ordered(services().stop_orders.get(stop_order))


@stopping.operation(
    Operation(
        "POST",
        _ORDER + "/processors/{processor_id}",
        "Note that a processor said by other ways that it stopped",
        StopOrderView,
        body=StoppedByHandIn,
        description="The first word counts: once more changes nothing.",
        parameters={**_OF_ORDER, **_OF_PROCESSOR},
        access=Staff("stop_orders.acknowledge"),
    )
)
def acknowledge_by_hand(call: Call[StoppedByHandIn], stop_order: str, processor_id: str) -> Reply:
    from chalicelib.consents.stopping.settling import Word  # noqa: PLC0415  # the law's rules

    word = Word(_actor(call.caller), How(call.body.how))
    return _ordered(services().stop_settling.acknowledge(stop_order, processor_id, word))


def _shown(processor_id: str, status: int = 200) -> Reply:
    from chalicelib.consents.stopping.views import processor_view  # noqa: PLC0415  # the law's words

    return Reply(processor_view(services().processors.get(processor_id)), status)


def _ordered(order: StopOrder) -> Reply:
    from chalicelib.consents.stopping.views import stop_order_view  # noqa: PLC0415  # the law's words

    return Reply(stop_order_view(order, services().tracking))


def _actor(caller: Caller) -> Actor:
    return Actor(caller.kind, caller.id)
