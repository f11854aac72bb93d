"""The scheduled job that tells whom incidents affect, step by step (steps.py)."""

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.clock import Clock
from chalicelib.incidents.telling.models import State
from chalicelib.incidents.telling.rules import is_stuck
from chalicelib.incidents.telling.steps import BreachSteps
from chalicelib.incidents.telling.store import BreachTellingStore
from chalicelib.notices.telling.place import HORIZON, Step
from chalicelib.notices.telling.running import go_through, steps, taken
from chalicelib.tables.transactions import RunCommand


@dataclass(slots=True)
class Report:
    """What a run did, in counts.

    `stuck` tellings have mails that do not leave, or nobody on their list, for an hour;
    `unreached` ones wait for somebody to note how the last were told.
    """

    told: int = 0
    done: int = 0
    stuck: int = 0
    unreached: int = 0
    failed: int = 0


class BreachTeller:
    """Goes on with every telling that is not done."""

    def __init__(
        self,
        store: BreachTellingStore,
        steps: BreachSteps,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._steps = steps
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Tells whom it may until `remaining_ms` runs low. One that fails holds up no other."""
        report = Report()
        due = self._store.due(self._clock.now() + HORIZON)
        report.failed = go_through(due, lambda each: self._go_on(each, report, remaining_ms))
        return report

    def _go_on(self, notice_id: str, report: Report, remaining_ms: Callable[[], int]) -> None:
        def take() -> Step:
            return taken(self._run_command, lambda: self._steps.next(notice_id))

        for step in steps(take, remaining_ms):
            report.told += step.told
            report.done += step.is_last
        if standing := self._store.get(notice_id):
            report.stuck += is_stuck(standing, self._clock.now())
            report.unreached += standing.state is State.UNREACHED
