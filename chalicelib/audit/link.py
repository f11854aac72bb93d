"""Where a chain of signed documents stands: each names its predecessor's hash."""

import hashlib
from dataclasses import dataclass
from typing import Protocol, Self

from chalicelib.audit.entry import GENESIS


class Numbered(Protocol):
    """A document of such a chain: a checkpoint, or one of the erasure ledger."""

    @property
    def number(self) -> int:
        """1 for the first, then without a gap."""
        ...

    @property
    def end(self) -> int:
        """Where the time that it covers ends, ms since 1970 UTC."""
        ...


@dataclass(frozen=True, slots=True)
class Link:
    """The last document's number, its JWS's SHA-256, where it ended (ms)."""

    number: int
    sha256: bytes
    end: int

    @classmethod
    def start(cls, at: int) -> Self:
        """Before the first document, which is to cover the time from `at` (ms)."""
        return cls(0, GENESIS, at)

    @classmethod
    def after(cls, document: Numbered, jws: str) -> Self:
        """After `document`, signed as `jws`."""
        return cls(document.number, sha256_of(jws), document.end)


def sha256_of(jws: str) -> bytes:
    """The 32 bytes by which the next document names the one signed as `jws`."""
    return hashlib.sha256(jws.encode()).digest()
