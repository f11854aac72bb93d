"""What the sweep reads follows what is due, however much there is that stays."""

import pytest

from bench.retention import sweeping


def test_what_is_not_due_costs_the_sweep_nothing() -> None:
    few, many = sweeping(50, among=100), sweeping(50, among=2_000)
    assert many.found.read == pytest.approx(few.found.read, rel=0.05)
    assert many.ended.read == pytest.approx(few.ended.read, rel=0.05)
    # Somebody who looked through all of it would have read this much more.
    assert many.scanned > 5 * few.scanned
