"""What a map is checked for before it is published: whether every deed can be done by it.

A map that only describes loads all the same, as those written for fides do. Errors stand in the way
of publishing; warnings do not.
"""

from collections.abc import Collection as Names
from collections.abc import Iterator
from dataclasses import dataclass, replace

from chalicelib.connectors.addressing import is_addressable
from chalicelib.connectors.datamap.models import (
    Collection,
    DataMap,
    Dataset,
    Erase,
    StoreKind,
    Strategy,
)
from chalicelib.connectors.datamap.ours import OwnStore, named_own
from chalicelib.connectors.datamap.settings import DynamoDbCollection, RdsCollection
from chalicelib.connectors.masking import is_supported
from chalicelib.connectors.sql.tables import is_identifier
from chalicelib.retention.own.place import OWN_PLACE

_MOST_PLACES = 40  # a request's plan and what belongs to it are one transaction of 100 items


@dataclass(frozen=True, slots=True)
class Finding:
    """`where` names dataset, collection and field; `code` is stable."""

    where: str
    code: str
    is_error: bool = True


def check_map(
    data_map: DataMap, mandates: Names[str], categories: Names[str], own: Names[str] = ()
) -> list[Finding]:
    """All findings.

    `mandates` are the ids of the mandates that may keep something, `categories` those of the
    policy's categories of data, `own` the names of our own tables and buckets.
    """
    findings = [
        finding
        for dataset in data_map.datasets.values()
        for finding in _dataset(data_map, dataset, mandates)
    ]
    unknown = [
        Finding(f"{dataset.key}.{each}", "unknown_policy_category")
        for dataset in data_map.datasets.values()
        for each in dataset.categories
        if each not in categories
    ]
    ours = [
        Finding(where, OwnStore.code)
        for dataset in data_map.datasets.values()
        for where in named_own(dataset, own)
    ]
    retained = [*_retention(data_map, categories)]
    # What retention calls the place of our own records.
    reserved = [Finding(each, "reserved_place") for each in data_map.datasets if each == OWN_PLACE]
    return findings + unknown + retained + ours + reserved + [*_count(data_map)]


def _retention(data_map: DataMap, categories: Names[str]) -> Iterator[Finding]:
    """Whether what is to be enumerated can be: read row by row, and each row ended by itself."""
    for key, dataset in data_map.datasets.items():
        for name, collection in dataset.collections.items():
            declared, where, table = collection.retention, f"{key}.{name}", collection.settings
            if declared is None:
                continue
            for path in sorted(set(declared.fields) - collection.fields.keys()):
                yield Finding(f"{where}.{path}", "unknown_field")
            if declared.category not in categories:
                yield Finding(f"{where}.retention", "unknown_policy_category")
            if not is_addressable(data_map, key, name):
                yield Finding(f"{where}.retention", "not_addressable")
            if isinstance(table, DynamoDbCollection) and not table.scan:
                yield Finding(f"{where}.retention", "no_scan")


def _count(data_map: DataMap) -> Iterator[Finding]:
    if sum(each.kind is not None for each in data_map.datasets.values()) > _MOST_PLACES:
        yield Finding("dataset", "too_many_places")


def _dataset(data_map: DataMap, dataset: Dataset, mandates: Names[str]) -> Iterator[Finding]:
    if dataset.kind is None:
        yield Finding(dataset.key, "not_connected", is_error=False)
    if dataset.kind in {None, StoreKind.WEBHOOK}:  # the asked system finds its rows itself
        return
    for lead in (*dataset.leads, *data_map.leads):
        back = replace(lead, source=lead.target, target=lead.source)
        if lead.source.dataset == dataset.key and back in (*dataset.leads, *data_map.leads):
            # Which of the two ways is followed depends on where the walk begins.
            yield Finding(f"{dataset.key}.{lead.source.within}", "no_direction", is_error=False)
    entries = _entries(data_map, dataset)
    for name, collection in dataset.collections.items():
        where = f"{dataset.key}.{name}"
        if collection.settings is None:
            yield Finding(where, "missing_settings")
            continue
        yield from _named_fields(where, collection)
        yield from _keeps(where, collection, mandates)
        yield from _masks(where, collection)
        yield from _anonymising(where, collection)
        if name not in entries:
            yield Finding(where, "never_found", is_error=False)
        if isinstance(collection.settings, DynamoDbCollection):
            yield from _table(where, collection, collection.settings, entries.get(name, set()))
        if isinstance(collection.settings, RdsCollection):
            yield from _columns(where, collection, entries.get(name, set()))


def _entries(data_map: DataMap, dataset: Dataset) -> dict[str, set[str]]:
    """The fields by which rows are looked up, by collection: identities, and where leads end."""
    entries: dict[str, set[str]] = {}
    for _, address in dataset.identities():
        collection, _, path = address.partition(".")
        entries.setdefault(collection, set()).add(path)
    for lead in (*dataset.leads, *data_map.leads):
        if lead.target.dataset == dataset.key:
            entries.setdefault(lead.target.collection, set()).add(lead.target.path)
    return entries


def _named_fields(where: str, collection: Collection) -> Iterator[Finding]:
    named = {path for keep in collection.keeps for path in (keep.since, *keep.fields)}
    for path in sorted(named - collection.fields.keys()):
        yield Finding(f"{where}.{path}", "unknown_field")
    mark = collection.restriction
    if mark and mark.field not in collection.fields:
        yield Finding(f"{where}.{mark.field}", "unknown_field")


def _keeps(where: str, collection: Collection, mandates: Names[str]) -> Iterator[Finding]:
    for place, keep in enumerate(collection.keeps):
        if keep.rule not in mandates:
            yield Finding(f"{where}.keep.{place}.rule", "unknown_mandate")


def _masks(where: str, collection: Collection) -> Iterator[Finding]:
    for path, field in collection.fields.items():
        if field.masking and not is_supported(field.masking):
            yield Finding(f"{where}.{path}", "unsupported_masking")
        if collection.erase is Erase.MASK and field.is_personal and field.stays:
            yield Finding(f"{where}.{path}", "stays_after_erasure", is_error=False)


def _anonymising(where: str, collection: Collection) -> Iterator[Finding]:
    anonymity = collection.anonymity
    declares = anonymity or any(each.anonymising for each in collection.fields.values())
    for path, field in collection.fields.items():
        if declares and field.stays and (field.is_personal or field.anonymising):
            yield Finding(f"{where}.{path}", "stays_after_anonymising", is_error=False)
    for path in anonymity.quasi_identifiers if anonymity else ():
        quasi = collection.fields.get(path)
        if quasi is None:
            yield Finding(f"{where}.{path}", "unknown_field")
        elif quasi.anonymising and quasi.anonymising.strategy is Strategy.KEYED_HASH:
            # Under the next deed's key equal values are not equal any more.
            yield Finding(f"{where}.{path}", "hashed_quasi_identifier")
    table = collection.settings
    if anonymity and isinstance(table, DynamoDbCollection) and not table.scan:
        yield Finding(f"{where}.anonymise", "no_scan")


def _table(
    where: str, collection: Collection, table: DynamoDbCollection, entries: set[str]
) -> Iterator[Finding]:
    """Rows are looked up by a key or an index; a whole table is read only if the map says so."""
    for path in table.key:
        if path not in collection.fields:
            yield Finding(f"{where}.{path}", "unknown_field")
        elif not collection.fields[path].primary_key:  # or it might be masked
            yield Finding(f"{where}.{path}", "key_not_primary")
    for path in sorted(entries - {table.key[0], *table.indexes}):
        if not table.scan:
            yield Finding(f"{where}.{path}", "no_index")


def _columns(where: str, collection: Collection, entries: set[str]) -> Iterator[Finding]:
    """Rows are looked up by columns, and not by what is inside of them."""
    for path in sorted(collection.fields):
        if not is_identifier(path.partition(".")[0]):
            yield Finding(f"{where}.{path}", "wrong_format")
    for path in sorted(entries):
        if "." in path:
            yield Finding(f"{where}.{path}", "not_a_column")
