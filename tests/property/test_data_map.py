"""Whatever somebody sends as a data map: it is read, or refused with where and why."""

from copy import deepcopy
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.connectors.datamap.checks import check_map
from chalicelib.connectors.datamap.reading import read_map
from chalicelib.connectors.datamap.text import InvalidDataMap
from tests.maps import BOTH

WORDS = st.sampled_from(
    [
        *("dataset", "fides_key", "name", "meta", "jaga", "kind", "dynamodb", "s3", "webhook"),
        *("collections", "fields", "fides_meta", "references", "direction", "to", "from"),
        *("identity", "primary_key", "data_categories", "user.name", "keep", "rule", "scan"),
        *("key", "indexes", "table", "bucket", "prefix", "format", "ndjson", "erase", "delete"),
        *("restriction", "field", "value", "anonymise", "k", "quasi_identifiers", "strategy"),
        *("generalise", "bucket", "keyed_hash", "step", "edges", "prefix", "year"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(WORDS | st.text(max_size=3) | st.integers(), inner, max_size=5)
    ),
    max_leaves=20,
)


def dumped(document: Any) -> str:
    return str(yaml.dump(document, Dumper=yaml.CSafeDumper))


def read_or_refuse(text: str) -> None:
    try:
        data_map = read_map(text)
    except InvalidDataMap as refusal:
        named = [(each.field, each.code) for each in refusal.fields]
    else:
        named = [
            (each.where, each.code) for each in check_map(data_map, {"tax_books"}, {"business"})
        ]
    assert all(where and code for where, code in named)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    read_or_refuse(text)


@settings(max_examples=150, deadline=None)
@given(st.lists(VALUES, max_size=3))
def test_any_datasets(datasets: list[Any]) -> None:
    read_or_refuse(dumped({"dataset": datasets}))


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in `value`."""
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path] * bool(path) + [
        found for key, each in inside for found in places_in(each, (*path, key))
    ]


GOOD = yaml.safe_load(BOTH)
PLACES = places_in(GOOD)


@settings(max_examples=150, deadline=None)
@given(path=st.sampled_from(PLACES), value=VALUES)
def test_anything_anywhere_in_a_good_map(path: tuple[Any, ...], value: Any) -> None:
    document = deepcopy(GOOD)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    read_or_refuse(dumped(document))


@settings(max_examples=150, deadline=None)
@given(start=st.integers(0, len(BOTH)), length=st.integers(1, 40), text=st.text(max_size=10))
def test_any_slip_of_the_pen(start: int, length: int, text: str) -> None:
    read_or_refuse(BOTH[:start] + text + BOTH[start + length :])
