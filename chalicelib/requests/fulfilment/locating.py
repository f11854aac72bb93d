"""Finding the person once more before anything is changed anywhere.

What leads from one place to another is erased with the first: whoever looked for the person in the
second afterwards would find nothing and call that done. So all places are located in one step, and
where each search begins is kept, before the first place is touched. What appeared since the
rehearsal is found by it, too.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from chalicelib.connectors.places import Places, PlaceUnavailable, Seeds
from chalicelib.errors import Unavailable
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.book import RequestBook
from chalicelib.requests.fulfilment.models import NothingLeft, Progress, Stage, Task
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.fulfilment.planning import CARRY_OUT, identities, work_on
from chalicelib.requests.models import Status
from chalicelib.tables.transactions import Action, RunCommand

NOT_LOCATED = "not_located"
"""The failure of a task whose place could not be searched for where to begin."""

type Located = Mapping[str, Seeds | PlaceUnavailable]


class NotLocated(Unavailable):
    """A place did not answer, and nothing is known of where to begin in it."""

    code = NOT_LOCATED


class Locating:
    """Locates what is to be carried out, and queues it."""

    def __init__(
        self,
        book: RequestBook,
        plans: PlanStore,
        places: Places,
        outbox: Outbox,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._plans = plans
        self._places = places
        self._outbox = outbox
        self._run_command = run_command

    def locate(self, request_id: str, place: str) -> None:
        """Locates every place that is not done, and queues its task, or that of `place` alone.

        Raises `NotLocated` as long as one cannot be; what is known of the others is kept.
        """
        progress = self._carrying_out(request_id)
        if progress is None:
            return
        located = self._places.locate(identities(self._book.get(request_id)))
        if _missing(progress, located):
            self._run(lambda: self._noted(request_id, located))
            raise NotLocated
        self._run(lambda: self._queued(request_id, located, place))

    def give_up(self, request_id: str, place: str) -> None:
        """Goes on with the places that are known. The others are a person's."""
        self._run(lambda: self._queued(request_id, {}, place))

    def _noted(self, request_id: str, located: Located) -> list[Action]:
        progress = self._carrying_out(request_id)
        tasks = _changed(progress, located) if progress else []
        if not tasks:
            raise NothingLeft
        return list(map(self._plans.change_task, tasks))

    def _queued(self, request_id: str, located: Located, place: str) -> list[Action]:
        progress = self._carrying_out(request_id)
        if progress is None:
            raise NothingLeft
        changed = {task.place: task for task in _changed(progress, located)}
        open_tasks = [changed.get(task.place, task) for task in _open(progress)]
        lost = {
            task.place: replace(task, failure=NOT_LOCATED)
            for task in open_tasks
            if not located and not task.seeds and task.failure is None
        }
        changed |= lost
        ready = [
            task
            for task in open_tasks
            if task.place not in lost and task.failure is None and place in {"", task.place}
        ]
        actions = [
            *map(self._plans.change_task, changed.values()),
            *(
                action
                for task in ready
                for action in self._outbox.work(CARRY_OUT, work_on(task)).actions
            ),
        ]
        if not actions:
            raise NothingLeft
        return actions

    def _carrying_out(self, request_id: str) -> Progress | None:
        progress = self._plans.get(request_id)
        if progress is None or progress.plan.stage is not Stage.CARRYING_OUT:
            return None
        return progress if self._book.get(request_id).status is Status.IN_PROGRESS else None

    def _run(self, build: Callable[[], list[Action]]) -> None:
        with suppress(NothingLeft):
            self._run_command(build)


def _open(progress: Progress) -> list[Task]:
    return [task for task in progress.tasks if task.outcome is None]


def _missing(progress: Progress, located: Located) -> bool:
    return any(
        not isinstance(located.get(task.place, Seeds()), Seeds) and not task.seeds
        for task in _open(progress)
    )


def _changed(progress: Progress, located: Located) -> list[Task]:
    """The open tasks that more is known of now."""
    changed = []
    for task in _open(progress):
        found = located.get(task.place)
        if isinstance(found, Seeds):
            seeds = task.seeds.joined(found)
            if seeds != task.seeds:
                changed.append(replace(task, seeds=seeds))
    return changed
