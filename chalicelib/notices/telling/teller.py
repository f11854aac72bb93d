"""The scheduled job that tells everybody of a significant change, step by step (steps.py).

A run that dies has told all or none of a step's people, and of two runs at once one tells each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.clock import Clock
from chalicelib.notices.directory import Directory
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.telling.steps import HORIZON, NothingToTell, Step, Steps
from chalicelib.notices.telling.store import TellingStore
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

LATE = timedelta(hours=24)
"""A telling whose first round is not through so long before its version's day needs a look."""
RESERVE = 10_000
"""ms kept for the step at hand: a contended transaction is built anew for seconds."""


@dataclass(slots=True)
class Report:
    """What a run did, in counts. `late` tellings keep their version from its day, or soon will."""

    told: int = 0
    done: int = 0
    late: int = 0
    failed: int = 0


class Teller:
    """Goes on with every telling that is not done."""

    def __init__(
        self,
        store: TellingStore,
        steps: Steps,
        directory: Directory,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._steps = steps
        self._directory = directory
        self._clock = clock
        self._run_command = run_command

    def start(self, notice: NoticeVersion) -> list[Action]:
        """The writes that start the telling of `notice`, for the transaction that publishes it.

        It begins one run later: by then the index lists everybody who was known at publication.
        """
        return [self._store.start(notice, notice.published_at + 2 * HORIZON)]

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Tells whom it may until `remaining_ms` runs low. One that fails holds up no other."""
        report = Report()
        for notice_id, version in self._store.due(self._clock.now() + HORIZON):
            try:
                self._go_on(notice_id, version, report, remaining_ms)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next one is due too
                log_failure(error, "")
                report.failed += 1
        return report

    def _go_on(
        self, notice_id: str, version: str, report: Report, remaining_ms: Callable[[], int]
    ) -> None:
        notice = self._directory.version(notice_id, version)
        while remaining_ms() >= RESERVE:
            try:
                step = self._take(notice)
            except NothingToTell:
                break
            report.told += step.told
            report.done += step.is_last
        standing, now = self._store.get(notice_id, version), self._clock.now()
        if standing is not None and standing.done_at is None:
            report.late += standing.round == 1 and standing.effective_at - now < LATE
            report.late += standing.round > 1 and standing.effective_at < now

    def _take(self, notice: NoticeVersion) -> Step:
        taken: list[Step] = []

        def build() -> list[Action]:
            taken[:] = [self._steps.next(notice)]
            return list(taken[0].actions)

        self._run_command(build)
        return taken[0]
