"""What follows an incident: the domain's values. Moments are aware, UTC, in whole milliseconds.

All texts and owners are sealed: they may name people.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.incidents.models import Texts


class Method(StrEnum):
    """How the root cause was looked for."""

    FIVE_WHYS = "five_whys"
    FISHBONE = "fishbone"
    FAULT_TREE = "fault_tree"
    TIMELINE = "timeline"
    OTHER = "other"


class ActionState(StrEnum):
    """Where a remediation action stands.

    open ──done──> done
      └──dropped, with the reason──> dropped
    """

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Containment:
    """What was done to stop it, and since when it is stopped."""

    measures: Texts = field(repr=False)
    contained_at: datetime


@dataclass(frozen=True, slots=True)
class RootCause:
    """Why it happened. `contributing` are causes that would not have sufficed alone."""

    method: Method
    analysis: Texts = field(repr=False)
    contributing: tuple[Texts, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Remedy:
    """One action so that it does not happen again, who sees to it, until when.

    `owner` is an id of the staff or a name. `reminders` counts those that went out for the date.
    """

    action_id: str
    what: Texts = field(repr=False)
    owner: str = field(repr=False)
    due_at: datetime
    state: ActionState = ActionState.OPEN
    ended_at: datetime | None = None
    dropped_because: str = field(default="", repr=False)
    reminders: int = 0

    @property
    def is_open(self) -> bool:
        return self.state is ActionState.OPEN


@dataclass(frozen=True, slots=True)
class ClientReport:
    """What affected clients are told of causes and remedies. Approved by another than its author.

    `report_id` is that of these very texts: approval names it.
    """

    report_id: str
    texts: Texts = field(repr=False)
    author: str
    proposed_at: datetime
    approved_by: str = ""
    approved_at: datetime | None = None


class Step(StrEnum):
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Turn:
    """That somebody closed the incident, or opened it again, and why."""

    step: Step
    by: str
    at: datetime
    reasons: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """All that follows one incident. `revision` is 0 while nothing of it is kept."""

    incident_id: str
    containment: Containment | None = None
    root_cause: RootCause | None = None
    remedies: Mapping[str, Remedy] = field(default_factory=dict)
    """By their ids, in the order of their making."""
    lessons: Texts = field(default_factory=dict, repr=False)
    report: ClientReport | None = None
    turns: tuple[Turn, ...] = ()
    revision: int = 0
