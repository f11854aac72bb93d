"""The benchmarks' arithmetic of capacity: item sizes by hand, and where a unit ends."""

from typing import Any

import pytest

from bench.capacity import item_bytes, read_units, write_units


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"pk": {"S": "abc"}}, 5),
        ({"pé": {"S": "ä"}}, 5),
        ({"b": {"B": bytes(10)}}, 11),
        ({"n": {"N": "1810980000"}}, 1 + 3 + 1),  # 181098: trailing zeros do not count
        ({"n": {"N": "-123"}}, 1 + 2 + 1 + 1),
        ({"n": {"N": "0"}}, 1 + 1),
        ({"t": {"BOOL": True}, "z": {"NULL": True}}, 4),
        ({"l": {"L": [{"S": "ab"}]}}, 1 + 3 + 1 + 2),
        ({"m": {"M": {"k": {"S": "ab"}}}}, 1 + 3 + 1 + 1 + 2),
    ],
)
def test_the_size_of_an_item(item: dict[str, Any], size: int) -> None:
    assert item_bytes(item) == size


def of(size: int) -> dict[str, Any]:
    return {"b": {"B": bytes(size - 1)}}


def test_a_query_rounds_the_sum_and_not_each_item() -> None:
    assert read_units([], consistent=False) == 0.5
    assert read_units([of(2048), of(2048)], consistent=False) == 0.5
    assert read_units([of(2048), of(2049)], consistent=False) == 1.0
    assert read_units([of(2048), of(2049)], consistent=True) == 2.0


def test_a_write_rounds_to_kilobytes() -> None:
    assert (write_units(of(1024)), write_units(of(1025))) == (1.0, 2.0)
