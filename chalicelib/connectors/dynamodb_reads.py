"""Finding rows in DynamoDB: by key or index, in a whole table only where the map says so."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import batched
from typing import TYPE_CHECKING, Any

from chalicelib.connectors.answering import answer_of
from chalicelib.connectors.datamap.models import Collection
from chalicelib.connectors.datamap.settings import DynamoDbCollection
from chalicelib.connectors.dynamodb_items import RawItem, row_of
from chalicelib.connectors.places import PlaceUnavailable
from chalicelib.connectors.stores import Lookup, matches

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_BATCH = 100
_BATCH_ATTEMPTS = 6
_FIRST_PAUSE_SECONDS = 0.05  # doubled each time: a second and a half in all
_NUMBERS = {"integer", "float", "number"}


class DynamoDbReads:
    """Reads the tables of a dataset."""

    def __init__(self, client: "DynamoDBClient", sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def items(self, collection: Collection, lookup: Lookup) -> Iterator[RawItem]:
        """The items, each once, read consistently, page by page. Raises `PlaceUnavailable`."""
        table = table_of(collection)
        seen: set[str] = set()
        for item in self._candidates(collection, table, lookup):
            key = repr(key_of(table, item))
            if key not in seen and matches(lookup, row_of(item)):
                seen.add(key)
                yield item

    def all_items(self, collection: Collection) -> Iterator[RawItem]:
        """Every item of the table, read consistently. Raises `PlaceUnavailable`, also where the
        map does not say that the table may be read as a whole."""
        table = table_of(collection)
        if not table.scan:  # publishing refuses a map that needs it
            raise PlaceUnavailable
        return self._paginated(self._client.scan, TableName=table.table, ConsistentRead=True)

    def items_behind(
        self, collection: Collection, names: Iterable[str], after: Mapping[str, Any] | None
    ) -> Iterator[RawItem]:
        """Every item of the table behind the key `after`, with its key and the attributes `names`.

        In the table's own order. Read at half the price of `all_items`: what was written a moment
        ago may be missing. Raises as that does.
        """
        table = table_of(collection)
        if not table.scan:
            raise PlaceUnavailable
        asked = dict.fromkeys((*table.key, *names))
        aliases = {f"#f{place}": name for place, name in enumerate(asked)}
        return self._paginated(
            self._client.scan,
            TableName=table.table,
            ProjectionExpression=", ".join(aliases),
            ExpressionAttributeNames=aliases,
            **({"ExclusiveStartKey": after} if after else {}),
        )

    def items_named(
        self, collection: Collection, lookup: Lookup, after: Any
    ) -> Iterator[tuple[RawItem, Any]]:
        """The items that a `lookup` of one field names, which leads the key or an index, those
        behind the position `after`, each with its position: the number of the value, and the key.
        """
        table = table_of(collection)
        ((path, values),) = lookup.items()
        attributes = list(_attributes(collection, path, values))
        first, behind = after or (0, None)
        for place, value in enumerate(attributes[first:], first):
            start = {"ExclusiveStartKey": behind} if behind else {}
            behind = None
            for item in self._listed(table, path, value, start):
                at = {**key_of(table, item), path: value}
                yield item, (place, at)

    def _listed(
        self, table: DynamoDbCollection, path: str, value: Any, start: dict[str, Any]
    ) -> Iterator[RawItem]:
        """The items with that value in the order in which they are listed."""
        if path == table.key[0]:
            yield from self._pages(table, path, value, ConsistentRead=True, **start)
            return
        for chunk in batched(self._indexed_keys(table, path, value, start), _BATCH, strict=False):
            found = {repr(key_of(table, each)): each for each in self._batch(table, list(chunk))}
            # What has gone since it was indexed is not there.
            yield from (found[repr(key)] for key in chunk if repr(key) in found)

    def _candidates(
        self, collection: Collection, table: DynamoDbCollection, lookup: Lookup
    ) -> Iterator[RawItem]:
        """What may be meant, perhaps twice; an index may still list what is not so any more."""
        unserved = []
        for path, values in lookup.items():
            attributes = list(_attributes(collection, path, values))
            if [path] == table.key:
                yield from self._by_keys(table, ({path: each} for each in attributes))
            elif path == table.key[0]:
                for each in attributes:
                    yield from self._pages(table, path, each, ConsistentRead=True)
            elif path in table.indexes:
                for each in attributes:
                    yield from self._by_index(table, path, each)
            else:
                unserved.append(path)
        if unserved:
            yield from self.all_items(collection)

    def _by_index(self, table: DynamoDbCollection, path: str, value: Any) -> Iterator[RawItem]:
        return self._by_keys(table, self._indexed_keys(table, path, value, {}))

    def _indexed_keys(
        self, table: DynamoDbCollection, path: str, value: Any, start: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        # An index lags and may hold only some attributes: it tells which rows, the table what they
        # are.
        names = {f"#k{place}": name for place, name in enumerate(table.key)}
        listed = self._pages(
            table,
            path,
            value,
            names,
            IndexName=table.indexes[path],
            ProjectionExpression=", ".join(names),
            **start,
        )
        return (key_of(table, each) for each in listed)

    def _pages(
        self,
        table: DynamoDbCollection,
        path: str,
        value: Any,
        names: dict[str, str] | None = None,
        **also: Any,
    ) -> Iterator[RawItem]:
        return self._paginated(
            self._client.query,
            TableName=table.table,
            KeyConditionExpression="#p = :p",
            ExpressionAttributeNames={"#p": path, **(names or {})},
            ExpressionAttributeValues={":p": value},
            **also,
        )

    def _paginated(self, call: Any, **parameters: Any) -> Iterator[RawItem]:
        start: dict[str, Any] = {}
        while True:
            answer = answer_of(call, **{**parameters, **start})
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _by_keys(self, table: DynamoDbCollection, keys: Iterable[Any]) -> Iterator[RawItem]:
        unique = {repr(key): key for key in keys}
        for chunk in batched(unique.values(), _BATCH, strict=False):
            yield from self._batch(table, list(chunk))

    def _batch(self, table: DynamoDbCollection, keys: list[Any]) -> Iterator[RawItem]:
        for attempt in range(_BATCH_ATTEMPTS):
            if attempt:
                self._sleep(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
            answer = answer_of(
                self._client.batch_get_item,
                RequestItems={table.table: {"Keys": keys, "ConsistentRead": True}},
            )
            yield from answer["Responses"].get(table.table, [])
            unprocessed = answer["UnprocessedKeys"].get(table.table)
            if not unprocessed:
                return
            keys = unprocessed["Keys"]
        raise PlaceUnavailable


def table_of(collection: Collection) -> DynamoDbCollection:
    """How the collection is kept."""
    settings: DynamoDbCollection = collection.settings
    return settings


def key_of(table: DynamoDbCollection, item: RawItem) -> dict[str, Any]:
    """The key attributes of `item`."""
    return {name: item[name] for name in table.key}


def _attributes(collection: Collection, path: str, values: Iterable[str]) -> Iterator[Any]:
    """The values as attribute values; what is no number cannot be in a field of numbers."""
    field = collection.fields.get(path)
    is_number = field is not None and field.data_type in _NUMBERS
    for value in sorted(values):
        if not is_number:
            yield {"S": value}
        elif value.removeprefix("-").replace(".", "", 1).isdecimal():
            yield {"N": value}
