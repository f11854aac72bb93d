"""NIST's and the RFCs' vectors as `cryptography-vectors` carries them, against our own functions.

The package has HKDF for SHA-1 and SHA-256 only, and ours is SHA-512: there a plain HKDF out of
HMAC, held to those vectors, is the reference for ours.
"""

import hmac
import os
from collections.abc import Iterator

import cryptography_vectors
import pytest

from chalicelib.vault.blind_index import _hmac_sha256
from chalicelib.vault.sealing import _decrypt, _encrypt, _hkdf


def blocks(path: str, last: str = "") -> Iterator[dict[str, str]]:
    """The file's cases: `Name = value` lines between blank ones; `[Name = value]` persists.

    Where blank lines stand inside of cases too, `last` names the field that a case ends with.
    """
    persistent: dict[str, str] = {}
    case: dict[str, str] = {}
    with cryptography_vectors.open_vector_file(path, "r") as file:
        for line in [*file, "\n"]:
            text = line.strip()
            if text.startswith("#"):
                continue
            name, _, value = (part.strip() for part in text.strip("[]").partition("="))
            if text.startswith("["):
                persistent[name] = value
            elif text:
                case[name] = value
            elif case and (not last or last in case):
                yield {**persistent, **case}
                case = {}


@pytest.mark.parametrize("name", ["gcmEncryptExtIV256", "gcmDecrypt256"])
def test_aes_256_gcm(name: str) -> None:
    tried = refused = 0
    for case in blocks(f"ciphers/AES/GCM/{name}.rsp"):
        if (case["IVlen"], case["Taglen"]) != ("96", "128"):
            continue
        key, nonce, sealed, aad = (
            bytes.fromhex(hexes)
            for hexes in (case["Key"], case["IV"], case["CT"] + case["Tag"], case["AAD"])
        )
        tried += 1
        if "FAIL" in case:
            refused += 1
            assert _decrypt(key, nonce, sealed, aad) is None
        else:
            plaintext = bytes.fromhex(case["PT"])
            assert _encrypt(key, nonce, plaintext, aad) == sealed
            assert _decrypt(key, nonce, sealed, aad) == plaintext
    assert tried == 375
    assert (refused > 0) is (name == "gcmDecrypt256")


def test_hmac_sha256() -> None:
    cases = [case for case in blocks("HMAC/rfc-4231-sha256.txt") if "Key" in case]
    assert len(cases) >= 6
    for case in cases:
        key, message = bytes.fromhex(case["Key"]), bytes.fromhex(case["Msg"])
        expected = bytes.fromhex(case["MD"])
        assert _hmac_sha256(key, message)[: len(expected)] == expected


def test_hkdf_sha512_is_hkdf() -> None:
    files = ("rfc-5869-HKDF-SHA256", "hkdf-generated")
    cases = [case for name in files for case in blocks(f"KDF/{name}.txt", last="OKM")]
    assert {case["Hash"] for case in cases} == {"SHA-256"}
    assert len(cases) >= 4
    for case in cases:
        material, salt, info = (bytes.fromhex(case[name]) for name in ("IKM", "salt", "info"))
        assert reference("sha256", material, salt, info, int(case["L"])).hex() == case["OKM"]
    for length in (1, 63, 64, 65, 200):
        material, salt, info = os.urandom(32), os.urandom(24), os.urandom(20)
        assert _hkdf(material, salt, info, length) == reference(
            "sha512", material, salt, info, length
        )


def reference(digest: str, material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF as RFC 5869 writes it down."""
    secret = hmac.digest(salt, material, digest)
    output = block = b""
    counter = 0
    while len(output) < length:
        counter += 1
        block = hmac.digest(secret, block + info + counter.to_bytes(), digest)
        output += block
    return output[:length]
