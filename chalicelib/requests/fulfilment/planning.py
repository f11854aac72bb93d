"""From an open request to its plan: where the person's data is, and a task for each place."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from chalicelib.audit.entry import Actor, Fact
from chalicelib.connectors.places import Deed, Places, Seeds
from chalicelib.notices.outbox import Outbox
from chalicelib.requests.book import RequestBook
from chalicelib.requests.fulfilment.models import NothingLeft, Plan, Progress, Stage, Task
from chalicelib.requests.fulfilment.own_records import OWN, OwnRecords
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.fulfilment.rules import DEEDS, needs_approval
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.opening import PLAN_WORK
from chalicelib.requests.rules import Event, moved
from chalicelib.tables.transactions import Action, RunCommand

WORKER = Actor("system", "fulfil_requests")
PLAN = PLAN_WORK
PREPARE, LOCATE, CARRY_OUT = "prepare", "locate", "carry_out"
CONCLUDE, WIPE = "conclude", "wipe"
"""Kinds of work in the outbox."""


class Planning:
    """Makes plans."""

    def __init__(
        self,
        book: RequestBook,
        plans: PlanStore,
        places: Places,
        own: OwnRecords,
        outbox: Outbox,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._plans = plans
        self._places = places
        self._own = own
        self._outbox = outbox
        self._run_command = run_command

    def plan(self, request_id: str) -> None:
        """Starts the open request; a plan that stands is left alone.

        Reads the places to find the person: a place that does not answer gets its task all the
        same, without seeds. Raises what the data map's own store raises.
        """
        request = self._book.get(request_id)
        if request.status is not Status.OPEN:
            return
        located = self._places.locate(identities(request))

        def build() -> list[Action]:
            current = self._book.get(request_id)
            if current.status is not Status.OPEN:
                raise NothingLeft  # another planner was faster
            started = moved(current, Event.STARTED)
            deed = DEEDS[current.type]
            tasks = [
                Task(request_id, place, deed, found if isinstance(found, Seeds) else Seeds())
                for place, found in located.items()
            ]
            if deed is Deed.COPY and current.subject_id is not None:
                tasks.append(Task(request_id, OWN, deed, self._own.seeds(current.subject_id)))
            plan = self._new_plan(current)
            tasks = [replace(task, round=plan.round) for task in tasks]
            facts = {"places": len(tasks), "deed": plan.deed.value}
            if not tasks:
                return self._without_places(started, plan, facts)
            return [
                *self._book.change(started, WORKER, "request.started", facts),
                self._plans.new_plan(plan),
                *map(self._plans.new_task, tasks),
                *(self._queued(task) for task in tasks),
            ]

        with suppress(NothingLeft):
            self._run_command(build)

    def _without_places(
        self, started: DataRequest, plan: Plan, facts: Mapping[str, Fact]
    ) -> list[Action]:
        """Nothing to prepare: it waits for its decision, or concerns our own records alone."""
        if needs_approval(started, Progress(plan, [])):
            prepared = moved(started, Event.PREPARED)
            return [
                *self._book.change(prepared, WORKER, "request.started", facts),
                self._plans.new_plan(replace(plan, stage=Stage.DECIDING)),
            ]
        return [
            *self._book.change(replace(started, approved=True), WORKER, "request.started", facts),
            self._plans.new_plan(replace(plan, stage=Stage.CONCLUDING)),
            *self._outbox.work(CONCLUDE, started.request_id).actions,
        ]

    def _new_plan(self, request: DataRequest) -> Plan:
        plan = Plan(request.request_id, DEEDS[request.type], Stage.PREPARING)
        earlier = self._plans.get(request.request_id)
        if earlier is None:
            return plan
        # The count goes on: a worker of the earlier round finds that it was overtaken.
        return replace(plan, round=earlier.plan.round + 1, revision=earlier.plan.revision + 1)

    def _queued(self, task: Task) -> Action:
        (action,) = self._outbox.work(PREPARE, work_on(task)).actions
        return action


def identities(request: DataRequest) -> dict[str, str]:
    """By what the places look for the person."""
    found = dict(request.content.identities)
    if request.content.email:
        found["email"] = request.content.email
    return found


def work_on(task: Task) -> str:
    """What work on a task is about: `<request id>/<place>`."""
    return f"{task.request_id}/{task.place}"
