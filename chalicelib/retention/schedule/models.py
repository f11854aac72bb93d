"""The retention schedule as values. The text that they are read from is in `text.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """In which role we hold data (GDPR 4(7), (8); UU PDP 1(4), (5))."""

    CONTROLLER = "controller"
    PROCESSOR = "processor"


class Trigger(StrEnum):
    """What a period counts from."""

    COLLECTED = "collected"
    LAST_USED = "last_used"
    END_OF_ENGAGEMENT = "end_of_engagement"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    REQUEST = "request"
    CLOSED = "closed"
    ARCHIVED = "archived"
    """What an archived copy's own end counts from; no rule of a schedule does."""


class Means(StrEnum):
    """What is done with data whose time is over."""

    DELETE = "delete"
    ANONYMISE = "anonymise"
    ARCHIVE = "archive"
    DESTROY_KEY = "destroy_key"


class Unit(StrEnum):
    """Hours and days are elapsed time; months and years are the calendar's, in Jakarta."""

    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


@dataclass(frozen=True, slots=True)
class Period:
    """So much time."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Rule:
    """What limits and mandates have in common: whom they are for and what they count from.

    `categories` and `roles` are those of the data that the rule speaks of. `ground` is its
    citation, `label` its name by language.
    """

    id: str
    label: Mapping[str, str]
    roles: frozenset[Role]
    categories: frozenset[str]
    trigger: Trigger
    period: Period
    ground: str

    def speaks_of(self, category: str, role: Role) -> bool:
        """Whether the rule is about data of this category that is held in this role."""
        return category in self.categories and role in self.roles


@dataclass(frozen=True, slots=True)
class Limit(Rule):
    """A promise or a rule of the house: not longer than this, and what happens then.

    `yields_to` are the mandates that may keep the data longer. What is archived is kept so for
    `archived_for`; other means have none.
    """

    means: Means = field(kw_only=True)
    archived_for: Period | None = field(kw_only=True, default=None)
    yields_to: frozenset[str] = field(kw_only=True, default=frozenset())


@dataclass(frozen=True, slots=True)
class Mandate(Rule):
    """A law that wants data kept at least that long.

    With `year_end` (month, day) the years count from the end of the tax or book year that the
    trigger lies in. One that is not `in_force` binds us only under the condition in `applies_if`,
    by language, which is decided not to be met.
    """

    year_end: tuple[int, int] | None = field(kw_only=True, default=None)
    applies_if: Mapping[str, str] = field(kw_only=True, default_factory=dict)
    in_force: bool = field(kw_only=True, default=True)


@dataclass(frozen=True, slots=True)
class Schedule:
    """All rules of one version. No limit lacks the mandates that it yields to."""

    limits: Sequence[Limit]
    mandates: Mapping[str, Mandate]

    def limits_on(self, category: str, role: Role) -> list[Limit]:
        """The limits on such data."""
        return [each for each in self.limits if each.speaks_of(category, role)]

    def limit(self, rule_id: str) -> Limit | None:
        """The limit of that id."""
        return next((each for each in self.limits if each.id == rule_id), None)

    def keeping(self, limit: Limit, category: str, role: Role) -> list[Mandate]:
        """The mandates that keep such data longer than `limit` does."""
        return [each for each in self.on(category, role) if each.id in limit.yields_to]

    def on(self, category: str, role: Role) -> list[Mandate]:
        """The mandates in force on such data."""
        named = (self.mandates[name] for name in sorted(self.mandates))
        return [each for each in named if each.in_force and each.speaks_of(category, role)]


@dataclass(frozen=True, slots=True)
class Version:
    """A schedule as its canonical JSON `text`, and who proposed it in place of which version.

    `proposed_by` is empty for the operator, `replaces` 0 for none.
    """

    number: int
    sha256: bytes
    proposed_at: datetime
    proposed_by: str
    replaces: int
    text: str = field(repr=False)
