"""The codec against boto3's own serializer, over the whole closed set of types."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.tables.codec import Value, decode, encode

numbers = st.integers(-(10**38) + 1, 10**38 - 1)
scalars: st.SearchStrategy[Value] = (
    st.none() | st.booleans() | numbers | st.text(max_size=20) | st.binary(max_size=20)
)
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)

UNHURRIED = settings(deadline=None)  # a busy machine is no failure
items = st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=6)


def plain(value: Any) -> Any:
    """boto3's Decimal and Binary as the codec's int and bytes."""
    match value:
        case Decimal():
            return int(value)
        case Binary():
            raw: Any = value  # its stub has no attributes
            return raw.value
        case list():
            return [plain(each) for each in value]
        case dict():
            return {name: plain(each) for name, each in value.items()}
    return value


def kinded(value: Any) -> Any:
    """Equality that keeps True and 1 apart."""
    match value:
        case list():
            return [kinded(each) for each in value]
        case dict():
            return {name: kinded(each) for name, each in value.items()}
    return type(value), value


@UNHURRIED
@given(items)
def test_encodes_as_boto3_does(item: dict[str, Value]) -> None:
    serializer = TypeSerializer()
    assert encode(item) == {name: serializer.serialize(value) for name, value in item.items()}


@UNHURRIED
@given(items)
def test_decodes_as_boto3_does(item: dict[str, Value]) -> None:
    deserializer = TypeDeserializer()
    encoded = encode(item)
    theirs = {name: plain(deserializer.deserialize(value)) for name, value in encoded.items()}
    assert kinded(decode(encoded)) == kinded(theirs) == kinded(item)


@pytest.mark.parametrize("value", [10**38, -(10**38), 10**60])
def test_numbers_past_38_digits_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="38 digits"):
        encode({"a": value})


@pytest.mark.parametrize("value", [1.5, {1}, b"".join, (1,), Decimal(1), bytearray(b"x")])
@pytest.mark.parametrize("nested", [False, True])
def test_types_outside_the_set_are_refused(value: Any, nested: bool) -> None:
    with pytest.raises(TypeError):
        encode({"a": [{"b": value}] if nested else value})


@pytest.mark.parametrize(
    "attribute",
    [{"SS": ["a"]}, {"NS": ["1"]}, {"BS": [b"a"]}, {}, {"S": 1}, {"NULL": False}, {"L": {}}],
)
def test_attributes_that_the_codec_never_writes_are_refused(attribute: Any) -> None:
    with pytest.raises(TypeError):
        decode({"a": attribute})
