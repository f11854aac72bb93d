"""What the staff decides about a plan: to carry it out, to try again, to have done it by hand."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from chalicelib.audit.entry import Actor
from chalicelib.connectors.places import Outcome, UnknownPlace
from chalicelib.errors import Conflict
from chalicelib.idempotency.models import KeyedCall
from chalicelib.idempotency.service import Idempotency
from chalicelib.requests.book import RequestBook
from chalicelib.requests.fulfilment.advancing import Advancing
from chalicelib.requests.fulfilment.models import Progress, Stage
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.handling import check_second_person
from chalicelib.requests.models import DataRequest, RequestType
from chalicelib.requests.rules import ImpossibleNow
from chalicelib.tables.transactions import Action


class NoCorrections(Conflict):
    """Nobody has said yet which values are to be written."""

    code = "no_corrections"


class Deciding:
    """Moves plans on by decision, each with its entry in the trail."""

    def __init__(
        self,
        book: RequestBook,
        plans: PlanStore,
        advancing: Advancing,
        idempotency: Idempotency,
    ) -> None:
        self._book = book
        self._plans = plans
        self._advancing = advancing
        self._idempotency = idempotency

    def progress(self, request_id: str) -> Progress | None:
        """Where the plan is; None while there is none."""
        return self._plans.get(request_id)

    def approve(self, request_id: str, staff_id: str, call: KeyedCall | None = None) -> None:
        """Has the request carried out as it was rehearsed.

        Raises `ImpossibleNow`; `SameDecider` for an appeal against one's own decision, and for a
        request that one took in or checked.
        """

        def build(request: DataRequest, progress: Progress) -> list[Action]:
            if progress.plan.stage is not Stage.DECIDING:
                raise ImpossibleNow
            check_second_person(request, staff_id)
            if request.type is RequestType.CORRECTION and not request.content.corrections:
                raise NoCorrections
            decided = replace(request, decided_by=staff_id)
            failed = len(progress.failed)
            return self._advancing.approved(decided, progress, _by(staff_id), {"failed": failed})

        self._decide(request_id, call, build)

    def correct(
        self,
        request_id: str,
        staff_id: str,
        corrections: Mapping[str, str],
        call: KeyedCall | None = None,
    ) -> None:
        """Says which values are to be written, where the person described it in words: the plan is
        rehearsed anew. Raises `ImpossibleNow` unless a correction waits for its approval.
        """

        def build(request: DataRequest, progress: Progress) -> list[Action]:
            if request.type is not RequestType.CORRECTION:
                raise ImpossibleNow
            content = replace(request.content, corrections=dict(corrections))
            return self._advancing.rehearsed_anew(
                replace(request, content=content), progress, _by(staff_id)
            )

        self._decide(request_id, call, build)

    def retry(
        self, request_id: str, place: str, staff_id: str, call: KeyedCall | None = None
    ) -> None:
        """Tries the failed place again. Raises `UnknownPlace`, `ImpossibleNow`."""

        def build(request: DataRequest, progress: Progress) -> list[Action]:
            task = progress.task(place)
            if task is None:
                raise UnknownPlace
            return self._advancing.tried_again(request, progress, task, _by(staff_id))

        self._decide(request_id, call, build)

    def resolve(
        self,
        request_id: str,
        place: str,
        staff_id: str,
        outcome: Outcome,
        call: KeyedCall | None = None,
    ) -> None:
        """Says what somebody found or did by hand where a place failed, or has not answered.

        Raises `UnknownPlace`; `ImpossibleNow` where it neither failed nor is waited for;
        `SameDecider` as `approve` does.
        """

        def build(request: DataRequest, progress: Progress) -> list[Action]:
            task = progress.task(place)
            if task is None:
                raise UnknownPlace
            stage = progress.plan.stage
            if not task.is_stuck(stage) or stage is Stage.DECIDING:
                raise ImpossibleNow
            check_second_person(request, staff_id)
            resolved = replace(task, failure=None, asked=False, resolved_by=staff_id)
            if stage is Stage.PREPARING:
                resolved = replace(resolved, prepared=outcome)
            else:
                resolved = replace(resolved, outcome=outcome)
            return self._advancing.finished(
                request, progress, resolved, _by(staff_id), "request.place_resolved"
            )

        self._decide(request_id, call, build)

    def set_going(self, request_id: str, staff_id: str, call: KeyedCall | None = None) -> None:
        """Queues the present stage's work once more, after what stopped it was mended.

        Raises `ImpossibleNow` where nothing is left to be done.
        """

        def command() -> list[Action]:
            request, progress = self._book.get(request_id), self._plans.get(request_id)
            return self._advancing.set_going(request, progress, _by(staff_id))

        if self._idempotency.earlier(call) is None:
            self._idempotency.run(call, {}, command)

    def _decide(
        self,
        request_id: str,
        call: KeyedCall | None,
        build: Callable[[DataRequest, Progress], list[Action]],
    ) -> None:
        def command() -> list[Action]:
            request = self._book.get(request_id)
            progress = self._plans.get(request_id)
            if progress is None:
                raise ImpossibleNow
            return build(request, progress)

        if self._idempotency.earlier(call) is None:
            self._idempotency.run(call, {}, command)


def _by(staff_id: str) -> Actor:
    return Actor("staff", staff_id)
