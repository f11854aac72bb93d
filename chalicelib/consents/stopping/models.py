"""Processors and stop orders: the domain's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.consents.models import State
from chalicelib.law.deadline import Deadline

ID_PATTERN = r"^[0-9A-Z]{26}$"


class ReceiverState(StrEnum):
    """Whether a processor said that it stopped; `removed` when it is no processor any more."""

    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    REMOVED = "removed"


class How(StrEnum):
    """How a processor said that it stopped."""

    WEBHOOK = "webhook"
    LETTER = "letter"
    MAIL = "mail"
    PHONE = "phone"
    MEETING = "meeting"


@dataclass(frozen=True, slots=True)
class Processor:
    """Who processes on the consent to `purposes`: a processor or an integration, an organisation.

    `endpoint_id` is the webhook endpoint that it is told through, and answers as. `at` is when it
    was registered (aware, UTC).
    """

    processor_id: str
    name: str
    endpoint_id: str
    purposes: tuple[str, ...]
    at: datetime
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Receiver:
    """One processor of a stop order, as it was when the order was issued.

    `message_id` is the event that asked it. `at` is when it came to its `state`, `by` who said so
    (`processor/<id>`, `staff/<id>`, …), `stopped_at` when it stopped by its own word.
    """

    name: str
    endpoint_id: str
    message_id: str
    state: ReceiverState
    at: datetime
    by: str | None = None
    how: How | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StopOrder:
    """All processing on a consent that ended has to stop, by the date of `deadline`.

    `order_id` is the id of the record that ended it, `receivers` are by processor. `alerts` counts
    those that were raised.
    """

    order_id: str
    subject_id: str
    purpose: str
    state: State
    ended_at: datetime
    deadline: Deadline
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    alerts: int = 0
    revision: int = 0

    @property
    def stop_by(self) -> datetime:
        return self.deadline.unpaused_due_at

    @property
    def waiting(self) -> tuple[str, ...]:
        """The ids of the processors that did not say that they stopped."""
        asked = ReceiverState.ASKED
        return tuple(each for each, receiver in self.receivers.items() if receiver.state is asked)
