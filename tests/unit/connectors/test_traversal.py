"""The walk, on maps and rows of every shape: it ends, reaches all it should and nobody else."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.connectors.datamap.models import Address, Collection, Dataset, Erase, Field, Lead
from chalicelib.connectors.places import Outcome, Seeds
from chalicelib.connectors.stored_place import StoredPlace
from chalicelib.connectors.traversal import order, walk
from tests.fakes import FixedClock
from tests.unit.connectors.model_store import Died, ModelStore

NAMES = [*"abcdef"]
SEEDS = Seeds({"a.email": ("siti@example.test",)})


def dataset(*pairs: tuple[str, str], erase: Erase = Erase.DELETE) -> Dataset:
    """Collections with a field for each neighbour: `a.to_b` holds ids of rows of `b`."""
    fields = {
        path: Field(path, categories=("user",))
        for path in ["id", "email", *(f"to_{name}" for name in NAMES)]
    }
    leads = tuple(
        Lead(Address("d", source, f"to_{target}"), Address("d", target, "id"))
        for source, target in pairs
    )
    return Dataset("d", "D", {each: Collection(each, fields, erase) for each in NAMES}, leads)


def place(store: ModelStore, described: Dataset) -> StoredPlace:
    return StoredPlace(described, store, dict, FixedClock())


PAIRS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=12, unique=True
)
FORWARD = PAIRS.map(lambda pairs: [pair for pair in pairs if pair[0] < pair[1]])
ROWS = st.fixed_dictionaries(
    {
        name: st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.integers(1, 4),
                    "email": st.sampled_from(["siti@example.test", "other@example.test"]),
                    **{f"to_{each}": st.lists(st.integers(1, 4), max_size=2) for each in NAMES},
                }
            ),
            max_size=4,
        )
        for name in NAMES
    }
)


@given(starts=st.lists(st.sampled_from(NAMES), max_size=3), pairs=PAIRS)
def test_each_that_can_be_reached_comes_once(
    starts: list[str], pairs: list[tuple[str, str]]
) -> None:
    reached = set(starts)
    while more := {target for source, target in pairs if source in reached} - reached:
        reached |= more
    found = order(starts, pairs)
    assert sorted(found) == sorted(reached)


@given(pairs=FORWARD)
def test_without_circles_each_comes_after_all_that_lead_to_it(pairs: list[tuple[str, str]]) -> None:
    found = order(NAMES, pairs)
    assert all(found.index(source) < found.index(target) for source, target in pairs)


def test_a_long_chain_is_no_recursion() -> None:
    chain = [str(number) for number in range(5000)]
    assert order(chain[:1], pairwise(chain)) == chain


def expected(rows: dict[str, Any], pairs: list[tuple[str, str]]) -> dict[str, list[int]]:
    """The places of the person's rows in each collection, by closing over and over again."""
    mine = {
        name: {
            n
            for n, row in enumerate(rows[name])
            if name == "a" and row["email"] == "siti@example.test"
        }
        for name in NAMES
    }
    while True:
        before = {name: set(each) for name, each in mine.items()}
        for source, target in pairs:
            ids = {each for n in mine[source] for each in rows[source][n][f"to_{target}"]}
            mine[target] |= {n for n, row in enumerate(rows[target]) if row["id"] in ids}
        if mine == before:
            return {name: sorted(each) for name, each in mine.items()}


@given(rows=ROWS, pairs=FORWARD)
def test_all_rows_of_the_person_are_found(
    rows: dict[str, Any], pairs: list[tuple[str, str]]
) -> None:
    found = list(place(ModelStore(rows), dataset(*pairs)).rows(SEEDS))
    mine = expected(rows, pairs)
    for name in NAMES:
        wanted = [rows[name][n] for n in mine[name]]
        assert [dict(row.values) for row in found if row.collection == name] == wanted


@given(rows=ROWS, pairs=FORWARD, deaths=st.lists(st.integers(0, 5), max_size=6), data=st.data())
def test_erasure_reaches_all_whenever_workers_die(
    rows: dict[str, Any], pairs: list[tuple[str, str]], deaths: list[int], data: st.DataObject
) -> None:
    store = ModelStore(rows)
    erasing = place(store, dataset(*pairs))
    for writes in deaths:
        store.dies_after = writes
        try:
            erasing.erase(SEEDS, rehearse=False)
        except Died:
            continue
    store.dies_after = None
    erasing.erase(SEEDS, rehearse=False)
    mine = expected(rows, pairs)
    for name in NAMES:
        kept = [row for n, row in enumerate(rows[name]) if n not in mine[name]]
        assert store.rows[name] == kept
    assert erasing.erase(SEEDS, rehearse=False) == Outcome(0, 0)


@given(rows=ROWS, pairs=PAIRS)
def test_a_rehearsal_counts_what_happens_then_and_changes_nothing(
    rows: dict[str, Any], pairs: list[tuple[str, str]]
) -> None:
    store = ModelStore(rows)
    erasing = place(store, dataset(*pairs))
    rehearsed = erasing.erase(SEEDS, rehearse=True)
    assert store.rows == rows
    assert erasing.erase(SEEDS, rehearse=False) == rehearsed


def test_a_circle_does_not_lead_to_others() -> None:
    rows = {
        "a": [
            {"id": 1, "email": "siti@example.test", "to_b": [7]},
            {"id": 2, "email": "colleague@example.test", "to_b": [7]},
        ],
        "b": [{"id": 7, "to_a": [1, 2]}],
    }
    found = [
        row.values["id"]
        for row in place(ModelStore(rows), dataset(("a", "b"), ("b", "a"))).rows(SEEDS)
    ]
    assert found == [1, 7]


def test_a_row_does_not_lead_to_others_of_its_own_collection() -> None:
    rows = {"a": [{"id": 1, "email": "siti@example.test", "to_a": [2]}, {"id": 2, "email": "boss"}]}
    found = list(place(ModelStore(rows), dataset(("a", "a"))).rows(SEEDS))
    assert [row.values["id"] for row in found] == [1]


def test_what_leads_nowhere_is_not_read_to_find_the_way() -> None:
    store = ModelStore(
        {"a": [{"id": 1, "email": "siti@example.test", "to_b": [2]}], "b": [{"id": 2}]}
    )
    walk(store, dataset(("a", "b")), SEEDS)
    assert store.reads == ["a"]


@pytest.mark.parametrize(
    "seeds", [Seeds(), Seeds({"unknown.email": ("x",)}), Seeds({"a.email": ()})]
)
def test_without_seeds_nothing_is_found(seeds: Seeds) -> None:
    store = ModelStore({"a": [{"id": 1, "email": ""}]})
    assert list(place(store, dataset()).rows(seeds)) == []
    assert store.reads == []
