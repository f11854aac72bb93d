"""The scheduled job that reminds the privacy team of the holds that somebody has to look at again.

It works as the watcher of requests does (requests/watching.py), over the list of active holds by
review date: it asks for those whose date is seven days away or less. What it does for one, it does
in one transaction under the hold's revision: of two runs at once one wins, and the next finds the
reminders counted. Reminders whose moments passed while nobody looked go out as one mail; each of
them counts, and the entry in the trail says from which to which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.audit.entry import Actor, Fact
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, rfc3339
from chalicelib.law.alerting import alert_name
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.holds.models import Hold
from chalicelib.retention.holds.rules import AHEAD, TIMES, days_left, next_reminder, reminders_due
from chalicelib.retention.holds.service import hold_entity
from chalicelib.retention.holds.store import HoldStore
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

RESERVE = 10_000
"""ms kept for the hold at hand: a contended transaction is built anew for seconds."""
TEMPLATE = "hold_review"
_WATCHER = Actor("system", "watcher")


class _Settled(Exception):
    """There is nothing to do for the hold (any more)."""


@dataclass(slots=True)
class Report:
    """What a run did, in counts.

    `watch_lag_seconds` is how long ago the first reminder was due that is still waiting; 0 when the
    run got through.
    """

    reminded: int = 0
    reminders: int = 0
    failed: int = 0
    watch_lag_seconds: int = 0


class HoldReminders:
    """Reminds by mail to `addresses`. No mail says whom or what the hold is on."""

    def __init__(
        self,
        store: HoldStore,
        outbox: Outbox,
        trail: Trail,
        addresses: Sequence[str],
        language: Language,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._trail = trail
        self._addresses = addresses
        self._language = language
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Attends to the holds to review, the earliest first, until `remaining_ms` runs low.

        One that fails is due with the next run and holds up none of the others. Raises what reading
        the list does.
        """
        report, now = Report(), self._clock.now()
        waiting: str | None = None
        for hold_id in self._store.to_review(now + AHEAD):
            if remaining_ms() < RESERVE:
                waiting = waiting or hold_id
                break
            try:
                self._attend(hold_id, now, report)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next ones are due too
                log_failure(error, "")
                report.failed += 1
                waiting = waiting or hold_id
        if waiting is not None:
            report.watch_lag_seconds = self._lag(waiting, now)
        return report

    def _attend(self, hold_id: str, now: datetime, report: Report) -> None:
        raised = 0

        def build() -> Sequence[Action]:
            nonlocal raised
            hold = self._store.seen(hold_id)
            numbers = reminders_due(hold, now) if hold else range(0)
            if hold is None or not numbers:
                raise _Settled
            raised = len(numbers)
            return self._actions(hold, numbers, now)

        try:
            self._run_command(build)
        except _Settled:
            return
        report.reminded += 1
        report.reminders += raised

    def _actions(self, hold: Hold, numbers: range, now: datetime) -> list[Action]:
        first, last = (alert_name(TIMES.offset(each)) for each in (numbers[0], numbers[-1]))
        facts: dict[str, Fact] = {
            "first": first,
            "last": last,
            "count": len(numbers),
            "review_at": rfc3339(hold.review_at),
        }
        return [
            self._store.review(replace(hold, reminders=numbers.stop)),
            *self._mails(hold, now),
            *self._trail.actions(hold_entity(hold.hold_id), _WATCHER, "hold.review_due", facts),
        ]

    def _mails(self, hold: Hold, now: datetime) -> list[Action]:
        values = {
            "hold_id": hold.hold_id,
            "kind": hold.target.kind.value,
            "placed_at": rfc3339(hold.placed_at),
            "review_at": rfc3339(hold.review_at),
            "days": str(days_left(hold.review_at, now)),
        }
        return [
            action
            for address in self._addresses
            for action in self._outbox.mail(
                TEMPLATE, address, self._language, values, about=hold.hold_id
            ).actions
        ]

    def _lag(self, hold_id: str, now: datetime) -> int:
        hold = self._store.seen(hold_id)
        return max(int((now - next_reminder(hold)).total_seconds()), 0) if hold else 0
