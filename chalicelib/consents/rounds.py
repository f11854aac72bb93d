"""The scheduled round: deadlines of stop orders, consents that ended, tellings, holds to review.

Each has a report of its own, and one that fails keeps none of the others from their turn.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

from chalicelib.telemetry import log_failure

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Remaining = Callable[[], int]
"""Milliseconds that are left to the function."""
type Run = Callable[[Remaining], "DataclassInstance"]
"""Does what is due until the time runs low; answers with a report, in counts."""


class Rounds:
    """Runs `watchers`, by the names that their counts get."""

    def __init__(self, watchers: Mapping[str, Run]) -> None:
        self._watchers = watchers

    def run(self, remaining_ms: Remaining) -> dict[str, int]:
        """The counts of all, `<name>_<count>`; `broken` counts watchers that failed as a whole."""
        counts = {"broken": 0}
        for name, run in self._watchers.items():
            try:
                report = run(remaining_ms)
            except Exception as error:  # noqa: BLE001  # whatever it is, the others are due too
                log_failure(error, "")
                counts["broken"] += 1
            else:
                counts |= {f"{name}_{each}": int(n) for each, n in asdict(report).items()}
        return counts
