"""Asking places that answer later, and taking what they answer."""

from datetime import datetime, timedelta

from chalicelib.clock import Clock
from chalicelib.connectors.places import Deed, Places, UnknownPlace, Verdict
from chalicelib.connectors.remote.asking import RemoteDeeds
from chalicelib.connectors.remote.models import RemoteTask
from chalicelib.connectors.remote.place import RemotePlace
from chalicelib.connectors.remote.task_store import RemoteTaskStore
from chalicelib.ids import Ids
from chalicelib.requests.fulfilment.messages import Messages
from chalicelib.requests.fulfilment.models import Stage, Task
from chalicelib.requests.fulfilment.tasks import Tasks
from chalicelib.requests.models import DataRequest
from chalicelib.tables.transactions import Action
from chalicelib.vault.errors import KeyDestroyed

FAILED_THERE = "failed_there"
"""The code of a task that its place gave up."""
_AHEAD = timedelta(hours=24)
_SHORTEST = timedelta(hours=1)
_WITHOUT_DATE = timedelta(hours=72)


class RemoteAsking:
    """Asks (`tasks.Asking`)."""

    def __init__(
        self, places: Places, remote: RemoteDeeds, messages: Messages, clock: Clock, ids: Ids
    ) -> None:
        self._places = places
        self._remote = remote
        self._messages = messages
        self._clock = clock
        self._ids = ids

    def ask(self, request: DataRequest, task: Task) -> list[Action]:
        """The writes that ask the task's place. Raises `UnknownPlace`, `TooLongToSeal`."""
        place = self._places.at(task.place)
        if not isinstance(place, RemotePlace):
            raise UnknownPlace  # the data map changed since
        asked = RemoteTask(
            self._ids.new(),
            request.request_id,
            task.place,
            place.endpoint_id,
            task.deed,
            respond_by(request, self._clock.now()),
        )
        values = request.content.corrections if task.deed is Deed.CORRECT else None
        return self._messages.noted(
            request.request_id, self._remote.asking(asked, task.seeds, values)
        )


class AnswersOfPlaces:
    """Takes what asked places answered for the tasks that wait."""

    def __init__(self, remote: RemoteTaskStore, tasks: Tasks) -> None:
        self._remote = remote
        self._tasks = tasks

    def take(self, task_id: str) -> str | None:
        """Finishes the request's task at the place with the answer to the remote task `task_id`.

        An answer that was taken is left alone, one that nobody waits for any more is forgotten.
        Returns the id of the request, None when the task was swept.
        """
        asked = self._remote.get(task_id)
        if asked is not None:
            self._take(asked)
        return asked.request_id if asked else None

    def _take(self, asked: RemoteTask) -> None:
        try:
            answered = self._remote.open(asked)
        except KeyDestroyed:  # the person was erased meanwhile
            self._remote.close(asked)
            return
        if answered is None:
            return
        if answered.verdict is Verdict.FAILED:
            stage = Stage.PREPARING if asked.deed is Deed.COPY else Stage.CARRYING_OUT
            self._tasks.fail(asked.request_id, asked.place_id, stage, FAILED_THERE)
        else:
            self._tasks.answer(
                asked.request_id, asked.place_id, asked.deed, answered.outcome, answered.rows
            )
        # After it: a worker that dies in between finds the answer again, and the task finished.
        self._remote.close(asked)


def respond_by(request: DataRequest, now: datetime) -> datetime:
    """When a place has to have answered: a day before the request's first date, so that somebody
    can still see to it; in an hour at the earliest. Aware, UTC."""
    dates = [each.due_at for each in request.deadlines if not each.keep]
    wanted = min(dates) - _AHEAD if dates else now + _WITHOUT_DATE
    return max(wanted, now + _SHORTEST)
