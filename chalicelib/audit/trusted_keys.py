"""The keys that an operator's or an auditor's command is told to trust."""

import json

from chalicelib.audit.jws import PublicKey
from chalicelib.audit.receipt_keys import without_receipt_keys


def trusted_keys(text: str) -> list[PublicKey]:
    """The keys of a JWK or JWK set, as JSON, but for those of receipts. Raises `UnreadableJws`,
    `ValueError`."""
    value = json.loads(text)
    return [PublicKey.from_jwk(jwk) for jwk in without_receipt_keys(value.get("keys", [value]))]
