"""After a new schedule: what lives is listed under its end by that, page by page.

The sweep computes each end anew before it touches anything, and so does whoever asks whether data
is over: the lists may lag. What this brings about is that what ends earlier now is found earlier.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from chalicelib.clock import Clock
from chalicelib.errors import Conflict
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.records.models import HeldRecord, State
from chalicelib.retention.records.rules import listed_under
from chalicelib.retention.records.service import InForce
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Schedule
from chalicelib.retention.schedule.service import RESCHEDULE_WORK
from chalicelib.tables.transactions import RunCommand

SHIFT = timedelta(seconds=60)
"""How long a worker is at it: half of its function's time, so it ends by its own will."""
_PAGE = 100


class _Moved(Conflict):
    """Somebody changed the record: by the schedule in force, so nothing is left to do."""

    code = "record_moved"


class Rescheduling:
    """Lists records anew."""

    def __init__(
        self,
        records: RecordStore,
        in_force: InForce,
        outbox: Outbox,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._records = records
        self._in_force = in_force
        self._outbox = outbox
        self._clock = clock
        self._run_command = run_command

    def carry_on(self, version: str, after: str) -> None:
        """Goes on behind the place `after` for a minute; then another worker does.

        Nothing is done for a version that is not in force any more. May be repeated.
        """
        until = self._clock.now() + SHIFT
        number, schedule = self._in_force()
        place: str | None = after or None
        while int(version) == number:
            ids, place = self._records.living(place, _PAGE)
            for record in self._records.many(ids).values():
                if record.schedule < number:
                    self._list(record, number, schedule)
            if place is None:
                return
            if self._clock.now() >= until:
                self._go_on_later(f"{version}/{place}")
                return

    def _go_on_later(self, about: str) -> None:
        self._run_command(lambda: self._outbox.work(RESCHEDULE_WORK, about).actions)

    def _list(self, record: HeldRecord, number: int, schedule: Schedule) -> None:
        if record.state is State.FAILED:
            # It failed to end by its former end; by this one it may have years.
            record = replace(record.at_rest(), attempts=0)
        listed = listed_under(record, number, schedule)
        with suppress(_Moved):
            self._run_command(lambda: [self._records.change(listed, _Moved)])
