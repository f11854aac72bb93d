"""The sealed format, version 1: authenticated encryption that commits to its key and its place.

    offset  bytes  what
    0       1      version, 0x01
    1       24     salt, random, new for every message
    25      32     key commitment
    57      n      AES-256-GCM ciphertext of the n bytes of plaintext
    57 + n  16     GCM tag

73 bytes more than the plaintext; at most 389,120 bytes (380 KB) altogether, so that an item stays
under DynamoDB's 400 KB.

    message key (32) || commitment (32) = HKDF-SHA-512(key, salt, info = "jaga/vault/sealed/v1")
    ciphertext || tag = AES-256-GCM(message key, nonce = 12 zero bytes, plaintext, associated data)

Every message has a message key of its own (192 random bits select it), so the nonce never repeats
under a key although it is constant. GCM alone does not commit to its key: somebody who chooses two
keys can make one ciphertext that opens under both. The commitment, compared in constant time
before anything is decrypted, excludes that. The associated data is `SealContext.encode()`.
docs/adr/0001-sealed-format.md argues each choice.
"""

import hmac
import os
from typing import NamedTuple, Self, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chalicelib.tables.codec import Item
from chalicelib.vault.errors import SealBroken, TooLongToSeal
from chalicelib.vault.keys import SecretKey

VERSION = b"\x01"
SALT_BYTES = 24
OVERHEAD_BYTES = 1 + SALT_BYTES + 32 + 16
LONGEST_SEALED = 380 * 1024
LONGEST_PLAINTEXT = LONGEST_SEALED - OVERHEAD_BYTES

_INFO = b"jaga/vault/sealed/v1"
_NONCE = bytes(12)
_MESSAGE_KEY_BYTES = 32
_COMMITMENT_BYTES = 32
_SALT_END = 1 + SALT_BYTES
_HEADER_END = _SALT_END + _COMMITMENT_BYTES
_SHA512 = SHA512()


class SealContext(NamedTuple):
    """Where a sealed value belongs; it opens nowhere else.

    `table` is the logical name, `pk` and `sk` the full key of the item, `item_type` and
    `schema_version` its `et` and `v`. `bound` holds whatever else the value must not be parted
    from, in order; items need nothing there, a wrapped data key names its branch.
    """

    table: str
    pk: str
    sk: str
    item_type: str
    schema_version: int
    bound: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: str, item: Item) -> Self:
        """The place of `item`, stamped with its type and version, in the logical `table`."""
        pk, sk, item_type = str(item["pk"]), str(item["sk"]), str(item["et"])
        return cls(table, pk, sk, item_type, cast("int", item["v"]))

    def encode(self) -> bytes:
        """The associated data: no two contexts share these bytes.

        The format's label and version, then each text as UTF-8 behind its length (4 bytes, big
        endian), the schema version in 4 bytes before `bound`. `OverflowError` for a version that
        is negative or needs more.
        """
        table, pk, sk, item_type, schema_version, bound = self
        parts = [VERSION, _INFO]
        for text in (table, pk, sk, item_type):
            raw = text.encode()
            parts += (len(raw).to_bytes(4), raw)
        parts.append(schema_version.to_bytes(4))
        for text in bound:
            raw = text.encode()
            parts += (len(raw).to_bytes(4), raw)
        return b"".join(parts)


def seal(key: SecretKey, plaintext: bytes, context: SealContext) -> bytes:
    """`plaintext` sealed under `key` for `context`. Raises `TooLongToSeal`."""
    check_plaintext(plaintext)
    return _seal_from_parts(key, plaintext, context.encode(), os.urandom(SALT_BYTES))


def open_sealed(key: SecretKey, sealed: bytes, context: SealContext) -> bytes:
    """The plaintext of what `seal` made with the same key and context. Raises `SealBroken`."""
    check_sealed(sealed)
    plaintext = _open(key, sealed, context.encode())
    if plaintext is None:
        raise SealBroken
    return plaintext


def check_plaintext(plaintext: bytes) -> None:
    """Raises `TooLongToSeal` above `LONGEST_PLAINTEXT`. For callers that fetch a key first."""
    if len(plaintext) > LONGEST_PLAINTEXT:
        raise TooLongToSeal


def check_sealed(sealed: bytes) -> None:
    """Raises `SealBroken` for a length or version that no key could open; touches no key."""
    if not OVERHEAD_BYTES <= len(sealed) <= LONGEST_SEALED or sealed[:1] != VERSION:
        raise SealBroken


def _seal_from_parts(key: SecretKey, plaintext: bytes, aad: bytes, salt: bytes) -> bytes:
    message_key, commitment = _derive(key.material, salt)
    return b"".join((VERSION, salt, commitment, _encrypt(message_key, _NONCE, plaintext, aad)))


def _open(key: SecretKey, sealed: bytes, aad: bytes) -> bytes | None:
    # Returns instead of raising: a traceback's frames would keep the message key.
    message_key, commitment = _derive(key.material, sealed[1:_SALT_END])
    if not hmac.compare_digest(commitment, sealed[_SALT_END:_HEADER_END]):
        return None
    return _decrypt(message_key, _NONCE, sealed[_HEADER_END:], aad)


def _derive(material: bytes, salt: bytes) -> tuple[bytes, bytes]:
    block = _hkdf(material, salt, _INFO, _MESSAGE_KEY_BYTES + _COMMITMENT_BYTES)
    return block[:_MESSAGE_KEY_BYTES], block[_MESSAGE_KEY_BYTES:]


def _hkdf(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(_SHA512, length, salt, info).derive(material)


def _encrypt(message_key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    return AESGCM(message_key).encrypt(nonce, plaintext, aad)


def _decrypt(message_key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
    try:
        return AESGCM(message_key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        return None
