"""Telling whom an incident affects, and the ledger of it: the domain's values.

Moments are aware, UTC, in whole milliseconds. A recipient's id ends in the MAC of who it is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from chalicelib.errors import Conflict, NotFound
from chalicelib.incidents.models import Recipient
from chalicelib.notices.telling.models import Outcome, People, Place, Reader, Told
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
        Outcome.SAME_ADDRESS,
    }
)
"""Outcomes of those who were told. Who complains of a mail got it."""
LOST = frozenset({Outcome.BOUNCED, Outcome.DEAD})
"""Outcomes of mails that reached nobody."""
RECIPIENT_PATTERN = r"^[a-z]{1,16}-[0-9a-f]{32}$"


class State(StrEnum):
    """Where a telling stands.

    running ──all have a line──> leaving ──all mails left──┬─> done ──a mail came back──┐
       │                            ^                      └─> unreached                │
       │                            └──told otherwise, or in public──┴──────────────────┘
       ^────────the list grew, or somebody asks for another round────┘

    From each but `done` it is stopped once nobody is to be told any more; another round goes on.
    """

    RUNNING = "running"
    LEAVING = "leaving"
    """Everybody is written to, and some mail is still in the outbox."""
    UNREACHED = "unreached"
    """Some have no address, or their mail came back or was given up: they were not told, and the
    duties stay open until somebody notes how they were."""
    DONE = "done"
    STOPPED = "stopped"
    """The incident turned out to be no breach: whoever has no line in the ledger is not told. Or it
    was closed, and nobody has to be told of this any more: nobody was on the list, or those who
    were not reached were told in public."""


ENDED = frozenset({State.DONE, State.STOPPED})
"""Nothing is to be done until somebody asks for another round."""


@dataclass(frozen=True, slots=True)
class BreachTelling:
    """How far it is to tell everybody of one kind of one notice.

    Each `round` goes through the whole roll, for those who were not told before; `again` says that
    one more follows: in this one somebody was told, or somebody asked for it. In `leaving`, `place`
    is in the ledger: the mails of the parts before it have left, `unreached` of their recipients
    were not reached, the last of the others at `reached_at`. `lacking` is the version of the list
    at which some client had nobody on it. `done_at` is when the last one was told, of the first
    time that all were.
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
    unreached: int = 0
    reached_at: datetime | None = None
    lacking: str = ""
    done_at: datetime | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Addressee:
    """Somebody on the list, and what their address is known by."""

    recipient_id: str
    reader: Reader
    address_id: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose mail went to an address first, and which; no mail in a drill, and where none can go."""

    recipient_id: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class Slot:
    """When the next mail of any telling may go out: however many there are, they share one rate."""

    next_at: datetime
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

    Both stay: a report on the mail that comes late takes nothing back. Of `same_address`, `shares`
    is the mail to the holder of the address, and `shared` what became of it; that somebody told the
    holder otherwise is nothing to whoever shares it.
    """

    told: Told
    otherwise: Otherwise | None = None
    sent_at: datetime | None = None
    """When SES took the mail; what is reported of it later has its own time."""
    shares: str | None = None
    shared: Outcome | None = None

    @property
    def outcome(self) -> Outcome:
        if self.otherwise:
            return Outcome.BY_OTHER_MEANS
        return self.shared if self.shared in LOST else self.told.outcome

    @property
    def holder(self) -> Holder | None:
        """Whose mail it is that they share, if they do."""
        if self.told.outcome is not Outcome.SAME_ADDRESS or self.told.reason is None:
            return None
        return Holder(self.told.reason, self.shares)

    @property
    def is_waiting(self) -> bool:
        """Whether the mail, their own or the shared one, is still in the outbox."""
        return not self.otherwise and Outcome.QUEUED in {self.told.outcome, self.shared}

    def is_said(self, at: datetime | None) -> bool:
        """Whether a word in public `at` (aware; None for none) was for them, too: they were on the
        list by then, and no mail of theirs is still to come."""
        return at is not None and not self.is_waiting and self.told.queued_at <= at

    @property
    def is_reached(self) -> bool:
        """Whether the notice left for them and, for all we know, did not come back."""
        return self.outcome in REACHED

    @property
    def reached_at(self) -> datetime:
        """When they were told, the first time; for whoever was (`is_reached`)."""
        if self.told.outcome in REACHED and self.shared not in {*LOST, Outcome.QUEUED}:
            return self.sent_at or self.told.at
        return self.otherwise.at if self.otherwise else self.told.at


@dataclass(frozen=True, slots=True)
class PublicWord:
    """That all were told in public whom nothing else reaches (GDPR 34(3)(c)), when and where."""

    at: datetime
    by: str
    where: str = field(repr=False)


class NotTold(NotFound):
    """Nobody is told of that notice, or not this one (yet)."""

    code = "notice_not_told"


class NotForThePublic(Conflict):
    """Only people are told in public (GDPR 34(3)(c)); clients and controllers one by one."""

    code = "not_for_the_public"


class AlreadyTold(Conflict):
    """It was noted before how they were told."""

    code = "telling_noted"


class Listed(People, Protocol):
    """Everybody of one kind on an incident's list, which may grow."""

    def address_id(self, email: str, /) -> str:
        """What an address is known by: the same for all who have it."""
        ...

    def count(self) -> int:
        """How many they are."""
        ...

    def is_unsettled(self) -> bool:
        """Whether somebody may be missing on it: a computation still runs, or failed."""
        ...

    def version(self) -> str:
        """Another where the list changed, or who has to be on it."""
        ...

    def lacks_contacts(self) -> bool:
        """Whether some affected client that is told as this kind has nobody on the list."""
        ...


type PeopleOf = Callable[[str, Recipient], Listed]
"""By incident and kind everybody who is affected."""

type IsOff = Callable[[str], bool]
"""Whether an incident is no breach, or its time over, so that nobody is to be told of it any
more."""

type DutiesDone = Callable[["BreachTelling", datetime], list[Action]]
"""By a telling that ends the writes that note that its notice's duties to that kind were done at
that moment; none where it ended before and none of them waits again."""


def part_of(recipient_id: str) -> str:
    """The part of the ledger that somebody is in."""
    return recipient_id.rpartition("-")[2][:1]
