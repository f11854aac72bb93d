"""Items of others' tables as rows, and back: what nobody changed stays exactly as it was."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.connectors.dynamodb_items import attribute_for, row_of

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=6).map(
    lambda number: {"N": str(number)}
)
SCALARS = (
    st.text(max_size=8).map(lambda text: {"S": text})
    | NUMBERS
    | st.binary(max_size=8).map(lambda octets: {"B": octets})
    | st.booleans().map(lambda flag: {"BOOL": flag})
    | st.just({"NULL": True})
    | st.lists(st.text(max_size=4), min_size=1, unique=True).map(lambda each: {"SS": each})
    | st.lists(NUMBERS, min_size=1).map(lambda each: {"NS": [number["N"] for number in each]})
    | st.lists(st.binary(max_size=4), min_size=1).map(lambda each: {"BS": each})
)
ATTRIBUTES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda each: {"L": each})
        | st.dictionaries(st.text(max_size=4), inner, max_size=3).map(lambda each: {"M": each})
    ),
    max_leaves=8,
)


@given(ATTRIBUTES)
def test_what_did_not_change_is_written_as_it_was(attribute: Any) -> None:
    assert attribute_for(row_of({"a": attribute})["a"], attribute) is attribute


@given(st.dictionaries(st.text(max_size=4), ATTRIBUTES, min_size=1, max_size=4), st.data())
def test_a_change_inside_leaves_its_neighbours(
    members: dict[str, Any], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(sorted(members)))
    changed: Any = row_of({"a": {"M": members}})["a"]
    changed = {**changed, name: "masked"}
    written = attribute_for(changed, {"M": members})["M"]
    assert written[name] in ({"S": "masked"}, members[name])
    assert all(written[other] is members[other] for other in members if other != name)


@pytest.mark.parametrize(
    ("digits", "meant"),
    [
        ("7", 7),
        ("1E+2", 100),
        ("-0.5", -0.5),
        ("99.90", 99.9),
        ("12345678901234567890123456789012345678", 12345678901234567890123456789012345678),
        ("0.1234567890123456789", "0.1234567890123456789"),
    ],
)
def test_no_digit_of_a_number_is_lost(digits: str, meant: Any) -> None:
    row = row_of({"n": {"N": digits}})
    assert row == {"n": meant}
    assert Decimal(str(row["n"])) == Decimal(digits)


def test_what_json_does_not_have() -> None:
    item: Any = {"b": {"B": b"\x00\xff"}, "s": {"SS": ["b", "a"]}, "n": {"NS": ["10", "9"]}}
    assert row_of(item) == {"b": "AP8=", "s": ["a", "b"], "n": [9, 10]}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a", {"S": "a"}),
        (True, {"BOOL": True}),
        (1.5, {"N": "1.5"}),
        (None, {"NULL": True}),
        ([1, {"a": None}], {"L": [{"N": "1"}, {"M": {"a": {"NULL": True}}}]}),
    ],
)
def test_what_is_new(value: Any, written: Any) -> None:
    assert attribute_for(value, None) == written
