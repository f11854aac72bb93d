"""Masking strategies, by the names that fides gives them.

What masks for good is supported; what the holder of a key can undo (`aes_encrypt`) is not erasure
and is refused when a map is published.
"""

import hashlib
import hmac
import secrets
import string
from collections.abc import Callable

from chalicelib.connectors.datamap.models import Field, Masking
from chalicelib.connectors.places import Json

NULL = "null_rewrite"
_RANDOM_LENGTH = 30
_LETTERS = string.ascii_lowercase + string.digits
_ALGORITHMS = {"SHA-256": "sha256", "SHA-512": "sha512"}

type Mask = Callable[[Json], Json]


def mask_for(field: Field, salt: bytes) -> Mask:
    """How `field` is masked; emptied (None) where the map names no strategy.

    `salt` (32 bytes) is made for one deed and kept nowhere: equal values are masked alike within
    the deed, and nobody finds one by trying all. `ValueError` for an unsupported strategy.
    """
    masking = field.masking or Masking(NULL)
    make = _STRATEGIES.get(masking.strategy)
    if make is None:
        raise ValueError("an unsupported masking strategy")
    mask = make(masking, salt)
    return _shortened(mask, field.length) if field.length else mask


def is_supported(masking: Masking) -> bool:
    """Whether `mask_for` knows the strategy, with these settings of it."""
    algorithm = masking.configuration.get("algorithm", "SHA-256")
    return masking.strategy in _STRATEGIES and algorithm in _ALGORITHMS


def _null(_masking: Masking, _salt: bytes) -> Mask:
    return lambda _value: None


def _rewrite(masking: Masking, _salt: bytes) -> Mask:
    text = str(masking.configuration.get("rewrite_value", "")) + _suffix(masking)
    return lambda _value: text


def _random(masking: Masking, _salt: bytes) -> Mask:
    length = int(masking.configuration.get("length", _RANDOM_LENGTH))
    suffix = _suffix(masking)
    return lambda _value: "".join(secrets.choice(_LETTERS) for _ in range(length)) + suffix


def _hash(masking: Masking, salt: bytes) -> Mask:
    algorithm = _ALGORITHMS[masking.configuration.get("algorithm", "SHA-256")]
    suffix = _suffix(masking)

    def hashed(value: Json) -> Json:
        return hmac.new(salt, str(value).encode(), getattr(hashlib, algorithm)).hexdigest() + suffix

    return hashed


_STRATEGIES: dict[str, Callable[[Masking, bytes], Mask]] = {
    NULL: _null,
    "string_rewrite": _rewrite,
    "random_string_rewrite": _random,
    "hash": _hash,
    "hmac": _hash,
}


def _suffix(masking: Masking) -> str:
    preservation = masking.configuration.get("format_preservation") or {}
    return str(preservation.get("suffix", ""))


def _shortened(mask: Mask, length: int) -> Mask:
    def shortened(value: Json) -> Json:
        masked = mask(value)
        return masked[:length] if isinstance(masked, str) else masked

    return shortened
