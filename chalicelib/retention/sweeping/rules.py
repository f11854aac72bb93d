"""When a sweep stops itself, and when a record that failed comes again. Pure decisions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from statistics import median

from chalicelib.retention.sweeping.models import Batch, Outcome, Run, RunState

ALWAYS_ALLOWED = 1_000
"""Records that a run may dispose of whatever was usual."""
FAR_MORE = 10
"""So many times the usual number of due records is far more than usual."""
REMEMBERED = 24 * 7
"""Runs that say what is usual: a week of hours."""
GIVEN_UP = timedelta(hours=3)
"""So long after its last batch a run whose workers did not come back keeps no other from beginning.
"""
_FIRST_PAUSE = timedelta(hours=1)
_LONGEST_PAUSE = timedelta(hours=24)


def most_allowed(usual: Sequence[int]) -> int:
    """How many records a run may dispose of before somebody confirms, given what the last runs
    found due, those left out that found nothing."""
    if not usual:
        return ALWAYS_ALLOWED
    return max(ALWAYS_ALLOWED, int(median(usual) * FAR_MORE))


def remembered(usual: Sequence[int], due: int) -> list[int]:
    """What is usual after a run that found `due` records."""
    return [*usual, due][-REMEMBERED:] if due else list(usual)


def pause_after(attempts: int) -> timedelta:
    """How long a record waits whose disposal failed `attempts` times in a row: at most a day."""
    doublings: int = 2 ** min(attempts - 1, 5)
    return min(_FIRST_PAUSE * doublings, _LONGEST_PAUSE)


def counted(batch: Batch, outcome: Outcome | None) -> Batch:
    """The batch with one record more done; None where another batch had done it."""
    counts = dict(batch.counts)
    if outcome is not None:
        counts[outcome.value] = counts.get(outcome.value, 0) + 1
    return replace(batch, done=batch.done + 1, counts=counts)


def with_finished(run: Run, batch: Batch) -> Run:
    """The run with the batch's records counted."""
    counts = dict(run.counts)
    for name, count in batch.counts.items():
        counts[name] = counts.get(name, 0) + count
    return replace(run, counts=counts, finished=run.finished + 1)


def is_through(run: Run) -> bool:
    """Whether all that the run found due was handed out and has come back."""
    return run.state is RunState.RUNNING and run.handed >= run.due and run.finished >= run.batches
