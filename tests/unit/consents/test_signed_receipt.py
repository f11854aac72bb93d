"""Signed receipts, checked with a JOSE library that others wrote and the published JWK alone."""

import base64
import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey

from chalicelib.consents.models import State
from chalicelib.consents.receipts.dpv import consent_receipt
from chalicelib.consents.receipts.kantara import kantara_receipt
from chalicelib.consents.receipts.signed import KIND, signed_receipt
from tests.unit.audit.world import LocalSigner
from tests.unit.consents.samples import RECEIPT, event_of, terms

EVENT = event_of(State.GIVEN, relationship="parent")
DPV = consent_receipt(EVENT, terms(), "id", RECEIPT)
KANTARA = kantara_receipt(
    EVENT, terms(), "id", RECEIPT, policy_url="https://www.jutsoo.com/privacy"
)

both_forms = pytest.mark.parametrize("receipt", [DPV, KANTARA], ids=["dpv", "kantara"])


def opened(text: str, jwk: dict[str, Any]) -> jws.CompactSignature:
    return jws.deserialize_compact(text, ECKey.import_key(jwk), algorithms=["ES256"])


@both_forms
def test_a_public_library_opens_it(receipt: dict[str, Any]) -> None:
    signer = LocalSigner()
    signature = opened(signed_receipt(signer, receipt), signer.jwk())
    assert json.loads(signature.payload) == receipt
    assert signature.headers() == {"alg": "ES256", "kid": signer.kid, "typ": KIND}


@both_forms
def test_another_key_s_is_refused(receipt: dict[str, Any]) -> None:
    text = signed_receipt(LocalSigner(), receipt)
    with pytest.raises(BadSignatureError):
        opened(text, LocalSigner().jwk())


def altered(text: str, old: str, new: str) -> str:
    """The JWS with `old` in its payload made `new`."""
    header, payload, signature = text.split(".")
    octets = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    assert old.encode() in octets
    forged = base64.urlsafe_b64encode(octets.replace(old.encode(), new.encode(), 1))
    return f"{header}.{forged.decode().rstrip('=')}.{signature}"


@pytest.mark.parametrize(
    ("receipt", "old", "new"),
    [
        (DPV, "dpv:ConsentGiven", "dpv:ConsentRefused"),
        (DPV, EVENT.subject_id, "01JAGA000000000000000ANOTHER"),
        (KANTARA, '"EXPLICIT"', '"IMPLICIT"'),
        (KANTARA, '"consentTimestamp":1', '"consentTimestamp":2'),
    ],
)
def test_an_altered_one_is_refused(receipt: dict[str, Any], old: str, new: str) -> None:
    signer = LocalSigner()
    text = altered(signed_receipt(signer, receipt), old, new)
    with pytest.raises(BadSignatureError):
        opened(text, signer.jwk())
