"""Working a batch of due records, one after the other; what came of each is counted once.

What is written of a record moves its batch on in the same transaction. Another worker at the same
batch finds that it was overtaken, and stops.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from chalicelib.clock import Clock
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.sweeping.disposal import Disposal, Settlement, Stale
from chalicelib.retention.sweeping.models import Batch, RunState
from chalicelib.retention.sweeping.rules import counted, with_finished
from chalicelib.retention.sweeping.store import Overtaken, SweepStore
from chalicelib.retention.sweeping.sweep import DISPOSAL_WORK, Sweep
from chalicelib.tables.transactions import Action, RunCommand

SHIFT = timedelta(seconds=60)
"""How long a worker is at a batch: half of its function's time, so it ends by its own will."""


class Batches:
    """Works batches."""

    def __init__(
        self,
        disposal: Disposal,
        sweep: Sweep,
        sweeps: SweepStore,
        outbox: Outbox,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._disposal = disposal
        self._sweep = sweep
        self._sweeps = sweeps
        self._outbox = outbox
        self._clock = clock
        self._run_command = run_command

    def carry_on(self, run_id: str, number: str) -> None:
        """Settles what is left of the batch, for a minute; then another worker goes on.

        A record that fails, or of which nothing can be written, is listed for later and keeps none
        of the others. Raises what keeps the tables from being written.
        """
        until = self._clock.now() + SHIFT
        batch = self._sweeps.batch(run_id, int(number))
        if batch is None or batch.finished:
            return
        about = batch.about
        with suppress(Overtaken):
            for record_id in batch.record_ids[batch.done :]:
                if self._clock.now() >= until:
                    self._run_command(lambda: self._outbox.work(DISPOSAL_WORK, about).actions)
                    return
                batch = self._settle(record_id, batch)
            self._finish(batch)

    def _settle(self, record_id: str, batch: Batch) -> Batch:
        while True:
            with suppress(Stale):
                settled = self._disposal.settle(record_id, batch.run_id)
                try:
                    return self._move(batch, settled)
                except (Overtaken, Stale):
                    raise
                except Exception as error:  # noqa: BLE001  # the other records are due too
                    return self._postpone(record_id, batch, error)

    def _postpone(self, record_id: str, batch: Batch, error: Exception) -> Batch:
        try:
            return self._move(batch, self._disposal.postpone(record_id, error))
        except Overtaken:
            # It was written, and only the answer was lost: another try goes on from there.
            raise error from None

    def _move(self, batch: Batch, settled: Settlement) -> Batch:
        moved = counted(batch, settled.outcome)
        self._run_command(lambda: [self._sweeps.change_batch(moved), *settled.writes()])
        settled.after()
        return replace(moved, revision=moved.revision + 1)

    def _finish(self, batch: Batch) -> None:
        def build() -> list[Action]:
            run = self._sweeps.run(batch.run_id)
            finished = self._sweeps.change_batch(replace(batch, finished=True))
            if run is None or run.state is RunState.ENDED:
                return [finished]
            return [finished, *self._sweep.moved_on(with_finished(run, batch))]

        self._run_command(build)
