"""Records under retention on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.retention.records.models import (
    LONGEST_REFERENCE,
    LONGEST_USER_ID,
    MOST_RECORDS,
    Place,
)
from chalicelib.retention.schedule.models import Trigger
from chalicelib.retention.schedule.text import Category
from chalicelib.wire import Answer, Moment, Wire

MAX_BODY_BYTES = 256 * 1024
RECORD_PATTERN = r"^[A-Z2-7]{32}$"
OPAQUE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"

type Opaque = Annotated[str, StringConstraints(pattern=OPAQUE_PATTERN)]
type MapName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
type Reference = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_REFERENCE)]


class PlaceIn(Wire):
    """Where something is: by the data map, and the value of its primary key there."""

    place: MapName
    collection: MapName
    reference: Reference

    def at(self) -> Place:
        return Place(self.place, self.collection, self.reference)


class TriggersIn(Wire):
    """What happened when. What is not named has not happened, or is known already."""

    collected: Moment | None = None
    last_used: Moment | None = None
    end_of_engagement: Moment | None = None
    consent_withdrawn: Moment | None = None
    request: Moment | None = None

    def moments(self) -> dict[Trigger, datetime]:
        named = {Trigger(name): getattr(self, name) for name in type(self).model_fields}
        return {trigger: at for trigger, at in named.items() if at is not None}


class RecordIn(PlaceIn):
    """One thing that the platform holds.

    `client`, `case` and `user_id` are the platform's own opaque ids.
    """

    category: Category
    role: Literal["controller", "processor"]
    client: Opaque | None = None
    user_id: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_USER_ID)] | None = (
        None
    )
    case: Opaque | None = None
    triggers: TriggersIn


class RecordsIn(Wire):
    """The body of `POST /v1/records`."""

    records: Annotated[
        tuple[RecordIn, ...], Field(min_length=1, max_length=MOST_RECORDS, strict=False)
    ]


class PlacesIn(Wire):
    """The body of `POST /v1/records/check`."""

    records: Annotated[
        tuple[PlaceIn, ...], Field(min_length=1, max_length=MOST_RECORDS, strict=False)
    ]


class ReasonView(Answer):
    """One rule's part: from when it counts, until when. Without, its trigger has not happened."""

    rule: str
    ground: str
    trigger: str
    since: str | None = None
    until: str | None = None


class ExpiryView(Answer):
    """When something has to go, and why.

    `expires_at` is absent while nothing ends it. `limit` is the rule that counts, `kept_by` are the
    mandates that outlast it, `restricted_from` its own end then: from there on the data is stored
    and not used. `open` has the limits that have not begun to run.
    """

    expires_at: str | None = None
    means: str | None = None
    limit: ReasonView | None = None
    kept_by: tuple[ReasonView, ...] = ()
    restricted_from: str | None = None
    open: tuple[ReasonView, ...] = ()


class RegisteredView(Answer):
    """What came of one record, in the order of the call: an outcome or a problem's code."""

    record_id: str | None = None
    outcome: Literal["created", "updated", "unchanged"] | None = None
    problem: str | None = None
    expiry: ExpiryView | None = None


class RegisteredList(Answer):
    """The answer of `POST /v1/records`."""

    records: tuple[RegisteredView, ...]


class RecordView(Answer):
    """Where a record stands. `readable` says whether its data may be read at this moment, and
    `usable` whether it may be used for anything but keeping it. What was archived is neither: a
    sealed copy of it is kept from `archived_at` until `archived_until`, unless it ends earlier."""

    record_id: str
    place: str
    collection: str
    category: str
    role: str
    client: str | None = None
    case: str | None = None
    state: str
    readable: bool
    usable: bool
    registered_at: str
    expiry: ExpiryView
    holds: tuple[str, ...] = ()
    archived_at: str | None = None
    archived_until: str | None = None
    disposed_at: str | None = None
    disposed_by: str | None = None
    means: str | None = None


class ReadableView(Answer):
    """Whether something may be read now, in the order of the call; `known` if it is registered."""

    known: bool
    readable: bool
    usable: bool
    expires_at: str | None = None


class ReadableList(Answer):
    """The answer of `POST /v1/records/check`. It holds for its moment, `as_of`."""

    as_of: str
    records: tuple[ReadableView, ...]
