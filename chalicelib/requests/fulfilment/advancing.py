"""Moving a plan on: from task to task, from stage to stage."""

from collections.abc import Mapping
from dataclasses import replace

from chalicelib.audit.entry import Actor, Fact
from chalicelib.connectors.places import Deed
from chalicelib.connectors.webhooks.events import Events
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.book import RequestBook
from chalicelib.requests.fulfilment.models import Progress, Stage, Task
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.fulfilment.planning import (
    CONCLUDE,
    LOCATE,
    PLAN,
    PREPARE,
    WIPE,
    work_on,
)
from chalicelib.requests.fulfilment.rules import needs_approval
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.rules import Event, ImpossibleNow, moved
from chalicelib.tables.transactions import Action

AWAITING_APPROVAL = "data_request.awaiting_approval"
"""The webhooks' event."""


class Advancing:
    """Makes the writes that move plans on. Each belongs into the `build` of one command."""

    def __init__(self, book: RequestBook, plans: PlanStore, outbox: Outbox, events: Events) -> None:
        self._book = book
        self._plans = plans
        self._outbox = outbox
        self._events = events

    def finished(
        self,
        request: DataRequest,
        progress: Progress,
        task: Task,
        who: Actor,
        action: str,
    ) -> list[Action]:
        """The writes of a `task` that its stage waits for no more.

        With those of the next stage if it was the last. What failed while it was carried out keeps
        the plan where it is, until somebody sees to it.
        """
        verdict = task.verdict
        facts: dict[str, Fact] = {
            "place": task.place,
            "verdict": verdict.value if verdict else "ready",
        }
        changed = [self._plans.change_task(task)]
        progress = progress.with_task(task)
        stage = progress.plan.stage
        if progress.waiting or (stage is Stage.CARRYING_OUT and progress.failed):
            return [
                *changed,
                self._plans.change_plan(progress.plan),
                *self._book.entry(request, who, action, facts),
            ]
        if stage is Stage.CARRYING_OUT:
            return [
                *changed,
                *self._at(progress, Stage.CONCLUDING),
                *self._book.entry(request, who, action, facts),
            ]
        if needs_approval(request, progress):
            awaiting = moved(request, Event.PREPARED)
            return [
                *changed,
                self._plans.change_plan(replace(progress.plan, stage=Stage.DECIDING)),
                *self._book.change(awaiting, who, action, facts),
                *self._events.announcement(
                    AWAITING_APPROVAL,
                    {"request_id": request.request_id, "type": request.type.value},
                ),
            ]
        return [*changed, *self._begin(request, progress, who, action, facts)]

    def approved(
        self, request: DataRequest, progress: Progress, who: Actor, facts: Mapping[str, Fact]
    ) -> list[Action]:
        """The writes that begin to carry out what was decided. Raises `ImpossibleNow`."""
        return self._begin(moved(request, Event.APPROVED), progress, who, "request.approved", facts)

    def tried_again(
        self, request: DataRequest, progress: Progress, task: Task, who: Actor
    ) -> list[Action]:
        """The writes that have a task tried anew that failed, or a place asked anew that has not
        answered. Raises `ImpossibleNow`."""
        plan = progress.plan
        if not task.is_stuck(plan.stage):
            raise ImpossibleNow
        facts = {"place": task.place}
        changed = [self._plans.change_task(replace(task, failure=None, asked=False))]
        if plan.stage is Stage.CARRYING_OUT:
            return [
                *changed,
                self._plans.change_plan(plan),
                *self._outbox.work(LOCATE, work_on(task)).actions,
                *self._book.entry(request, who, "request.place_retried", facts),
            ]
        if plan.stage is Stage.DECIDING:
            request = moved(request, Event.RETURNED)
        return [
            *changed,
            self._plans.change_plan(replace(plan, stage=Stage.PREPARING)),
            *self._outbox.work(PREPARE, work_on(task)).actions,
            *self._book.change(request, who, "request.place_retried", facts),
        ]

    def rehearsed_anew(self, request: DataRequest, progress: Progress, who: Actor) -> list[Action]:
        """The writes that send a changed request back to be rehearsed. Raises `ImpossibleNow`."""
        if progress.plan.stage is not Stage.DECIDING:
            raise ImpossibleNow
        if not progress.tasks:  # nothing to rehearse: it waits for its decision as it is
            return [
                self._plans.change_plan(progress.plan),
                *self._book.change(request, who, "request.returned"),
            ]
        anew = [replace(task, prepared=None, failure=None) for task in progress.tasks]
        return [
            self._plans.change_plan(replace(progress.plan, stage=Stage.PREPARING)),
            *map(self._plans.change_task, anew),
            *(
                action
                for task in anew
                for action in self._outbox.work(PREPARE, work_on(task)).actions
            ),
            *self._book.change(moved(request, Event.RETURNED), who, "request.returned"),
        ]

    def set_going(
        self, request: DataRequest, progress: Progress | None, who: Actor
    ) -> list[Action]:
        """The writes that queue the work of the present stage once more. Raises `ImpossibleNow`."""
        work = self._work_of(request, progress)
        if not work:
            raise ImpossibleNow
        return [*work, *self._book.entry(request, who, "request.set_going")]

    def _work_of(self, request: DataRequest, progress: Progress | None) -> list[Action]:
        if request.status is Status.OPEN:
            return self._outbox.work(PLAN, request.request_id).actions
        if progress is None:
            return []
        match progress.plan.stage:
            case Stage.PREPARING:
                return [
                    action
                    for task in progress.waiting
                    for action in self._outbox.work(PREPARE, work_on(task)).actions
                ]
            case Stage.CARRYING_OUT:
                return self._outbox.work(LOCATE, request.request_id).actions
            case Stage.CONCLUDING:
                return self._outbox.work(CONCLUDE, request.request_id).actions
            case Stage.ENDED if request.forgotten and progress.plan.deed is Deed.ERASE:
                return self._outbox.work(WIPE, request.request_id).actions
        return []

    def _begin(
        self,
        request: DataRequest,
        progress: Progress,
        who: Actor,
        action: str,
        facts: Mapping[str, Fact],
    ) -> list[Action]:
        change = self._book.change(replace(request, approved=True), who, action, facts)
        if progress.plan.deed is Deed.COPY or not progress.tasks:  # nothing to carry out
            return [*self._at(progress, Stage.CONCLUDING), *change]
        # What could not be rehearsed is tried all the same: the place may be there again.
        anew = [replace(task, failure=None) for task in progress.failed]
        return [
            self._plans.change_plan(replace(progress.plan, stage=Stage.CARRYING_OUT)),
            *(self._plans.change_task(task) for task in anew),
            *self._outbox.work(LOCATE, request.request_id).actions,
            *change,
        ]

    def _at(self, progress: Progress, stage: Stage) -> list[Action]:
        return [
            self._plans.change_plan(replace(progress.plan, stage=stage)),
            *self._outbox.work(CONCLUDE, progress.plan.request_id).actions,
        ]
