"""Legal holds: the domain's values, and what they refuse."""

from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.errors import Conflict, NotFound
from chalicelib.retention.targets import Target

ID_PATTERN = r"^[0-9A-Z]{26}$"
VALUE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""What a client, a category or a case is called."""
MOST = 50
"""Active holds on one target."""


class Held(Conflict):
    """A legal hold is on what was to be erased."""

    code = "held"


class HoldReleased(Conflict):
    """The hold was released before: what was decided then is over."""

    code = "hold_released"


class TooManyHolds(Conflict):
    """As many holds are on the target as there may be."""

    code = "too_many_holds"


class UnknownHold(NotFound):
    """No such hold."""

    code = "unknown_hold"


@dataclass(frozen=True, slots=True)
class NewHold:
    """What is to be held and why. `ground` and `citation`, the law or the court's order, may name
    people. `owner` is the member of the staff who answers for it, `review_at` is aware."""

    target: Target
    ground: str = field(repr=False)
    citation: str = field(repr=False)
    owner: str
    review_at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold. Times are aware, UTC, in whole milliseconds.

    `ground`, `citation` and, once it is released, `reason` are sealed: empty where they were not
    opened. `owner`, `placed_by` and `released_by` are ids of members of the staff. `reminders`
    counts those that went out for the present `review_at`.
    """

    hold_id: str
    target: Target
    ground: str = field(repr=False)
    citation: str = field(repr=False)
    owner: str
    placed_by: str
    placed_at: datetime
    review_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None
    reason: str = field(default="", repr=False)
    reminders: int = 0
    revision: int = 0

    @property
    def is_active(self) -> bool:
        return self.released_at is None


@dataclass(frozen=True, slots=True)
class Standing:
    """The active holds on one target, the oldest first."""

    target: Target
    holds: tuple[str, ...] = ()
    revision: int = 0
