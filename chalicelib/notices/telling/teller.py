"""The scheduled job that tells everybody of a significant change, step by step (steps.py)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.clock import Clock
from chalicelib.notices.directory import Directory
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.telling.place import HORIZON, Step
from chalicelib.notices.telling.running import go_through, steps, taken
from chalicelib.notices.telling.steps import Steps
from chalicelib.notices.telling.store import TellingStore
from chalicelib.tables.transactions import Action, RunCommand

LATE = timedelta(hours=24)
"""A telling whose first round is not through so long before its version's day needs a look."""


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
        due = self._store.due(self._clock.now() + HORIZON)
        report.failed = go_through(due, lambda each: self._go_on(*each, report, remaining_ms))
        return report

    def _go_on(
        self, notice_id: str, version: str, report: Report, remaining_ms: Callable[[], int]
    ) -> None:
        notice = self._directory.version(notice_id, version)
        for step in steps(lambda: self._take(notice), remaining_ms):
            report.told += step.told
            report.done += step.is_last
        standing, now = self._store.get(notice_id, version), self._clock.now()
        if standing is not None and standing.done_at is None:
            report.late += standing.round == 1 and standing.effective_at - now < LATE
            report.late += standing.round > 1 and standing.effective_at < now

    def _take(self, notice: NoticeVersion) -> Step:
        return taken(self._run_command, lambda: self._steps.next(notice))
