"""What of requests is on the wire."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.identity.models import Email
from chalicelib.notices.models import Language
from chalicelib.requests.models import RequestType, Status
from chalicelib.wire import Answer, Wire

type Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
type ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
type LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
type Category = Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)*$", max_length=100)]
type Corrections = Annotated[dict[Category, ShortText], Field(min_length=1, max_length=20)]


class RequestIn(Wire):
    """The body of `POST /v1/requests`. `country` (ISO 3166-1 or 3166-2) is where the requester
    lives.

    `corrections` gives kinds of data their new values, by their category in the data map:
    `{"user.name": "Siti Rahma"}`.
    """

    type: Literal[
        "access",
        "portability",
        "correction",
        "deletion",
        "restriction",
        "objection",
        "consent_withdrawal",
    ]
    email: Email
    language: Language
    name: ShortText | None = None
    country: Country | None = None
    client: ShortText | None = None
    details: LongText | None = None
    corrections: Corrections | None = None


class CodeIn(Wire):
    """The body of `POST /v1/requests/{request_id}/verify`."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class RequestAccepted(Answer):
    """`tracking_token` is shown this once; whoever holds it follows and withdraws the request."""

    request_id: str
    tracking_token: str
    status: Status


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


class RequestView(Answer):
    """`GET /v1/requests/{request_id}`. `due_at` is the earliest of the deadlines."""

    request_id: str
    type: RequestType
    status: Status
    received_at: str
    due_at: str | None
    deadlines: tuple[DeadlineView, ...]
    timeline: tuple[TimelineEvent, ...]
    mails: tuple[MailView, ...]
