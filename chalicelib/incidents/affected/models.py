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
    """Was there; something that was missing is known now, an address above all."""
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
    """Who is looked for: the rows of a collection in [since, until) that match the whole filter.

    A row matches where each field of the filter has any of its values. Values may be personal
    data. Without `time_field` no moment is asked of rows.
    """

    place: str
    collection: str
    kind: Recipient
    filter: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    time_field: str = ""
    since: datetime | None = None
    until: datetime | None = None
    client_field: str = ""


class Stage(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Tally:
    """What a computation counted so far.

    `rows` were read, `matched` of them fit, `undated` of these have no readable moment and count
    as fitting: to leave them out could leave somebody untold. `nobody` of the matched name no
    person. `people` and `without_address` count each one once (sketch.py).
    """

    rows: int = 0
    matched: int = 0
    undated: int = 0
    nobody: int = 0
    added: int = 0
    completed: int = 0
    people: Sketch = field(default_factory=Sketch)
    without_address: Sketch = field(default_factory=Sketch)
    clients: frozenset[str] = frozenset()
    more_clients: bool = False


@dataclass(frozen=True, slots=True)
class Computation:
    """A question to a place, and how far its answer has come. `position` is the store's word for
    where to go on, and may hold personal data."""

    computation_id: str
    incident_id: str
    question: Question
    rehearse: bool
    asked_by: str
    asked_at: datetime
    stage: Stage = Stage.RUNNING
    position: str = field(default="", repr=False)
    tally: Tally = field(default_factory=Tally)
    ended_at: datetime | None = None
    problem: str = ""
    revision: int = 1
