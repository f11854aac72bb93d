"""What of intake by the staff and by the client platform is on the wire."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.errors import DomainError
from chalicelib.identity.models import Email
from chalicelib.notices.models import Language
from chalicelib.requests.mandates import USER_ID
from chalicelib.requests.models import (
    Accepted,
    Arrival,
    Capacity,
    ClientUser,
    Content,
    IdentityCheck,
    Mandate,
    RequestType,
    Source,
    Status,
)
from chalicelib.requests.wire import (
    Corrections,
    Country,
    LongText,
    MandateIn,
    ShortText,
    TypeIn,
)
from chalicelib.wire import Answer, Moment, Wire

type UserId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
"""The platform's own id of a user: opaque, compared exactly."""


class IdentityCheckIn(Wire):
    """By which means the staff checked who the person is, or a guardian's mandate; `reference`
    says where that is noted."""

    means: Literal["document", "in_person", "video_call", "callback", "mandate"]
    reference: ShortText

    def check(self) -> IdentityCheck:
        """The domain's value."""
        return IdentityCheck(self.means, self.reference)


class StaffRequestIn(Wire):
    """The body of `POST /v1/staff/requests`.

    `received_at` is when it reached us: the laws' clocks run from there. With `identity_checked` it
    opens at once; without, a code goes to `email`, and where there is none, it waits for a check.
    """

    type: TypeIn
    source: Literal["letter", "mail", "phone"]
    received_at: Moment
    language: Language
    email: Email | None = None
    user_id: UserId | None = None
    name: ShortText | None = None
    country: Country | None = None
    client: ShortText | None = None
    details: LongText | None = None
    corrections: Corrections | None = None
    on_behalf: MandateIn | None = None
    identity_checked: IdentityCheckIn | None = None

    def arrival(self) -> Arrival:
        """What came and when, as the domain's value."""
        type_, source = RequestType(self.type), Source(self.source)
        return Arrival(type_, self._content(), source, self.received_at)

    def _content(self) -> Content:
        return Content(
            self.email or "",
            self.language,
            name=self.name or "",
            country=self.country or "",
            client=self.client or "",
            details=self.details or "",
            corrections=self.corrections or {},
            identities={USER_ID: self.user_id} if self.user_id else {},
            mandate=self.on_behalf.mandate() if self.on_behalf else None,
        )


class RequestSettled(Answer):
    """A request whose identity was checked: it is open, or joined another of the person."""

    request_id: str
    status: Status
    joined_to: str | None


class ClientUserIn(Wire):
    """A user of the platform: an address, the platform's own id, or both of one person."""

    email: Email | None = None
    user_id: UserId | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.email is None and self.user_id is None:
            raise ValueError("nobody is named")
        return self

    def user(self) -> ClientUser:
        """The domain's value."""
        return ClientUser(self.email or "", self.user_id or "")


class ClientRequestsIn(Wire):
    """The body of `POST /v1/platform/requests`: the same request for each of `users`, for whose
    identity the platform vouches. `client` names the company of theirs that asks."""

    type: TypeIn
    client: ShortText
    language: Language
    users: Annotated[tuple[ClientUserIn, ...], Field(min_length=1, max_length=100)]
    country: Country | None = None
    details: LongText | None = None

    def common(self) -> Content:
        """What is said for all of them, as the domain's value."""
        return Content(
            "",
            self.language,
            country=self.country or "",
            client=self.client,
            details=self.details or "",
            mandate=Mandate(Capacity.CLIENT, self.client),
        )


class ClientRow(Answer):
    """What became of the request of `users[user]`: taken in, or the stable code of why not."""

    user: int
    request_id: str | None = None
    tracking_token: str | None = None
    status: Status | None = None
    joined_to: str | None = None
    problem: str | None = None

    @classmethod
    def of(cls, user: int, row: Accepted | DomainError) -> Self:
        """The row of the user with this number."""
        if isinstance(row, DomainError):
            return cls(user=user, problem=row.code)
        return cls(
            user=user,
            request_id=row.request_id,
            tracking_token=row.tracking_token,
            status=row.status,
            joined_to=row.joined_to,
        )


class ClientReport(Answer):
    """A row for each user, in their order."""

    requests: tuple[ClientRow, ...]
