"""Holds on the wire."""

from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from chalicelib.retention.holds.models import VALUE_PATTERN
from chalicelib.wire import Answer, Moment, Wire

MAX_BODY_BYTES = 16 * 1024

type Value = Annotated[str, StringConstraints(pattern=VALUE_PATTERN)]
type UserId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
type ShortText = Annotated[str, StringConstraints(min_length=1, max_length=300)]
type LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class TargetIn(Wire):
    """What to hold: a person by the platform's own id of it, everything else by its `value`."""

    kind: Literal["client", "person", "category", "case"]
    value: Value | None = None
    user_id: UserId | None = None

    @model_validator(mode="after")
    def _named_by_its_kind(self) -> Self:
        given = (self.value is not None, self.user_id is not None)
        if given != (self.kind != "person", self.kind == "person"):
            raise ValueError("a person has a user_id, everything else a value")
        return self


class HoldIn(Wire):
    """The body of `POST /v1/staff/holds`. `citation` is the law or the court's order."""

    target: TargetIn
    ground: LongText
    citation: ShortText
    review_at: Moment


class ReleaseIn(Wire):
    """Why nothing has to be held any more."""

    reason: LongText


class ReviewIn(Wire):
    """When somebody has to look at the hold again."""

    review_at: Moment


class HoldLine(Answer):
    """A hold as the list shows it. `value` is null for a person."""

    hold_id: str
    kind: str
    value: str | None
    owner: str
    placed_by: str
    placed_at: str
    review_at: str
    released_by: str | None
    released_at: str | None


class HoldList(Answer):
    """A page of the active holds, the earliest review first."""

    holds: tuple[HoldLine, ...]
    cursor: str | None


class HoldView(HoldLine):
    """A hold with its ground. `reason` is that of its release, null while it is active."""

    ground: str
    citation: str
    reason: str | None
