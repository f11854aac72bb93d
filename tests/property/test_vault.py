"""Round trips and refusals over whatever hypothesis comes up with."""

import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.vault import sealing
from chalicelib.vault.blind_index import BlindIndex, Kind, normalise
from chalicelib.vault.cache import KeyCache
from chalicelib.vault.errors import SealBroken, UnusableIdentifier
from chalicelib.vault.keys import DataKey
from chalicelib.vault.sealing import OVERHEAD_BYTES, SealContext, open_sealed, seal
from tests.fakes import FixedClock

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
contexts = st.builds(
    SealContext,
    texts,
    texts,
    texts,
    texts,
    st.integers(0, 2**32 - 1),
    st.lists(texts, max_size=4).map(tuple),
)
keys = st.binary(min_size=32, max_size=32).map(DataKey)


@given(keys, st.binary(max_size=2000), contexts)
def test_what_was_sealed_opens(key: DataKey, plaintext: bytes, context: SealContext) -> None:
    sealed = seal(key, plaintext, context)
    assert len(sealed) == len(plaintext) + OVERHEAD_BYTES
    assert open_sealed(key, sealed, context) == plaintext


@given(contexts, contexts)
def test_two_contexts_never_share_their_bytes(one: SealContext, other: SealContext) -> None:
    assert (one.encode() == other.encode()) is (one == other)


@given(st.lists(texts, min_size=5, max_size=5), st.integers(0, 5), st.integers(0, 5))
def test_moving_a_border_between_fields_changes_the_bytes(
    parts: list[str], cut: int, other_cut: int
) -> None:
    """The same letters, split elsewhere."""

    def split(at: int) -> SealContext:
        joined = "".join(parts)
        at = min(at, len(joined))
        return SealContext(joined[:at], joined[at:], "", "", 1)

    one, other = split(cut), split(other_cut)
    assert (one.encode() == other.encode()) is (one == other)


@given(keys, st.binary(max_size=200), contexts, st.data())
def test_any_change_is_refused(
    key: DataKey, plaintext: bytes, context: SealContext, data: st.DataObject
) -> None:
    sealed = seal(key, plaintext, context)
    position = data.draw(st.integers(0, len(sealed) - 1))
    change = data.draw(st.integers(1, 255))
    changed = bytearray(sealed)
    changed[position] ^= change
    with pytest.raises(SealBroken):
        open_sealed(key, bytes(changed), context)


@given(keys, st.binary(max_size=400), contexts)
def test_no_noise_opens(key: DataKey, noise: bytes, context: SealContext) -> None:
    for value in (noise, b"\x01" + noise):
        with pytest.raises(SealBroken):
            open_sealed(key, value, context)


@given(keys, keys, st.binary(max_size=100), contexts)
def test_another_key_is_refused(
    key: DataKey, other: DataKey, plaintext: bytes, context: SealContext
) -> None:
    sealed = seal(key, plaintext, context)
    if key.material != other.material:
        with pytest.raises(SealBroken):
            open_sealed(other, sealed, context)


@given(keys, st.binary(max_size=100), contexts, st.binary(min_size=24, max_size=24))
def test_the_salt_decides_message_key_and_commitment(
    key: DataKey, plaintext: bytes, context: SealContext, salt: bytes
) -> None:
    aad = context.encode()
    sealed = sealing._seal_from_parts(key, plaintext, aad, salt)
    assert sealed == sealing._seal_from_parts(key, plaintext, aad, salt)
    assert open_sealed(key, sealed, context) == plaintext


@given(st.sampled_from(Kind), st.text(max_size=60) | st.emails())
def test_normalising_is_idempotent_and_never_fails_otherwise(kind: Kind, typed: str) -> None:
    try:
        once = normalise(kind, typed)
    except UnusableIdentifier:
        return
    assert normalise(kind, once) == once
    assert once.encode().decode() == once
    assert once.isprintable()


@given(st.emails(), st.sampled_from(["", " ", "\t", "\n"]))
def test_spellings_of_an_address_share_a_token(address: str, space: str) -> None:
    index = BlindIndex(lambda name, version: hashlib.sha256(f"{name}{version}".encode()).digest())
    spelled = {address, address.upper(), address.lower(), space + address + space}
    try:
        tokens = {index.token(Kind.EMAIL, each) for each in spelled}
    except UnusableIdentifier:
        return
    assert len(tokens) == 1


@given(
    st.lists(
        st.tuples(st.sampled_from("gpfw"), st.integers(0, 9), st.integers(-60, 200)), max_size=60
    )
)
def test_the_cache_never_holds_too_many_or_too_long(steps: list[tuple[str, int, int]]) -> None:
    clock = FixedClock()
    life = timedelta(minutes=5)
    cache = KeyCache[int, int](clock, size=4, life=life)
    born = {}
    for step, name, seconds in steps:
        match step:
            case "p":
                cache.put(name, name)
                born[name] = clock.now()
            case "f":
                cache.forget(name)
                born.pop(name, None)
            case "w":
                clock.advance(timedelta(seconds=seconds))
            case "g":
                if cache.get(name) is not None:
                    assert born[name] <= clock.now() < born[name] + life
        assert len(cache) <= 4
