"""Imports: the domain's values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Self

KEPT = timedelta(days=30)
"""How long an import is known, and its rows are there if nobody could apply them before."""
CREATED, UNCHANGED = "created", "unchanged"
"""What becomes of a row; or the code of what spoke against it."""


class Format(StrEnum):
    """How the rows are written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


class OnInvalid(StrEnum):
    """What a bad row does: nothing of the file is taken, or all but that row."""

    REFUSE = "refuse"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row: the field and a stable code. Rows count from 1."""

    row: int
    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row without a fault. `text` is the decision, as JSON in one line."""

    number: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Report:
    """What a file holds. `faults` are the first of those of its `invalid` rows."""

    rows: int
    good: Sequence[Row]
    faults: Sequence[Fault]

    @property
    def invalid(self) -> int:
        return self.rows - len(self.good)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that could not be recorded when its turn came, and the code of why."""

    row: int
    code: str


@dataclass(frozen=True, slots=True)
class Import:
    """A file that was taken in, and how far it has come. Moments are aware, UTC.

    `outcomes` counts the good rows that are done, by what became of them: their sum is where to
    go on.
    """

    import_id: str
    client_id: str
    valid: int
    invalid: int
    accepted_at: datetime
    outcomes: Mapping[str, int] = field(default_factory=dict)
    ended_at: datetime | None = None
    revision: int = 1

    @property
    def done(self) -> int:
        """How many good rows are done."""
        return sum(self.outcomes.values())

    @property
    def expires_at(self) -> datetime:
        """From when on (aware) nothing of it is there any more."""
        return self.accepted_at + KEPT

    @property
    def ttl(self) -> int:
        """The same in epoch seconds, rounded up: when DynamoDB may sweep."""
        return ceil(self.expires_at.timestamp())

    def after(self, outcome: str) -> Self:
        """The import with one row more done."""
        counted = {**self.outcomes, outcome: self.outcomes.get(outcome, 0) + 1}
        return replace(self, outcomes=counted)
