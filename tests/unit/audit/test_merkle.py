"""The tree against the published answers of Certificate Transparency, and every proof it gives."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audit.merkle import inclusion_proof, leaf_hash, root, verify_inclusion

UNHURRIED = settings(deadline=None)  # a busy machine is no failure

# The reference data of Certificate Transparency's own tests (RFC 6962, whose tree RFC 9162 keeps).
CT_LEAVES = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
CT_PATHS = [  # (leaf from 1, tree size, path)
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        2,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


@pytest.mark.parametrize("size", range(1, 9))
def test_published_roots(size: int) -> None:
    assert root(CT_LEAVES[:size]).hex() == CT_ROOTS[size - 1]


def test_published_root_of_nothing() -> None:
    assert root([]).hex() == EMPTY_ROOT


@pytest.mark.parametrize(("leaf", "size", "path"), CT_PATHS)
def test_published_paths(leaf: int, size: int, path: list[str]) -> None:
    assert [sibling.hex() for sibling in inclusion_proof(CT_LEAVES[:size], leaf - 1)] == path


@UNHURRIED
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70), st.data())
def test_every_leaf_proves_itself_and_nothing_else(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)
    whole = root(leaves)
    assert verify_inclusion(leaves[index], index, len(leaves), proof, whole)
    assert not verify_inclusion(leaves[index] + b"x", index, len(leaves), proof, whole)
    assert not verify_inclusion(leaves[index], index, len(leaves), [*proof, bytes(32)], whole)
    assert not verify_inclusion(leaves[index], len(leaves), len(leaves), proof, whole)
    assert not verify_inclusion(leaves[index], -1, len(leaves), proof, whole)
    if proof:
        assert not verify_inclusion(leaves[index], index, len(leaves), proof[:-1], whole)
        bent = data.draw(st.integers(0, len(proof) - 1))
        other = [
            hashlib.sha256(step).digest() if at == bent else step for at, step in enumerate(proof)
        ]
        assert not verify_inclusion(leaves[index], index, len(leaves), other, whole)


@UNHURRIED
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=40))
def test_the_root_is_the_rfc_s_recursion(leaves: list[bytes]) -> None:
    def recursive(part: list[bytes]) -> bytes:
        if len(part) == 1:
            return leaf_hash(part[0])
        split = 1
        while split * 2 < len(part):
            split *= 2
        left, right = recursive(part[:split]), recursive(part[split:])
        return hashlib.sha256(b"\x01" + left + right).digest()

    assert root(leaves) == recursive(leaves)


@pytest.mark.parametrize("index", [-1, 3])
def test_a_leaf_outside_the_tree_has_no_proof(index: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof([b"a", b"b", b"c"], index)
