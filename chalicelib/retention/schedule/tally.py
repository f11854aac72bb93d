"""What a change of the schedule would do, counted. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from chalicelib.retention.expiry import Archived, Expiry, Triggers, expiry_of
from chalicelib.retention.schedule.models import Role, Schedule

_ZONE = ZoneInfo("Asia/Jakarta")


@dataclass(frozen=True, slots=True)
class Standing:
    """One record that stands under the schedule. `held`: by a legal hold, which outlasts all."""

    category: str
    role: Role
    triggers: Triggers
    held: bool
    archived: Archived | None = None


class Stock(Protocol):
    """Everything that stands under the schedule."""

    def page(self, after: str | None, limit: int) -> tuple[list[Standing], str | None]:
        """At most `limit` records behind the place `after`, and the next place, None at the end.

        The same records come from the same place, but for what came, went or changed meanwhile.
        """
        ...


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records would end earlier, later, for the first time or never; or as before.

    `other_means` are those of them that would end by another means, `over_at_once` those that would
    be over when the count began and are not by the schedule in force.
    """

    earlier: int = 0
    later: int = 0
    newly: int = 0
    never: int = 0
    unchanged: int = 0
    other_means: int = 0
    over_at_once: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))


type Cell = tuple[str, str]
"""A category of data, and the month of the new end in Jakarta (`2026-11`), empty for no end."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by category and month of the new end."""

    cells: Mapping[Cell, Counts] = field(default_factory=dict)

    @property
    def total(self) -> Counts:
        """Over all cells."""
        return sum(self.cells.values(), Counts())

    def with_page(
        self, page: Iterable[Standing], before: Schedule, after: Schedule, now: datetime
    ) -> "Tally":
        """With what `after` instead of `before` would do to the records of `page` at `now`."""
        cells = dict(self.cells)
        for each in page:
            old, new = (
                expiry_of(schedule, each.category, each.role, each.triggers, each.archived)
                for schedule in (before, after)
            )
            month = f"{new.at.astimezone(_ZONE):%Y-%m}" if new.at else ""
            cell = each.category, month
            cells[cell] = cells.get(cell, Counts()) + _counts(old, new, now, held=each.held)
        return Tally(cells)


def _counts(old: Expiry, new: Expiry, now: datetime, *, held: bool) -> Counts:
    over_at_once = new.is_over(now) and not old.is_over(now) and not held
    other_means = new.at is not None and old.at is not None and new.means is not old.means
    also = {"over_at_once": int(over_at_once), "other_means": int(other_means)}
    if new.at == old.at:
        return Counts(unchanged=1, **also)
    if old.at is None:
        return Counts(newly=1, **also)
    if new.at is None:
        return Counts(never=1, **also)
    return Counts(earlier=1, **also) if new.at < old.at else Counts(later=1, **also)
