"""A store in memory that does as `stores.Store` says, and dies when told."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from chalicelib.connectors.datamap.models import Collection
from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.guarding import check_guard
from chalicelib.connectors.places import Sighting
from chalicelib.connectors.stores import Decide, Decision, Lookup, Values, matches, settled

type Rows = Mapping[str, list[dict[str, Any]]]


class Died(Exception):
    """The worker ended between two writes."""


class ModelStore:
    def __init__(self, rows: Rows) -> None:
        self.rows = {name: deepcopy(members) for name, members in rows.items()}
        self.dies_after: int | None = None
        self.reads: list[str] = []

    def find(self, collection: Collection, lookup: Lookup) -> Iterator[Values]:
        self.reads.append(collection.name)
        return (dict(row) for row in self._matching(collection, lookup))

    def all_rows(self, collection: Collection) -> Iterator[Values]:
        return (dict(row) for row in self.rows.get(collection.name, []))

    def enumerate(
        self, collection: Collection, after: str, lookup: Lookup | None = None
    ) -> Iterator[Sighting]:
        rows = self.rows.get(collection.name, [])
        for place, row in enumerate(rows[int(after or 0) :], int(after or 0) + 1):
            if lookup is None or matches(lookup, row):
                yield Sighting(dict(row), str(place))

    def change(
        self,
        collection: Collection,
        lookup: Lookup,
        decide: Decide,
        *,
        erases: bool,
        guard: Guard = (),
    ) -> Iterator[Decision]:
        for row in self._matching(collection, lookup):
            decision = settled(decide(dict(row)))
            if decision.alters:
                check_guard(guard)
                if self.dies_after == 0:
                    raise Died
                if self.dies_after is not None:
                    self.dies_after -= 1
                if decision.delete:
                    self.rows[collection.name].remove(row)
                else:
                    row.update(decision.changes)
            yield decision

    def _matching(self, collection: Collection, lookup: Lookup) -> list[dict[str, Any]]:
        return [row for row in self.rows.get(collection.name, []) if matches(lookup, row)]
