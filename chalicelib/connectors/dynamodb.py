"""Datasets in DynamoDB tables. How their rows are found is in `dynamodb_reads.py`."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.connectors.answering import answer_of
from chalicelib.connectors.datamap.models import Collection
from chalicelib.connectors.datamap.settings import DynamoDbCollection
from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.dynamodb_items import RawItem, attribute_for, row_of
from chalicelib.connectors.dynamodb_reads import DynamoDbReads, key_of, table_of
from chalicelib.connectors.guarding import ATTEMPTS
from chalicelib.connectors.places import PlaceUnavailable, Sighting
from chalicelib.connectors.rows import topmost
from chalicelib.connectors.stores import Decide, Decision, Lookup, Values, matches, settled
from chalicelib.tables.transactions import Action, Foreign, run_command

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_CHANGE_ATTEMPTS = 5
_MOST_COMPARED = 100
"""Attributes that a condition compares: an expression takes 300 operators."""


class _Overtaken(PlaceUnavailable):
    """The row is not the one any more that was decided on."""


class DynamoDbStore:
    """`stores.Store` on DynamoDB."""

    def __init__(
        self, client: "DynamoDBClient", sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._sleep = sleep
        self._reads = DynamoDbReads(client, sleep)

    def find(self, collection: Collection, lookup: Lookup) -> Iterator[Values]:
        """The rows, each read consistently, page by page. Raises `PlaceUnavailable`."""
        return map(row_of, self._reads.items(collection, lookup))

    def all_rows(self, collection: Collection) -> Iterator[Values]:
        """Every row: a scan, of one read unit per 4 KB of the table. Raises `PlaceUnavailable`."""
        return map(row_of, self._reads.all_items(collection))

    def enumerate(
        self, collection: Collection, after: str, lookup: Lookup | None = None
    ) -> Iterator[Sighting]:
        """Every row with its fields: a scan that goes on behind a key. Raises `PlaceUnavailable`,
        also for a binary key: no reference could name its row.

        With a `lookup` a query for each of its values; the position says in which one, too.
        """
        table, start = table_of(collection), json.loads(after) if after else None
        if lookup is not None:
            for item, position in self._reads.items_named(collection, lookup, start):
                yield Sighting(row_of(item), json.dumps(position))
            return
        for item in self._reads.items_behind(collection, topmost(collection.fields), start):
            key = key_of(table, item)
            if any("B" in value for value in key.values()):
                raise PlaceUnavailable
            yield Sighting(row_of(item), json.dumps(key))

    def change(
        self,
        collection: Collection,
        lookup: Lookup,
        decide: Decide,
        *,
        erases: bool,  # noqa: ARG002  # DynamoDB keeps no older items but in backups
        guard: Guard = (),
    ) -> Iterator[Decision]:
        """Changes each row under the condition that it is still the one that was decided on.

        A `guard` is part of the very transaction that changes the row: between them there is
        nothing. Raises its `otherwise`, `PlaceUnavailable`, `Contended`.
        """
        for item in self._reads.items(collection, lookup):
            decision = self._settled(collection, lookup, item, decide, guard)
            if decision is not None:
                yield decision

    def _settled(
        self,
        collection: Collection,
        lookup: Lookup,
        item: RawItem,
        decide: Decide,
        guard: Guard,
    ) -> Decision | None:
        """What was decided of `item` and done; None when it is not there any more."""
        current: RawItem | None = item
        table = table_of(collection)
        for _ in range(_CHANGE_ATTEMPTS):
            if current is None or not matches(lookup, row_of(current)):
                return None
            decision = settled(decide(row_of(current)))
            if not decision.alters or self._do(table, current, decision, guard):
                return decision
            # Somebody was faster: look at what they made of it.
            answer = answer_of(
                self._client.get_item,
                TableName=table.table,
                Key=key_of(table, current),
                ConsistentRead=True,
            )
            current = answer.get("Item")
        raise PlaceUnavailable

    def _do(
        self, table: DynamoDbCollection, item: RawItem, decision: Decision, guard: Guard
    ) -> bool:
        """Whether the row was still the same, so that the change was made."""
        names = sorted(item)[:_MOST_COMPARED]
        compared = {f"#c{place}": name for place, name in enumerate(names)}
        parameters: dict[str, Any] = {
            "TableName": table.table,
            "Key": key_of(table, item),
            "ExpressionAttributeNames": compared,
            "ExpressionAttributeValues": {f":c{n}": item[name] for n, name in enumerate(names)},
            # A writer who came between keeps what they wrote: the row is decided on anew.
            "ConditionExpression": " AND ".join(f"#c{n} = :c{n}" for n in range(len(names))),
        }
        if not decision.delete:
            parameters["UpdateExpression"] = _update(item, decision.changes, parameters)
        if guard:
            verb = "Delete" if decision.delete else "Update"
            return self._transact([*guard, Foreign({verb: parameters}, _Overtaken)])
        call: Any = self._client.delete_item if decision.delete else self._client.update_item
        return answer_of(call, "ConditionalCheckFailedException", **parameters) is not None

    def _transact(self, actions: Sequence[Action]) -> bool:
        """Whether nobody was faster. The guard comes first: its word counts more."""
        try:
            answer_of(
                run_command,
                client=self._client,
                build=lambda: actions,
                sleep=self._sleep,
                attempts=ATTEMPTS,
            )
        except _Overtaken:
            return False
        return True


def _update(item: RawItem, changes: Values, parameters: dict[str, Any]) -> str:
    """The update expression; what it names is added to `parameters`.

    An emptied field is removed: NULL would not do for the key of an index.
    """
    sets, removals = [], []
    for place, (name, value) in enumerate(changes.items()):
        parameters["ExpressionAttributeNames"][f"#u{place}"] = name
        if value is None:
            removals.append(f"#u{place}")
        else:
            sets.append(f"#u{place} = :u{place}")
            attribute = attribute_for(value, item.get(name))
            parameters["ExpressionAttributeValues"][f":u{place}"] = attribute
    clauses = (("SET", sets), ("REMOVE", removals))
    return " ".join(f"{verb} {', '.join(each)}" for verb, each in clauses if each)
