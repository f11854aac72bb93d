"""Findings: the domain's values. Moments are aware, UTC, in whole milliseconds.

What a service of AWS writes in its own words may name people (the user of an access key, the key of
an object), so it is sealed. In clear stand ids that tell nothing, numbers, and words of ours.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from chalicelib.incidents.models import Kind

EVENTS_REMEMBERED = 20
"""Ids of events kept with a finding: one that comes again after that many others counts again."""


class Provider(StrEnum):
    """Who found it."""

    GUARDDUTY = "guardduty"
    MACIE = "macie"
    SECURITY_HUB = "security_hub"
    """Itself, or a product that it speaks for other than the two above."""


class Level(IntEnum):
    """How severe the provider takes it to be: not how severe a breach is for people."""

    INFORMATIONAL = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class ResourceKind(StrEnum):
    """What a resource is, as far as its name is a thing's and not a person's."""

    BUCKET = "bucket"
    TABLE = "table"
    DATABASE = "database"
    FUNCTION = "function"
    INSTANCE = "instance"
    CLUSTER = "cluster"
    OTHER = "other"
    """Its name is not kept; `name` is the provider's word for its type."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Something of ours that a finding is about."""

    kind: ResourceKind
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Words:
    """What the provider says in its own words, cut to what is kept."""

    type: str = field(repr=False)
    title: str = field(default="", repr=False)
    description: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One report of a finding.

    `key` names the finding (hex, SHA-256 of who found it and its id there), by whatever way it
    comes; `event` the event that brought it. `family` is a word of findings.toml, empty for a type
    that it does not know. `is_live`: neither archived nor suppressed, resolved or a sample.
    """

    key: str
    event: str
    provider: Provider
    level: Level
    family: str
    is_live: bool
    first_seen: datetime | None
    last_seen: datetime | None
    resources: tuple[Resource, ...]
    words: Words


@dataclass(frozen=True, slots=True)
class Noted:
    """What is known of a finding since it first came. `incident_id` is its newest draft's.

    `level` is the worst that the draft was made or seen with, `count` of how many events it came
    in, `events` the last of those.
    """

    key: str
    incident_id: str
    provider: Provider
    level: Level
    count: int
    first_seen: datetime | None
    last_seen: datetime | None
    events: tuple[str, ...]
    resources: tuple[Resource, ...] = field(default=(), repr=False)
    words: Words = field(default=Words(""), repr=False)
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Triage:
    """What the draft starts with, as far as it follows from type and resources."""

    kinds: frozenset[Kind]
    systems: tuple[str, ...]
    categories: tuple[str, ...]
