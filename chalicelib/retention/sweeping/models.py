"""Sweeps: the domain's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

BATCH = 25
"""Records that one piece of work disposes of."""


class Outcome(StrEnum):
    """What came of one record that was due."""

    DONE = "done"
    HELD = "held"
    MOVED = "moved"
    """Not due any more: a trigger or the schedule has moved its end."""
    FAILED = "failed"


class RunState(StrEnum):
    """Where a run of the sweep stands."""

    RUNNING = "running"
    TRIPPED = "tripped"
    """It would dispose of far more than usual: somebody has to confirm."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Run:
    """One run over what is due. Moments are aware, UTC.

    `due` is how many records it found, `handed` how many it gave to workers in `batches`, of which
    `finished` came back; `counts` says what came of their records. `lag` is how long the record
    that was due first had waited, in seconds.
    """

    run_id: str
    started_at: datetime
    due: int
    lag: int
    state: RunState = RunState.RUNNING
    handed: int = 0
    batches: int = 0
    finished: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    confirmed_by: str = ""
    ended_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Records for one worker, and what came of those that are done."""

    run_id: str
    number: int
    record_ids: tuple[str, ...]
    made_at: datetime
    done: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    finished: bool = False
    revision: int = 0

    @property
    def about(self) -> str:
        """What the work in the outbox is about."""
        return f"{self.run_id}/{self.number}"
