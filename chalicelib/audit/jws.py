"""JWS with ES256 (RFC 7515, RFC 7518 section 3.4), so that any JOSE library can check what we sign.

Compact form: three base64url parts without padding, header, payload and the 64 bytes r || s.
"""

import base64
import hashlib
import json
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.errors import Internal

_COORDINATE_BYTES = 32
_LONGEST = 64 * 1024


class UnreadableJws(Internal):
    """The text is no compact ES256 JWS with a JSON object inside, or a key is no P-256 JWK."""

    code = "unreadable_jws"


class Signer(Protocol):
    """An ES256 key that somebody else keeps (KMS)."""

    @property
    def kid(self) -> str:
        """The key's id, as its JWK carries it."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The ES256 signature of `message`: 64 bytes, r || s, both big-endian."""
        ...


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A P-256 public key and its id."""

    kid: str
    key: EllipticCurvePublicKey = field(repr=False)

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, Any]) -> Self:
        """The key of a JWK (RFC 7517). Raises `UnreadableJws`."""
        match jwk:
            case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y), "kid": str(kid)}:
                numbers = EllipticCurvePublicNumbers(_coordinate(x), _coordinate(y), SECP256R1())
                try:
                    return cls(kid, numbers.public_key())
                except ValueError:
                    raise UnreadableJws("no point of P-256") from None
        raise UnreadableJws("no P-256 JWK")

    @property
    def thumbprint(self) -> str:
        """The RFC 7638 thumbprint (SHA-256, base64url): compare it with one you got elsewhere."""
        numbers = self.key.public_numbers()
        members = {
            "crv": "P-256",
            "kty": "EC",
            "x": _encode(numbers.x.to_bytes(_COORDINATE_BYTES)),
            "y": _encode(numbers.y.to_bytes(_COORDINATE_BYTES)),
        }
        return _encode(hashlib.sha256(_json(members)).digest())

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether `signature` (64 bytes, r || s) is this key's over `message`."""
        r, s = signature[:_COORDINATE_BYTES], signature[_COORDINATE_BYTES:]
        der = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        try:
            self.key.verify(der, message, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Jws:
    """A parsed JWS whose signature nobody has checked yet."""

    kid: str
    kind: str
    payload: Mapping[str, Any]
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str, longest: int = _LONGEST) -> Self:
        """The parts of a compact JWS of at most `longest` characters.

        Raises `UnreadableJws`; only ES256 is taken.
        """
        parts = text.split(".")
        if len(text) > longest or len(parts) != 3:
            raise UnreadableJws("not three parts")
        header = _object(_decode(parts[0]))
        payload = _object(_decode(parts[1]))
        signature = _decode(parts[2])
        kid, kind = header.get("kid"), header.get("typ")
        # An unknown critical extension must be refused (RFC 7515, 4.1.11); we know none.
        if header.get("alg") != "ES256" or "crit" in header:
            raise UnreadableJws("header")
        if not (isinstance(kid, str) and isinstance(kind, str)):
            raise UnreadableJws("header")
        if len(signature) != 2 * _COORDINATE_BYTES:
            raise UnreadableJws("signature length")
        return cls(kid, kind, payload, f"{parts[0]}.{parts[1]}".encode("ascii"), signature)

    def is_signed_by(self, keys: Iterable[PublicKey]) -> bool:
        """Whether one of `keys`, and the one that the header names, made the signature."""
        return any(
            key.kid == self.kid and key.verifies(self.signature, self.signed) for key in keys
        )


def sign(signer: Signer, kind: str, payload: Mapping[str, Any]) -> str:
    """`payload` as a compact JWS, its `typ` being `kind`."""
    header = {"alg": "ES256", "kid": signer.kid, "typ": kind}
    signed = f"{_encode(_json(header))}.{_encode(_json(payload))}"
    return f"{signed}.{_encode(signer.sign(signed.encode('ascii')))}"


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _object(octets: bytes) -> dict[str, Any]:
    try:
        value = json.loads(octets)
    except (ValueError, RecursionError):
        raise UnreadableJws("no JSON") from None
    if not isinstance(value, dict):
        raise UnreadableJws("no JSON object")
    return value


def _coordinate(text: str) -> int:
    octets = _decode(text)
    if len(octets) != _COORDINATE_BYTES:
        raise UnreadableJws("coordinate length")
    return int.from_bytes(octets)


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    try:
        octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (Base64Error, ValueError):
        raise UnreadableJws("base64url") from None
    if _encode(octets) != text:  # one spelling only: no padding, no stray bits
        raise UnreadableJws("base64url")
    return octets
