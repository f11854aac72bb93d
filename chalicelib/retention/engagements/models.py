"""Ended engagements: the domain's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Stage(StrEnum):
    """How far the end of an engagement has come."""

    PLANNING = "planning"
    """Its records learn that it ended, and the plan is added up."""
    RUNNING = "running"
    """What is due goes, hour by hour."""
    CERTIFIED = "certified"
    """All has gone that nothing keeps."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """Records that share a fate: of a category, by a rule and means, on a day (UTC).

    `day` is empty where no end is known; `kept_by` names what keeps them until then, mandates by
    their ids, holds as `legal_hold`, an archive's own time as `archive`.
    """

    category: str
    rule: str
    means: str
    day: str = ""
    kept_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """What a walk over the client's records has seen so far, in the order of their ids.

    `after` is the last one's id. `gone` counts what was disposed of, `living` what is still there;
    `chain` is a hash over the ids of what is gone. `overdue` counts what should have gone and
    nothing keeps, `people` how many named somebody.
    """

    living: Mapping[Line, int] = field(default_factory=dict)
    gone: Mapping[Line, int] = field(default_factory=dict)
    chain: str = ""
    overdue: int = 0
    people: int = 0
    after: str = ""
    over_gone: bool = False
    """Whether the walk has come to what is gone, after all that lives."""


@dataclass(frozen=True, slots=True)
class Engagement:
    """An engagement that ended. Moments are aware, UTC, whole milliseconds.

    `plan` is what its records were to become when it ended, `count` the walk at work, `looked_at`
    when the sweep is to look whether all has gone.
    """

    client: str
    ended_at: datetime
    ordered_at: datetime
    ordered_by: str
    stage: Stage = Stage.PLANNING
    plan: Mapping[Line, int] = field(default_factory=dict)
    people: int = 0
    count: Count = field(default_factory=Count)
    look_at: datetime | None = None
    certificate: str = field(default="", repr=False)
    revision: int = 0
