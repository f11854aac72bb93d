"""When a sweep stops itself, when failures come again, when a run is through."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.retention.sweeping.models import Batch, Outcome, Run, RunState
from chalicelib.retention.sweeping.rules import (
    ALWAYS_ALLOWED,
    REMEMBERED,
    counted,
    is_through,
    most_allowed,
    pause_after,
    remembered,
    with_finished,
)

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("usual", "most"),
    [([], 1000), ([5, 6, 7], 1000), ([200, 300, 400], 3000), ([1, 500, 100_000], 5000)],
)
def test_ten_times_the_usual_number_is_far_more(usual: list[int], most: int) -> None:
    assert most_allowed(usual) == most


def test_one_mad_hour_does_not_make_the_next_usual() -> None:
    assert most_allowed([*[200] * 20, 1_000_000]) == 2000


def test_runs_that_found_nothing_say_nothing_and_old_ones_are_forgotten() -> None:
    assert remembered([3], 0) == [3]
    assert remembered([3], 5) == [3, 5]
    assert len(remembered(range(REMEMBERED), 5)) == REMEMBERED
    assert remembered(range(REMEMBERED), 5)[-1] == 5


def test_pauses_double_and_end_at_a_day() -> None:
    hours = [pause_after(attempts) / timedelta(hours=1) for attempts in range(1, 8)]
    assert hours == [1, 2, 4, 8, 16, 24, 24]


def test_a_batch_counts_each_record_once() -> None:
    batch = Batch("R", 0, ("a", "b", "c"), NOW)
    batch = counted(counted(batch, Outcome.DONE), Outcome.DONE)
    assert (batch.done, batch.counts) == (2, {"done": 2})
    # Another batch had done it: passed over, not counted.
    assert counted(batch, None).counts == {"done": 2}
    assert counted(batch, None).done == 3


def run(**said: int) -> Run:
    return Run("R", NOW, **{"due": 50, "lag": 0, **said})  # type: ignore[arg-type]  # all are counts


@pytest.mark.parametrize(
    ("handed", "batches", "finished", "through"),
    [(50, 2, 2, True), (50, 2, 1, False), (25, 1, 1, False)],
)
def test_a_run_is_through_when_all_came_back(
    handed: int, batches: int, finished: int, through: bool
) -> None:
    assert is_through(run(handed=handed, batches=batches, finished=finished)) == through


def test_one_that_stopped_itself_is_not_through() -> None:
    assert not is_through(Run("R", NOW, 0, 0, RunState.TRIPPED))


def test_the_counts_of_batches_add_up() -> None:
    first = Batch("R", 0, ("a",), NOW, 1, {"done": 1, "held": 2})
    second = Batch("R", 1, ("b",), NOW, 1, {"done": 3})
    after = with_finished(with_finished(run(batches=2), first), second)
    assert (after.counts, after.finished) == ({"done": 4, "held": 2}, 2)


def test_the_floor_is_allowed_whatever_was_usual() -> None:
    assert most_allowed([1]) == ALWAYS_ALLOWED
