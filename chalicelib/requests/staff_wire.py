"""What of the staff's handling of requests is on the wire."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.connectors.places import Deed, Kept, Outcome, Verdict
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.law.models import PauseReason
from chalicelib.requests.fulfilment.models import Stage
from chalicelib.requests.models import RequestType, Source, Status
from chalicelib.requests.wire import Corrections, DeadlineView, KeptView, TimelineEvent
from chalicelib.wire import Answer, Wire

type Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_./-]{1,64}$")]
type Count = Annotated[int, Field(ge=0, le=1_000_000_000)]


class ExtensionIn(Wire):
    """Why it takes longer; the person is told."""

    reason: Literal["complexity", "number"]


class CorrectionsIn(Wire):
    """New values by category of the data map, where the person described them in words."""

    corrections: Corrections


class PauseIn(Wire):
    """What the request waits for."""

    reason: Literal["identity", "clarification"]


class RefusalIn(Wire):
    """The ground, as the request's view lists them: `id/safety`."""

    ground: Name


class KeptIn(Wire):
    """Rows that the law wants kept: by which of the policy's mandates, and until when, if that is
    known."""

    collection: Name
    rule: Name
    rows: Annotated[int, Field(ge=1, le=1_000_000_000)]
    until: date | None = None


class ResolutionIn(Wire):
    """What somebody did by hand at a place."""

    found: Count
    changed: Count
    kept: Annotated[tuple[KeptIn, ...], Field(max_length=20)] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if max(self.changed, *(each.rows for each in self.kept), 0) > self.found:
            raise ValueError("more was changed or kept than found")
        return self

    def outcome(self) -> Outcome:
        """As a place answers, with the mandates' citations. Raises `InvalidInput`."""
        from chalicelib.inventory.service import mandates  # noqa: PLC0415  # the policy's models

        known = mandates()
        kept = []
        for number, each in enumerate(self.kept):
            if each.rule not in known:
                raise InvalidInput(FieldError(f"kept.{number}.rule", "unknown"))
            citation = known[each.rule].citation
            kept.append(Kept(each.collection, each.rule, citation, each.rows, each.until))
        return Outcome(self.found, self.changed, tuple(kept))


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
    kept: tuple[KeptView, ...]
    failure: str | None
    asked: bool


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


class IdentityView(Answer):
    """What the person is called besides the address; by which means it was proved whose the request
    is, by whom of the staff, and where that is noted; who took it in, or which client brought it.
    """

    identities: dict[str, str]
    proof: str | None
    checked_by: str | None
    reference: str
    taken_in_by: str | None
    submitter: str | None
    address_proved: bool


class StaffRequestView(HandledRequest):
    """A request with all it says. Personal data: each reading is in the trail.

    `also_living` are the person's other living requests: an erasure ends them.
    """

    subject_id: str | None
    identity: IdentityView
    also_living: tuple[str, ...]
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
