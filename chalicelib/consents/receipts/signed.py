"""A receipt that its holder can prove: a compact JWS (RFC 7515, ES256) over the whole of it."""

from collections.abc import Mapping
from typing import Any

from chalicelib.audit import jws

KIND = "jaga-consent-receipt+jws"


def signed_receipt(signer: jws.Signer, receipt: Mapping[str, Any]) -> str:
    """`receipt`, in either form, as a compact JWS whose `typ` is `KIND`. One Sign.

    Anybody checks it offline with the published JWK and any JOSE library (GDPR 7(1), UU PDP 24).
    """
    return jws.sign(signer, KIND, receipt)
