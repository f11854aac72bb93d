"""The scheduled job that watches the laws' dates: it raises alerts and ends what nobody proved.

It asks one sparse index for the requests whose moment has come, so its cost follows those and not
what is open. What it does for a request, it does in one transaction that also moves the request to
its next moment, under its revision: of two runs at once one wins, a run that dies has done all or
nothing for each request, and the next run finds what is left at the head of the list. That list is
the cursor.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.clock import Clock
from chalicelib.requests.alerts import Alerts
from chalicelib.requests.lapsing import Lapsing
from chalicelib.requests.watch_store import WatchStore
from chalicelib.requests.watching_rules import (
    Terms,
    alerts_to_raise,
    lapses_at,
    next_moment,
)
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

RESERVE = 10_000
"""ms kept for the request at hand: a contended transaction is built anew for seconds."""


class _Settled(Exception):
    """There is nothing to do for the request (any more)."""


@dataclass(slots=True)
class Report:
    """What a run did, in counts.

    `watch_lag_seconds` is how long ago the moment of the first request came that is still waiting;
    0 when the run got through.
    """

    alerted: int = 0
    alerts: int = 0
    lapsed: int = 0
    failed: int = 0
    watch_lag_seconds: int = 0


class Watcher:
    """Looks at every request whose moment has come."""

    def __init__(
        self,
        store: WatchStore,
        alerts: Alerts,
        lapsing: Lapsing,
        terms: Terms,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._alerts = alerts
        self._lapsing = lapsing
        self._terms = terms
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Attends to the due requests, the earliest first, until `remaining_ms` runs low.

        One that fails stays due and holds up none of the others. Raises what reading the list does.
        """
        report, now = Report(), self._clock.now()
        waiting: str | None = None
        for request_id in self._store.due(now):
            if remaining_ms() < RESERVE:
                waiting = waiting or request_id
                break
            try:
                self._attend(request_id, now, report)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next ones are due too
                log_failure(error, "")
                report.failed += 1
                waiting = waiting or request_id
        if waiting is not None:
            report.watch_lag_seconds = self._lag(waiting, now)
        return report

    def _attend(self, request_id: str, now: datetime, report: Report) -> None:
        done = Report()

        def build() -> Sequence[Action]:
            nonlocal done
            done, actions = self._next_step(request_id, now)
            return actions

        try:
            self._run_command(build)
        except _Settled:
            return
        if done.lapsed:
            self._lapsing.forget(request_id)
        report.alerted += done.alerted
        report.alerts += done.alerts
        report.lapsed += done.lapsed

    def _next_step(self, request_id: str, now: datetime) -> tuple[Report, Sequence[Action]]:
        """What is to be done for the request as it stands now. Raises `_Settled`."""
        seen = self._store.get(request_id)
        if seen is None:
            raise _Settled
        request = seen.request
        end = lapses_at(request, self._terms)
        if end is not None and end <= now:
            actions = self._lapsing.actions(request_id, request.revision, now, self._terms)
            return Report(lapsed=1), actions
        if numbers := alerts_to_raise(request, now, self._terms):
            actions = self._alerts.actions(request, numbers, now, self._terms)
            return Report(alerted=1, alerts=len(numbers)), actions
        if seen.listed_at == next_moment(request, self._terms):
            raise _Settled  # the index lags: another run was here, or the request has moved on
        # Listed under other terms than today's, or though it has ended.
        return Report(), [self._store.list_anew(request)]

    def _lag(self, request_id: str, now: datetime) -> int:
        listed_at = self._store.listed_at(request_id)
        return int((now - listed_at).total_seconds()) if listed_at else 0
