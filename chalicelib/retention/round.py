"""What the hourly function does: the sweep, then a look at engagements whose time it is."""

from collections.abc import Callable
from dataclasses import asdict

from chalicelib.retention.engagements.service import Engagements
from chalicelib.retention.sweeping.sweep import RESERVE, Sweep


class RetentionRound:
    """Runs both; neither waits for the other's workers."""

    def __init__(self, sweep: Sweep, engagements: Engagements) -> None:
        self._sweep = sweep
        self._engagements = engagements

    def run(self, remaining_ms: Callable[[], int]) -> dict[str, int]:
        """What was done, in counts (`sweep.Report`, and `engagements` that are looked at)."""
        report = self._sweep.run(remaining_ms)
        looked_at = self._engagements.hand_out(lambda: remaining_ms() >= RESERVE)
        return {**asdict(report), "engagements": looked_at}
