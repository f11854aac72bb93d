"""A PostgreSQL database as a store of rows: what a place is made of (stores.py)."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import batched
from typing import cast

from chalicelib.connectors.datamap.models import Collection
from chalicelib.connectors.datamap.settings import RdsCollection
from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.guarding import check_guard
from chalicelib.connectors.places import Json, Sighting
from chalicelib.connectors.rows import topmost
from chalicelib.connectors.sql.client import DataApi, NotOfType, PlaceMisfit, Statement
from chalicelib.connectors.sql.statements import Key, deletion, page, probe, update
from chalicelib.connectors.sql.tables import Column, Table, describe_table
from chalicelib.connectors.stores import Decide, Decision, Lookup, Values, settled

_MOST_VALUES = 200
"""Values looked for in one statement."""
_MOST_UPDATES = 100
"""Rows updated in one call: the Data API takes 4 MiB."""


class SqlStore:
    """Rows of the tables of one schema. A collection's table is named like it, unless it says."""

    def __init__(self, api: DataApi, schema: str = "public") -> None:
        self._api = api
        self._schema = schema

    def find(self, collection: Collection, lookup: Lookup) -> Iterator[Values]:
        """The rows that `lookup` names, page by page, each once.

        Raises `PlaceUnavailable`, `PlaceMisfit`.
        """
        table = self._table(collection)
        for rows in self._pages(table, collection, lookup, None):
            yield from rows

    def all_rows(self, collection: Collection) -> Iterator[Values]:
        """Every row, page by page: the whole table is read in the order of its key.

        Raises `PlaceUnavailable`, `PlaceMisfit`.
        """
        table = self._table(collection)
        for rows in self._portion_pages(table, _fields(collection), None, None):
            yield from rows

    def enumerate(
        self, collection: Collection, after: str, lookup: Lookup | None = None
    ) -> Iterator[Sighting]:
        """Every row behind a key, in the key's order, page by page.

        Raises `PlaceUnavailable`, `PlaceMisfit`: also where the map's primary key is not the
        table's own, so that several rows could be one record.
        """
        table = self._table(collection)
        if [each.name for each in table.key] != _primary(collection):
            raise PlaceMisfit
        start: Key | None = tuple(json.loads(after)) if after else None
        # One field with few values is one portion, or none where the column holds none of them.
        portions = [None] if lookup is None else list(self._portions(table, lookup))
        for portion in portions:
            for rows in self._portion_pages(table, _fields(collection), portion, None, start):
                for row in rows:
                    yield Sighting(row, json.dumps(_key_of(table, row)))

    def change(
        self,
        collection: Collection,
        lookup: Lookup,
        decide: Decide,
        *,
        erases: bool,  # noqa: ARG002  # PostgreSQL keeps no older copy that a statement reaches
        guard: Guard = (),
    ) -> Iterator[Decision]:
        """Does to each row what `decide` says: to all of them or, when something fails, to none.

        One transaction, in which the rows are locked before they are decided on. A `guard` is
        checked last of all, right before it is committed: a hold that begins while the commit is
        on its way comes too late. Raises `PlaceUnavailable`, `PlaceMisfit`.
        """
        table = self._table(collection)
        decisions: list[Decision] = []
        with self._api.transaction() as transaction:
            for rows in self._pages(table, collection, lookup, transaction):
                decided = [(_key_of(table, row), settled(decide(row))) for row in rows]
                self._carry_out(table, decided, transaction)
                decisions += [decision for _, decision in decided]
            if any(each.alters for each in decisions):
                check_guard(guard)
        yield from decisions

    def _table(self, collection: Collection) -> Table:
        settings: RdsCollection | None = collection.settings
        name = settings.table if settings and settings.table else collection.name
        return describe_table(self._api, self._schema, name)

    def _pages(
        self, table: Table, collection: Collection, lookup: Lookup, transaction: str | None
    ) -> Iterator[list[Values]]:
        portions = list(self._portions(table, lookup))
        seen: set[Key] = set()
        for portion in portions:
            for rows in self._portion_pages(table, _fields(collection), portion, transaction):
                # A row may be named by a value of this portion and by one of an earlier one.
                new = [row for row in rows if _key_of(table, row) not in seen]
                if len(portions) > 1:
                    seen |= {_key_of(table, row) for row in new}
                yield new

    def _portion_pages(
        self,
        table: Table,
        fields: Sequence[str],
        portion: Lookup | None,
        transaction: str | None,
        after: Key | None = None,
    ) -> Iterator[list[Values]]:
        while rows := self._page(table, fields, portion, after, transaction):
            after = _key_of(table, rows[-1])
            yield rows

    def _page(
        self,
        table: Table,
        fields: Sequence[str],
        portion: Lookup | None,
        after: Key | None,
        transaction: str | None,
    ) -> list[Values]:
        among = None
        if portion is not None:
            among = {name: sorted(values) for name, values in portion.items()}
        statement = page(table, fields, among, after, lock=transaction is not None)
        return [json.loads(line) for (line,) in self._api.run(statement, transaction)]

    def _portions(self, table: Table, lookup: Lookup) -> Iterator[Lookup]:
        """`lookup` in parts that a statement can take, without what no row can have."""
        for name, values in lookup.items():
            column = table.column(name)
            for some in batched(sorted(values), _MOST_VALUES, strict=False):
                if fitting := self._fitting(column, some):
                    yield {name: frozenset(fitting)}

    def _fitting(self, column: Column, values: Sequence[str]) -> list[str]:
        """Those of `values` that the column could hold: one that is no number, in a column of
        numbers, would let the whole statement fail."""
        storable = [each for each in values if "\0" not in each]
        if column.is_text or not storable:
            return storable
        try:
            self._api.run(probe(storable, column.member_type))
        except NotOfType:
            if len(storable) == 1:
                return []
            half = len(storable) // 2
            parts = (storable[:half], storable[half:])
            return [each for part in parts for each in self._fitting(column, part)]
        return storable

    def _carry_out(
        self, table: Table, decided: Sequence[tuple[Key, Decision]], transaction: str
    ) -> None:
        if gone := [key for key, decision in decided if decision.delete]:
            self._api.run(deletion(table, gone), transaction)
        # Rows whose changes are to the same columns share a statement.
        alike: defaultdict[str, list[Mapping[str, str]]] = defaultdict(list)
        for key, decision in decided:
            if decision.changes and not decision.delete:
                statement = _update(table, decision.changes, key)
                alike[statement.text].append(statement.values)
        for text, values in alike.items():
            for some in batched(values, _MOST_UPDATES, strict=False):
                self._api.run_each(text, some, transaction)


def _fields(collection: Collection) -> list[str]:
    """The columns to be read: what the map does not speak of stays unread."""
    return topmost(collection.fields)


def _primary(collection: Collection) -> list[str]:
    return [path for path, field in collection.fields.items() if field.primary_key]


def _update(table: Table, changes: Values, key: Key) -> Statement:
    written = {name: _written(table.column(name), value) for name, value in changes.items()}
    return update(table, written, key)


def _written(column: Column, value: Json) -> str | None:
    """`value` as the text that `statements.update` casts. A column that must not be empty takes
    the empty text, if it holds text. Raises `PlaceMisfit`."""
    match value:
        case None if column.nullable:
            return None
        case None if column.is_text:
            return ""
        case None:
            raise PlaceMisfit
        case str() if column.type not in {"json", "jsonb"}:
            return value
    return json.dumps(value)


def _key_of(table: Table, row: Values) -> Key:
    return tuple(_text(row[column.name]) for column in table.key)


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(cast("int | float | bool", value))
