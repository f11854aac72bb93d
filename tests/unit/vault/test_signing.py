"""Signatures that a public JOSE library accepts, and keys that are not what they should be."""

import hashlib
from typing import Any, cast

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from chalicelib.vault.signing import Signer, WrongSigningKey

ARN = "arn:aws:kms:ap-southeast-3:111122223333:key/2"


class Kms:
    """Signs as KMS does: DER, over a digest made by the caller. moto signs its hash instead."""

    def __init__(self, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None) -> None:
        self.calls: list[str] = []
        self._key = key or ec.generate_private_key(ec.SECP256R1())

    def sign(self, **asked: Any) -> dict[str, Any]:
        self.calls.append("Sign")
        assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", "ECDSA_SHA_256")
        assert isinstance(self._key, ec.EllipticCurvePrivateKey)
        return {
            "KeyId": f"arn:aws:kms:ap-southeast-3:111122223333:key/{asked['KeyId'][-1]}",
            "Signature": self._key.sign(asked["Message"], ec.ECDSA(Prehashed(SHA256()))),
        }

    def get_public_key(self, **asked: Any) -> dict[str, Any]:
        self.calls.append("GetPublicKey")
        public = self._key.public_key()
        return {
            "KeyId": asked["KeyId"],
            "PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        }


def signer_of(kms: Kms, key: str = ARN) -> Signer:
    return Signer(cast("Any", kms), key)


@pytest.fixture
def kms() -> Kms:
    return Kms()


def test_the_signature_is_es256(kms: Kms) -> None:
    signer = signer_of(kms)
    es256 = jwt.get_algorithm_by_name("ES256")
    public = es256.from_jwk(signer.public_jwk())
    for message in (b"", b"hello", bytes(100_000)):  # KMS itself takes at most 4,096 bytes
        signature = signer.sign(message)
        assert len(signature) == 64
        assert es256.verify(message, public, signature)
        assert not es256.verify(message + b"!", public, signature)


def test_pem_and_jwk_are_the_same_key(kms: Kms) -> None:
    signer = signer_of(kms)
    jwk = jwt.PyJWK.from_dict(dict(signer.public_jwk()))
    pem = load_pem_public_key(signer.public_key_pem().encode())
    assert jwk.key.public_numbers() == pem.public_numbers()  # type: ignore[union-attr]  # both are elliptic


def test_the_key_id_is_the_thumbprint(kms: Kms) -> None:
    """RFC 7638, 3: the required members in this order, without space."""
    signer = signer_of(kms)
    jwk = signer.public_jwk()
    text = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    assert jwt.utils.base64url_encode(hashlib.sha256(text.encode()).digest()).decode() == jwk["kid"]
    assert signer.kid == jwk["kid"]
    assert {name: jwk[name] for name in ("kty", "crv", "alg", "use")} == {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ES256",
        "use": "sig",
    }


def test_the_public_key_is_asked_for_once(kms: Kms) -> None:
    signer = signer_of(kms)
    for _ in range(3):
        signer.public_jwk()
        signer.public_key_pem()
    assert kms.calls == ["GetPublicKey"]


def test_a_signature_short_of_a_byte_is_padded(kms: Kms) -> None:
    """r or s begins with a zero byte in one signature of 128: DER drops it, JWS must not."""
    signer = signer_of(kms)
    signatures = [signer.sign(b"%d" % number) for number in range(3000)]
    assert {len(signature) for signature in signatures} == {64}
    assert any(signature[0] == 0 or signature[32] == 0 for signature in signatures)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-384", "RSA"],
)
def test_a_key_of_another_kind_is_refused(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    with pytest.raises(WrongSigningKey):
        signer_of(Kms(key)).public_jwk()


def test_an_answer_of_another_key_is_refused(kms: Kms) -> None:
    """Configured by its bare id, KMS answers with the ARN: not what was configured."""
    with pytest.raises(WrongSigningKey):
        signer_of(kms, "2").sign(b"hello")
