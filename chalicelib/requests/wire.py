"""What of requests is on the wire."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from chalicelib.connectors.places import Verdict
from chalicelib.identity.models import Email
from chalicelib.notices.models import Language
from chalicelib.requests.models import Accepted, Capacity, Content, Mandate, RequestType, Status
from chalicelib.wire import Answer, Wire

type Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
type ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
type LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
type Category = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)*$", max_length=100)]
type Corrections = Annotated[dict[Category, ShortText], Field(min_length=1, max_length=20)]


type TypeIn = Literal[
    "access",
    "portability",
    "correction",
    "deletion",
    "restriction",
    "objection",
    "consent_withdrawal",
]


class MandateIn(Wire):
    """Who acts for the data subject: an `agent` whom the person chose, or a `guardian` by law.

    `reference` names the mandate: the court's or the power of attorney's number.
    """

    capacity: Literal["agent", "guardian"]
    name: ShortText
    email: Email
    reference: ShortText | None = None

    def mandate(self) -> Mandate:
        """The domain's value."""
        return Mandate(Capacity(self.capacity), self.name, self.email, self.reference or "")


class RequestIn(Wire):
    """The body of `POST /v1/requests`. `country` (ISO 3166-1 or 3166-2) is where the requester
    lives.

    `corrections` gives kinds of data their new values, by their category in the data map:
    `{"user.name": "Siti Rahma"}`. `email` is the data subject's, also when somebody acts
    `on_behalf`.
    """

    type: TypeIn
    email: Email
    language: Language
    name: ShortText | None = None
    country: Country | None = None
    client: ShortText | None = None
    details: LongText | None = None
    corrections: Corrections | None = None
    on_behalf: MandateIn | None = None

    def content(self) -> Content:
        """What is said, as the domain's value."""
        return Content(
            self.email,
            self.language,
            name=self.name or "",
            country=self.country or "",
            client=self.client or "",
            details=self.details or "",
            corrections=self.corrections or {},
            mandate=self.on_behalf.mandate() if self.on_behalf else None,
        )


class CodeIn(Wire):
    """The body of `POST /v1/requests/{request_id}/verify`."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class RequestAccepted(Answer):
    """Whoever holds the `tracking_token` follows and withdraws the request.

    It is shown to this call and its repeats under one `Idempotency-Key`, and never again.
    """

    request_id: str
    tracking_token: str
    status: Status

    @classmethod
    def of(cls, accepted: Accepted) -> Self:
        """What the caller is told of the request."""
        return cls(
            request_id=accepted.request_id,
            tracking_token=accepted.tracking_token,
            status=accepted.status,
        )


class DeadlineView(Answer):
    """One law's date, and why it is what it is."""

    law: str
    article: str
    pack_version: str
    due_at: str
    explanation: tuple[str, ...]


class TimelineEvent(Answer):
    at: str
    event: str


class MailView(Answer):
    """A mail about the request: whether it went out, bounced, or was complained about."""

    message_id: str
    kind: str
    state: str


class KeptView(Answer):
    """Rows that stay, and why."""

    collection: str
    rule: str
    citation: str
    rows: int
    until: str | None


class PlaceResult(Answer):
    """What came of the request at a place: rows found and changed, and what stays by which rule."""

    place: str
    verdict: Verdict | None
    found: int
    changed: int
    kept: tuple[KeptView, ...]


class ResultView(Answer):
    """How the request ended: the law's grounds for a refusal, and each place's result."""

    ended_at: str
    grounds: tuple[str, ...]
    places: tuple[PlaceResult, ...]


class RequestView(Answer):
    """`GET /v1/requests/{request_id}`. `due_at` is the earliest of the deadlines.

    A request that joined an earlier one (`joined_to`) shows that one's status and deadlines.
    """

    request_id: str
    type: RequestType
    status: Status
    joined_to: str | None
    received_at: str
    due_at: str | None
    deadlines: tuple[DeadlineView, ...]
    timeline: tuple[TimelineEvent, ...]
    mails: tuple[MailView, ...]
    result: ResultView | None


class RequestSummary(Answer):
    """One of a person's requests. `due_at` is the earliest of its deadlines."""

    request_id: str
    type: RequestType
    status: Status
    received_at: str
    due_at: str | None
    joined_to: str | None


class RequestPage(Answer):
    """`GET /v1/requests`, newest first."""

    requests: tuple[RequestSummary, ...]
    cursor: str | None


class CertificateView(Answer):
    """The certificate of an erasure: a compact JWS (RFC 7515), ES256."""

    certificate: str
