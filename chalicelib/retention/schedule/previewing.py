"""Counting what a version would do, before anybody accepts it.

    page after page of the stock ──> the end                  until a minute is over; then
                                 └─> new work in the outbox   another worker goes on

Each page is counted in the write that moves the cursor behind it, under the preview's revision. A
worker that dies leaves a preview that stands right behind the last page that was counted; the queue
brings its work back. Of two workers the slower one finds that it was overtaken, and stops: the
other's work is in the queue for as long as pages are left.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.schedule.errors import PreviewOvertaken
from chalicelib.retention.schedule.models import Schedule
from chalicelib.retention.schedule.preview_store import Preview, PreviewStore
from chalicelib.retention.schedule.service import PREVIEW_WORK, Schedules
from chalicelib.retention.schedule.tally import Stock
from chalicelib.tables.transactions import Action, RunCommand

SHIFT = timedelta(seconds=60)
"""How long a worker counts: half of its function's time, so it ends by its own will."""
_PAGE = 200  # records


class Previewing:
    """Counts what versions would do."""

    def __init__(
        self,
        previews: PreviewStore,
        schedules: Schedules,
        stock: Stock,
        outbox: Outbox,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._previews = previews
        self._schedules = schedules
        self._stock = stock
        self._outbox = outbox
        self._clock = clock
        self._run_command = run_command

    def carry_on(self, version_number: int) -> None:
        """Counts what is left, for a minute; nothing is left of a preview that ended.

        Raises what keeps the stock from being read, and `Contended`.
        """
        until = self._clock.now() + SHIFT
        preview = self._previews.get(version_number)
        if preview is None or preview.ended_at is not None:
            return
        about = str(version_number)
        before, after = self._schedules.change_by(version_number)
        with suppress(PreviewOvertaken):
            while preview.ended_at is None:
                if self._clock.now() >= until:
                    self._move(preview, lambda: self._outbox.work(PREVIEW_WORK, about).actions)
                    return
                preview = self._move(self._with_next_page(preview, before, after), list)

    def _with_next_page(self, preview: Preview, before: Schedule, after: Schedule) -> Preview:
        page, cursor = self._stock.page(preview.cursor, _PAGE)
        tally = preview.tally.with_page(page, before, after, preview.started_at)
        ended = None if cursor is not None else from_millis(to_millis(self._clock.now()))
        return replace(preview, tally=tally, cursor=cursor, ended_at=ended)

    def _move(self, preview: Preview, writes: Callable[[], list[Action]]) -> Preview:
        """Stores the preview together with `writes`. Raises `PreviewOvertaken`."""
        changed, change = self._previews.change(preview)
        self._run_command(lambda: [change, *writes()])
        return changed
