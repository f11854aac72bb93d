"""Requests: the domain's values first, then what is on the wire."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from chalicelib.identity.models import Email
from chalicelib.law.deadline import Deadline
from chalicelib.notices.models import Language
from chalicelib.wire import Answer, Wire


class RequestType(StrEnum):
    """What is asked for; the names of the rights in the rule packs."""

    ACCESS = "access"
    PORTABILITY = "portability"
    CORRECTION = "correction"
    DELETION = "deletion"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    CONSENT_WITHDRAWAL = "consent_withdrawal"


class Status(StrEnum):
    """Where a request is in its life (rules.py)."""

    AWAITING_IDENTITY = "awaiting_identity"
    OPEN = "open"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Content:
    """What the requester says; no part of it shows in a `repr`."""

    email: str = field(repr=False)
    language: Language
    name: str = field(default="", repr=False)
    country: str = ""
    client: str = field(default="", repr=False)
    details: str = field(default="", repr=False)
    corrections: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DataRequest:
    """One request. `requester` is the blind index of the address that it came with."""

    request_id: str
    type: RequestType
    status: Status
    received_at: datetime
    deadlines: tuple[Deadline, ...]
    requester: str
    tracking: bytes
    messages: tuple[str, ...]
    content: Content
    subject_id: str | None = None
    revision: int = 1


type Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
type ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
type LongText = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class RequestIn(Wire):
    """The body of `POST /v1/requests`. `country` (ISO 3166-1) is where the requester lives."""

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
    corrections: LongText | None = None


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
