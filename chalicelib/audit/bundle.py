"""The export bundle: everything that an auditor needs to check the trail without us.

A JSON object; octets are hex, a leaves file is base64, times are ms since 1970 UTC:

    format       "jaga-trail", version 1
    complete     whether every chain is in it, or only chosen ones
    exported_at  the time
    keys         the public signing keys as JWKs
    chains       {"type/id": {"head": {seq, hash} or null, "entries": [an entry's fields and hash]}}
    batches      [{at, digests}]
    checkpoints  [{jws, leaves or null}]
    latest       {number, sha256, end} of the pointer, or null
"""

import base64
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from chalicelib.audit.digests import LeafBatch
from chalicelib.audit.entry import HASH_BYTES, Entry
from chalicelib.audit.jws import PublicKey, UnreadableJws
from chalicelib.audit.link import Link
from chalicelib.errors import FieldError, InvalidInput
from chalicelib.tables.schema import UnreadableItem

_FORMAT = "jaga-trail"
_VERSION = 1


class UnreadableBundle(InvalidInput):
    """The text is no bundle of a version that this code knows."""

    code = "unreadable_bundle"

    def __init__(self) -> None:
        super().__init__(FieldError("bundle", "unreadable_bundle"))


@dataclass(frozen=True, slots=True)
class Chain:
    """One entity's entries, as exported and not yet believed, and its head's (seq, hash)."""

    head: tuple[int, bytes] | None
    entries: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        head = self.head and {"seq": self.head[0], "hash": self.head[1].hex()}
        return {"head": head, "entries": list(self.entries)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        head = value["head"]
        return cls(
            None if head is None else (_integer(head["seq"]), _hash(head["hash"])),
            tuple(dict(entry) for entry in value["entries"]),
        )


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint's JWS and its leaves file, as exported and not yet believed."""

    jws: str
    leaves: bytes | None

    def to_json(self) -> dict[str, Any]:
        leaves = None if self.leaves is None else base64.b64encode(self.leaves).decode()
        return {"jws": self.jws, "leaves": leaves}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        leaves = value["leaves"]
        return cls(
            _string(value["jws"]),
            None if leaves is None else base64.b64decode(leaves, validate=True),
        )


@dataclass(frozen=True, slots=True)
class Bundle:
    """The bundle's parts."""

    complete: bool
    exported_at: int
    keys: tuple[Mapping[str, Any], ...]
    chains: Mapping[str, Chain]
    batches: tuple[LeafBatch, ...]
    checkpoints: tuple[Signed, ...]
    latest: Link | None

    def public_keys(self) -> list[PublicKey]:
        """The bundle's own keys. Raises `UnreadableBundle`."""
        try:
            return [PublicKey.from_jwk(jwk) for jwk in self.keys]
        except UnreadableJws:
            raise UnreadableBundle from None

    def to_json(self) -> dict[str, Any]:
        """The bundle as JSON values."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "complete": self.complete,
            "exported_at": self.exported_at,
            "keys": list(self.keys),
            "chains": {entity: chain.to_json() for entity, chain in self.chains.items()},
            "batches": [
                {"at": batch.at, "digests": [digest.hex() for digest in batch.digests]}
                for batch in self.batches
            ],
            "checkpoints": [signed.to_json() for signed in self.checkpoints],
            "latest": self.latest
            and {
                "number": self.latest.number,
                "sha256": self.latest.sha256.hex(),
                "end": self.latest.end,
            },
        }

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """The inverse of `to_json`. Raises `UnreadableBundle`."""
        try:
            if (value["format"], value["version"]) != (_FORMAT, _VERSION):
                raise UnreadableBundle
            latest = value["latest"]
            return cls(
                value["complete"] is True,
                _integer(value["exported_at"]),
                tuple(dict(jwk) for jwk in value["keys"]),
                {name: Chain.from_json(chain) for name, chain in value["chains"].items()},
                tuple(_batch(batch) for batch in value["batches"]),
                tuple(Signed.from_json(signed) for signed in value["checkpoints"]),
                None
                if latest is None
                else Link(
                    _integer(latest["number"]), _hash(latest["sha256"]), _integer(latest["end"])
                ),
            )
        except (AttributeError, KeyError, TypeError, ValueError, Base64Error):
            raise UnreadableBundle from None


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """An entry's fields and its hash as JSON values."""
    return {**entry.fields(), "previous": entry.previous.hex(), "hash": entry.hash.hex()}


def entry_from_json(value: Mapping[str, Any]) -> tuple[Entry, bytes]:
    """An entry made from its exported fields, and the hash that the export claims for it.

    Raises `UnreadableItem`.
    """
    try:
        claimed = _hash(value["hash"])
        return Entry.from_fields({**value, "previous": _hash(value["previous"])}), claimed
    except (KeyError, TypeError, ValueError):
        raise UnreadableItem("audit_entry") from None


def _batch(value: Mapping[str, Any]) -> LeafBatch:
    return LeafBatch(_integer(value["at"]), tuple(_hash(digest) for digest in value["digests"]))


def _hash(value: str) -> bytes:
    octets = bytes.fromhex(value)
    if len(octets) != HASH_BYTES:
        raise ValueError("length of a hash")
    return octets


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("no integer")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no string")
    return value
