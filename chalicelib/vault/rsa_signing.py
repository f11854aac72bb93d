"""Signatures for partners: RSASSA-PKCS1-v1_5 with SHA-256 (FIPS 186, RFC 8017), the key in KMS.

OpenDSR's partners check them with the public key of an X.509 certificate (certificates.py).
"""

import hashlib
from typing import TYPE_CHECKING

from chalicelib.vault.errors import WrongPartnerKey

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient


class RsaSigner:
    """Signs with one KMS key of an RSA spec."""

    def __init__(self, client: "KMSClient", key_arn: str) -> None:
        self._client = client
        self._key_arn = key_arn

    def sign(self, message: bytes) -> bytes:
        """The signature over SHA-256 of `message` of any length. One Sign."""
        answer = self._client.sign(
            KeyId=self._key_arn,
            # The digest is made here: KMS takes at most 4,096 bytes of message.
            Message=hashlib.sha256(message).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="RSASSA_PKCS1_V1_5_SHA_256",
        )
        if answer["KeyId"] != self._key_arn:
            raise WrongPartnerKey
        return answer["Signature"]

    def public_key(self) -> bytes:
        """The public key, DER, SubjectPublicKeyInfo. One GetPublicKey."""
        return self._client.get_public_key(KeyId=self._key_arn)["PublicKey"]
