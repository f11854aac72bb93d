"""The sealed format: what it looks like, what opens it, and everything that does not."""

import logging
import traceback
from copy import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB

from chalicelib.vault import sealing
from chalicelib.vault.errors import SealBroken, TooLongToSeal
from chalicelib.vault.keys import BranchKey, DataKey, SecretKey
from chalicelib.vault.sealing import (
    LONGEST_PLAINTEXT,
    LONGEST_SEALED,
    OVERHEAD_BYTES,
    SealContext,
    open_sealed,
    seal,
)

KEY = DataKey(bytes(range(32)))
CONTEXT = SealContext("records", "PERSON#1", "PROFILE", "person", 1)
PLAINTEXT = b"Siti Rahayu, Surabaya"

# Made by another program: HKDF out of Python's hmac, GCM out of OpenSSL's streaming interface.
FROZEN = {
    "empty": (
        DataKey(bytes(range(32))),
        bytes(24),
        SealContext("records", "PERSON#1", "PROFILE", "person", 1),
        b"",
        (
            "016a6167612f7661756c742f7365616c65642f7631"
            "000000077265636f726473"
            "00000008504552534f4e2331"
            "0000000750524f46494c45"
            "00000006706572736f6e"
            "00000001"
        ),
        (
            "01"
            "000000000000000000000000000000000000000000000000"
            "b4b3309fc5debc44213307c5646606d9b29fc9bcb6d6d6db4d2ac11d66565724"
            "91a428f4eb69880dab4b2660071bcc7c"
        ),
    ),
    "item": (
        DataKey(bytes(range(32))),
        bytes(range(100, 124)),
        SealContext("preferences", "SITE#jutsoo#VISITOR#01JAGA", "2026", "cookie_choice", 7),
        "Siti Rahayu, siti@example.id — ya".encode(),
        (
            "016a6167612f7661756c742f7365616c65642f7631"
            "0000000b707265666572656e636573"
            "0000001a53495445236a7574736f6f2356495349544f522330314a414741"
            "0000000432303236"
            "0000000d636f6f6b69655f63686f696365"
            "00000007"
        ),
        (
            "01"
            "6465666768696a6b6c6d6e6f707172737475767778797a7b"
            "0c0479a81944fef5383585fbc4c1318f6641057bcd4557ee09bcdfb666baa6db"
            "6dac1b2bbd44fb3cfbbf98def1f1d391ad9fbfe8f21194e0b3ef00a5a03647e36a2b72"
            "e38f7013c58bb75d1d30be654faaacc6"
        ),
    ),
    "wrapped key": (
        BranchKey(b"\xff" * 32),
        b"\x80" * 24,
        SealContext(
            "keys",
            "SCOPE#person/01JAGA",
            "KEY",
            "data_key",
            1,
            ("application=jaga", "stage=prod", "purpose=person", "branch=01JAGB"),
        ),
        bytes(range(48)),
        (
            "016a6167612f7661756c742f7365616c65642f7631"
            "000000046b657973"
            "0000001353434f504523706572736f6e2f30314a414741"
            "000000034b4559"
            "00000008646174615f6b6579"
            "00000001"
            "000000106170706c69636174696f6e3d6a616761"
            "0000000a73746167653d70726f64"
            "0000000e707572706f73653d706572736f6e"
            "0000000d6272616e63683d30314a414742"
        ),
        (
            "01"
            "808080808080808080808080808080808080808080808080"
            "cf3625bf8b16b00edd2a1326d9cb846c4d05b0530e3331d9482b42c20d1cb93c"
            "39fe2c1d88b2912ca6da2a37e25d9016786c90a4b8c03cf87b9abbe30a5253e8"
            "8883453b6f8c12ce1101bcd7e4c91a0d"
            "1e28a236d5aae6e6665040d1656b964d"
        ),
    ),
}


@pytest.mark.parametrize("name", FROZEN)
def test_known_answers(name: str) -> None:
    key, salt, context, plaintext, aad, sealed = FROZEN[name]
    assert context.encode().hex() == aad
    assert sealing._seal_from_parts(key, plaintext, context.encode(), salt).hex() == sealed
    assert open_sealed(key, bytes.fromhex(sealed), context) == plaintext


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 250, LONGEST_PLAINTEXT])
def test_it_takes_73_bytes_more_and_at_most_380_kilobytes(length: int) -> None:
    plaintext = bytes(length)
    sealed = seal(KEY, plaintext, CONTEXT)
    assert len(sealed) == length + OVERHEAD_BYTES == length + 73
    assert len(sealed) <= LONGEST_SEALED == 380 * 1024
    assert open_sealed(KEY, sealed, CONTEXT) == plaintext


def test_each_seal_has_a_salt_of_its_own() -> None:
    sealed = [seal(KEY, PLAINTEXT, CONTEXT) for _ in range(1000)]
    assert len({each[1:25] for each in sealed}) == 1000
    assert len({each[25:] for each in sealed}) == 1000


def test_too_long_to_seal() -> None:
    with pytest.raises(TooLongToSeal):
        seal(KEY, bytes(LONGEST_PLAINTEXT + 1), CONTEXT)


class Untouchable(SecretKey):
    """A key whose use is a failure."""

    def __init__(self) -> None: ...

    def __getattribute__(self, name: str) -> object:
        raise AssertionError(f"the key was touched: {name}")


@pytest.mark.parametrize(
    "sealed",
    [b"", b"\x01" * 72, b"\x01" * (LONGEST_SEALED + 1), b"\x00" + bytes(99), b"\x02" + bytes(99)],
    ids=["empty", "short", "long", "version 0", "version 2"],
)
def test_bounds_and_version_are_checked_before_the_key(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        open_sealed(Untouchable(), sealed, CONTEXT)


def test_too_long_is_refused_before_the_key() -> None:
    with pytest.raises(TooLongToSeal):
        seal(Untouchable(), bytes(LONGEST_PLAINTEXT + 1), CONTEXT)


def test_every_changed_bit_is_refused() -> None:
    """Version, salt, commitment, ciphertext and tag."""
    sealed = seal(KEY, PLAINTEXT, CONTEXT)
    for position in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[position] ^= 1 << bit
            with pytest.raises(SealBroken):
                open_sealed(KEY, bytes(changed), CONTEXT)


def test_every_truncation_and_extension_is_refused() -> None:
    sealed = seal(KEY, PLAINTEXT, CONTEXT)
    for length in range(len(sealed)):
        for part in (sealed[:length], sealed[-length:] if length else b""):
            with pytest.raises(SealBroken):
                open_sealed(KEY, part, CONTEXT)
    for longer in (sealed + b"\0", b"\0" + sealed, b"\x01" + sealed, sealed + sealed):
        with pytest.raises(SealBroken):
            open_sealed(KEY, longer, CONTEXT)


def test_regions_of_two_values_do_not_mix() -> None:
    one, other = (seal(KEY, PLAINTEXT, CONTEXT) for _ in range(2))
    ends = [1, 25, 57, len(one) - 16]
    for start, end in zip(ends, [*ends[1:], len(one)], strict=True):
        with pytest.raises(SealBroken):
            open_sealed(KEY, one[:start] + other[start:end] + one[end:], CONTEXT)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(CONTEXT, table="preferences"),
        replace(CONTEXT, pk="PERSON#2"),
        replace(CONTEXT, sk="PROFILE2"),
        replace(CONTEXT, item_type="request"),
        replace(CONTEXT, schema_version=2),
        replace(CONTEXT, bound=("",)),
        replace(CONTEXT, bound=("branch=1",)),
        replace(CONTEXT, pk="PROFILE", sk="PERSON#1"),
        replace(CONTEXT, table="recordsP", pk="ERSON#1"),
        replace(CONTEXT, sk="PROFILEp", item_type="erson"),
    ],
    ids=str,
)
def test_it_opens_nowhere_else(elsewhere: SealContext) -> None:
    sealed = seal(KEY, PLAINTEXT, CONTEXT)
    with pytest.raises(SealBroken):
        open_sealed(KEY, sealed, elsewhere)


def test_no_other_key_opens_it() -> None:
    sealed = seal(KEY, PLAINTEXT, CONTEXT)
    for position in range(32):
        other = bytearray(KEY.material)
        other[position] ^= 1
        with pytest.raises(SealBroken):
            open_sealed(DataKey(bytes(other)), sealed, CONTEXT)


def test_a_ciphertext_made_for_two_keys_opens_under_one_only() -> None:
    """GCM by itself would open it under both: the commitment is what refuses.

    One block of ciphertext is solved for so that both message keys give the same tag ("invisible
    salamanders", Dodis, Grubbs, Ristenpart and Woodage, CRYPTO 2018).
    """
    mine, yours = KEY, DataKey(bytes(range(1, 33)))
    salt, aad = bytes(24), CONTEXT.encode()
    (my_key, my_commitment), (your_key, your_commitment) = (
        sealing._derive(key.material, salt) for key in (mine, yours)
    )
    ciphertext = salamander(my_key, your_key, aad)

    assert sealing._decrypt(my_key, bytes(12), ciphertext, aad) is not None
    assert sealing._decrypt(your_key, bytes(12), ciphertext, aad) is not None

    for owner, stranger, commitment in (
        (mine, yours, my_commitment),
        (yours, mine, your_commitment),
    ):
        sealed = b"\x01" + salt + commitment + ciphertext
        assert len(open_sealed(owner, sealed, CONTEXT)) == 16
        with pytest.raises(SealBroken):
            open_sealed(stranger, sealed, CONTEXT)


def test_the_commitment_is_compared_before_anything_is_decrypted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: bytes) -> bytes:
        raise AssertionError("decrypted in spite of the wrong commitment")

    sealed = bytearray(seal(KEY, PLAINTEXT, CONTEXT))
    sealed[25] ^= 1
    monkeypatch.setattr(sealing, "_decrypt", never)
    with pytest.raises(SealBroken):
        open_sealed(KEY, bytes(sealed), CONTEXT)


def test_all_failures_look_the_same() -> None:
    sealed = seal(KEY, PLAINTEXT, CONTEXT)
    attempts = [
        (KEY, sealed[:-1], CONTEXT),
        (KEY, b"\x02" + sealed[1:], CONTEXT),
        (KEY, sealed[:30] + bytes([sealed[30] ^ 1]) + sealed[31:], CONTEXT),
        (KEY, sealed, replace(CONTEXT, sk="other")),
        (DataKey(bytes(32)), sealed, CONTEXT),
    ]
    for key, value, context in attempts:
        with pytest.raises(SealBroken) as caught:
            open_sealed(key, value, context)
        assert caught.value.args == ()
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None


def test_a_traceback_with_all_local_variables_shows_no_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sealed = seal(KEY, PLAINTEXT, CONTEXT)
    message_key, _ = sealing._derive(KEY.material, sealed[1:25])
    for value, context in ((sealed[:-1] + b"!", CONTEXT), (sealed, replace(CONTEXT, pk="P"))):
        failure = failure_to_open(value, context)
        logging.getLogger("app").error("broken", exc_info=failure)
        shown = caplog.text + "".join(
            traceback.TracebackException.from_exception(failure, capture_locals=True).format()
        )
        assert "in open_sealed" in shown
        assert "<DataKey, hidden>" in shown
        for secret in (KEY.material, message_key, PLAINTEXT):
            assert repr(secret) not in shown
            assert secret.hex() not in shown


def failure_to_open(sealed: bytes, context: SealContext) -> SealBroken:
    try:
        open_sealed(KEY, sealed, context)
    except SealBroken as failure:
        return failure
    raise AssertionError("it opened")


# Arithmetic in GF(2^128) as GCM numbers its bits (NIST SP 800-38D, 6.3)

_R = 0xE1 << 120


def times(x: int, y: int) -> int:
    product = 0
    for bit in range(127, -1, -1):
        if x >> bit & 1:
            product ^= y
        y = y >> 1 ^ (_R if y & 1 else 0)
    return product


def inverse(x: int) -> int:
    result, power = 1 << 127, x
    for _ in range(127):  # x^(2^128 - 2)
        power = times(power, power)
        result = times(result, power)
    return result


def salamander(one: bytes, other: bytes, aad: bytes) -> bytes:
    """One block and a tag that AES-GCM with a zero nonce opens under both keys."""
    sums, squares = 0, 0
    for key in (one, other):
        block = Cipher(AES256(key), ECB()).encryptor().update  # noqa: S305  # GCM's own use of it
        hash_key = int.from_bytes(block(bytes(16)))
        square = times(hash_key, hash_key)
        squares ^= square
        sums ^= ghash(hash_key, aad, 0) ^ int.from_bytes(block(bytes(15) + b"\x01"))
    chosen = times(sums, inverse(squares))
    hash_key = int.from_bytes(block(bytes(16)))
    tag = ghash(hash_key, aad, chosen) ^ int.from_bytes(block(bytes(15) + b"\x01"))
    return chosen.to_bytes(16) + tag.to_bytes(16)


def ghash(hash_key: int, aad: bytes, ciphertext: int) -> int:
    padded = aad + bytes(-len(aad) % 16)
    blocks = [int.from_bytes(padded[at : at + 16]) for at in range(0, len(padded), 16)]
    state = 0
    for block in (*blocks, ciphertext, (8 * len(aad)) << 64 | 128):
        state = times(state ^ block, hash_key)
    return state
