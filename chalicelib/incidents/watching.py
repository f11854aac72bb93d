"""The scheduled job that watches the dates of incidents and raises their alarms.

One sparse index names the incidents whose moment has come, so its cost follows those and not what
is in the register. What it does for one it does in one transaction that also moves the incident to
its next moment, under its revision: of two runs at once one wins, a run that dies has done all or
nothing for each, and the next run finds what is left at the head of the list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.clock import Clock
from chalicelib.incidents.alarm_rules import alarms_to_raise, next_moment, nudges_to_send
from chalicelib.incidents.alarms import Alarms
from chalicelib.incidents.store import IncidentStore
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

RESERVE = 10_000
"""ms kept for the incident at hand: a contended transaction is built anew for seconds."""


class _Settled(Exception):
    """There is nothing to do for the incident (any more)."""


@dataclass(slots=True)
class Report:
    """What a run did, in counts. `overdue` are duties alarmed of whose date has passed, `nudged`
    incidents that nobody has decided on.

    `watch_lag_seconds` is how long ago the moment of the first incident came that is still waiting;
    0 when the run got through.
    """

    alarmed: int = 0
    alarms: int = 0
    overdue: int = 0
    nudged: int = 0
    failed: int = 0
    watch_lag_seconds: int = 0


class IncidentWatcher:
    """Looks at every incident whose moment has come."""

    def __init__(
        self, store: IncidentStore, alarms: Alarms, clock: Clock, run_command: RunCommand
    ) -> None:
        self._store = store
        self._alarms = alarms
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Attends to the due incidents, the earliest first, until `remaining_ms` runs low.

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
        raised = Report()

        def build() -> Sequence[Action]:
            nonlocal raised
            raised, actions = self._next_step(incident_id, now)
            return actions

        try:
            self._run_command(build)
        except _Settled:
            return
        report.alarmed += raised.alarmed
        report.alarms += raised.alarms
        report.overdue += raised.overdue
        report.nudged += raised.nudged

    def _next_step(self, incident_id: str, now: datetime) -> tuple[Report, Sequence[Action]]:
        """What is done for the incident as it stands now, and the writes. Raises `_Settled`."""
        incident = self._store.seen(incident_id)
        if incident is None:
            raise _Settled
        if alarms := alarms_to_raise(incident, now):
            overdue = sum(
                each.id in alarms and each.deadline is not None and each.deadline.due_at <= now
                for each in incident.duties
            )
            raised = Report(1, sum(map(len, alarms.values())), overdue)
            return raised, self._alarms.actions(incident, alarms, now)
        if nudges := nudges_to_send(incident, now):
            return Report(nudged=1), self._alarms.nudge(incident, nudges, now)
        if self._store.listed_at(incident_id) == next_moment(incident):
            raise _Settled  # the index lags: another run was here, or all were told
        return Report(), [self._store.watch(incident)]  # listed under other terms than today's

    def _lag(self, incident_id: str, now: datetime) -> int:
        listed_at = self._store.listed_at(incident_id)
        return int((now - listed_at).total_seconds()) if listed_at else 0
