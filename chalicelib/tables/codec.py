"""Between Python values and DynamoDB's attribute values.

A closed set of types on purpose: floats and sets have no use here, so an item that needs them is
a mistake. Numbers are whole; DynamoDB keeps 38 digits of them.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Value = str | int | bool | bytes | list[Value] | dict[str, Value] | None
type Item = dict[str, Value]

_MAX_INTEGER = 10**38


def encode(item: Mapping[str, Value]) -> "dict[str, AttributeValueTypeDef]":
    """The item for DynamoDB. `TypeError` for any other type, `ValueError` past 38 digits."""
    return {name: _encode(value) for name, value in item.items()}


def decode(item: "Mapping[str, AttributeValueTypeDef]") -> Item:
    """The item as Python values. `TypeError` for an attribute type that `encode` never writes."""
    return {name: _decode(value) for name, value in item.items()}


def _encode(value: Value) -> "AttributeValueTypeDef":
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int():
            if abs(value) >= _MAX_INTEGER:
                raise ValueError("a number has more than 38 digits")
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case None:
            return {"NULL": True}
        case list():
            return {"L": [_encode(each) for each in value]}
        case dict():
            return {"M": {name: _encode(each) for name, each in value.items()}}
    raise TypeError(f"items hold no {type(value).__name__}")


def _decode(value: "AttributeValueTypeDef") -> Value:
    match value:
        case {"S": str(text)}:
            return text
        case {"N": str(digits)}:
            return int(digits)
        case {"BOOL": bool(flag)}:
            return flag
        case {"B": bytes(octets)}:
            return octets
        case {"NULL": True}:
            return None
        case {"L": list(members)}:
            return [_decode(each) for each in members]
        case {"M": dict(members)}:
            return {name: _decode(each) for name, each in members.items()}
    raise TypeError("an attribute of a type that this codec never writes")
