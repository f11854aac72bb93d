"""A plan and its tasks.

    preparing ──> deciding ──> carrying_out ──> concluding ──> ended
        └─────────────────────────^ ^
          (nothing to approve)      └── a copy has nothing to carry out: it goes to concluding

While it is prepared a copy's parts are gathered and every other deed is rehearsed. Nothing is
changed anywhere before the request is approved.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.connectors.places import Deed, Outcome, Seeds, Verdict


class NothingLeft(Exception):  # no error: another worker was faster
    """There is nothing to do any more; never leaves this package."""


class Stage(StrEnum):
    """Where a plan is."""

    PREPARING = "preparing"
    DECIDING = "deciding"
    CARRYING_OUT = "carrying_out"
    CONCLUDING = "concluding"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a request. `round` is 1, and 2 once the request was appealed. `told`: the
    recipients were.

    Whoever changes a task changes the plan's revision with it, so of two tasks that finish at once
    the second sees the first.
    """

    request_id: str
    deed: Deed
    stage: Stage
    round: int = 1
    revision: int = 1
    told: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done at one place. `failure` is the code of what went wrong for good.

    `prepared` is what was found; `outcome` what was done, and `begun` how often a worker set about
    it. `asked`: the place answers later and was asked. `resolved_by` is the member of the staff who
    did by hand what failed.
    """

    request_id: str
    place: str
    deed: Deed
    seeds: Seeds = field(default_factory=Seeds, repr=False)
    prepared: Outcome | None = None
    outcome: Outcome | None = None
    failure: str | None = None
    asked: bool = False
    begun: int = 0
    resolved_by: str | None = None
    round: int = 1
    revision: int = 1

    @property
    def done(self) -> Outcome | None:
        """What was done; None while nothing was.

        A worker that dies over its deed leaves the next one less to find, and not always the rows
        that the law wants kept. Only then does what was rehearsed count beside it.
        """
        if self.deed is Deed.COPY:
            return self.outcome or self.prepared
        if self.outcome is None or self.prepared is None or self.begun < 2 or self.resolved_by:
            return self.outcome
        return Outcome(
            max(self.outcome.found, self.prepared.found),
            max(self.outcome.changed, self.prepared.changed),
            self.outcome.kept or self.prepared.kept,
        )

    @property
    def verdict(self) -> Verdict | None:
        """What came of it, so far; None while nobody knows."""
        if self.failure is not None:
            return Verdict.FAILED
        return self.done.verdict if self.done else None

    def is_stuck(self, stage: Stage) -> bool:
        """Whether a person may see to it at `stage`: it failed, or its place does not answer."""
        if stage in {Stage.CONCLUDING, Stage.ENDED}:
            return False
        return self.failure is not None or (self.asked and not self.is_finished(stage))

    def is_finished(self, stage: Stage) -> bool:
        """Whether `stage` waits for this task no more."""
        if self.failure is not None:
            return True
        return (self.prepared if stage is Stage.PREPARING else self.outcome) is not None


@dataclass(frozen=True, slots=True)
class Progress:
    """A plan with all its tasks, by place."""

    plan: Plan
    tasks: Sequence[Task]

    @property
    def failed(self) -> list[Task]:
        return [task for task in self.tasks if task.failure is not None]

    @property
    def waiting(self) -> list[Task]:
        """The tasks that the stage waits for."""
        return [task for task in self.tasks if not task.is_finished(self.plan.stage)]

    def with_task(self, changed: Task) -> "Progress":
        """With `changed` in the place of the task as it was."""
        tasks = [changed if each.place == changed.place else each for each in self.tasks]
        return Progress(self.plan, tasks)

    def task(self, place: str) -> Task | None:
        return next((task for task in self.tasks if task.place == place), None)
