"""Records under retention: the domain's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from chalicelib.retention.expiry import Archived, Expiry
from chalicelib.retention.schedule.models import Means, Role, Trigger
from chalicelib.retention.targets import Target, TargetKind

MOST_RECORDS = 100
"""Records in one call."""
MOST_TOGETHER = 40
"""Records in one transaction: each may be of a client of its own, whose key is checked beside it,
and a transaction takes 100 writes."""
LONGEST_REFERENCE, LONGEST_USER_ID = 512, 128
"""Characters."""


class State(StrEnum):
    """Where a record stands. What is over is not readable, whatever its state says."""

    KEPT = "kept"
    HELD = "held"
    FAILED = "failed"
    ARCHIVED = "archived"
    """The row was taken away; a sealed copy of it is in the archive."""
    DISPOSED = "disposed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: a place of the data map, a collection there, the row's primary key.

    `reference` may be personal data (an address as a key): it is sealed.
    """

    place: str
    collection: str
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the schedule and holds ask of a record, besides its triggers.

    `client` and `case` are opaque ids, `person` the token of the platform's id of a user.
    """

    category: str
    role: Role
    client: str = ""
    person: str = ""
    case: str = ""

    def targets(self) -> list[Target]:
        """All that a hold can be put on so that it stops this record."""
        named = (
            (TargetKind.CLIENT, self.client),
            (TargetKind.PERSON, self.person),
            (TargetKind.CATEGORY, self.category),
            (TargetKind.CASE, self.case),
        )
        return [Target(kind, value) for kind, value in named if value]


@dataclass(frozen=True, slots=True)
class Copy:
    """A sealed copy in the archive: its name there; by which rule, since and until when."""

    name: str
    kept: Archived


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """One thing that is held. Moments are aware, UTC, whole milliseconds.

    `schedule` is the version that `ends` was computed by: for the list of what is due alone, since
    whoever asks whether it is over computes anew. `attempts` counts the sweep's failures in a row.
    """

    record_id: str
    at: Place
    facts: Facts
    triggers: Mapping[Trigger, datetime]
    registered_at: datetime
    schedule: int
    ends: datetime | None = None
    state: State = State.KEPT
    held_by: str = ""
    """The hold that a record in the state `held` waits for."""
    attempts: int = 0
    disposed_at: datetime | None = None
    disposed_by: str = ""
    """The rule by which it went."""
    means: Means | None = None
    """How it went."""
    copy: Copy | None = None
    """The copy in the archive: while the row is being archived there are both."""
    archived: bool = False
    """Whether the row was taken away, so that the copy is all there is."""
    revision: int = 0

    @property
    def only_copy(self) -> Archived | None:
        """How the copy is kept, if it is all there is."""
        return self.copy.kept if self.copy and self.archived else None

    def at_rest(self) -> Self:
        """The record as nothing stops it: not held, not failed."""
        state = State.ARCHIVED if self.archived else State.KEPT
        return replace(self, state=state, held_by="")


@dataclass(frozen=True, slots=True)
class Registration:
    """What the platform says of one thing that it holds.

    With `only_later` a trigger moves on and never back: whoever says so may see but a part of it.
    """

    at: Place
    facts: Facts
    triggers: Mapping[Trigger, datetime]
    only_later: bool = False


class Outcome(StrEnum):
    """What came of a registration."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Standing:
    """A record, its end by the schedule in force, and the holds that stop it."""

    record: HeldRecord
    expiry: Expiry
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Registered:
    """A registration's answer: where the record stands, or the code of what spoke against it."""

    outcome: Outcome | None = None
    record: HeldRecord | None = None
    expiry: Expiry | None = None
    problem: str | None = None
