"""The tree of domain errors.

Every error that a caller may meet descends from `DomainError` through one of the families below;
the family decides the HTTP status (`chalicelib/http/problems.py`), the leaf decides the stable
`code`. Leaves live in the package that raises them. No error carries personal data: arguments are
constants, ids and field names, never a value that somebody sent.

    DomainError
    ├── InvalidInput      the request cannot be understood or breaks a rule (fields say where)
    ├── Unauthenticated   who is asking is not known, or not any more
    ├── Forbidden         understood, but not from this caller
    ├── NotFound          no such thing, or none that this caller may know of
    ├── Gone              was there and is over
    ├── Conflict          contradicts what is stored
    ├── TooLarge          longer than the contract allows
    ├── UnsupportedMedia  a media type that the call does not take
    ├── TooMany           more often than this caller may, for now
    ├── Unavailable       try again later: throttled, contended, a dependency is away
    └── Internal          a promise of our own is broken; the answer says nothing about why
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One refused input: the field's path (`choices.performance`) and a stable reason."""

    field: str
    code: str


class DomainError(Exception):
    """The root. `code` is stable: clients and dashboards rely on it. `fields` say where, if any."""

    code: ClassVar[str] = "error"
    fields: tuple[FieldError, ...] = ()


class InvalidInput(DomainError):
    code = "invalid_input"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__(self.code)
        self.fields = fields


class Unauthenticated(DomainError):
    code = "unauthenticated"


class Forbidden(DomainError):
    code = "forbidden"


class NotFound(DomainError):
    code = "not_found"


class Gone(DomainError):
    code = "gone"


class Conflict(DomainError):
    code = "conflict"


class TooLarge(DomainError):
    code = "too_large"


class UnsupportedMedia(DomainError):
    code = "unsupported_media_type"


class TooMany(DomainError):
    """`retry_after` is in seconds."""

    code = "too_many"

    def __init__(self, retry_after: int) -> None:
        super().__init__(self.code)
        self.retry_after = retry_after


class Unavailable(DomainError):
    code = "unavailable"


class Internal(DomainError):
    code = "internal"
