"""DynamoDB's capacity by the sizes of items, as its developer guide documents the arithmetic.

The embedded DynamoDB says half a unit for every query, whatever it returned, so what it says cannot
tell whether a read has become dearer.
"""

from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

READ_BLOCK = 4096  # bytes that one read unit, or half of one, pays for
WRITE_BLOCK = 1024


def item_bytes(item: Mapping[str, Any]) -> int:
    """The size of an item in DynamoDB's JSON: names in UTF-8, and the values."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def read_units(items: Iterable[Mapping[str, Any]], *, consistent: bool) -> float:
    """What one query that reads `items` consumes: their sum, in started blocks, at least one."""
    blocks = max(1, ceil(sum(map(item_bytes, items)) / READ_BLOCK))
    return blocks * (1.0 if consistent else 0.5)


def write_units(item: Mapping[str, Any]) -> float:
    """What one PutItem of `item` consumes outside of a transaction."""
    return float(max(1, ceil(item_bytes(item) / WRITE_BLOCK)))


def _value_bytes(value: Mapping[str, Any]) -> int:
    match value:
        case {"S": str(text)}:
            return len(text.encode())
        case {"B": bytes(octets)}:
            return len(octets)
        case {"N": str(digits)}:
            significant = digits.lstrip("-").replace(".", "").strip("0")
            return ceil(len(significant) / 2) + 1 + digits.startswith("-")
        case {"BOOL": _} | {"NULL": _}:
            return 1
        case {"L": list(members)}:
            return 3 + sum(1 + _value_bytes(each) for each in members)
        case {"M": dict(members)}:
            return 3 + sum(
                len(name.encode()) + 1 + _value_bytes(each) for name, each in members.items()
            )
    raise TypeError("a value of a type that our codec never writes")
