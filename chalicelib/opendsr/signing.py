"""The two headers that say who answers (7.4, 8.6): the domain, and the signature over the body."""

import base64

from chalicelib.vault.rsa_signing import RsaSigner

DOMAIN_HEADER = "X-OpenDSR-Processor-Domain"
SIGNATURE_HEADER = "X-OpenDSR-Signature"


class Stamp:
    """Signs for `domain`, which the certificate is issued to."""

    def __init__(self, signer: RsaSigner, domain: str) -> None:
        self._signer = signer
        self._domain = domain

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers of a message with exactly this `body`. One Sign."""
        signature = base64.b64encode(self._signer.sign(body)).decode("ascii")
        return {DOMAIN_HEADER: self._domain, SIGNATURE_HEADER: signature}
