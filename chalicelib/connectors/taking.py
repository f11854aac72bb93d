"""Taking single records away from a place, once somebody has a copy of them as they are.

What somebody changed since the copy stays: it has to be copied anew.
"""

import json
from collections.abc import Sequence

from chalicelib.connectors.datamap.models import Collection, Dataset
from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.disposing import addressed
from chalicelib.connectors.stores import Decision, Lookup, Store, Values


def copies(dataset: Dataset, store: Store, collection: str, reference: str) -> list[Values]:
    """The rows whose primary key holds `reference`: one, but for a key that the map calls so and
    that tells no rows apart. Raises `UnknownCollection`, `NotAddressable`, `PlaceUnavailable`."""
    found, lookup = _named(dataset, collection, reference)
    return list(store.find(found, lookup))


def take(
    dataset: Dataset,
    store: Store,
    collection: str,
    reference: str,
    copied: Sequence[Values],
    guard: Guard,
) -> None:
    """Deletes those rows, with the older versions that the store keeps of them.

    A row that is none of `copied` is there afterwards, and `PlaceUnavailable` says so. Raises what
    `guard` says, and as `copies`. May be repeated.
    """
    found, lookup = _named(dataset, collection, reference)
    known = set(map(_said, copied))

    def decide(row: Values) -> Decision:
        return Decision(delete=True, overtaken=_said(row) not in known)

    for _ in store.change(found, lookup, decide, erases=True, guard=guard):
        pass


def _named(dataset: Dataset, name: str, reference: str) -> tuple[Collection, Lookup]:
    collection, key = addressed(dataset, name)
    return collection, {key: frozenset({reference})}


def _said(row: Values) -> str:
    return json.dumps(row, sort_keys=True)
