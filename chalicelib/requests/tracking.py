"""Tracking tokens: whoever holds one follows and withdraws its request.

    jgt_<request id>_<256 random bits, base64url>

Stored is the SHA-256 of the token; so many random bits cannot be tried out.
"""

import hashlib
import hmac
import re
import secrets

_REQUEST_ID = re.compile(r"[0-9A-Z]{26}")
_TOKEN = re.compile(r"jgt_([0-9A-Z]{26})_[A-Za-z0-9_-]{43}")


def is_request_id(text: str) -> bool:
    """Whether `text` has the shape of a request's id (a ULID)."""
    return _REQUEST_ID.fullmatch(text) is not None


def new_tracking_token(request_id: str) -> str:
    """A fresh token for the request."""
    return f"jgt_{request_id}_{secrets.token_urlsafe(32)}"


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
