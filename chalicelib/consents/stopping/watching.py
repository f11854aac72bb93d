"""The scheduled job that watches stop orders until every processor has acknowledged (UU PDP 40).

It works as the watcher of requests does (requests/watching.py): one sparse index names the orders
whose moment has come, and what it does for one it does in one transaction that also moves the
order to its next moment, under its revision. So of two runs at once one wins, a run that dies has
done all or nothing for each order, and the next run finds what is left at the head of the list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.clock import Clock
from chalicelib.consents.stopping.alerts import WATCHER, StopAlerts
from chalicelib.consents.stopping.order_store import OrderStore
from chalicelib.consents.stopping.rules import alerts_to_raise, next_moment
from chalicelib.consents.stopping.settling import Settling
from chalicelib.law.alerting import AlertTimes
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.telemetry import log_failure

RESERVE = 10_000
"""ms kept for the order at hand: a contended transaction is built anew for seconds."""


class _Settled(Exception):
    """There is nothing to do for the order (any more)."""


@dataclass(slots=True)
class Report:
    """What a run did, in counts.

    `watch_lag_seconds` is how long ago the moment of the first order came that is still waiting; 0
    when the run got through.
    """

    alerted: int = 0
    alerts: int = 0
    failed: int = 0
    watch_lag_seconds: int = 0


class StopWatcher:
    """Looks at every stop order whose moment has come."""

    def __init__(
        self,
        store: OrderStore,
        settling: Settling,
        alerts: StopAlerts,
        times: AlertTimes,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._settling = settling
        self._alerts = alerts
        self._times = times
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Attends to the due orders, the earliest first, until `remaining_ms` runs low.

        One that fails stays due and holds up none of the others. Raises what reading the list does.
        """
        report, now = Report(), self._clock.now()
        waiting: str | None = None
        for order_id in self._store.due(now):
            if remaining_ms() < RESERVE:
                waiting = waiting or order_id
                break
            try:
                self._attend(order_id, now, report)
            except Exception as error:  # noqa: BLE001  # whatever it is, the next ones are due too
                log_failure(error, "")
                report.failed += 1
                waiting = waiting or order_id
        if waiting is not None:
            report.watch_lag_seconds = self._lag(waiting, now)
        return report

    def _attend(self, order_id: str, now: datetime, report: Report) -> None:
        raised = 0

        def build() -> Sequence[Action]:
            nonlocal raised
            raised, actions = self._next_step(order_id, now)
            return actions

        if (order := self._store.get(order_id)) is not None:
            self._settling.drop_removed(order, WATCHER)
        try:
            self._run_command(build)
        except _Settled:
            return
        report.alerted += raised > 0
        report.alerts += raised

    def _next_step(self, order_id: str, now: datetime) -> tuple[int, Sequence[Action]]:
        """How many alerts are raised for the order as it stands now, and the writes.

        Raises `_Settled`.
        """
        order = self._store.get(order_id)
        if order is None:
            raise _Settled
        if numbers := alerts_to_raise(order, now, self._times):
            return len(numbers), self._alerts.actions(order, numbers, now)
        if self._store.listed_at(order_id) == next_moment(order, self._times):
            raise _Settled  # the index lags: another run was here, or all have acknowledged
        return 0, [self._store.change(order)]  # listed under other terms than today's

    def _lag(self, order_id: str, now: datetime) -> int:
        listed_at = self._store.listed_at(order_id)
        return int((now - listed_at).total_seconds()) if listed_at else 0
