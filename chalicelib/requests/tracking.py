"""Tracking tokens: whoever holds one follows and withdraws its request.

    jgt_<request id>_<256 secret bits, base64url>

Stored is the SHA-256 of the token; so many bits cannot be tried out. They are random, or for a call
under an `Idempotency-Key` a MAC of that call, so that its repeat is told the same token
(docs/adr/0015).
"""

import base64
import hashlib
import hmac
import re

_REQUEST_ID = re.compile(r"[0-9A-Z]{26}")
_TOKEN = re.compile(r"jgt_([0-9A-Z]{26})_[A-Za-z0-9_-]{43}")


def is_request_id(text: str) -> bool:
    """Whether `text` has the shape of a request's id (a ULID)."""
    return _REQUEST_ID.fullmatch(text) is not None


def tracking_token(request_id: str, secret: bytes) -> str:
    """The token for the request that 32 secret bytes make."""
    return f"jgt_{request_id}_{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


def tracked_request(token: str) -> str | None:
    """The id of the request that `token` says it is for; None if it is no tracking token."""
    matched = _TOKEN.fullmatch(token)
    return matched[1] if matched else None


def tracking_hash(token: str) -> bytes:
    """What is stored of `token`: 32 bytes."""
    return hashlib.sha256(token.encode()).digest()


def is_tracked_by(token: str, stored: bytes) -> bool:
    """Whether `token` is the one behind `stored`, in constant time."""
    return hmac.compare_digest(tracking_hash(token), stored)
