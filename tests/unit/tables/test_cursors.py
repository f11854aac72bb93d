"""Cursors: only those that we made, for the list that they were made for."""

import base64
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.tables.cursors import Cursors, InvalidCursor
from chalicelib.tables.keys import Key

UNHURRIED = settings(deadline=None)  # a busy machine is no failure

CURSORS = Cursors(lambda: b"k" * 32)
KEY = Key("VISITOR#jutsoo#01J", "01JRECORD")
CURSOR = CURSORS.encode("history/01J", KEY)


@UNHURRIED
@given(st.text(max_size=40), st.text(max_size=60), st.text(max_size=60))
def test_a_cursor_leads_back_to_its_key(listing: str, pk: str, sk: str) -> None:
    cursor = CURSORS.encode(listing, Key(pk, sk))
    if len(cursor) <= 1024:
        assert CURSORS.decode(listing, cursor) == Key(pk, sk)


def test_known_answer() -> None:
    assert CURSOR == "M0Test4TDIqBieQD42yY5lsiVklTSVRPUiNqdXRzb28jMDFKIiwiMDFKUkVDT1JEIl0"


def test_another_list_refuses_it() -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.decode("history/01K", CURSOR)


def test_another_key_refuses_it() -> None:
    with pytest.raises(InvalidCursor):
        Cursors(lambda: b"x" * 32).decode("history/01J", CURSOR)


def test_list_and_payload_cannot_be_shifted_into_one_another() -> None:
    raw = base64.urlsafe_b64decode(CURSOR + "=" * (-len(CURSOR) % 4))
    shifted = base64.urlsafe_b64encode(raw[:16] + b"J" + raw[16:]).decode().rstrip("=")
    with pytest.raises(InvalidCursor):
        CURSORS.decode("history/01", shifted)


@pytest.mark.parametrize("bit", range(0, len(CURSOR) * 6 - 8, 5))
def test_no_bit_may_change(bit: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(CURSOR + "=" * (-len(CURSOR) % 4)))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidCursor):
        CURSORS.decode("history/01J", base64.urlsafe_b64encode(raw).decode().rstrip("="))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "====",
        "A",
        "AAAA",
        CURSOR[:-4],
        CURSOR[:20],
        CURSOR + "AAAA",
        CURSOR + "====",
        "A" * 1025,
        CURSOR * 40,
        "é" * 20,
        "\ud800",
        "\x00" * 30,
        " " + CURSOR,
        CURSOR + "\n",
        CURSOR.replace(CURSOR[5], "+"),
        "null",
        "[]",
    ],
)
def test_garbage(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.decode("history/01J", cursor)


@UNHURRIED
@given(st.text(max_size=1100))
def test_nothing_else_is_ever_raised(cursor: str) -> None:
    with contextlib.suppress(InvalidCursor):
        CURSORS.decode("history/01J", cursor)


@UNHURRIED
@given(st.text("ABCxyz019-_=", max_size=200))
def test_nothing_else_is_raised_near_the_alphabet(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        CURSORS.decode("history/01J", cursor)


def test_the_refusal_says_nothing_about_the_value() -> None:
    with pytest.raises(InvalidCursor) as caught:
        CURSORS.decode("history/01J", "secret-value")
    assert "secret-value" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_key_is_fetched_only_when_needed() -> None:
    fetched: list[int] = []

    def fetch() -> bytes:
        fetched.append(1)
        return b"k" * 32

    lazy = Cursors(fetch)
    with pytest.raises(InvalidCursor):
        lazy.decode("history/01J", "?" * 2000)
    assert fetched == []
