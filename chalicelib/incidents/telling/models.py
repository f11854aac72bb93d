"""Telling whom an incident affects, and the ledger of it: the domain's values.

Moments are aware, UTC, in whole milliseconds. A recipient's id ends in the MAC of who it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.errors import Conflict, NotFound
from chalicelib.incidents.models import Recipient
from chalicelib.notices.telling.models import Outcome, People, Place, Told
from chalicelib.tables.transactions import Action

PARTS = "0123456789abcdef"
"""A ledger has one for each first digit of a MAC."""
REACHED = frozenset(
    {
        Outcome.SENT,
        Outcome.DELIVERED,
        Outcome.COMPLAINED,
        Outcome.DRILL,
        Outcome.BY_OTHER_MEANS,
    }
)
"""Outcomes of those who were told. Who complains of a mail got it."""
RECIPIENT_PATTERN = r"^[a-z]{1,16}-[0-9a-f]{32}$"


class State(StrEnum):
    """Where a telling stands.

    running ──all have a line──> leaving ──all mails left──> done
       ^──────────somebody asks for another round──────────────┘
    """

    RUNNING = "running"
    LEAVING = "leaving"
    """Everybody is written to, and some mail is still in the outbox."""
    DONE = "done"


@dataclass(frozen=True, slots=True)
class BreachTelling:
    """How far it is to tell everybody of one kind of one notice.

    Each `round` goes through the whole roll, for those who were not told before; `again` says that
    one more follows: in this one somebody was told, or somebody asked for it. In `leaving`, `place`
    is in the ledger: the mails of the parts before it have left. `done_at` is when the last mail
    had its moment, of the first time that all were told.
    """

    notice_id: str
    incident_id: str
    recipient: Recipient
    drill: bool
    started_at: datetime
    place: Place
    state: State = State.RUNNING
    round: int = 1
    again: bool = False
    done_at: datetime | None = None
    revision: int = 0


class Means(StrEnum):
    """How somebody was told whom no mail reached."""

    LETTER = "letter"
    PHONE = "phone"
    IN_PERSON = "in_person"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Who of the staff told somebody, on which way, when."""

    means: Means
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the ledger: what became of the mail, and whether somebody told them otherwise.

    Both stay: a report on the mail that comes late takes nothing back.
    """

    told: Told
    otherwise: Otherwise | None = None

    @property
    def outcome(self) -> Outcome:
        return Outcome.BY_OTHER_MEANS if self.otherwise else self.told.outcome

    @property
    def is_reached(self) -> bool:
        """Whether the notice left for them and, for all we know, did not come back."""
        return self.outcome in REACHED


@dataclass(frozen=True, slots=True)
class PublicWord:
    """That all were told in public whom nothing else reaches (GDPR 34(3)(c)), when and where."""

    at: datetime
    by: str
    where: str = field(repr=False)


class NotTold(NotFound):
    """Nobody is told of that notice, or not this one (yet)."""

    code = "notice_not_told"


class AlreadyTold(Conflict):
    """It was noted before how they were told."""

    code = "telling_noted"


type PeopleOf = Callable[[str, Recipient], People]
"""By incident and kind everybody who is affected."""

type DutiesDone = Callable[[str, str, datetime], list[Action]]
"""By incident and notice the writes that note that the notice's duties were done at that moment."""


def part_of(recipient_id: str) -> str:
    """The part of the ledger that somebody is in."""
    return recipient_id.rpartition("-")[2][:1]
