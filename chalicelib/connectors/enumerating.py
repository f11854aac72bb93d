"""Listing what a place holds with what retention has to know of each row, and no more than that."""

from dataclasses import replace

from chalicelib.connectors.datamap.models import Dataset, StoreKind
from chalicelib.connectors.disposals import NotDeclared
from chalicelib.connectors.disposing import addressed
from chalicelib.connectors.places import Listing
from chalicelib.connectors.stores import Store


def enumerating(dataset: Dataset, store: Store, name: str, after: str) -> Listing:
    """The rows of the collection `name` behind the position `after`, from the first if it is empty.

    Raises `UnknownCollection`, `NotAddressable`, `NotDeclared` at once, `PlaceUnavailable` on the
    way.
    """
    collection, key = addressed(dataset, name)
    retention = collection.retention
    if retention is None:
        raise NotDeclared
    wanted = {key, *retention.fields}
    fields = {path: field for path, field in collection.fields.items() if path in wanted}
    rows = store.enumerate(replace(collection, fields=fields), after)
    # In S3 nothing keeps a record from being in several objects.
    return Listing(key, retention, rows, may_repeat=dataset.kind is StoreKind.S3)
