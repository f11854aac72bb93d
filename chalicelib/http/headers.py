"""Headers that every response carries, whoever made it."""

from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Request, Response

from chalicelib.http.problems import PROBLEM_JSON, problem
from chalicelib.http.refusals import FOREIGN_ERRORS

SECURITY_HEADERS = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    # Pages of other origins load the banner; what they may read is CORS's business.
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "no-store",
}

_OURS = (PROBLEM_JSON, FOREIGN_ERRORS)
_CHALICE_PROBLEMS = {
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "Method not allowed"),
    415: ("unsupported_media_type", "Unsupported media type"),
}


def complete_response(request: Any, get_response: Callable[[Any], Response]) -> Response:
    """Chalice HTTP middleware: problems instead of Chalice's own errors, then the headers."""
    response = get_response(request)
    if response.status_code >= 400 and response.headers.get("content-type") not in _OURS:
        code, title = _CHALICE_PROBLEMS.get(
            response.status_code, ("internal", "Something went wrong on our side")
        )
        response = problem(response.status_code, code, title)
    # The response's own headers win: the banner is cacheable, the rest is not.
    response.headers = {
        **SECURITY_HEADERS,
        "x-request-id": request_id(request),
        **response.headers,
    }
    return response


def request_id(request: Request | None) -> str:
    """API Gateway's id of the request; empty where there is none (tests, direct invocations)."""
    context: Mapping[str, Any] = request.context if request is not None else {}
    return str(context.get("requestId", ""))
