"""A deed that another system was asked for, and what it answers."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from chalicelib.connectors.places import Deed, Outcome, Row, Verdict
from chalicelib.errors import NotFound


class UnknownTask(NotFound):
    """No place was asked for a task of that id, or not that place."""

    code = "unknown_task"


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


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a deed. `rows` are for copies; `FAILED` says that the system gave it up."""

    verdict: Verdict
    outcome: Outcome
    rows: tuple[Row, ...] = field(default=(), repr=False)


class TaskAnswers(Protocol):
    """Whoever waits for the answers."""

    def answer(self, task: RemoteTask, answered: Answered) -> None:
        """Takes the first answer to the task; one that comes again, or later, changes nothing.

        Raises `UnknownTask` when nobody waits for it any more.
        """
        ...
