"""What of copies is on the wire."""

from chalicelib.clock import rfc3339
from chalicelib.requests.copies.models import Copy, Link
from chalicelib.wire import Answer


class CopyState(Answer):
    """`POST /v1/requests/{request_id}/export`: until when, and how often, a link can be had."""

    open_until: str
    downloads_left: int
    openings_left: int
    deleted_at: str
    sha256: str
    size: int


class CopyLink(Answer):
    """`GET /v1/requests/{request_id}/export`. `expires_at` is when `url` ends, a minute from now.

    `sha256` (hex) and `size` (bytes) are the whole archive's.
    """

    url: str
    expires_at: str
    downloads_left: int
    open_until: str
    sha256: str
    size: int


def copy_link(link: Link) -> CopyLink:
    """`link` as it is answered."""
    return CopyLink(
        url=link.url,
        expires_at=rfc3339(link.url_expires_at),
        downloads_left=link.copy.links_left,
        open_until=rfc3339(link.copy.opened_until),
        sha256=link.copy.sha256,
        size=link.copy.size,
    )


def copy_state(copy: Copy) -> CopyState:
    """`copy` as it is answered."""
    return CopyState(
        open_until=rfc3339(copy.opened_until),
        downloads_left=copy.links_left,
        openings_left=copy.openings_left,
        deleted_at=rfc3339(copy.gone_at),
        sha256=copy.sha256,
        size=copy.size,
    )
