"""A deed that another system was asked for, and what it answers."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.connectors.places import Deed, Outcome, Row, Verdict


class TaskState(StrEnum):
    """Asked, answered, and taken by whoever waited for the answer."""

    ASKED = "asked"
    ANSWERED = "answered"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class RemoteTask:
    """A deed asked of a place for a request. `task_id` is unique, for good.

    `endpoint_id` is the webhook endpoint that was asked, and the only one that may answer.
    """

    task_id: str
    request_id: str
    place_id: str
    endpoint_id: str
    deed: Deed
    respond_by: datetime
    state: TaskState = TaskState.ASKED


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a deed. `rows` are for copies; `FAILED` says that the system gave it up."""

    verdict: Verdict
    outcome: Outcome
    rows: tuple[Row, ...] = field(default=(), repr=False)
