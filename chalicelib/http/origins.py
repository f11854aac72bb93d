"""Cross-origin rules (the Fetch standard's CORS protocol) for calls made by pages.

Chalice's `CORSConfig` knows one origin; each of our sites has its own list. So the API answers
preflights itself and echoes the origin only when the site names it.
"""

from collections.abc import Callable

from chalicelib.errors import Forbidden

EXPOSED_HEADERS = "etag, x-request-id"
PREFLIGHT_SECONDS = 7200


class OriginNotAllowed(Forbidden):
    """The page's origin is not one of the site's."""

    code = "origin_not_allowed"


def check_origin(origin: str | None, is_allowed: Callable[[str], bool], *, required: bool) -> None:
    """Raises `OriginNotAllowed` unless `origin` is allowed.

    A read without an Origin header comes from the same origin or from no browser and reveals no
    more than its URL names; a change without one comes from no page, so it is refused.
    """
    if origin is None:
        if required:
            raise OriginNotAllowed
    elif not is_allowed(origin):
        raise OriginNotAllowed


def public_headers() -> dict[str, str]:
    """Headers of what any page may read."""
    return {
        "access-control-allow-origin": "*",
        "access-control-expose-headers": EXPOSED_HEADERS,
    }


def cors_headers(origin: str | None) -> dict[str, str]:
    """Headers for an `origin` that was allowed."""
    if origin is None:
        return {"vary": "Origin"}
    return {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": EXPOSED_HEADERS,
        "vary": "Origin",
    }


def preflight_headers(origin: str | None, methods: str) -> dict[str, str]:
    """Headers that answer a preflight of an allowed `origin`."""
    return {
        **cors_headers(origin),
        "access-control-allow-methods": methods,
        "access-control-allow-headers": "content-type, idempotency-key, if-none-match",
        "access-control-max-age": str(PREFLIGHT_SECONDS),
    }
