"""What a checkpoint covers: the ends of the chains that grew, and the digests that came.

A leaf's data is one of

    "H" length(2) entity(UTF-8, "type/id") seq(8) hash(32)     the end of a chain
    "D" digest(32)                                             a preference

and the tree has the heads first, ascending by their data, then the digests, ascending, each once.
The leaves file holds them, all numbers big-endian:

    "JAGALEAF" version(1) = 1 heads(4) { size(2) data } digests(4) { digest(32) }
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Self

from chalicelib.audit import merkle
from chalicelib.audit.digests import split_digests
from chalicelib.audit.entry import HASH_BYTES, Entity, UnfitForTrail
from chalicelib.errors import Internal

_MAGIC = b"JAGALEAF\x01"


class UnreadableLeaves(Internal):
    """The octets are no leaves file of a version that this code knows."""

    code = "unreadable_leaves"


@dataclass(frozen=True, slots=True)
class HeadLeaf:
    """The end of a chain at the time of a checkpoint."""

    entity: Entity
    seq: int
    hash: bytes

    def data(self) -> bytes:
        """The leaf's data."""
        entity = str(self.entity).encode()
        return b"H" + len(entity).to_bytes(2) + entity + self.seq.to_bytes(8) + self.hash

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        """The inverse of `data`. Raises `UnreadableLeaves`."""
        size = int.from_bytes(data[1:3])
        rest = data[3 + size :]
        if data[:1] != b"H" or len(rest) != 8 + HASH_BYTES:
            raise UnreadableLeaves("head")
        try:
            entity = Entity.parse(data[3 : 3 + size].decode())
        except (UnicodeDecodeError, UnfitForTrail):
            raise UnreadableLeaves("head") from None
        return cls(entity, int.from_bytes(rest[:8]), rest[8:])


def digest_leaf(digest: bytes) -> bytes:
    """The leaf's data of a preference's digest."""
    return b"D" + digest


class Leaves:
    """An immutable, ordered set of leaves."""

    def __init__(self, heads: Iterable[HeadLeaf], digests: Iterable[bytes]) -> None:
        self.heads = tuple(sorted(set(heads), key=HeadLeaf.data))
        self.digests = tuple(sorted(set(digests)))

    def __len__(self) -> int:
        return len(self.heads) + len(self.digests)

    def data(self) -> Iterator[bytes]:
        """The leaves' data in the tree's order."""
        yield from (head.data() for head in self.heads)
        yield from map(digest_leaf, self.digests)

    @cached_property
    def root(self) -> bytes:
        """The Merkle root, 32 bytes."""
        return merkle.root(self.data())

    def to_bytes(self) -> bytes:
        """The leaves file."""
        heads = [head.data() for head in self.heads]
        return b"".join(
            [
                _MAGIC,
                len(heads).to_bytes(4),
                *(len(data).to_bytes(2) + data for data in heads),
                len(self.digests).to_bytes(4),
                *self.digests,
            ]
        )

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self:
        """The leaves of a file, in its one spelling. Raises `UnreadableLeaves`."""
        reader = _Reader(octets)
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise UnreadableLeaves("magic")
        heads = [reader.take(reader.number(2)) for _ in range(reader.number(4))]
        digests = list(split_digests(reader.take(HASH_BYTES * reader.number(4))))
        if reader.left or not (_ascends(heads) and _ascends(digests)):
            raise UnreadableLeaves("order or length")
        return cls(map(HeadLeaf.from_data, heads), digests)


class _Reader:
    """Takes octets from the front, never past the end."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._octets) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise UnreadableLeaves("too short")
        self._at += count
        return self._octets[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))


def _ascends(values: list[bytes]) -> bool:
    return all(before < after for before, after in pairwise(values))
