"""X.509 certificates of the key that signs for partners (RFC 5280).

OpenDSR wants one from a certificate authority that partners trust (specification, 4.1). The key
never leaves KMS, so the request to the authority (PKCS #10) is signed there; a self-signed one is
for trying things out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, NoReturn

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from chalicelib.vault.errors import UnfitCertificate, WrongPartnerKey
from chalicelib.vault.rsa_signing import RsaSigner

SELF_SIGNED_LIFE = timedelta(days=365)


def certificate_request(signer: RsaSigner, domain: str) -> str:
    """The request (PEM) that an authority makes a certificate for `domain` of. One Sign."""
    builder = x509.CertificateSigningRequestBuilder(_name(domain), [_alternative(domain)])
    return builder.sign(_KmsKey(signer), SHA256()).public_bytes(Encoding.PEM).decode()


def self_signed(signer: RsaSigner, domain: str, now: datetime) -> str:
    """A certificate (PEM) for `domain` that nobody but we vouch for, from `now` (aware) for a year.

    One Sign.
    """
    key = _KmsKey(signer)
    builder = x509.CertificateBuilder(
        issuer_name=_name(domain),
        subject_name=_name(domain),
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now,
        not_valid_after=now + SELF_SIGNED_LIFE,
        extensions=[
            _alternative(domain),
            x509.Extension(
                x509.BasicConstraints.oid,
                critical=True,
                value=x509.BasicConstraints(ca=False, path_length=None),
            ),
        ],
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


def check_chain(pem: str, signer: RsaSigner, domain: str, now: datetime) -> None:
    """Raises `UnfitCertificate` unless the first certificate of `pem` is for `domain`, holds at
    `now` (aware) and is of the signer's key, and each further one issued the one before it."""
    try:
        chain = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise UnfitCertificate("unreadable") from None
    first = chain[0]
    if not first.not_valid_before_utc <= now < first.not_valid_after_utc:
        raise UnfitCertificate("not_valid_now")
    if first.public_key() != _KmsKey(signer).public_key():
        raise UnfitCertificate("of_another_key")
    if domain not in _domains(first):
        raise UnfitCertificate("for_another_domain")
    _check_issuers(chain)


def _check_issuers(chain: Sequence[x509.Certificate]) -> None:
    for issued, issuer in pairwise(chain):
        try:
            issued.verify_directly_issued_by(issuer)
        except Exception:  # noqa: BLE001  # each kind of mismatch has an error of its own
            raise UnfitCertificate("broken_chain") from None


def _domains(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)


def _name(domain: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])


def _alternative(domain: str) -> "x509.Extension[x509.SubjectAlternativeName]":
    names = x509.SubjectAlternativeName([x509.DNSName(domain)])
    return x509.Extension(names.oid, critical=False, value=names)


class _KmsKey(RSAPrivateKey):
    """A private key as the builders of certificates want one, whose signatures KMS makes."""

    def __init__(self, signer: RsaSigner) -> None:
        self._signer = signer

    @cached_property
    def _public(self) -> RSAPublicKey:
        key = load_der_public_key(self._signer.public_key())
        if not isinstance(key, RSAPublicKey):
            raise WrongPartnerKey
        return key

    def public_key(self) -> RSAPublicKey:
        return self._public

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        if not isinstance(padding, PKCS1v15) or not isinstance(algorithm, SHA256):
            raise TypeError("KMS signs with PKCS #1 v1.5 and SHA-256 here")
        return self._signer.sign(bytes(data))

    def decrypt(self, *_: Any) -> NoReturn:
        raise TypeError("the key signs and does nothing else")

    def private_numbers(self) -> NoReturn:
        raise TypeError("the key stays in KMS")

    def private_bytes(self, *_: Any) -> NoReturn:
        raise TypeError("the key stays in KMS")

    def __copy__(self) -> "_KmsKey":
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> "_KmsKey":
        return self
