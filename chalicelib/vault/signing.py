"""Signatures that anybody can check: ECDSA on P-256 with SHA-256, the private key never leaves KMS.

Signatures come as JWS wants them (RFC 7518, ES256): r and s, 32 bytes each, big endian.
"""

import base64
import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from chalicelib.errors import Internal

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

_COORDINATE_BYTES = 32


class WrongSigningKey(Internal):
    """The configured KMS key is not one on P-256, or another one answered."""

    code = "wrong_signing_key"


class Signer:
    """Signs with one KMS key of spec ECC_NIST_P256."""

    def __init__(self, client: "KMSClient", key_arn: str) -> None:
        self._client = client
        self._key_arn = key_arn

    @property
    def kid(self) -> str:
        """The key's id: the RFC 7638 thumbprint of its JWK."""
        return self.public_jwk()["kid"]

    def sign(self, message: bytes) -> bytes:
        """64 bytes, r || s, over SHA-256 of `message` of any length. One Sign."""
        answer = self._client.sign(
            KeyId=self._key_arn,
            # The digest is made here: KMS takes at most 4,096 bytes of message.
            Message=hashlib.sha256(message).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        if answer["KeyId"] != self._key_arn:
            raise WrongSigningKey
        r, s = decode_dss_signature(answer["Signature"])
        return r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)

    def public_key_pem(self) -> str:
        """The public key as PEM, SubjectPublicKeyInfo. One GetPublicKey in a container's life."""
        pem = self._public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()

    def public_jwk(self) -> dict[str, str]:
        """The public key as a JWK (RFC 7517); `kid` is its RFC 7638 thumbprint."""
        numbers = self._public_key.public_numbers()
        required = {
            "crv": "P-256",
            "kty": "EC",
            "x": _base64url(numbers.x.to_bytes(_COORDINATE_BYTES)),
            "y": _base64url(numbers.y.to_bytes(_COORDINATE_BYTES)),
        }
        canonical = json.dumps(required, separators=(",", ":"), sort_keys=True).encode()
        thumbprint = _base64url(hashlib.sha256(canonical).digest())
        return {**required, "alg": "ES256", "use": "sig", "kid": thumbprint}

    @cached_property
    def _public_key(self) -> EllipticCurvePublicKey:
        answer = self._client.get_public_key(KeyId=self._key_arn)
        key = load_der_public_key(answer["PublicKey"])
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise WrongSigningKey
        return key


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
