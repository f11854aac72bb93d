"""Which published keys vouch for what.

The API signs receipts of consents while people wait for them, with a key of its own. Whoever broke
into the API could sign with it, so nothing but a receipt may be believed for its sake: neither a
checkpoint of the trail nor a copy or a certificate.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

RECEIPTS_ONLY: Final = {"jaga_for": "receipts and decisions"}
ALL_ELSE: Final = {"jaga_for": "the trail, copies, certificates"}
"""Members of a JWK of ours (RFC 7517, section 4, takes others than its own)."""


def without_receipt_keys(jwks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of the published `jwks` that vouch for more than receipts."""
    ((name, value),) = RECEIPTS_ONLY.items()
    return [jwk for jwk in jwks if jwk.get(name) != value]
