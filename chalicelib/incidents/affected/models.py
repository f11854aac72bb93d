"""Affected people and clients: the domain's values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from chalicelib.incidents.affected.sketch import Sketch
from chalicelib.incidents.models import Recipient
from chalicelib.notices.models import Language

LISTED = (Recipient.SUBJECTS, Recipient.CLIENTS, Recipient.CONTROLLERS)
"""The kinds of recipients that a list has: of the others there is one, or everybody."""


class Came(StrEnum):
    """How somebody came onto the list."""

    TYPED = "typed"
    COMPUTED = "computed"


class Outcome(StrEnum):
    """What came of putting somebody on the list."""

    ADDED = "added"
    COMPLETED = "completed"
    """Was there; something that was missing is known now, an address above all, or was corrected by
    hand."""
    KNOWN = "known"
    REMOVED = "removed"
    """Was taken off the list for a reason: no computation puts them back."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody affected, as far as is known: a user's id of the platform or an address, or both.

    What is not known is empty. Both are normalised (`blind_index.normalise`). `client` is the
    opaque id of the client that they belong to, or that they speak for.
    """

    kind: Recipient
    email: str = field(default="", repr=False)
    user_id: str = field(default="", repr=False)
    client: str = ""
    language: Language | None = None

    def corrected_by(self, other: Self) -> Self:
        """With what `other` says of the same one, and what this knows besides."""
        return other.completed_by(self)

    def completed_by(self, other: Self) -> Self:
        """With what `other` knows of the same one and this does not."""
        return replace(
            self,
            email=self.email or other.email,
            user_id=self.user_id or other.user_id,
            client=self.client or other.client,
            language=self.language or other.language,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. `removed_because` is empty while it is in force."""

    recipient_id: str
    came: Came
    at: datetime
    person: Person
    removed_because: str = field(default="", repr=False)
    revision: int = 1

    @property
    def is_removed(self) -> bool:
        return bool(self.removed_because)


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a kind are on the list, and how many of them have no address."""

    recipients: int = 0
    without_address: int = 0

    def plus(self, recipients: int, without_address: int) -> Self:
        """With so many more, or fewer."""
        return replace(
            self,
            recipients=self.recipients + recipients,
            without_address=self.without_address + without_address,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """Whose rows are looked for: those of a collection in [since, until) that match the filter.

    A row matches where each field of the filter has any of its values, which may be personal data.
    Where `time_field` is empty no moment is asked of a row; `client_field` holds the opaque id of
    the client that a row belongs to.
    """

    place: str
    collection: str
    filter: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    time_field: str = ""
    since: datetime | None = None
    until: datetime | None = None
    client_field: str = ""


class Stage(StrEnum):
    """Where a computation stands.

    running ──> done
       └──> failed ──asked anew, or somebody says that nothing is missing for it──> settled
    """

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SETTLED = "settled"


PENDING = frozenset({Stage.RUNNING, Stage.FAILED})
"""While a computation is at one of these somebody may be missing on the list."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a computation counted so far; each row once, whoever died over it.

    `rows` were read and `matched` of them fit. `undated` ones of these have no moment that can be
    read: to leave them out could leave somebody untold. `nobody` of them name no person. `people`
    and `without_address` are counted once each (sketch.py), `clients` are the first 500 ids;
    `more_clients` says that there are others, or some that rows name by what is no id.
    """

    rows: int = 0
    matched: int = 0
    undated: int = 0
    nobody: int = 0
    people: Sketch = field(default_factory=Sketch)
    without_address: Sketch = field(default_factory=Sketch)
    clients: tuple[str, ...] = ()
    more_clients: bool = False


@dataclass(frozen=True, slots=True)
class Computation:
    """A question to a place, and how far its answer has come.

    A rehearsal counts and puts nobody on the list. `position` is the store's word for where to go
    on, and may hold personal data. `problem` is the code of why it failed, `settled_because` why
    somebody said that nothing is missing for that.
    """

    computation_id: str
    incident_id: str
    question: Question
    rehearsal: bool
    asked_by: str
    asked_at: datetime
    stage: Stage = Stage.RUNNING
    position: str = field(default="", repr=False)
    tally: Tally = field(default_factory=Tally)
    ended_at: datetime | None = None
    problem: str = ""
    settled_because: str = field(default="", repr=False)
    revision: int = 1
