"""What OpenDSR 2.0 puts on the wire: its own names, its own format of errors."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints

from chalicelib.notices.models import Language
from chalicelib.requests.models import RequestType
from chalicelib.requests.wire import Country
from chalicelib.wire import Answer, Wire

API_VERSION = "2.0"
SUBJECT_REQUEST_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
"""A lower-case UUID of version 4 (section 1.1)."""
MOST_CALLBACKS = 3

type SubjectRequestType = Literal["access", "portability", "erasure"]
type PartnerStatus = Literal["pending", "in_progress", "completed", "cancelled"]
type IdentityType = Literal[
    "controller_customer_id",
    "android_advertising_id",
    "android_id",
    "email",
    "fire_advertising_id",
    "ios_advertising_id",
    "ios_vendor_id",
    "microsoft_advertising_id",
    "microsoft_publisher_id",
    "roku_publisher_id",
    "roku_advertising_id",
]
type IdentityFormat = Literal["raw", "sha1", "md5", "sha256"]
type Id = Annotated[str, StringConstraints(pattern=SUBJECT_REQUEST_ID)]
type Domain = Annotated[str, StringConstraints(min_length=1, max_length=253)]

TYPES: dict[SubjectRequestType, RequestType] = {
    "access": RequestType.ACCESS,
    "portability": RequestType.PORTABILITY,
    "erasure": RequestType.DELETION,
}


class IdentityIn(Wire):
    """One way to know the data subject (5.3)."""

    identity_type: IdentityType
    identity_value: Annotated[str, StringConstraints(min_length=1, max_length=320)]
    identity_format: IdentityFormat


class SubmissionIn(Wire):
    """The body of `POST /opendsr/v2/requests` (7.1.1).

    Extensions of other processors' domains are let through and not looked at; ours is `Extension`.
    """

    regulation: Literal["gdpr", "ccpa"] | None = None
    subject_request_id: Id
    subject_request_type: SubjectRequestType
    subject_identities: Annotated[tuple[IdentityIn, ...], Field(min_length=1, max_length=10)]
    submitted_time: AwareDatetime
    api_version: Annotated[str, StringConstraints(pattern=r"^2\.[0-9]{1,3}$")] | None = None
    status_callback_urls: Annotated[
        tuple[Annotated[str, StringConstraints(min_length=1, max_length=2000)], ...],
        Field(max_length=MOST_CALLBACKS),
    ] = ()
    extensions: Annotated[dict[Domain, dict[str, JsonValue]], Field(max_length=20)] = Field(
        default_factory=dict
    )


class Extension(Wire):
    """What our domain's entry of `extensions` may say: the language that the person is written to
    in, and where they live (ISO 3166-1 or 3166-2)."""

    language: Language = "en"
    country: Country | None = None


class SupportedIdentity(Answer):
    identity_type: IdentityType
    identity_format: IdentityFormat


class Discovery(Answer):
    """`GET /opendsr/v2/discovery` (6.3)."""

    api_version: str
    supported_identities: tuple[SupportedIdentity, ...]
    supported_subject_request_types: tuple[SubjectRequestType, ...]
    processor_certificate: str


class SubmissionReceipt(Answer):
    """The answer to a submission (7.3). `encoded_request` is its body, base64."""

    controller_id: str
    expected_completion_time: str
    received_time: str
    encoded_request: str
    subject_request_id: str


class StatusView(Answer):
    """`GET /opendsr/v2/requests/{subject_request_id}` (8.3). `results_url` takes the session of the
    data subject, not the partner's credential."""

    controller_id: str
    expected_completion_time: str
    subject_request_id: str
    request_status: PartnerStatus
    api_version: str
    results_url: str | None = None


class CancellationReceipt(Answer):
    """The answer to a cancellation (9.2)."""

    controller_id: str
    subject_request_id: str
    received_time: str
    api_version: str
