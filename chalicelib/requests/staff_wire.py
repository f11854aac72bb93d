"""What of the staff's handling of requests is on the wire."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.connectors.places import Deed, Verdict
from chalicelib.law.models import PauseReason
from chalicelib.requests.fulfilment.models import Stage
from chalicelib.requests.models import RequestType, Source, Status
from chalicelib.requests.wire import DeadlineView, TimelineEvent
from chalicelib.wire import Answer, Wire

type Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_./-]{1,64}$")]
type Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class PauseIn(Wire):
    """What the request waits for."""

    reason: Literal["identity", "clarification"]


class RefusalIn(Wire):
    """The ground, as the request's view lists them: `id/safety`."""

    ground: Name


class KeptIn(Wire):
    """Rows that the law wants kept: by which retention rule, and until when, if that is known."""

    collection: Name
    rule: Name
    citation: Annotated[str, StringConstraints(pattern=r"^[ -~]{1,120}$")]
    rows: Count
    until: date | None = None


class ResolutionIn(Wire):
    """What somebody did by hand at a place."""

    found: Count
    changed: Count
    kept: Annotated[tuple[KeptIn, ...], Field(max_length=20)] = ()


class RequestLine(Answer):
    """A request as the list shows it: nothing of the person."""

    request_id: str
    type: RequestType
    status: Status
    source: Source
    received_at: str
    due_at: str | None


class RequestList(Answer):
    """A page of the living requests, by the moment at which they need somebody."""

    requests: tuple[RequestLine, ...]
    cursor: str | None


class PlaceProgress(Answer):
    """What was found, done and kept at a place; `failure` is a stable code."""

    place: str
    verdict: Verdict | None
    found: int | None
    changed: int | None
    kept: tuple["KeptView", ...]
    failure: str | None
    asked: bool


class KeptView(Answer):
    """Rows that stay, and why."""

    collection: str
    rule: str
    citation: str
    rows: int
    until: str | None


class PlanView(Answer):
    """How far a request was carried out."""

    deed: Deed
    stage: Stage
    places: tuple[PlaceProgress, ...]


class HandledRequest(RequestLine):
    """A request after a decision: its dates, how far it was carried out; nothing of the person."""

    waits_for: PauseReason | None
    extended: bool
    deadlines: tuple[DeadlineView, ...]
    plan: PlanView | None


class GroundView(Answer):
    """A ground on which the request may be refused, with its citation."""

    ground: str
    citation: str


class MandateView(Answer):
    """Who acts for the person."""

    capacity: str
    name: str
    email: str
    reference: str


class StaffRequestView(HandledRequest):
    """A request with all it says. Personal data: each reading is in the trail."""

    subject_id: str | None
    email: str
    name: str
    country: str
    client: str
    details: str
    corrections: dict[str, str]
    mandate: MandateView | None
    appealed: bool
    grounds: tuple[GroundView, ...]
    timeline: tuple[TimelineEvent, ...]
