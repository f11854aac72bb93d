"""The checkpoint document: what is signed, and where it stands in the write-once bucket."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from chalicelib.clock import from_millis, rfc3339, to_millis
from chalicelib.errors import Internal

KIND = "jaga-checkpoint+jws"
_VERSION = 1
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class UnreadableCheckpoint(Internal):
    """A signed document is no checkpoint of a version that this code knows."""

    code = "unreadable_checkpoint"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One link of the checkpoints' own chain.

    It covers the time from `start`, which is where the one before ended, up to `end` (both ms since
    1970 UTC). `previous` is the SHA-256 of the JWS text before, 32 zero bytes for number 1.
    """

    number: int
    previous: bytes
    start: int
    end: int
    heads: int
    leaves: int
    root: bytes
    created_at: int

    def payload(self) -> dict[str, Any]:
        """What is signed."""
        return {
            "version": _VERSION,
            "number": self.number,
            "previous": self.previous.hex(),
            "from": rfc3339(from_millis(self.start)),
            "to": rfc3339(from_millis(self.end)),
            "heads": self.heads,
            "leaves": self.leaves,
            "root": self.root.hex(),
            "created_at": rfc3339(from_millis(self.created_at)),
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Self:
        """The checkpoint signed as `payload`. Raises `UnreadableCheckpoint`."""
        try:
            checkpoint = cls(
                _count(payload["number"]),
                _hash(payload["previous"]),
                _millis(payload["from"]),
                _millis(payload["to"]),
                _count(payload["heads"]),
                _count(payload["leaves"]),
                _hash(payload["root"]),
                _millis(payload["created_at"]),
            )
        except (KeyError, TypeError, ValueError):
            raise UnreadableCheckpoint("field") from None
        if checkpoint.payload() != payload:
            raise UnreadableCheckpoint("not in its one form")
        return checkpoint


def jws_key(number: int) -> str:
    """The object that holds checkpoint `number`. There is one name, so there is one checkpoint."""
    return f"checkpoints/{number:010d}.jws"


def leaves_key(number: int, root: bytes) -> str:
    """The object that holds its leaves.

    Named by the root too: a run that dies, or loses, after writing its leaves leaves nothing that
    another run could stumble over.
    """
    return f"checkpoints/{number:010d}.{root.hex()}.leaves"


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("no count")
    return value


def _hash(value: Any) -> bytes:
    if not _HASH.fullmatch(value):
        raise ValueError("no hash")
    return bytes.fromhex(value)


def _millis(value: Any) -> int:
    return to_millis(datetime.fromisoformat(value))
