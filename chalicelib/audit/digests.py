"""Digests of cookie preferences: tamper evidence that costs the visitor's request nothing.

The digest of a stored preference is `canonical.digest("jaga.preference.v1", item)` over all of its
attributes as DynamoDB holds them, sealed ones included in their sealed form: it needs no key, and
the random salt in the sealed form keeps it from revealing what was chosen. The visitor receives it
as a receipt; the table's stream brings it into the next checkpoint.

A receipt is the text `p1.` and the 32 bytes in base64url without padding: 46 characters.
"""

import base64
import hashlib
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any, Self

from chalicelib.audit.canonical import digest
from chalicelib.audit.entry import HASH_BYTES
from chalicelib.clock import from_millis, to_millis
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.tables.codec import Item, Value, decode
from chalicelib.tables.keys import compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table

SCHEMA = Schema("leaf_batch")

_RECEIPT_PREFIX = "p1."
_RECEIPT_LENGTH = 46
_BATCH_LIMIT = 500


class InvalidReceipt(InvalidInput):
    """The text is no receipt."""

    code = "invalid_receipt"

    def __init__(self) -> None:
        super().__init__(FieldError("receipt", "invalid_receipt"))


def preference_digest(item: Mapping[str, Value]) -> bytes:
    """The 32-byte digest of a preference exactly as it is put into the table, keys included."""
    return digest("jaga.preference.v1", item)


def receipt_of(digest_: bytes) -> str:
    """The receipt text of a preference's digest (32 bytes)."""
    return _RECEIPT_PREFIX + base64.urlsafe_b64encode(digest_).decode().rstrip("=")


def digest_of_receipt(receipt: str) -> bytes:
    """The digest behind a receipt in its one spelling. Raises `InvalidReceipt`."""
    if len(receipt) != _RECEIPT_LENGTH or not receipt.startswith(_RECEIPT_PREFIX):
        raise InvalidReceipt
    try:
        octets = base64.b64decode(
            receipt.removeprefix(_RECEIPT_PREFIX) + "=", altchars=b"-_", validate=True
        )
    except (Base64Error, ValueError):
        raise InvalidReceipt from None
    if receipt_of(octets) != receipt:
        raise InvalidReceipt
    return octets


def item_from_json(image: Mapping[str, Any]) -> Item:
    """An item from DynamoDB's JSON, where octets are base64: a stream event's `NewImage`.

    `TypeError` or `ValueError` for what is no such item.
    """
    return decode({name: _with_octets(value) for name, value in image.items()})


@dataclass(frozen=True, slots=True)
class LeafBatch:
    """Digests that one stream batch brought, in ascending order, and when (ms since 1970 UTC)."""

    at: int
    digests: tuple[bytes, ...]

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """The batch stored as `item`. Raises `UnreadableItem`."""
        match SCHEMA.lift(item):
            case {"at": int(at), "digests": bytes(joined)} if len(joined) % HASH_BYTES == 0:
                return cls(at, tuple(split_digests(joined)))
        raise UnreadableItem(SCHEMA.item_type)

    def item(self) -> Item:
        """The batch as the audit table stores it, under a key that follows from its content."""
        joined = b"".join(self.digests)
        return SCHEMA.stamp(
            {
                "pk": leaves_bucket(self.at),
                "sk": hashlib.sha256(joined).hexdigest(),
                "at": self.at,
                "digests": joined,
            }
        )


class DigestBook:
    """Keeps digests in `audit` until the next checkpoint, and as its evidence afterwards."""

    def __init__(self, audit: Table) -> None:
        self._audit = audit

    def add(self, digests: Iterable[bytes], at: datetime) -> int:
        """Stores the digests of one stream batch, at most 500 to an item; returns how many items.

        A batch delivered again finds its item in place. Delivered again in another cut, or in
        another hour, it only stores a digest twice, and a tree is made over the set.
        """
        batches = batched(sorted(set(digests)), _BATCH_LIMIT, strict=False)
        stored = [self._audit.put_new(LeafBatch(to_millis(at), batch).item()) for batch in batches]
        return len(stored)


def split_digests(joined: bytes) -> Iterator[bytes]:
    """The 32-byte digests that stand one after another in `joined`."""
    return (joined[start : start + HASH_BYTES] for start in range(0, len(joined), HASH_BYTES))


def leaves_bucket(at: int) -> str:
    """The partition of the audit table that takes the batches of the UTC hour of `at` (ms)."""
    return compose("LEAVES", f"{from_millis(at):%Y-%m-%dT%H}")


def _with_octets(value: Any) -> Any:
    match value:
        case {"B": str(text)}:
            return {"B": base64.b64decode(text, validate=True)}
        case {"L": list(members)}:
            return {"L": [_with_octets(each) for each in members]}
        case {"M": dict(members)}:
            return {"M": {name: _with_octets(each) for name, each in members.items()}}
    return value
