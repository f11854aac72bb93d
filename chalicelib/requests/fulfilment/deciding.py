"""What the staff decides about a plan: to carry it out, to try again, to have done it by hand."""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.audit.entry import Actor
from chalicelib.connectors.places import Outcome, UnknownPlace
from chalicelib.requests.book import RequestBook
from chalicelib.requests.fulfilment.advancing import Advancing
from chalicelib.requests.fulfilment.models import Progress, Stage
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.handling import check_decider
from chalicelib.requests.models import DataRequest
from chalicelib.requests.rules import ImpossibleNow
from chalicelib.tables.transactions import Action, RunCommand


class Deciding:
    """Moves plans on by decision, each with its entry in the trail."""

    def __init__(
        self,
        book: RequestBook,
        plans: PlanStore,
        advancing: Advancing,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._plans = plans
        self._advancing = advancing
        self._run_command = run_command

    def progress(self, request_id: str) -> Progress | None:
        """Where the plan is; None while there is none."""
        return self._plans.get(request_id)

    def approve(self, request_id: str, staff_id: str) -> None:
        """Has the request carried out as it was rehearsed.

        Raises `ImpossibleNow`, `SameDecider` for an appeal against one's own decision.
        """

        def build(request: DataRequest, progress: Progress) -> list[Action]:
            if progress.plan.stage is not Stage.DECIDING:
                raise ImpossibleNow
            check_decider(request, staff_id)
            decided = replace(request, decided_by=staff_id)
            failed = len(progress.failed)
            return self._advancing.approved(decided, progress, _by(staff_id), {"failed": failed})

        self._decide(request_id, build)

    def retry(self, request_id: str, place: str, staff_id: str) -> None:
        """Tries the failed place again. Raises `UnknownPlace`, `ImpossibleNow`."""

        def build(request: DataRequest, progress: Progress) -> list[Action]:
            task = progress.task(place)
            if task is None:
                raise UnknownPlace
            return self._advancing.tried_again(request, progress, task, _by(staff_id))

        self._decide(request_id, build)

    def resolve(self, request_id: str, place: str, staff_id: str, outcome: Outcome) -> None:
        """Says what somebody did by hand where a place failed.

        Raises `UnknownPlace`; `ImpossibleNow` where nothing failed or nothing is carried out.
        """

        def build(request: DataRequest, progress: Progress) -> list[Action]:
            task = progress.task(place)
            if task is None:
                raise UnknownPlace
            if task.failure is None or progress.plan.stage is not Stage.CARRYING_OUT:
                raise ImpossibleNow
            resolved = replace(task, failure=None, outcome=outcome, resolved_by=staff_id)
            return self._advancing.finished(
                request, progress, resolved, _by(staff_id), "request.place_resolved"
            )

        self._decide(request_id, build)

    def set_going(self, request_id: str, staff_id: str) -> None:
        """Queues the present stage's work once more, after what stopped it was mended."""
        self._decide(
            request_id,
            lambda request, progress: self._advancing.set_going(request, progress, _by(staff_id)),
        )

    def _decide(
        self, request_id: str, build: Callable[[DataRequest, Progress], list[Action]]
    ) -> None:
        def command() -> list[Action]:
            request = self._book.get(request_id)
            progress = self._plans.get(request_id)
            if progress is None:
                raise ImpossibleNow
            return build(request, progress)

        self._run_command(command)


def _by(staff_id: str) -> Actor:
    return Actor("staff", staff_id)
