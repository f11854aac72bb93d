"""Signatures of webhooks, by the Standard Webhooks specification 1.0 (standardwebhooks.com).

    webhook-id         the message's id, the same at every attempt
    webhook-timestamp  when this attempt was made, whole seconds since 1970 UTC
    webhook-signature  "v1," and the base64 of HMAC-SHA-256 over `<id>.<timestamp>.<body>`; while a
                       secret is being rotated one for each secret, with a blank between

A secret is `whsec_` and the base64 of 32 random bytes.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from chalicelib.errors import Forbidden

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
REPLAY_WINDOW = timedelta(minutes=5)
"""How far a signature's time may lie from the receiver's clock, before it or after it."""

_PREFIX = "whsec_"
_KEY_BYTES = 32
_VERSION = "v1"
_LONGEST_TIMESTAMP = 12  # digits: past the year 30000, and short of what no clock can hold


class UnverifiedWebhook(Forbidden):
    """No valid signature, or one of another time. One error for every cause."""

    code = "unverified_webhook"


class SigningSecret:
    """A secret shared with one endpoint. Neither `repr` nor `str` shows it; `reveal` does."""

    __slots__ = ("_key",)

    def __init__(self, text: str) -> None:
        """Reads `whsec_<base64>`. `ValueError` for anything but 32 bytes in that form."""
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not text.startswith(_PREFIX) or len(key) != _KEY_BYTES:
            raise ValueError("not a signing secret")
        self._key = key

    @classmethod
    def generate(cls) -> "SigningSecret":
        """A fresh secret from the operating system's random source."""
        return cls(_PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode())

    def reveal(self) -> str:
        """The secret as `whsec_<base64>`, for its owner and for the vault."""
        return _PREFIX + base64.b64encode(self._key).decode()

    def sign(self, content: bytes) -> bytes:
        """HMAC-SHA-256 of `content`, 32 bytes."""
        return hmac.digest(self._key, content, hashlib.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SigningSecret) and hmac.compare_digest(self._key, other._key)

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, hidden>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")


def signed_headers(
    message_id: str, body: bytes, signers: Sequence[SigningSecret], now: datetime
) -> dict[str, str]:
    """The three headers of an attempt to send `body` at `now` (aware), signed by every signer.

    `ValueError` without a signer, and for an id with a full stop or a blank in it: the signed
    content could then be cut apart in two ways.
    """
    if not signers or not message_id or "." in message_id or " " in message_id:
        raise ValueError("no signer, or an id that cannot be signed")
    timestamp = str(int(now.timestamp()))
    content = _content(message_id, timestamp, body)
    return {
        ID: message_id,
        TIMESTAMP: timestamp,
        SIGNATURE: " ".join(f"{_VERSION},{_encoded(each.sign(content))}" for each in signers),
    }


def verify(
    headers: Mapping[str, str], body: bytes, signers: Sequence[SigningSecret], now: datetime
) -> str:
    """The id of a webhook that one of `signers` signed within five minutes of `now` (aware).

    `headers` have lower-case names. Which messages came before is the caller's to remember, by
    that id. Raises `UnverifiedWebhook`.
    """
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not message_id or abs(now - _moment(timestamp)) > REPLAY_WINDOW:
        raise UnverifiedWebhook
    content = _content(message_id, timestamp, body)
    expected = [each.sign(content) for each in signers]
    given = list(_given(headers.get(SIGNATURE, "")))
    # Every pair is compared, each in constant time, so the time says nothing about which one fits.
    matches = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in given]
    if not any(matches):
        raise UnverifiedWebhook
    return message_id


def _content(message_id: str, timestamp: str, body: bytes) -> bytes:
    return f"{message_id}.{timestamp}.".encode() + body


def _moment(timestamp: str) -> datetime:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= _LONGEST_TIMESTAMP):
        raise UnverifiedWebhook
    try:
        return datetime.fromtimestamp(int(timestamp), UTC)
    except (OverflowError, ValueError):
        raise UnverifiedWebhook from None


def _given(header: str) -> Iterator[bytes]:
    for each in header.split(" "):
        version, _, signature = each.partition(",")
        if version == _VERSION:
            try:
                yield base64.b64decode(signature, validate=True)
            except (binascii.Error, ValueError):
                continue  # one that cannot be read stands for none


def _encoded(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")
