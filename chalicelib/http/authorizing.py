"""The authorizer in front of the API: a token becomes a caller, and a policy for API Gateway.

API Gateway caches the answer by token, so the policy covers every route of the caller's kind; what
a single route asks is checked at the route (access.py), the token's end too.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chalice.app import AuthRequest, AuthResponse, AuthRoute

from chalicelib.errors import Unauthenticated
from chalicelib.http.access import STAFF, Platform, Staff, authorizer_context, token_of
from chalicelib.http.routes import Operation

if TYPE_CHECKING:
    from chalicelib.http.gatekeeper import Gatekeeper

_PARAMETER = re.compile(r"{\w+}")


class Unauthorized(Exception):
    """API Gateway answers 401 when an authorizer fails with exactly this text, and 500 else."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


def admit(
    request: AuthRequest, gatekeeper: "Gatekeeper", operations: Iterable[Operation]
) -> AuthResponse:
    """The authorizer's answer to a request's Authorization header.

    Raises `Unauthorized` for a token that is nobody's, `KeysUnavailable`.
    """
    try:
        caller = gatekeeper.caller(token_of(request.token))
    except Unauthenticated:
        raise Unauthorized from None
    return AuthResponse(
        routes=_routes_of(caller.kind, operations),
        principal_id=caller.id,
        context=authorizer_context(caller),
    )


def _routes_of(kind: str, operations: Iterable[Operation]) -> list[str | AuthRoute]:
    asked = Staff if kind == STAFF else Platform
    methods: dict[str, set[str]] = {}
    for each in operations:
        if isinstance(each.access, asked):
            methods.setdefault(_PARAMETER.sub("*", each.path), set()).add(each.method)
    return [AuthRoute(path, sorted(methods[path])) for path in sorted(methods)]
