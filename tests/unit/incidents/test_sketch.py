"""Counting different ones: exactly while they are few, nearly when they are many."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.incidents.affected.sketch import MOST, Sketch


def hashes(count: int, salt: str = "") -> list[str]:
    return [hashlib.sha256(f"{salt}{n}".encode()).hexdigest() for n in range(count)]


@given(st.lists(st.integers(0, 200)), st.integers(0, 3))
def test_few_are_counted_exactly_in_any_order(seen: list[int], repeats: int) -> None:
    named = hashes(201)
    sketch = Sketch()
    for n in seen * (repeats + 1):
        sketch = sketch.seeing([named[n]])
    assert sketch.is_exact
    assert sketch.count == len(set(seen))


@pytest.mark.parametrize("count", [MOST - 1, MOST, 5_000, 100_000])
@pytest.mark.parametrize("salt", ["a", "b", "c"])
def test_many_are_counted_nearly(count: int, salt: str) -> None:
    named = hashes(count, salt)
    sketch = Sketch().seeing(named)
    assert sketch.is_exact == (count < MOST)
    assert abs(sketch.count - count) <= (0 if count < MOST else 0.14 * count)  # three errors


def test_the_order_and_the_parts_do_not_matter() -> None:
    named = hashes(2_000)
    shuffled = random.Random(1).sample(named, len(named))  # noqa: S311  # no secret
    parts = Sketch().seeing(shuffled[:700]).seeing(shuffled[500:]).seeing(named[:9])
    assert parts == Sketch().seeing(named)


def test_it_is_kept_as_bytes() -> None:
    sketch = Sketch().seeing(hashes(700))
    assert Sketch.from_bytes(sketch.to_bytes()) == sketch
    assert len(sketch.to_bytes()) == 8 * MOST
    assert Sketch.from_bytes(b"") == Sketch()
