"""Processors and stop orders on the wire."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.connectors.webhooks.models import ENDPOINT_ID_PATTERN
from chalicelib.consents.stopping.models import ID_PATTERN, How, ReceiverState
from chalicelib.consents.wire import PurposeId
from chalicelib.wire import Answer, Moment, Wire

type Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
type EndpointId = Annotated[str, StringConstraints(pattern=ENDPOINT_ID_PATTERN)]
type Name = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=80)]


class ProcessorChangeIn(Wire):
    """What an organisation is called, and whose consents it processes on."""

    name: Name
    purposes: Annotated[tuple[PurposeId, ...], Field(min_length=1, max_length=20)]


class ProcessorIn(ProcessorChangeIn):
    """`endpoint_id` is the webhook endpoint that the processor is told through, and answers as."""

    endpoint_id: EndpointId


class ProcessorView(Answer):
    """Who processes on the consent to `purposes`."""

    processor_id: str
    name: str
    purposes: tuple[str, ...]
    endpoint_id: str
    created_at: str


class ProcessorList(Answer):
    """All of them, the oldest first."""

    processors: tuple[ProcessorView, ...]


class RemovedProcessor(Answer):
    """It is told nothing any more, and nobody waits for it."""

    processor_id: str


class StoppedIn(Wire):
    """That a processor stopped, and when. The ids are those of the path, which the signature does
    not cover."""

    stop_order: Id
    processor: Id
    stopped_at: Moment


class StopTaken(Answer):
    """The word was taken; it may be sent again. `state` is what the first word made it."""

    stop_order: str
    processor: str
    state: ReceiverState


class StoppedByHandIn(Wire):
    """How the processor said that it stopped."""

    how: Literal["letter", "mail", "phone", "meeting"]


class ReceiverView(Answer):
    """One processor of a stop order.

    `delivery` is the state of the event that asked it, null once that is past its thirty days;
    `failure` why it did not arrive. `at` is when it came to its `state`, and `by` who said so.
    """

    processor_id: str
    name: str
    state: ReceiverState
    at: str
    by: str | None
    how: How | None
    stopped_at: str | None
    message_id: str
    delivery: str | None
    failure: str | None


class StopOrderLine(Answer):
    """A stop order as the list shows it. `waiting` counts those of its `processors` that did not
    acknowledge; `alerts` those that were raised."""

    stop_order: str
    purpose: str
    state: str
    ended_at: str
    stop_by: str
    processors: int
    waiting: int
    alerts: int


class StopOrderList(Answer):
    """A page of the orders that wait for a processor, by the moment of their next alert."""

    stop_orders: tuple[StopOrderLine, ...]
    cursor: str | None


class StopOrderView(StopOrderLine):
    """A stop order with its processors, its date and why it is that one."""

    subject_id: str
    law: str
    article: str
    explanation: tuple[str, ...]
    receivers: tuple[ReceiverView, ...]
