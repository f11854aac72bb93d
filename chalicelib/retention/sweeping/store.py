"""Sweeps in the `records` table; ids and counts in clear.

pk SWEEP           sk STATE           the run at work, if any, and what is usual
pk SWEEP           sk RUN#<run id>    a run; kept for a year
pk SWEEP#<run id>  sk BATCH#<number, six digits>
                                      ids for one worker; kept for 30 days
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import Conflict
from chalicelib.retention.sweeping.models import Batch, Run, RunState
from chalicelib.tables.codec import Item, Value
from chalicelib.tables.conditions import ABSENT, Condition, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put

SWEEP_STATE = Schema("sweep_state")
SWEEP_RUN = Schema("sweep_run")
SWEEP_BATCH = Schema("sweep_batch")
_SWEEP = "SWEEP"
_STATE = Key(_SWEEP, "STATE")
_RUNS_KEPT = timedelta(days=366)
_BATCHES_KEPT = timedelta(days=30)


class Overtaken(Conflict):
    """Another worker went on with the batch. Never leaves this package."""

    code = "batch_overtaken"


@dataclass(frozen=True, slots=True)
class State:
    """The run at work, and how many records the last runs found due."""

    run_id: str | None = None
    usual: tuple[int, ...] = ()
    revision: int = 0


class SweepStore:
    """Reads sweeps; makes the writes that move them on."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def state(self) -> State:
        """Read consistently."""
        item = self._records.get(_STATE, consistent=True)
        if item is None:
            return State()
        match SWEEP_STATE.lift(item):
            case {"rev": int(revision), "usual": list(usual)}:
                run_id = item.get("run")
                return State(
                    str(run_id) if run_id else None, tuple(cast("list[int]", usual)), revision
                )
        raise UnreadableItem(SWEEP_STATE.item_type)

    def change_state(self, state: State) -> Action:
        """The write of `state` in place of the one that it was made from."""
        item: Item = {
            "pk": _STATE.pk,
            "sk": _STATE.sk,
            "rev": state.revision + 1,
            "usual": list(state.usual),
        }
        if state.run_id:
            item["run"] = state.run_id
        return Put(self._records, SWEEP_STATE.stamp(item), _stands(state.revision), Moved)

    def run(self, run_id: str) -> Run | None:
        """The run, read consistently."""
        item = self._records.get(_run_key(run_id), consistent=True)
        return _run_from(item) if item else None

    def latest(self, limit: int, start: Key | None) -> tuple[list[Run], Key | None]:
        """`limit` runs, the newest first, and where to go on from."""
        page = self._records.query(
            _SWEEP, sk_from="RUN#", sk_to="RUN$", limit=limit, start=start, newest_first=True
        )
        return [_run_from(item) for item in page.items], page.last

    def change_run(self, run: Run) -> Action:
        """The write of `run` in place of the one that it was made from."""
        key = _run_key(run.run_id)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": run.revision + 1,
            "started": to_millis(run.started_at),
            "state": run.state.value,
            "due": run.due,
            "lag": run.lag,
            "handed": run.handed,
            "batches": run.batches,
            "finished": run.finished,
            "counts": cast("dict[str, Value]", dict(run.counts)),
            "confirmed_by": run.confirmed_by,
            "ttl": ceil((run.started_at + _RUNS_KEPT).timestamp()),
        }
        if run.ended_at is not None:
            item["ended"] = to_millis(run.ended_at)
        return Put(self._records, SWEEP_RUN.stamp(item), _stands(run.revision), Moved)

    def batch(self, run_id: str, number: int) -> Batch | None:
        """The batch, read consistently."""
        item = self._records.get(_batch_key(run_id, number), consistent=True)
        return _batch_from(item) if item else None

    def change_batch(self, batch: Batch) -> Action:
        """The write of `batch` in place of the one that it was made from.

        It fails with `Overtaken` where another worker moved the batch on.
        """
        key = _batch_key(batch.run_id, batch.number)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "rev": batch.revision + 1,
            "ids": list(batch.record_ids),
            "done": batch.done,
            "counts": cast("dict[str, Value]", dict(batch.counts)),
            "finished": batch.finished,
            "made": to_millis(batch.made_at),
            "ttl": ceil((batch.made_at + _BATCHES_KEPT).timestamp()),
        }
        return Put(self._records, SWEEP_BATCH.stamp(item), _stands(batch.revision), Overtaken)


def _stands(revision: int) -> Condition:
    return revision_is(revision) if revision else ABSENT


def _run_key(run_id: str) -> Key:
    return Key(_SWEEP, compose("RUN", run_id))


def _batch_key(run_id: str, number: int) -> Key:
    return Key(compose(_SWEEP, run_id), compose("BATCH", f"{number:06d}"))


def _run_from(item: Item) -> Run:
    match SWEEP_RUN.lift(item):
        case {
            "sk": str(sk),
            "rev": int(revision),
            "started": int(started),
            "state": str(state),
            "due": int(due),
            "lag": int(lag),
            "handed": int(handed),
            "batches": int(batches),
            "finished": int(finished),
            "counts": dict(counts),
            "confirmed_by": str(confirmed_by),
        }:
            ended = item.get("ended")
            return Run(
                sk.partition(SEPARATOR)[2],
                from_millis(started),
                due,
                lag,
                RunState(state),
                handed,
                batches,
                finished,
                cast("dict[str, int]", counts),
                confirmed_by,
                from_millis(ended) if isinstance(ended, int) else None,
                revision,
            )
    raise UnreadableItem(SWEEP_RUN.item_type)


def _batch_from(item: Item) -> Batch:
    match SWEEP_BATCH.lift(item):
        case {
            "pk": str(pk),
            "sk": str(sk),
            "rev": int(revision),
            "ids": list(ids),
            "done": int(done),
            "counts": dict(counts),
            "finished": bool(finished),
            "made": int(made),
        }:
            return Batch(
                pk.partition(SEPARATOR)[2],
                int(sk.partition(SEPARATOR)[2]),
                tuple(map(str, ids)),
                from_millis(made),
                done,
                cast("dict[str, int]", counts),
                finished,
                revision,
            )
    raise UnreadableItem(SWEEP_BATCH.item_type)
