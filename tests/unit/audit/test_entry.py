"""The byte form of entries, frozen: what was hashed once must hash alike for ever."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audit.canonical import canonical, digest
from chalicelib.audit.entry import GENESIS, SCHEMA, Actor, Entity, Entry, UnfitForTrail
from chalicelib.tables.codec import Value
from chalicelib.tables.schema import UnreadableItem

ENTRY = Entry(
    id="01JAGA00000000000000000001",
    entity=Entity("request", "01JREQUEST"),
    seq=1,
    at=1795428000000,
    actor=Actor("staff", "01JSTAFF"),
    action="request.opened",
    facts={"pack": "ID-2026.1", "hours": 72, "late": False},
    previous=GENESIS,
)

UNHURRIED = settings(deadline=None)  # a busy machine is no failure


def test_known_answer_of_the_canonical_form() -> None:
    value: dict[str, Value] = {
        "b": [True, False, None],
        "a": "é",
        "n": -12,
        "o": b"\x00\xff",
        "m": {"z": "", "y": []},
    }
    assert canonical(value) == bytes.fromhex(
        """
        4d 00000005
        00000001 61  53 00000002 c3a9
        00000001 62  4c 00000003  54 00000000  46 00000000  30 00000000
        00000001 6d  4d 00000002  00000001 79  4c 00000000  00000001 7a  53 00000000
        00000001 6e  4e 00000003 2d3132
        00000001 6f  42 00000002 00ff
        """
    )


def test_the_digest_is_over_the_domain_and_the_form() -> None:
    value: dict[str, Value] = {"a": 1}
    expected = hashlib.sha256(b"\x00\x00\x00\x06domain" + canonical(value)).digest()
    assert digest("domain", value) == expected
    assert digest("domaim", value) != expected


def test_known_answer_of_an_entry() -> None:
    assert ENTRY.hash.hex() == "ce44c4369c51833d92ecf50ab091da8d874ad92bfd52cf4eec55fb41373c372b"


def test_known_answer_of_its_successor() -> None:
    second = replace(ENTRY, seq=2, previous=ENTRY.hash, action="request.closed", facts={})
    assert second.hash.hex() == "be34b50e35bd786e11723432d4874037952711a7432e206a12f31f51efb4f048"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "01JAGA00000000000000000002"},
        {"entity": Entity("request", "01JREQUESU")},
        {"seq": 2},
        {"at": ENTRY.at + 1},
        {"actor": Actor("subject", "01JSTAFF")},
        {"action": "request.opene"},
        {"facts": {"pack": "ID-2026.1", "hours": 72, "late": 0}},
        {"facts": {"pack": "ID-2026.1", "hours": "72", "late": False}},
        {"facts": {}},
        {"previous": b"\x01" + bytes(31)},
    ],
)
def test_every_field_is_hashed(change: dict[str, object]) -> None:
    assert replace(ENTRY, **change).hash != ENTRY.hash  # type: ignore[arg-type]  # one field each


def test_stored_and_read_back() -> None:
    item = ENTRY.item()
    assert (item["pk"], item["sk"]) == ("ENTITY#request#01JREQUEST", "000000000001")
    assert Entry.from_fields(SCHEMA.lift(item)) == ENTRY


@pytest.mark.parametrize(
    "change",
    [
        {"seq": "1"},
        {"seq": 0},
        {"entity": "request"},
        {"entity": "request/a/b"},
        {"actor": "/"},
        {"facts": {"a": b"x"}},
        {"facts": {"a": None}},
        {"facts": {"a": ["x"]}},
        {"previous": b"short"},
        {"previous": "x" * 32},
        {"action": None},
    ],
)
def test_what_is_no_entry_is_unreadable(change: dict[str, Value]) -> None:
    with pytest.raises(UnreadableItem):
        Entry.from_fields({**ENTRY.fields(), **change})


@pytest.mark.parametrize("text", ["", "Request", "a b", "a@b", "a#b", "a/b", "a\n", "é", "x" * 65])
def test_types_and_actions_are_words(text: str) -> None:
    with pytest.raises(UnfitForTrail):
        Entity(text, "1")
    with pytest.raises(UnfitForTrail):
        Actor(text, "1")
    with pytest.raises(UnfitForTrail):
        replace(ENTRY, action=text)
    with pytest.raises(UnfitForTrail):
        replace(ENTRY, facts={text: 1})


@pytest.mark.parametrize(
    "text", ["", "a b", "a@b.c", "a#b", "a/b", "a\n", "é", "+62811", "x" * 129]
)
def test_ids_are_opaque(text: str) -> None:
    with pytest.raises(UnfitForTrail):
        Entity("request", text)
    with pytest.raises(UnfitForTrail):
        Actor("staff", text)
    with pytest.raises(UnfitForTrail):
        replace(ENTRY, id=text)


scalars: st.SearchStrategy[Value] = (
    st.none()
    | st.booleans()
    | st.integers(-(10**37), 10**37)
    | st.text(max_size=8)
    | st.binary(max_size=8)
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
maps = st.dictionaries(st.text(max_size=4), values, max_size=4)


def kinded(value: Value) -> object:
    """Equality that keeps True and 1 apart."""
    match value:
        case dict():
            return {name: kinded(each) for name, each in value.items()}
        case list():
            return [kinded(each) for each in value]
    return (type(value).__name__, value)


@UNHURRIED
@given(maps, maps)
def test_equal_and_only_equal_values_have_equal_forms(
    one: dict[str, Value], other: dict[str, Value]
) -> None:
    assert (canonical(one) == canonical(other)) == (kinded(one) == kinded(other))


@UNHURRIED
@given(maps)
def test_the_order_of_names_does_not_matter(value: dict[str, Value]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


def test_other_types_have_no_form() -> None:
    with pytest.raises(TypeError):
        canonical({"a": 1.5})  # type: ignore[dict-item]  # the point of the test
