"""The hourly sweep: it asks what is due and hands it to workers, batch by batch.

    lists of what is due ──> run ──> batches, each with its work in the outbox ──> workers

Its cost follows what is due. One run is at work at a time: the next begins when all batches of the
one before came back, or three hours after its last one. A sweep that dies leaves a run that handed
out less than it found; the next sweep closes it, and what is left is due still. One that finds far
more than usual stops before anything is handed out, until somebody confirms; then it takes as many
sweeps as it needs.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched, islice

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, from_millis, to_millis
from chalicelib.errors import Conflict, NotFound
from chalicelib.ids import Ids
from chalicelib.notices.outbox import Outbox
from chalicelib.retention.records.items import SHARDS, shard_of
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.sweeping.evidence import SWEEPER
from chalicelib.retention.sweeping.models import BATCH, Batch, Run, RunState
from chalicelib.retention.sweeping.rules import (
    GIVEN_UP,
    is_through,
    most_allowed,
    remembered,
)
from chalicelib.retention.sweeping.store import State, SweepStore
from chalicelib.tables.transactions import Action, RunCommand

DISPOSAL_WORK = "dispose_records"
"""The kind of work in the outbox that disposes of a batch."""
RESERVE = 20_000
"""ms kept for the batch at hand: a contended transaction is built anew for seconds."""
MOST_DUE = 200_000
"""Records that a run looks at: their ids fit into memory. The rest is the next run's."""

type TellTripped = Callable[[str, int, int], list[Action]]
"""The writes that tell the privacy team of a run that stopped itself: its id, how many records are
due, how many would have been usual at most."""


class UnknownRun(NotFound):
    """No such run of the sweep within a year."""

    code = "unknown_run"


class NothingToConfirm(Conflict):
    """The run does not wait for anybody."""

    code = "nothing_to_confirm"


class _Settled(Exception):
    """There is nothing to write (any more)."""


@dataclass(slots=True)
class Report:
    """What a run of the function did, in counts.

    `lag_seconds` is how long the record that was due first has waited; `tripped` is 1
    while a run waits for somebody to confirm it.
    """

    due: int = 0
    handed: int = 0
    lag_seconds: int = 0
    tripped: int = 0


class Sweep:
    """Hands out what is due."""

    def __init__(
        self,
        sweeps: SweepStore,
        records: RecordStore,
        outbox: Outbox,
        trail: Trail,
        tell_tripped: TellTripped,
        clock: Clock,
        ids: Ids,
        run_command: RunCommand,
    ) -> None:
        self._sweeps = sweeps
        self._records = records
        self._outbox = outbox
        self._trail = trail
        self._tell_tripped = tell_tripped
        self._clock = clock
        self._ids = ids
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Begins a run, or hands out what a confirmed one may, until `remaining_ms` runs low."""
        now = from_millis(to_millis(self._clock.now()))
        due = self._due(now)
        run = self._at_work(len(due), now) or self._begin(due, now)
        report = Report(due=len(due), lag_seconds=self._lag(due, now))
        if run is None:
            return report
        if run.state is RunState.TRIPPED:
            report.tripped = 1
        elif run.handed < run.due and run.finished >= run.batches:
            report.handed = self._hand_out(run, due, remaining_ms)
        return report

    def confirm(self, run_id: str, staff_id: str) -> Run:
        """Lets a run that stopped itself dispose of as many records as it found, from the next
        sweep on. Raises `UnknownRun`, `NothingToConfirm`."""

        def build() -> list[Action]:
            run = self._run(run_id)
            if run.state is not RunState.TRIPPED:
                raise NothingToConfirm
            confirmed = replace(run, state=RunState.RUNNING, confirmed_by=staff_id)
            actor = Actor("staff", staff_id)
            return [
                self._sweeps.change_run(confirmed),
                *self._trail.actions(_entity(run_id), actor, "sweep.confirmed", {"due": run.due}),
            ]

        self._run_command(build)
        return self._run(run_id)

    def _due(self, now: datetime) -> list[str]:
        """What is due, list by list; in each the earliest first."""
        due: list[str] = []
        for shard in range(SHARDS):
            due += islice(self._records.due(shard, now), MOST_DUE - len(due))
        return due

    def _lag(self, due: Sequence[str], now: datetime) -> int:
        """How long the first of each list has waited at most, in seconds."""
        # A list's first is the longest due of it; ids are in the order of the lists.
        firsts = {shard_of(each): each for each in reversed(due)}
        found = self._records.many(firsts.values())
        ends = [each.ends for each in found.values() if each.ends]
        return int((now - min(ends, default=now)).total_seconds())

    def _at_work(self, due: int, now: datetime) -> Run | None:
        """The run that keeps another from beginning. One that a sweep left unfinished is closed.

        One that stopped itself is over once no more is due than usual: what made it stop, a
        schedule for instance, was mended.
        """
        state = self._sweeps.state()
        run = self._sweeps.run(state.run_id) if state.run_id else None
        if run is None or run.state is RunState.ENDED:
            return None
        if run.state is RunState.TRIPPED:
            return run if due > most_allowed(state.usual) else None
        if run.finished < run.batches and self._is_given_up(run, now):
            return None
        if run.confirmed_by:
            return run
        self._close(run.run_id)
        closed = self._run(run.run_id)
        return None if closed.state is RunState.ENDED else closed

    def _is_given_up(self, run: Run, now: datetime) -> bool:
        last = self._sweeps.batch(run.run_id, run.batches - 1)
        return last is None or last.made_at + GIVEN_UP <= now

    def _close(self, run_id: str) -> None:
        """Has the run end when what it handed out came back."""

        def build() -> list[Action]:
            run = self._run(run_id)
            if run.state is not RunState.RUNNING or run.handed >= run.due:
                raise _Settled
            return self.moved_on(replace(run, due=run.handed))

        self._command(build)

    def _begin(self, due: Sequence[str], now: datetime) -> Run | None:
        """The run that was begun; None where nothing is due, or another sweep was faster."""
        if not due:
            return None
        run_id, lag = self._ids.new(), self._lag(due, now)
        before = self._sweeps.state()

        def build() -> list[Action]:
            state = self._sweeps.state()
            if state != before:
                raise _Settled
            most = most_allowed(state.usual)
            tripped = len(due) > most
            run = Run(
                run_id,
                now,
                len(due),
                lag,
                RunState.TRIPPED if tripped else RunState.RUNNING,
            )
            usual = state.usual if tripped else tuple(remembered(state.usual, len(due)))
            action = "sweep.tripped" if tripped else "sweep.started"
            facts = {"due": len(due), "allowed": most}
            return [
                self._sweeps.change_state(State(run_id, usual, state.revision)),
                self._sweeps.change_run(run),
                *self._trail.first_actions(_entity(run_id), SWEEPER, action, facts),
                *(self._tell_tripped(run_id, len(due), most) if tripped else []),
            ]

        self._command(build)
        return self._sweeps.run(run_id)

    def _hand_out(self, run: Run, due: Sequence[str], remaining_ms: Callable[[], int]) -> int:
        handed, most = 0, min(len(due), run.due - run.handed)
        for some in batched(due[:most], BATCH, strict=False):
            if remaining_ms() < RESERVE or not self._hand(run.run_id, some):
                break
            handed += len(some)
        # What was confirmed goes on with the next sweep; else that is another run, for what is due.
        if handed == most or not run.confirmed_by:
            self._close(run.run_id)
        return handed

    def _hand(self, run_id: str, record_ids: Sequence[str]) -> bool:
        """Hands one batch out; False where another sweep closed the run meanwhile."""
        given = False

        def build() -> list[Action]:
            nonlocal given
            run = self._run(run_id)
            given = run.state is RunState.RUNNING and run.handed < run.due
            if not given:
                raise _Settled
            made = from_millis(to_millis(self._clock.now()))
            batch = Batch(run_id, run.batches, tuple(record_ids), made)
            moved = replace(run, handed=run.handed + len(record_ids), batches=run.batches + 1)
            return [
                self._sweeps.change_run(moved),
                self._sweeps.change_batch(batch),
                *self._outbox.work(DISPOSAL_WORK, batch.about).actions,
            ]

        self._command(build)
        return given

    def moved_on(self, run: Run) -> list[Action]:
        """The writes of `run`, and those of its end if that was all."""
        if not is_through(run):
            return [self._sweeps.change_run(run)]
        state = self._sweeps.state()
        ended = replace(
            run, state=RunState.ENDED, ended_at=from_millis(to_millis(self._clock.now()))
        )
        freed = [self._sweeps.change_state(replace(state, run_id=None))]
        return [
            self._sweeps.change_run(ended),
            *(freed if state.run_id == run.run_id else []),
            *self._trail.actions(_entity(run.run_id), SWEEPER, "sweep.ended", dict(run.counts)),
        ]

    def _run(self, run_id: str) -> Run:
        run = self._sweeps.run(run_id)
        if run is None:
            raise UnknownRun
        return run

    def _command(self, build: Callable[[], list[Action]]) -> None:
        with suppress(_Settled):
            self._run_command(build)


def _entity(run_id: str) -> Entity:
    return Entity("sweep", run_id)
