"""What tests of OpenDSR share: a partner who submits, asks and cancels; a check of signatures."""

import base64
import json
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.clock import Clock
from tests.gateway import Answer, Gateway
from tests.tokens import bearer, platform_token

OPENDSR = "/opendsr/v2"
SUBMISSIONS = f"{OPENDSR}/requests"
ID = "a7551968-d5d6-44b2-9831-815ac9017798"
PERSON = "johndoe@example.com"
CALLBACK_URL = "https://examplecontroller.com/opendsr/callbacks"


def submission(**changes: Any) -> dict[str, Any]:
    """What a partner submits; None takes a member away."""
    said = {
        "subject_request_id": ID,
        "subject_request_type": "erasure",
        "submitted_time": "2018-10-02T15:00:00Z",
        "subject_identities": [identity()],
        "api_version": "2.0",
        "status_callback_urls": [CALLBACK_URL],
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def identity(value: str = PERSON, type_: str = "email", format_: str = "raw") -> dict[str, str]:
    return {"identity_type": type_, "identity_value": value, "identity_format": format_}


class Partner:
    """The client platform, as a controller that speaks OpenDSR."""

    def __init__(self, gateway: Gateway, clock: Clock, *scopes: str) -> None:
        self._gateway = gateway
        self._clock = clock
        self._scopes = scopes or ("opendsr",)

    def submit(self, body: Any = None, **changes: Any) -> Answer:
        raw = body if isinstance(body, str) else json.dumps(body or submission(**changes))
        return self.call("POST", SUBMISSIONS, raw)

    def ask(self, subject_request_id: str = ID) -> Answer:
        return self.call("GET", f"{SUBMISSIONS}/{subject_request_id}")

    def cancel(self, subject_request_id: str = ID) -> Answer:
        return self.call("DELETE", f"{SUBMISSIONS}/{subject_request_id}")

    def call(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {
            "content-type": "application/json",
            **bearer(platform_token(self._clock, *self._scopes)),
        }
        return self._gateway.call(method, path, body=body, headers=headers)


def verify_signature(pem: str, signature: str, body: bytes) -> None:
    """Raises unless `signature` (base64) is the certificate's over exactly `body`."""
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(key, RSAPublicKey)
    key.verify(base64.b64decode(signature, validate=True), body, PKCS1v15(), SHA256())
