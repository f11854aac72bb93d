"""How OpenDSR's words and ours mean each other. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import JsonValue, ValidationError

from chalicelib.errors import Conflict, FieldError, InvalidInput
from chalicelib.opendsr.wire import (
    Extension,
    IdentityFormat,
    IdentityIn,
    IdentityType,
    PartnerStatus,
    SubmissionIn,
)
from chalicelib.requests.mandates import USER_ID
from chalicelib.requests.models import Capacity, Content, DataRequest, Mandate, RequestType, Status

SUPPORTED: tuple[tuple[IdentityType, IdentityFormat], ...] = (
    ("email", "raw"),
    ("controller_customer_id", "raw"),
)
"""Type and format of the identities that people are found by. A hash of an address leads to nobody:
our index is a keyed one, and nobody can be looked up in it by a plain SHA-256."""

_STATUSES: Mapping[Status, PartnerStatus] = {
    Status.RECEIVED: "pending",
    Status.AWAITING_IDENTITY: "pending",
    Status.OPEN: "pending",
    Status.IN_PROGRESS: "in_progress",
    Status.AWAITING_APPROVAL: "in_progress",
    Status.COMPLETED: "completed",
    Status.PARTLY_COMPLETED: "completed",
    Status.REFUSED: "cancelled",  # OpenDSR has no word for it; "completed" would say it was done
    Status.WITHDRAWN: "cancelled",
    Status.LAPSED: "cancelled",
    Status.JOINED: "pending",  # until one looks at the request that it joined
}
_CALIFORNIA = "US-CA"


class UnsupportedIdentity(InvalidInput):
    """People are not found by this type of identity in this format."""

    code = "unsupported_identity"

    def __init__(self, number: int) -> None:
        super().__init__(FieldError(f"subject_identities.{number}", "not_supported"))


class SubmissionConflict(Conflict):
    """The partner used the `subject_request_id` before, for something else."""

    code = "subject_request_id_reused"


class NotCancellable(Conflict):
    """The request is being carried out, has ended, or joined another one."""

    code = "not_cancellable"


class TooManyCallbacks(Conflict):
    """As many submissions as there may be wait for the same request's callbacks."""

    code = "too_many_callbacks"


def partner_status(status: Status) -> PartnerStatus:
    """What a partner is told of a request in `status` (section 8)."""
    return _STATUSES[status]


def has_results(request: DataRequest) -> bool:
    """Whether there is a copy to be fetched."""
    asked_for_one = request.type in {RequestType.ACCESS, RequestType.PORTABILITY}
    return asked_for_one and partner_status(request.status) == "completed"


def content_of(submission: SubmissionIn, partner_id: str, domain: str) -> Content:
    """What the submission says, in our words; `domain` is the one of our extension.

    Raises `UnsupportedIdentity`, `InvalidInput` for our extension.
    """
    found = _identities(submission.subject_identities)
    extension = _extension(submission.extensions.get(domain, {}))
    country = _CALIFORNIA if submission.regulation == "ccpa" else extension.country or ""
    customer = found.get("controller_customer_id")
    return Content(
        email=found.get("email", ""),
        language=extension.language,
        country=country,
        identities={USER_ID: customer} if customer else {},
        mandate=Mandate(Capacity.CLIENT, partner_id),
    )


def _identities(given: Sequence[IdentityIn]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, each in enumerate(given):
        known_before = each.identity_type in found
        if (each.identity_type, each.identity_format) not in SUPPORTED or known_before:
            raise UnsupportedIdentity(number)
        found[each.identity_type] = each.identity_value
    return found


def _extension(said: Mapping[str, JsonValue]) -> Extension:
    try:
        return Extension.model_validate(said)
    except ValidationError as refusal:
        raise InvalidInput(*_fields(each["loc"] for each in refusal.errors())) from None


def _fields(locations: Iterable[Sequence[int | str]]) -> list[FieldError]:
    # An unknown name is the caller's text and is not repeated.
    known = set(Extension.model_fields)
    paths = [[str(part) for part in each if part in known] for each in locations]
    return [FieldError(".".join(["extensions", *path]), "invalid_value") for path in paths]
