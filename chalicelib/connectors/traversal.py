"""The walk through one dataset: from what is known of a person to every collection with their rows.

The order of collections is worked out before anything is read: each comes after those that lead to
it, and a lead back to an earlier one is not followed. So the walk ends on any map, and somebody's
employer, found through them, does not lead on to their colleagues.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from chalicelib.connectors.datamap.models import Collection, Dataset, Lead
from chalicelib.connectors.places import Seeds
from chalicelib.connectors.rows import texts_at
from chalicelib.connectors.stores import Lookup, Store


@dataclass(frozen=True, slots=True)
class Step:
    """A collection and how its rows are looked up: known of all, read of none but what leads on."""

    collection: Collection
    lookup: Lookup


def order(starts: Iterable[str], leads: Iterable[tuple[str, str]]) -> list[str]:
    """What can be reached from `starts`, each after all that lead to it, but for circles.

    In a circle the way back to where the walk came from is the one that does not count.
    """
    onward: dict[str, list[str]] = {}
    for source, target in leads:
        onward.setdefault(source, []).append(target)
    done: list[str] = []
    seen: set[str] = set()
    for start in dict.fromkeys(starts):
        if start in seen:
            continue
        seen.add(start)
        # Depth first without recursion: a map may be a long chain.
        open_: list[tuple[str, Iterator[str]]] = [(start, iter(onward.get(start, [])))]
        while open_:
            node, rest = open_[-1]
            following = next((each for each in rest if each not in seen), None)
            if following is None:
                done.append(node)
                open_.pop()
            else:
                seen.add(following)
                open_.append((following, iter(onward.get(following, []))))
    return done[::-1]


def walk(store: Store, dataset: Dataset, seeds: Seeds) -> list[Step]:
    """The collections that hold rows of the person, each after those that lead to it.

    Reads only the collections that others are found through. Raises `PlaceUnavailable`.
    """
    lookups: dict[str, dict[str, set[str]]] = {}
    for address, values in seeds.values.items():
        collection, _, path = address.partition(".")
        if collection in dataset.collections:
            lookups.setdefault(collection, {}).setdefault(path, set()).update(values)
    between = [
        each for each in dataset.leads if each.source.collection != each.target.collection
    ]  # within one collection: a row would lead to others' rows (their manager's)
    names = order(lookups, [(each.source.collection, each.target.collection) for each in between])
    position = {name: place for place, name in enumerate(names)}
    steps = []
    for name in names:
        step = Step(dataset.collections[name], _frozen(lookups.get(name, {})))
        if not step.lookup:
            continue
        steps.append(step)
        following = [
            each
            for each in between
            if each.source.collection == name and position[each.target.collection] > position[name]
        ]
        for lead, value in _values(store, step, following):
            found = lookups.setdefault(lead.target.collection, {})
            found.setdefault(lead.target.path, set()).add(value)
    return steps


def leading_values(
    store: Store, steps: Iterable[Step], addresses: Iterable[str]
) -> Mapping[str, tuple[str, ...]]:
    """What the person's rows hold in the fields `addresses` (`collection.path`), sorted."""
    wanted: dict[str, list[str]] = {}
    for address in dict.fromkeys(addresses):
        collection, _, path = address.partition(".")
        wanted.setdefault(collection, []).append(path)
    values: dict[str, set[str]] = {}
    for step in steps:
        name = step.collection.name
        if name not in wanted:
            continue
        for row in store.find(step.collection, step.lookup):
            for path in wanted[name]:
                values.setdefault(f"{name}.{path}", set()).update(texts_at(row, path))
    return {address: tuple(sorted(found)) for address, found in values.items() if found}


def _values(store: Store, step: Step, leads: list[Lead]) -> Iterator[tuple[Lead, str]]:
    if not leads:
        return
    for row in store.find(step.collection, step.lookup):
        for lead in leads:
            for value in texts_at(row, lead.source.path):
                yield lead, value


def _frozen(lookup: Mapping[str, set[str]]) -> Lookup:
    return {path: frozenset(values) for path, values in lookup.items() if values}
