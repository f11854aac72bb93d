"""The scheduled job that reminds of remediation actions whose date has come.

It works as the watcher of incidents does (incidents/watching.py), over its own list. All that is
overdue of one incident goes out as one mail to each address: of whoever handles the incident, else
of the privacy team. Each reminder counts, and the entry in the trail says by action how many. No
mail says what the action is or whose.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.audit.entry import Fact
from chalicelib.clock import Clock, rfc3339
from chalicelib.incidents.aftermath.models import Aftermath
from chalicelib.incidents.aftermath.rules import next_reminder, reminded, reminders_due
from chalicelib.incidents.aftermath.store import AftermathStore
from chalicelib.incidents.alarms import WATCHER
from chalicelib.incidents.book import IncidentBook
from chalicelib.incidents.models import Incident
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

RESERVE = 10_000
"""ms kept for the incident at hand: a contended transaction is built anew for seconds."""
TEMPLATE = "remediation_due"

type Addresses = Callable[[str], Sequence[str]]
"""Whom to remind, by the incident."""


class _Settled(Exception):
    """There is nobody to remind (any more)."""


@dataclass(slots=True)
class Report:
    """What a run did, in counts: of incidents, and of actions reminded of.

    `watch_lag_seconds` is how long ago the first reminder was due that is still waiting; 0 when the
    run got through.
    """

    reminded: int = 0
    actions: int = 0
    failed: int = 0
    watch_lag_seconds: int = 0


class RemedyReminders:
    """Reminds by mail, at an action's date and every week after it."""

    def __init__(
        self,
        store: AftermathStore,
        book: IncidentBook,
        outbox: Outbox,
        addresses: Addresses,
        language: Language,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._book = book
        self._outbox = outbox
        self._addresses = addresses
        self._language = language
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Attends to the incidents with overdue actions, the earliest first, until `remaining_ms`
        runs low.

        One that fails stays due and holds up none of the others. Raises what reading the list does.
        """
        report, now = Report(), self._clock.now()
        waiting: str | None = None
        for incident_id in self._store.due(now):
            if remaining_ms() < RESERVE:
                waiting = waiting or incident_id
                break
            try:
                self._attend(incident_id, now, report)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next ones are due too
                log_failure(error, "")
                report.failed += 1
                waiting = waiting or incident_id
        if waiting is not None:
            report.watch_lag_seconds = self._lag(waiting, now)
        return report

    def _attend(self, incident_id: str, now: datetime, report: Report) -> None:
        overdue: Mapping[str, range] = {}

        def build() -> Sequence[Action]:
            nonlocal overdue
            if self._book.is_over(incident_id):
                raise _Settled  # nothing of it is told any more; what ends it takes it off the list
            aftermath = self._store.seen(incident_id)
            overdue = reminders_due(aftermath, now)
            if overdue:
                return self._actions(aftermath, overdue)
            if self._store.listed_at(incident_id) == next_reminder(aftermath):
                raise _Settled  # the index lags: another run was here, or all was done
            return [self._store.watch(aftermath)]  # listed under other terms than today's

        try:
            self._run_command(build)
        except _Settled:
            return
        report.reminded += bool(overdue)
        report.actions += len(overdue)

    def _actions(self, aftermath: Aftermath, overdue: Mapping[str, range]) -> list[Action]:
        incident = self._book.seen(aftermath.incident_id)
        # By action its number: ids are no names of facts.
        facts: dict[str, Fact] = {
            f"action.{number}": f"{action_id},{numbers.stop}"
            for number, (action_id, numbers) in enumerate(overdue.items())
        }
        return [
            self._store.watch(reminded(aftermath, overdue)),
            *self._mails(incident, aftermath, overdue),
            *self._book.entry(incident.incident_id, WATCHER, "incident.action_due", facts),
        ]

    def _mails(
        self, incident: Incident, aftermath: Aftermath, overdue: Mapping[str, range]
    ) -> list[Action]:
        dates = sorted((aftermath.remedies[each].due_at, each) for each in overdue)
        values = {
            "incident_id": incident.incident_id,
            "drill": "yes" if incident.drill else "",
            "actions": "; ".join(f"{each}: {rfc3339(due_at)}" for due_at, each in dates),
            "count": str(len(dates)),
        }
        return [
            action
            for address in self._addresses(incident.incident_id)
            for action in self._outbox.mail(
                TEMPLATE, address, self._language, values, about=incident.incident_id
            ).actions
        ]

    def _lag(self, incident_id: str, now: datetime) -> int:
        listed_at = self._store.listed_at(incident_id)
        return max(int((now - listed_at).total_seconds()), 0) if listed_at else 0
