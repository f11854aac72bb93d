"""How many different ones there are, without keeping them all: the k smallest of their hashes.

Ids of recipients are MACs, so they lie evenly in their range: where the k-th smallest lies tells
how many there are (Bar-Yossef et al., "Counting Distinct Elements in a Data Stream", 2002). Up to k
the number is exact; beyond, its standard error is 1 / √(k - 2): 4.4 percent. Adding the same one
again changes nothing, in any order. GDPR 33(3)(a) asks for approximate numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

MOST = 512
_BYTES = 8
_DIGITS = 2 * _BYTES
_RANGE = 1 << 8 * _BYTES


@dataclass(frozen=True, slots=True)
class Sketch:
    """Whom was seen, as the smallest hashes, in order."""

    smallest: tuple[int, ...] = ()

    def seeing(self, hashes: Iterable[str]) -> Self:
        """With these as well: hexadecimal texts, each evenly drawn, of which 16 digits count."""
        seen = {*self.smallest, *(int(each[:_DIGITS], 16) for each in hashes)}
        return type(self)(tuple(sorted(seen)[:MOST]))

    @property
    def is_exact(self) -> bool:
        return len(self.smallest) < MOST

    @property
    def count(self) -> int:
        """How many different ones were seen."""
        if self.is_exact:
            return len(self.smallest)
        return round((MOST - 1) * _RANGE / (self.smallest[-1] + 1))

    def to_bytes(self) -> bytes:
        """For an item: eight bytes each."""
        return b"".join(each.to_bytes(_BYTES) for each in self.smallest)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """What `to_bytes` made."""
        places = range(0, len(stored), _BYTES)
        return cls(tuple(int.from_bytes(stored[at : at + _BYTES]) for at in places))
