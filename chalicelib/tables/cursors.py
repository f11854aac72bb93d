"""Page cursors: opaque to the caller and authenticated, so nobody can page through another list.

Layout, base64url without padding: 16 bytes of HMAC-SHA-256 over the list's name and the payload,
then the payload, the JSON array of `pk` and `sk` to go on from.
"""

import base64
import hashlib
import hmac
import json
from binascii import Error as Base64Error
from collections.abc import Callable

from chalicelib.errors import FieldError, InvalidInput
from chalicelib.tables.keys import Key

_TAG_BYTES = 16
_LONGEST = 1024


class InvalidCursor(InvalidInput):
    """The cursor is malformed, was made for another list, or was tampered with."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__(FieldError("cursor", "invalid_cursor"))


class Cursors:
    """Makes and reads cursors under a MAC key of 32 bytes, fetched when first needed."""

    def __init__(self, mac_key: Callable[[], bytes]) -> None:
        self._mac_key = mac_key

    def encode(self, listing: str, key: Key) -> str:
        """The cursor that goes on after `key` in the list called `listing`."""
        payload = json.dumps([key.pk, key.sk], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._tag(listing, payload) + payload).decode().rstrip("=")

    def decode(self, listing: str, cursor: str) -> Key:
        """The key behind `cursor`. Raises `InvalidCursor`."""
        if len(cursor) > _LONGEST:
            raise InvalidCursor
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (Base64Error, ValueError):
            raise InvalidCursor from None
        tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(listing, payload)):
            raise InvalidCursor
        pk, sk = json.loads(payload)
        return Key(pk, sk)

    def _tag(self, listing: str, payload: bytes) -> bytes:
        name = listing.encode()
        message = len(name).to_bytes(2) + name + payload
        return hmac.digest(self._mac_key(), message, hashlib.sha256)[:_TAG_BYTES]
