"""Wycheproof against the very functions that sealing and the blind index call."""

import pytest

from chalicelib.vault.blind_index import _hmac_sha256
from chalicelib.vault.sealing import _decrypt, _encrypt, _hkdf
from tests.vectors.conftest import Wycheproof


def test_aes_gcm(wycheproof: Wycheproof) -> None:
    """All cases of the format's shape: 256-bit keys, 96-bit nonces, 128-bit tags."""
    shape = {"keySize": 256, "ivSize": 96, "tagSize": 128}
    cases = [
        case
        for case in wycheproof.cases("aes_gcm_test.json")
        if all(case[name] == size for name, size in shape.items())
    ]
    assert {case["result"] for case in cases} == {"valid", "invalid"}
    assert len(cases) >= 60
    for case in cases:
        key, nonce, aad, message, ciphertext, tag = (
            bytes.fromhex(case[name]) for name in ("key", "iv", "aad", "msg", "ct", "tag")
        )
        if case["result"] == "valid":
            assert _encrypt(key, nonce, message, aad) == ciphertext + tag, case["tcId"]
            assert _decrypt(key, nonce, ciphertext + tag, aad) == message, case["tcId"]
        else:
            assert _decrypt(key, nonce, ciphertext + tag, aad) is None, case["tcId"]


def test_hkdf_sha512(wycheproof: Wycheproof) -> None:
    cases = wycheproof.cases("hkdf_sha512_test.json")
    assert len(cases) >= 80
    for case in cases:
        material, salt, info = (bytes.fromhex(case[name]) for name in ("ikm", "salt", "info"))
        if case["result"] == "valid":
            assert _hkdf(material, salt, info, case["size"]).hex() == case["okm"], case["tcId"]
        else:
            with pytest.raises(ValueError, match="derive keys larger"):
                _hkdf(material, salt, info, case["size"])


def test_hmac_sha256(wycheproof: Wycheproof) -> None:
    cases = wycheproof.cases("hmac_sha256_test.json")
    assert {case["result"] for case in cases} == {"valid", "invalid"}
    assert len(cases) >= 170
    for case in cases:
        key, message, tag = (bytes.fromhex(case[name]) for name in ("key", "msg", "tag"))
        matches = _hmac_sha256(key, message)[: case["tagSize"] // 8] == tag
        assert matches is (case["result"] == "valid"), case["tcId"]
