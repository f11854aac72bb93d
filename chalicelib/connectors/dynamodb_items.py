"""Between the items of others' DynamoDB tables and rows.

Unlike our own codec this one reads whatever DynamoDB can hold, and writes back what it did not
change exactly as it was: sets, binary values, numbers of 38 digits.
"""

import base64
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from chalicelib.connectors.places import Json

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type RawItem = "Mapping[str, AttributeValueTypeDef]"


def row_of(item: RawItem) -> dict[str, Json]:
    """The item as a row. Binary values become base64, sets become sorted lists."""
    return {name: _decoded(value) for name, value in item.items()}


def attribute_for(value: Json, before: "AttributeValueTypeDef | None") -> Any:
    """The attribute value of `value`, in the form of `before` wherever it is still the same."""
    if before is not None and value == _decoded(before):
        return before
    match value, before:
        case list(), {"L": list(members)} if len(members) == len(value):
            return {"L": [attribute_for(*pair) for pair in zip(value, members, strict=True)]}
        case dict(), {"M": dict(members)}:
            return {
                "M": {name: attribute_for(each, members.get(name)) for name, each in value.items()}
            }
    return _encoded(value)


def _decoded(value: Any) -> Json:
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return _number(content)
        case "B":
            return base64.b64encode(content).decode()
        case "NULL":
            return None
        case "L":
            return [_decoded(each) for each in content]
        case "M":
            return {name: _decoded(each) for name, each in content.items()}
        case "SS":
            return [*sorted(content)]
        case "NS":
            return [_number(each) for each in sorted(content, key=Decimal)]
        case "BS":
            return [base64.b64encode(each).decode() for each in sorted(content)]
    text_or_flag: str | bool = content  # S, BOOL
    return text_or_flag


def _number(digits: str) -> Json:
    """A whole number, else a float if it holds all the digits, else the digits."""
    exact = Decimal(digits)
    if exact == exact.to_integral_value():
        return int(exact)
    near = float(exact)
    return near if Decimal(repr(near)) == exact else digits


def _encoded(value: Json) -> Any:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case list():
            return {"L": [_encoded(each) for each in value]}
        case dict():
            return {"M": {name: _encoded(each) for name, each in value.items()}}
