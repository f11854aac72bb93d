"""Working a task: what its place holds is gathered, rehearsed, or changed.

Each step reads where it is, does the deed, and writes what came of it. A worker that dies in
between leaves the step as it was, and the next one does it again: deeds may be repeated
(connectors/places.py).
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from chalicelib.connectors.places import (
    Deed,
    Outcome,
    Place,
    Places,
    PlaceUnavailable,
    Row,
    Seeds,
)
from chalicelib.requests.book import RequestBook
from chalicelib.requests.copies.parts import Parts
from chalicelib.requests.fulfilment.advancing import Advancing
from chalicelib.requests.fulfilment.models import NothingLeft, Progress, Stage, Task
from chalicelib.requests.fulfilment.own_records import OWN, OwnRecords
from chalicelib.requests.fulfilment.plan_store import PlanStore
from chalicelib.requests.fulfilment.planning import WORKER, identities
from chalicelib.requests.fulfilment.restraint import Restraint
from chalicelib.requests.models import DataRequest, Status
from chalicelib.retention.holds.models import Held
from chalicelib.tables.transactions import Action, RunCommand


class Asking(Protocol):
    """Asks places that answer later."""

    def ask(self, request: DataRequest, task: Task) -> list[Action]:
        """The writes that ask the task's place, for the transaction that notes it."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """Where data of people is: with us, and at the connected places, where alone a deed is done."""

    own: OwnRecords
    places: Places

    def readable(self, place_id: str) -> OwnRecords | Place:
        """What rows are read from. Raises `UnknownPlace`."""
        return self.own if place_id == OWN else self.places.at(place_id)


class Tasks:
    """Works tasks, one step at a time."""

    def __init__(
        self,
        book: RequestBook,
        plans: PlanStore,
        sources: Sources,
        parts: Parts,
        asking: Asking,
        restraint: Restraint,
        advancing: Advancing,
        run_command: RunCommand,
    ) -> None:
        self._book = book
        self._plans = plans
        self._sources = sources
        self._parts = parts
        self._asking = asking
        self._restraint = restraint
        self._advancing = advancing
        self._run_command = run_command

    def prepare(self, request_id: str, place_id: str) -> None:
        """Gathers or rehearses; a task that is prepared is left alone. Raises `PlaceUnavailable`,
        `UnknownPlace`."""
        standing = self._standing(request_id, place_id, Stage.PREPARING)
        if standing is None:
            return
        request, _, task = standing
        source = self._sources.readable(place_id)
        seeds = task.seeds or self._located(request, place_id)
        later = source.description.answers_later
        if later and seeds and task.deed is Deed.COPY:
            self._ask(request_id, place_id, Stage.PREPARING, seeds, task.deed)
            return
        if later:
            outcome = Outcome(0, 0)  # nobody knows before it is done
        elif task.deed is Deed.COPY:
            rows = source.rows(seeds)
            outcome = Outcome(self._parts.write(request_id, place_id, rows), 0)
        else:
            place = self._sources.places.at(place_id)
            outcome = _done(request, place, task.deed, seeds, rehearse=True)
        self._finish(
            request_id,
            place_id,
            Stage.PREPARING,
            "request.place_prepared",
            lambda current: replace(current, prepared=outcome, seeds=seeds),
        )

    def carry_out(self, request_id: str, place_id: str) -> None:
        """Does the deed; a task that is done is left alone. Raises as `prepare`.

        What a legal hold is on is restricted where it was to be erased.
        """
        standing = self._standing(request_id, place_id, Stage.CARRYING_OUT)
        if standing is None:
            return
        deed = standing[2].deed
        try:
            self._carry_out(request_id, place_id, deed)
        except Held:
            self._carry_out(request_id, place_id, Deed.RESTRICT)

    def _carry_out(self, request_id: str, place_id: str, deed: Deed) -> None:
        """Raises `Held` where `deed` is an erasure, before anything is asked or done."""
        standing = self._standing(request_id, place_id, Stage.CARRYING_OUT)
        if standing is None:
            return
        request, _, task = standing
        place, seeds = self._sources.places.at(place_id), task.seeds  # located by now (locating.py)
        if place.description.answers_later:
            if seeds:
                self._ask(request_id, place_id, Stage.CARRYING_OUT, seeds, deed)
                return
            outcome = Outcome(0, 0)  # who cannot know the person is not told of them
        elif not self._begin(request_id, place_id, seeds, deed):
            return
        else:
            outcome = self._told(
                request, task, deed, _done(request, place, deed, seeds, rehearse=False)
            )
        self._finish(
            request_id,
            place_id,
            Stage.CARRYING_OUT,
            "request.place_done",
            lambda current: replace(current, outcome=outcome, seeds=seeds),
        )

    def _told(self, request: DataRequest, task: Task, deed: Deed, outcome: Outcome) -> Outcome:
        """The outcome of `deed`, which may be another than the task's for a hold."""
        return outcome if deed is task.deed else self._restraint.restricted(request, outcome)

    def _guard(self, request: DataRequest, deed: Deed) -> list[Action]:
        """For the transaction that begins `deed`: of an erasure and a hold at once one wins."""
        return [*self._restraint.checks(request)] if deed is Deed.ERASE else []

    def _begin(self, request_id: str, place_id: str, seeds: Seeds, deed: Deed) -> bool:
        """Notes that a worker sets about `deed`, and from where; False where nothing is left.

        Before it happens: whoever dies over it cannot note it afterwards. Raises `Held`.
        """

        def build() -> list[Action]:
            standing = self._standing(request_id, place_id, Stage.CARRYING_OUT)
            if standing is None:
                raise NothingLeft
            request, _, task = standing
            return [
                self._plans.change_task(replace(task, begun=task.begun + 1, seeds=seeds)),
                *self._guard(request, deed),
            ]

        try:
            self._run_command(build)
        except NothingLeft:
            return False
        return True

    def answer(
        self, request_id: str, place_id: str, deed: Deed, outcome: Outcome, rows: Iterable[Row]
    ) -> None:
        """What a place says that was asked for `deed`: `rows` for a copy. A second answer changes
        nothing."""
        progress = self._plans.get(request_id)
        task = progress.task(place_id) if progress else None
        if progress is None or task is None or not task.asked:
            return
        if task.deed is Deed.COPY:
            found = self._parts.write(request_id, place_id, iter(rows))
            outcome = replace(outcome, found=found)
        outcome = self._told(self._book.get(request_id), task, deed, outcome)
        self._finish(
            request_id,
            place_id,
            progress.plan.stage,
            "request.place_answered",
            lambda current: (
                replace(current, prepared=outcome)
                if current.deed is Deed.COPY
                else replace(current, outcome=outcome)
            ),
        )

    def fail(self, request_id: str, place_id: str, stage: Stage, code: str) -> None:
        """Gives the task up for good; `code` says why. A person has to see to it."""
        self._finish(
            request_id,
            place_id,
            stage,
            "request.place_failed",
            lambda current: replace(current, failure=code),
        )

    def _located(self, request: DataRequest, place_id: str) -> Seeds:
        found = self._sources.places.locate(identities(request)).get(place_id, Seeds())
        if isinstance(found, PlaceUnavailable):
            raise found
        return found

    def _ask(self, request_id: str, place_id: str, stage: Stage, seeds: Seeds, deed: Deed) -> None:
        def build() -> list[Action]:
            standing = self._standing(request_id, place_id, stage)
            if standing is None or standing[2].asked:
                raise NothingLeft
            request, progress, current = standing
            asked = replace(current, asked=True, seeds=seeds)
            return [
                # An erasure that ends the plan at this moment wins: nobody is asked after it.
                self._plans.change_plan(progress.plan),
                self._plans.change_task(asked),
                *self._guard(request, deed),
                *self._asking.ask(request, replace(asked, deed=deed)),
                *self._book.entry(request, WORKER, "request.place_asked", {"place": place_id}),
            ]

        self._run(build)

    def _standing(
        self, request_id: str, place_id: str, stage: Stage
    ) -> tuple[DataRequest, Progress, Task] | None:
        """Where the task is, if it is to be worked at `stage`; else None."""
        progress = self._plans.get(request_id)
        request = self._book.get(request_id)
        if progress is None or request.status is not Status.IN_PROGRESS:
            return None
        task = progress.task(place_id)
        if progress.plan.stage is not stage or task is None or task.is_finished(stage):
            return None
        return request, progress, task

    def _finish(
        self,
        request_id: str,
        place_id: str,
        stage: Stage,
        action: str,
        change: Callable[[Task], Task],
    ) -> None:
        def build() -> list[Action]:
            standing = self._standing(request_id, place_id, stage)
            if standing is None:
                raise NothingLeft
            request, progress, task = standing
            return self._advancing.finished(request, progress, change(task), WORKER, action)

        self._run(build)

    def _run(self, build: Callable[[], list[Action]]) -> None:
        with suppress(NothingLeft):
            self._run_command(build)


def _done(
    request: DataRequest, place: Place, deed: Deed, seeds: Seeds, *, rehearse: bool
) -> Outcome:
    match deed:
        case Deed.ERASE:
            return place.erase(seeds, rehearse=rehearse)
        case Deed.CORRECT:
            return place.correct(seeds, request.content.corrections, rehearse=rehearse)
        case Deed.RESTRICT:
            return place.restrict(seeds, rehearse=rehearse)
        case Deed.COPY:
            raise ValueError("a copy is gathered while it is prepared")
