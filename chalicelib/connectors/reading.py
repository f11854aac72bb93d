"""Reading a collection for what it says of many people: by a way to its rows, or all of it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol, runtime_checkable

from chalicelib.connectors.datamap.models import Collection, Dataset, StoreKind
from chalicelib.connectors.datamap.settings import DynamoDbCollection
from chalicelib.connectors.disposals import UnknownCollection
from chalicelib.connectors.places import Sighting
from chalicelib.connectors.stores import Lookup, Values


@runtime_checkable
class ReadablePlace(Protocol):
    """A place whose rows can be read by what is in them. Both raise `PlaceUnavailable` as the rows
    are asked for, and `UnknownCollection`."""

    def read(
        self, collection: str, fields: Iterable[str], after: str, lookup: Lookup | None = None
    ) -> Iterator[Sighting]:
        """Rows of the collection behind the position `after`, with at least these of its fields.

        Every one, or those that `lookup` names: one field, a way to rows (`is_way`).
        """
        ...

    def find(self, collection: str, fields: Iterable[str], lookup: Lookup) -> Iterator[Values]:
        """The rows that `lookup` names, in no order."""
        ...


def is_way(dataset: Dataset, collection: Collection, path: str) -> bool:
    """Whether rows are found by a value in the field `path` without reading all of them."""
    match dataset.kind:
        case StoreKind.DYNAMODB:
            table: DynamoDbCollection = collection.settings
            return path == table.key[0] or path in table.indexes
        case StoreKind.RDS:
            return "." not in path
    return False


def is_readable(dataset: Dataset, collection: Collection) -> bool:
    """Whether all rows of the collection may be read."""
    match dataset.kind:
        case StoreKind.DYNAMODB:
            table: DynamoDbCollection = collection.settings
            return table.scan
        case StoreKind.S3 | StoreKind.RDS:
            return True
    return False


def narrowed(dataset: Dataset, name: str, fields: Iterable[str]) -> Collection:
    """The collection `name` as if it had these of its fields alone, and those of its key.

    Raises `UnknownCollection`.
    """
    collection = dataset.collections.get(name)
    if collection is None:
        raise UnknownCollection
    wanted = set(fields)
    kept = {
        path: each for path, each in collection.fields.items() if path in wanted or each.primary_key
    }
    return replace(collection, fields=kept)
