"""Ending single records of a place, by their references, as retention's schedule decided.

What the data map says of erasure by request (`erase`, `keep`) is not asked: the schedule has
weighed the laws, and the guard of each record says whether a legal hold came in between.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace

from chalicelib.connectors.anonymising import Anonymiser, Combination, anonymiser_for, shared_by
from chalicelib.connectors.datamap.models import Anonymity, Collection, Dataset
from chalicelib.connectors.disposals import (
    Disposal,
    Guard,
    Guards,
    NotAddressable,
    NotAnonymous,
    UnknownCollection,
)
from chalicelib.connectors.places import Disposed, Outcome, PlaceUnavailable
from chalicelib.connectors.rows import texts_at
from chalicelib.connectors.stores import Decide, Decision, Lookup, Store, Values
from chalicelib.errors import DomainError

_KEY_BYTES = 32


def disposing(
    dataset: Dataset,
    store: Store,
    collection_name: str,
    guards: Guards,
    means: Disposal,
    *,
    rehearse: bool,
) -> Iterator[Disposed]:
    """Ends each record, and yields what came of it as soon as it is done.

    Where the collection wants anonymity it is read once for all of `guards`, before anything is
    changed (`stores.Store.all_rows` says what that costs). Raises `UnknownCollection` and
    `NotAddressable` at once, `PlaceUnavailable` on the way.
    """
    collection, key = addressed(dataset, collection_name)
    if means is Disposal.DELETE:
        return _disposed(store, collection, key, guards, _deletion, set(), rehearse=rehearse)
    anonymiser = anonymiser_for(collection, secrets.token_bytes(_KEY_BYTES))
    if collection.anonymity is None:
        decide = _anonymisation(anonymiser, None)
        return _disposed(store, collection, key, guards, decide, set(), rehearse=rehearse)
    found = _combinations(store, collection, key, guards, anonymiser)
    shared = _shared(store, collection, key, found.values(), collection.anonymity, anonymiser)
    refused = {reference for reference, each in found.items() if not each <= shared}
    decide = _anonymisation(anonymiser, shared)
    return _disposed(store, collection, key, guards, decide, refused, rehearse=rehearse)


def addressed(dataset: Dataset, name: str) -> tuple[Collection, str]:
    """The collection, and the one field that tells its records apart.

    Raises `UnknownCollection`, `NotAddressable`.
    """
    collection = dataset.collections.get(name)
    if collection is None:
        raise UnknownCollection
    keys = [path for path, field in collection.fields.items() if field.primary_key]
    if len(keys) != 1:
        raise NotAddressable
    return collection, keys[0]


def _deletion(_row: Values) -> Decision:
    return Decision(delete=True)


def _anonymisation(anonymiser: Anonymiser, shared: frozenset[Combination] | None) -> Decide:
    """Anonymises a row; `shared` are the combinations that enough others have."""

    def decide(row: Values) -> Decision:
        is_counted = shared is None or anonymiser.combination(row) in shared
        return Decision(changes=anonymiser.changes(row), overtaken=not is_counted)

    return decide


def _combinations(
    store: Store, collection: Collection, key: str, guards: Guards, anonymiser: Anonymiser
) -> dict[str, set[Combination]]:
    """What the quasi-identifiers of each record will hold."""
    found: dict[str, set[Combination]] = {}
    for row in store.find(collection, {key: frozenset(guards)}):
        for reference in texts_at(row, key):
            if reference in guards:
                found.setdefault(reference, set()).add(anonymiser.combination(row))
    return found


def _shared(
    store: Store,
    collection: Collection,
    key: str,
    found: Iterable[set[Combination]],
    anonymity: Anonymity,
    anonymiser: Anonymiser,
) -> frozenset[Combination]:
    needed = {key, *anonymity.quasi_identifiers}
    fields = {path: field for path, field in collection.fields.items() if path in needed}
    rows = store.all_rows(replace(collection, fields=fields))
    return shared_by(anonymity.k, set().union(*found), rows, key, anonymiser)


def _disposed(
    store: Store,
    collection: Collection,
    key: str,
    guards: Guards,
    decide: Decide,
    refused: set[str],
    *,
    rehearse: bool,
) -> Iterator[Disposed]:
    for reference, guard in guards.items():
        if reference in refused:
            yield reference, NotAnonymous()
            continue
        lookup: Lookup = {key: frozenset({reference})}
        yield reference, _outcome(store, collection, lookup, decide, guard, rehearse=rehearse)


def _outcome(
    store: Store,
    collection: Collection,
    lookup: Lookup,
    decide: Decide,
    guard: Guard,
    *,
    rehearse: bool,
) -> Outcome | DomainError:
    """What became of the record; the error where its guard did not hold."""
    try:
        decisions = (
            list(map(decide, store.find(collection, lookup)))
            if rehearse
            else list(store.change(collection, lookup, decide, erases=True, guard=guard))
        )
    except PlaceUnavailable:
        raise
    except DomainError as refusal:
        return refusal
    return Outcome(len(decisions), sum(each.alters for each in decisions))
