"""What an operation asks of its caller, who the caller is, and whether that is enough.

Staff and the client platform are identified by the authorizer in front of the API, whose word
arrives in the request's context; a data subject by the session token in the Authorization header.
The authorizer's answer is cached for minutes and covers every route of its kind, so what one route
asks is checked here, at each call (RFC 6750 for how tokens travel and are refused).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalice.app import Request

from chalicelib.errors import Forbidden, Unauthenticated
from chalicelib.http.permissions import Role, known_roles, permissions

STAFF, PLATFORM, PERSON, NOBODY = "staff", "platform", "person", "nobody"
"""Kinds of callers."""


class NotSignedIn(Unauthenticated):
    """No token, or none that this operation takes: unknown, ended, expired, of another kind."""

    code = "not_signed_in"


class NotPermitted(Forbidden):
    """Known, and not allowed this."""

    code = "not_permitted"


@dataclass(frozen=True, slots=True)
class Anyone:
    """No token is asked for."""


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of the staff with this permission; the token of the staff's user pool."""

    permission: str


@dataclass(frozen=True, slots=True)
class Platform:
    """The client platform's service, with this scope (RFC 6749, client credentials).

    An empty scope takes any client of the platform.
    """

    scope: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """A data subject with a session for this purpose."""

    purpose: str


type Access = Anyone | Staff | Platform | Person


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a kind, an opaque id, and what comes with it."""

    kind: str
    id: str
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()
    expires: int = 0
    """When the token ends, in seconds since 1970 UTC."""


ANONYMOUS = Caller(NOBODY, "nobody")
ANYONE = Anyone()

type FindPerson = Callable[[str, str], Caller]
"""The caller behind a session token (first) for a purpose (second). Raises `NotSignedIn`."""


def identify(access: Access, request: Request, find_person: FindPerson | None) -> Caller:
    """The caller, who may do what `access` asks. Raises `NotSignedIn`, `NotPermitted`."""
    match access:
        case Anyone():
            return ANONYMOUS
        case Person(purpose):
            if find_person is None:
                raise NotSignedIn
            return find_person(token_of(request.headers.get("authorization", "")), purpose)
        case Staff(permission):
            return _permitted(_authorized(request, STAFF), permission)
        case Platform(scope):
            caller = _authorized(request, PLATFORM)
            if scope and scope not in caller.scopes:
                raise NotPermitted
            return caller


def token_of(header: str) -> str:
    """The token of an Authorization header (RFC 6750, 2.1). Raises `NotSignedIn` without one."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn
    return token


def authorizer_context(caller: Caller) -> dict[str, str]:
    """`caller` as the authorizer hands it on: API Gateway carries strings only."""
    return {
        "kind": caller.kind,
        "id": caller.id,
        "roles": " ".join(sorted(caller.roles)),
        "scopes": " ".join(sorted(caller.scopes)),
        "expires": str(caller.expires),
    }


def _authorized(request: Request, kind: str) -> Caller:
    context: dict[str, Any] = request.context.get("authorizer") or {}
    # The gateway's answer may be minutes old: a token that ended meanwhile is nobody's.
    arrived = int(request.context.get("requestTimeEpoch", 0)) // 1000
    expires = int(context.get("expires", 0))
    if context.get("kind") != kind or not context.get("id") or not 0 < arrived < expires:
        raise NotSignedIn
    return Caller(
        kind,
        str(context["id"]),
        known_roles(str(context.get("roles", "")).split()),
        frozenset(str(context.get("scopes", "")).split()),
        expires,
    )


def _permitted(caller: Caller, permission: str) -> Caller:
    if not permissions()[permission].roles & caller.roles:
        raise NotPermitted
    return caller
