"""The Merkle tree of RFC 9162, section 2.1, with SHA-256.

A leaf's hash is SHA-256(0x00 data), a node's SHA-256(0x01 left right), so that no leaf can pass for
a node. A list of n > 1 leaves splits at the largest power of two below n; the tree of the empty
list is the hash of the empty string. Nothing is padded and no leaf is doubled.
"""

import hashlib
from collections.abc import Iterable, Sequence


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """The 32-byte root over the leaves' data, in the order given. Linear time, one pass."""
    # Hashes of complete subtrees, each at least twice as large as the next: a binary counter.
    peaks: list[bytes] = []
    for count, data in enumerate(leaves, start=1):
        peak = leaf_hash(data)
        # Each trailing zero bit of the count closes one subtree.
        for _ in range((count & -count).bit_length() - 1):
            peak = _node(peaks.pop(), peak)
        peaks.append(peak)
    if not peaks:
        return hashlib.sha256(b"").digest()
    whole = peaks.pop()
    while peaks:
        whole = _node(peaks.pop(), whole)
    return whole


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The sibling hashes from leaf `index` up to the root. `IndexError` outside the list.

    RFC 9162, 2.1.3.1.
    """
    if not 0 <= index < len(leaves):
        raise IndexError("no such leaf")
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root(leaves[:split])]


def verify_inclusion(
    data: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Whether `data` is leaf `index` of the tree of `size` leaves. RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    first, last = index, size - 1
    current = leaf_hash(data)
    for sibling in proof:
        if last == 0:
            return False
        if first % 2 == 1 or first == last:
            current = _node(sibling, current)
            while first % 2 == 0 and first != 0:
                first //= 2
                last //= 2
        else:
            current = _node(current, sibling)
        first //= 2
        last //= 2
    return last == 0 and current == expected_root


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
