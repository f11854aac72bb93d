"""What a remote place answers."""

import json
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints, field_validator, model_validator

from chalicelib.connectors.places import Verdict
from chalicelib.wire import Answer, Wire

LONGEST_ANSWER = 256 * 1024
"""In bytes: what is answered is kept, sealed, in one item of DynamoDB (400 KB) until it is used."""
ID_PATTERN = r"^[0-9A-Za-z_-]{1,128}$"

type Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
type Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
type Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class KeptIn(Wire):
    """Rows that stay, by the id of a mandate in the policy's retention rules; null while the end is
    not known."""

    collection: Name
    rule: Name
    rows: Annotated[int, Field(ge=1, le=1_000_000_000)]
    until: date | None


class RowIn(Wire):
    collection: Name
    values: Annotated[dict[str, JsonValue], Field(max_length=500)]

    @field_validator("values")
    @classmethod
    def _is_json(cls, values: dict[str, JsonValue]) -> dict[str, JsonValue]:
        json.dumps(values, allow_nan=False)  # the parser takes NaN, which no other reads again
        return values


class TaskAnswerIn(Wire):
    """`found` and `changed` count rows. `rows`, at most 1,000, are for copies.

    `place` and `task` are those of the path, which the signature does not cover.
    """

    place: Id
    task: Id
    verdict: Literal["done", "nothing_found", "retained", "failed"]
    found: Count
    changed: Count
    kept: Annotated[tuple[KeptIn, ...], Field(max_length=100)] = ()
    rows: Annotated[tuple[RowIn, ...], Field(max_length=1000)] = ()

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        expected = {
            Verdict.DONE: self.found > 0 and not self.kept,
            Verdict.NOTHING_FOUND: self.found == 0 and not self.kept,
            Verdict.RETAINED: self.found > 0 and bool(self.kept),
            Verdict.FAILED: not self.kept and not self.rows,
        }
        if not expected[Verdict(self.verdict)] or self.changed > self.found:
            raise ValueError("the verdict is not what the counts say")
        return self


class TaskTaken(Answer):
    """The answer was taken; it may be sent again."""

    task: str
