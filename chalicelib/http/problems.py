"""Domain errors as `application/problem+json` (RFC 9457), in one table."""

import json

from chalice.app import Response

from chalicelib.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Gone,
    Internal,
    InvalidInput,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)

PROBLEM_JSON = "application/problem+json"

FAMILIES: dict[type[DomainError], tuple[int, str]] = {
    InvalidInput: (422, "The request breaks a rule"),
    Unauthenticated: (401, "Sign in first"),
    Forbidden: (403, "Not allowed"),
    NotFound: (404, "Not found"),
    Gone: (410, "Not available any more"),
    Conflict: (409, "Contradicts what is stored"),
    TooLarge: (413, "The body is too large"),
    UnsupportedMedia: (415, "Unsupported media type"),
    TooMany: (429, "Too many requests"),
    Unavailable: (503, "Try again later"),
    Internal: (500, "Something went wrong on our side"),
}
"""Every domain error descends from exactly one of these; a test asserts it."""

EXCEPTIONS: dict[str, int] = {"malformed_json": 400}
"""Codes whose status differs from their family's."""

MAX_FIELDS = 20
"""A body of 4 KB can break a rule a thousand times; an answer says enough with these."""


def problem_for(error: DomainError) -> Response:
    """The answer to `error`. An internal error keeps its code to itself.

    Names at most 20 different fields.
    """
    family = family_of(error)
    status, title = FAMILIES[family]
    code = Internal.code if family is Internal else error.code
    fields = [] if family is Internal else list(dict.fromkeys(error.fields))
    return problem(
        EXCEPTIONS.get(code, status),
        code,
        title,
        errors=[{"field": each.field, "code": each.code} for each in fields[:MAX_FIELDS]],
        headers=_headers(error),
    )


def family_of(error: DomainError) -> type[DomainError]:
    """The family of `error`; `Internal` for one that forgot to choose."""
    return next((family for family in FAMILIES if isinstance(error, family)), Internal)


def _headers(error: DomainError) -> dict[str, str]:
    match error:
        case Unavailable():
            return {"retry-after": "1"}
        case TooMany():
            return {"retry-after": str(error.retry_after)}
        case Unauthenticated():
            return {"www-authenticate": "Bearer"}  # RFC 9110, 11.6.1
    return {}


def problem(
    status: int,
    code: str,
    title: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem document. `code` is stable; `errors` name fields, never values."""
    document: dict[str, object] = {
        "type": f"urn:jaga:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    if errors:
        document["errors"] = errors
    return Response(
        body=json.dumps(document, separators=(",", ":")),
        status_code=status,
        headers={"content-type": PROBLEM_JSON, **(headers or {})},
    )
