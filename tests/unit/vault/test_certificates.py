"""Signatures and certificates of the partner key, checked by a public library."""

import copy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.vault.certificates import (
    SELF_SIGNED_LIFE,
    _KmsKey,
    certificate_request,
    check_chain,
    self_signed,
)
from chalicelib.vault.errors import UnfitCertificate, WrongPartnerKey
from chalicelib.vault.rsa_signing import RsaSigner

ARN = "arn:aws:kms:ap-southeast-3:111122223333:key/3"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DOMAIN = "opendsr.jutsoo.test"


@cache
def rsa_key(_number: int = 0) -> rsa.RSAPrivateKey:
    """Made once: it takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class RsaKms:
    """Signs as KMS does, over a digest made by the caller. moto signs its hash instead."""

    def __init__(self, key: Any = None) -> None:
        self._key = key or rsa_key()

    def sign(self, **asked: Any) -> dict[str, Any]:
        assert asked["MessageType"] == "DIGEST"
        assert asked["SigningAlgorithm"] == "RSASSA_PKCS1_V1_5_SHA_256"
        signature = self._key.sign(asked["Message"], PKCS1v15(), Prehashed(SHA256()))
        return {"KeyId": ARN, "Signature": signature}

    def get_public_key(self, **_: Any) -> dict[str, Any]:
        public = self._key.public_key()
        return {"PublicKey": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)}


def signer_of(key: Any = None, arn: str = ARN) -> RsaSigner:
    return RsaSigner(cast("Any", RsaKms(key)), arn)


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def test_a_signature_is_checked_with_the_certificate() -> None:
    certificate = x509.load_pem_x509_certificate(self_signed(signer_of(), DOMAIN, NOW).encode())
    public = certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify(signer_of().sign(b"{}"), b"{}", PKCS1v15(), SHA256())


def test_another_key_that_answers_is_noticed() -> None:
    with pytest.raises(WrongPartnerKey):
        signer_of(arn=ARN + "0").sign(b"{}")


def test_a_certificate_names_domain_and_time_and_is_no_authority() -> None:
    certificate = x509.load_pem_x509_certificate(self_signed(signer_of(), DOMAIN, NOW).encode())
    assert certificate.not_valid_before_utc == NOW
    assert certificate.not_valid_after_utc == NOW + SELF_SIGNED_LIFE
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [DOMAIN]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    certificate.verify_directly_issued_by(certificate)


def test_a_request_is_signed_by_the_key_and_names_the_domain() -> None:
    asked = x509.load_pem_x509_csr(certificate_request(signer_of(), DOMAIN).encode())
    assert asked.is_signature_valid
    assert asked.public_key() == rsa_key().public_key()
    names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [DOMAIN]


def issued(issuer: Any, **changes: Any) -> x509.Certificate:
    """What an authority makes of our request."""
    asked = x509.load_pem_x509_csr(certificate_request(signer_of(), DOMAIN).encode())
    authority = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(asked.subject)
        .issuer_name(authority)
        .public_key(asked.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=90))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(DOMAIN)]), critical=False)
    )
    return builder.sign(issuer, SHA256())


def root(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(2)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=90))
    )
    return builder.sign(key, SHA256())


def test_a_chain_from_an_authority_fits() -> None:
    authority = ec.generate_private_key(ec.SECP256R1())
    chain = pem_of(issued(authority)) + pem_of(root(authority))
    check_chain(chain, signer_of(), DOMAIN, NOW)
    check_chain(self_signed(signer_of(), DOMAIN, NOW), signer_of(), DOMAIN, NOW)


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("garbage", "unreadable"),
        ("expired", "not_valid_now"),
        ("early", "not_valid_now"),
        ("key", "of_another_key"),
        ("domain", "for_another_domain"),
        ("chain", "broken_chain"),
    ],
)
def test_what_our_signatures_could_not_be_checked_with_is_refused(case: str, reason: str) -> None:
    pem, domain, now = self_signed(signer_of(), DOMAIN, NOW), DOMAIN, NOW
    match case:
        case "garbage":
            pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        case "expired":
            now = NOW + SELF_SIGNED_LIFE
        case "early":
            now = NOW - timedelta(seconds=1)
        case "key":
            pem = self_signed(signer_of(rsa_key(1)), DOMAIN, NOW)
        case "domain":
            domain = "elsewhere.test"
        case "chain":
            pem += pem_of(root(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(UnfitCertificate) as refused:
        check_chain(pem, signer_of(), domain, now)
    assert [each.code for each in refused.value.fields] == [reason]


def test_a_key_that_is_no_rsa_key_makes_no_certificate() -> None:
    with pytest.raises(WrongPartnerKey):
        self_signed(signer_of(ec.generate_private_key(ec.SECP256R1())), DOMAIN, NOW)


def test_the_key_signs_and_does_nothing_else() -> None:
    key = _KmsKey(signer_of())
    assert key.key_size == 2048
    assert copy.copy(key) is copy.deepcopy(key) is key
    with pytest.raises(TypeError):
        key.decrypt(b"", PKCS1v15())
    with pytest.raises(TypeError):
        key.private_numbers()
    with pytest.raises(TypeError):
        key.private_bytes(None, None, None)
    with pytest.raises(TypeError):
        key.sign(b"", None, SHA256())
