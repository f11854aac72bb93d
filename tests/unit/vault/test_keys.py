"""Key material never shows itself; scopes never share a name."""

import copy
import json
import pickle
from datetime import date

import pytest

from chalicelib.vault.keys import BranchKey, DataKey, Scope, SecretKey

MATERIAL = b"the-secret-bytes-of-a-data-key-!"


@pytest.mark.parametrize("kind", [DataKey, BranchKey])
def test_a_key_shows_nothing(kind: type[SecretKey]) -> None:
    key = kind(MATERIAL)
    for shown in (repr(key), str(key), f"{key}", f"{key!r}", "%s" % key, repr([key]), ascii(key)):  # noqa: UP031  # the old way of formatting is one of the ways
        assert "secret" not in shown
        assert MATERIAL.hex() not in shown
    assert not hasattr(key, "__dict__")


def test_a_key_is_neither_pickled_nor_copied_nor_serialised() -> None:
    key = DataKey(MATERIAL)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="neither pickled"):
            pickle.dumps(key, protocol)
    for duplicate in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="neither pickled"):
            duplicate(key)
    with pytest.raises(TypeError) as refusal:
        json.dumps({"key": key})
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes") as refusal:
        DataKey((MATERIAL * 2)[:length])
    assert "secret" not in repr(refusal.value)


def test_scopes_by_name() -> None:
    assert Scope.person("01JAGA") == Scope("person", "person/01JAGA")
    assert Scope.visitors("jutsoo", date(2026, 1, 2)) == Scope(
        "visitors", "visitors/jutsoo/2026-01-02"
    )
    for channel in ("mail", "webhook"):
        purpose = f"{channel}-messages"
        scope = Scope.messages(channel, date(2026, 1, 2))
        assert scope == Scope(purpose, f"{purpose}/2026-01-02")
    assert Scope.endpoint("01J") == Scope("endpoint", "endpoint/01J")
    assert Scope.mac("receipts", 3) == Scope("mac", "mac/receipts/v3")


def test_messages_have_a_channel() -> None:
    with pytest.raises(ValueError, match="channel"):
        Scope.messages("pigeon", date(2026, 1, 2))


@pytest.mark.parametrize("part", ["", "a/b", "a#b", "é"])
def test_a_scope_takes_opaque_parts_only(part: str) -> None:
    with pytest.raises(ValueError, match="scope"):
        Scope.person(part)
    with pytest.raises(ValueError, match="scope"):
        Scope.visitors(part, date(2026, 1, 1))
