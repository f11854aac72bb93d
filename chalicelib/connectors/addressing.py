"""Whether a single record of a place can be named, so that it can be ended by itself, and whether
all of them can be listed with when that is."""

from chalicelib.connectors.datamap.models import DataMap, StoreKind


def is_addressable(data_map: DataMap, place: str, collection: str) -> bool:
    """Whether the map has such a place, which does at once what it is told, with such a collection,
    whose rows one primary key tells apart."""
    dataset = data_map.datasets.get(place)
    if dataset is None or dataset.kind in {None, StoreKind.WEBHOOK}:
        return False
    found = dataset.collections.get(collection)
    return found is not None and sum(each.primary_key for each in found.fields.values()) == 1


def is_enumerable(data_map: DataMap, place: str, collection: str) -> bool:
    """Whether that is so, and the map says how the collection's rows stand under retention."""
    return (
        is_addressable(data_map, place, collection)
        and data_map.datasets[place].collections[collection].retention is not None
    )
