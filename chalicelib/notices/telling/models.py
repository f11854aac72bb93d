"""A telling and its ledger: the domain's values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self

from chalicelib.notices.models import Language, NoticeVersion
from chalicelib.tables.transactions import Action

TEMPLATE = "notice_change"
TEMPLATE_ASKING = "notice_change_asks"
"""For those whose consent does not fit the coming version."""


class TellingState(StrEnum):
    RUNNING = "running"
    DONE = "done"


class Channel(StrEnum):
    """On which way somebody was told; whoever has no address meets the notice on the platform."""

    EMAIL = "email"
    NONE = "none"


class Outcome(StrEnum):
    """What became of telling somebody."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    DEAD = "dead"
    NO_ADDRESS = "no_address"
    DRILL = "drill"
    """Would have been mailed: an exercise, nothing left."""
    SAME_ADDRESS = "same_address"
    """The mail to somebody else is theirs too: it has the same address."""
    BY_OTHER_MEANS = "by_other_means"
    """Somebody of the staff told them, and said how."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a telling stands in its roll: everybody up to `after` in `part` was gone through.

    The next mail may go out at `next_at`: that is how the rate is kept, whoever runs when. `told`
    counts mails, `unreachable` the others.
    """

    next_at: datetime
    part: int = 0
    after: str = ""
    told: int = 0
    unreachable: int = 0


@dataclass(frozen=True, slots=True)
class Telling:
    """How far the telling of a version is. Moments are aware, UTC.

    The second `round` is for those who came to be known meanwhile.
    """

    notice_id: str
    version: str
    state: TellingState
    started_at: datetime
    effective_at: datetime
    next_at: datetime
    round: int = 1
    part: int = 0
    after: str = ""
    told: int = 0
    unreachable: int = 0
    asked: int = 0
    done_at: datetime | None = None
    revision: int = 0

    @property
    def place(self) -> Place:
        return Place(self.next_at, self.part, self.after, self.told, self.unreachable)

    def at(self, place: Place) -> Self:
        """The telling once it stands there."""
        return replace(
            self,
            next_at=place.next_at,
            part=place.part,
            after=place.after,
            told=place.told,
            unreachable=place.unreachable,
        )


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the ledger. `at` is when its outcome came, `queued_at` when it was written."""

    reader_id: str
    channel: Channel
    language: Language
    message_id: str | None
    queued_at: datetime
    outcome: Outcome
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom to tell: an address (empty where none is known), and in which language."""

    email: str = field(repr=False)
    language: Language


class People(Protocol):
    """Everybody who is told, part by part of a roll."""

    @property
    def parts(self) -> int:
        """How many parts the roll has."""
        ...

    def after(self, part: int, after: str, limit: int) -> list[str]:
        """Up to `limit` ids of the part that come after that one, in order."""
        ...

    def readers(self, reader_ids: Sequence[str], /) -> Mapping[str, Reader]:
        """Those of them who are there still."""
        ...


type AskAnew = Callable[[Sequence[str], NoticeVersion], Mapping[str, Sequence[Action]]]
"""By subject id the writes that ask those of some people anew whose consent does not fit."""
