"""Requests as values of the domain. What is on the wire stands in wire.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.law.case import Pause
from chalicelib.law.deadline import Deadline
from chalicelib.notices.models import Language


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

    RECEIVED = "received"
    AWAITING_IDENTITY = "awaiting_identity"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    AWAITING_APPROVAL = "awaiting_approval"
    COMPLETED = "completed"
    PARTLY_COMPLETED = "partly_completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    JOINED = "joined"


class Source(StrEnum):
    """How a request came in."""

    API = "api"
    LETTER = "letter"
    MAIL = "mail"
    PHONE = "phone"
    PLATFORM = "platform"
    OPENDSR = "opendsr"


class ExtensionReason(StrEnum):
    """Why a request takes longer (GDPR 12(3), CCPA 7021(b))."""

    COMPLEXITY = "complexity"
    NUMBER = "number"


class Capacity(StrEnum):
    """In which capacity somebody acts for the data subject."""

    AGENT = "agent"
    GUARDIAN = "guardian"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Mandate:
    """Who acts for the data subject, and by which mandate; no part of it shows in a `repr`."""

    capacity: Capacity
    name: str = field(repr=False)
    email: str = field(default="", repr=False)
    reference: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """What the requester says; no part of it shows in a `repr`.

    `corrections` gives kinds of data, by their category in the data map (`user.name`), their new
    values. `identities` are further ways to find the person (`user_id`), beside the address.
    `checked` is where the staff noted how it checked the person's identity.
    """

    email: str = field(repr=False)
    language: Language
    name: str = field(default="", repr=False)
    country: str = ""
    client: str = field(default="", repr=False)
    details: str = field(default="", repr=False)
    corrections: Mapping[str, str] = field(default_factory=dict, repr=False)
    identities: Mapping[str, str] = field(default_factory=dict, repr=False)
    mandate: Mandate | None = field(default=None, repr=False)
    checked: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Closing:
    """How a request ended. `grounds` are ids of grounds in the frozen packs: `id/safety`."""

    at: datetime
    grounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataRequest:
    """One request. `requester` is the blind index of the address that it came with.

    `pauses` are the waits that ended, `paused_since` is when the present one began and `pause_for`
    what it waits for. `approved`: it is being carried out and can be withdrawn no more.
    `decided_by` is the member of the staff who refused or approved last, and `appealed_against` who
    made the decision that is appealed against. `submitter` is the client or partner that brought
    it, as `source/id`; `taken_in_by` and `checked_by` are members of the staff, and `proof` says by
    which means it was proved whose it is. `address_proved`: the guardian who asks entered the code.
    `alerts` counts the alerts raised for the date `alerts_for`: for another date they start
    anew (watching_rules.py). `open_as` is what it is called among its person's open requests, so
    that a second of the kind joins it (register.py). `forgotten`: the person was erased, or nobody
    proved it before it ended, and of the content only the language is left.
    """

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
    source: Source = Source.API
    pauses: tuple[Pause, ...] = ()
    paused_since: datetime | None = None
    pause_for: str | None = None
    extended: bool = False
    approved: bool = False
    appealed: bool = False
    decided_by: str | None = None
    appealed_against: str | None = None
    submitter: str | None = None
    taken_in_by: str | None = None
    checked_by: str | None = None
    proof: str | None = None
    address_proved: bool = False
    closing: Closing | None = None
    joined_to: str | None = None
    forgotten: bool = False
    alerts: int = 0
    alerts_for: datetime | None = None
    open_as: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What of a request stands in clear, for lists. `due_at` is the earliest of its dates."""

    request_id: str
    type: RequestType
    status: Status
    received_at: datetime
    due_at: datetime | None
    source: Source = Source.API
    joined_to: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came in and when: the laws' clocks run from `received_at`.

    `submitter` and `taken_in_by` as in `DataRequest`.
    """

    type: RequestType
    content: Content
    source: Source
    received_at: datetime
    submitter: str | None = None
    taken_in_by: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was taken in, and the token that follows it."""

    request_id: str
    tracking_token: str = field(repr=False)
    status: Status
    joined_to: str | None = None


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """By which means the staff checked who somebody is, and where that is noted."""

    means: str
    reference: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClientUser:
    """A user of the platform, by address, by the platform's own id, or by both."""

    email: str = field(default="", repr=False)
    user_id: str = field(default="", repr=False)
