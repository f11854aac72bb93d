"""From the file to the data map. What is wrong is named by its path in the file, never quoted."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.connectors.datamap.models import (
    Address,
    Anonymising,
    Anonymity,
    Collection,
    DataMap,
    Dataset,
    Erase,
    Field,
    Keep,
    Lead,
    Mark,
    Masking,
    Retention,
    StoreKind,
    Strategy,
)
from chalicelib.connectors.datamap.settings import (
    AnonymisingIn,
    CollectionSettings,
    Connected,
    DescribedField,
    FieldSettings,
    RetentionIn,
)
from chalicelib.connectors.datamap.source import (
    CollectionIn,
    DatasetIn,
    FieldIn,
    FileIn,
    ReferenceIn,
)
from chalicelib.connectors.datamap.text import InvalidDataMap, parse_yaml
from chalicelib.connectors.datamap.validating import validated
from chalicelib.connectors.datamap.vocabulary import is_known
from chalicelib.errors import FieldError

type _Referring = tuple[str, Address, ReferenceIn]


def read_map(text: str) -> DataMap:
    """The data map in the YAML `text`. Raises `InvalidDataMap` with all that is wrong with it."""
    document = parse_yaml(text)
    if not isinstance(document, dict):
        raise InvalidDataMap(FieldError("yaml", "wrong_type"))
    file = validated(FileIn, document, "")
    reader = _Reader(frozenset(each.fides_key for each in file.data_category))
    datasets = [reader.dataset(f"dataset.{place}", each) for place, each in enumerate(file.dataset)]
    reader.no_repetition("dataset", [each.key for each in datasets])
    leads = list(reader.leads())
    if reader.errors:
        raise InvalidDataMap(*reader.errors)
    return DataMap(
        {each.key: replace(each, leads=_within(each.key, leads)) for each in datasets},
        tuple(each for each in leads if each.source.dataset != each.target.dataset),
    )


@dataclass(slots=True)
class _Reader:
    """Collects what is wrong on the way, so that an author learns of all of it at once."""

    added: frozenset[str]
    errors: list[FieldError] = field(default_factory=list)
    references: list[_Referring] = field(default_factory=list)
    addresses: set[Address] = field(default_factory=set)

    def dataset(self, where: str, source: DatasetIn) -> Dataset:
        self.categories(where, source.data_categories)
        settings = self._settings(where, source)
        ours = settings.collections if settings else {}
        collections = [
            self._collection(f"{where}.collections.{place}", source, each, ours.get(each.name))
            for place, each in enumerate(source.collections)
        ]
        self.no_repetition(f"{where}.collections", [each.name for each in collections])
        for name in ours.keys() - {each.name for each in collections}:
            self._wrong(f"{where}.meta.jaga.collections.{name}", "unknown_collection")
        return Dataset(
            source.fides_key,
            source.name or source.fides_key,
            {each.name: each for each in collections},
            kind=StoreKind(settings.kind) if settings else None,
            settings=settings,
            categories=tuple(settings.categories) if settings else (),
        )

    def leads(self) -> Iterator[Lead]:
        """The references as leads, each once. One to a field that is not there is an error."""
        seen: set[Lead] = set()
        for where, here, reference in self.references:
            collection, _, path = reference.field.partition(".")
            there = Address(reference.dataset, collection, path)
            if there not in self.addresses:
                self._wrong(where, "unknown_reference")
                continue
            both = [Lead(here, there), Lead(there, here)]
            wanted = {"to": both[:1], "from": both[1:], None: both}[reference.direction]
            yield from (each for each in wanted if each not in seen)
            seen.update(wanted)

    def categories(self, where: str, named: Sequence[str] | None) -> tuple[str, ...]:
        for place, each in enumerate(named or ()):
            if not is_known(each, self.added):
                self._wrong(f"{where}.data_categories.{place}", "unknown_category")
        return tuple(named or ())

    def no_repetition(self, where: str, names: Sequence[str]) -> None:
        for place, name in enumerate(names):
            if name in names[:place]:
                self._wrong(f"{where}.{place}", "duplicate")

    def _settings(self, where: str, source: DatasetIn) -> Any:
        if not source.meta or "jaga" not in source.meta:
            return None
        ours = {"jaga": source.meta["jaga"]}
        try:
            return validated(Connected, ours, f"{where}.meta.").jaga
        except InvalidDataMap as refusal:
            self.errors.extend(refusal.fields)
            return None

    def _collection(
        self,
        where: str,
        dataset: DatasetIn,
        source: CollectionIn,
        settings: CollectionSettings | None,
    ) -> Collection:
        inherited = (
            *(dataset.data_categories or ()),
            *self.categories(where, source.data_categories),
        )
        address = Address(dataset.fides_key, source.name, "")
        if "." in source.name:
            self._wrong(f"{where}.name", "wrong_format")
        fields = dict(self._fields(f"{where}.fields", address, source.fields, inherited))
        return _with_settings(Collection(source.name, fields), settings)

    def _fields(
        self,
        where: str,
        parent: Address,
        sources: Sequence[FieldIn],
        inherited: tuple[str, ...],
    ) -> Iterator[tuple[str, Field]]:
        self.no_repetition(where, [each.name for each in sources])
        for place, source in enumerate(sources):
            here = f"{where}.{place}"
            if "." in source.name:
                self._wrong(f"{here}.name", "wrong_format")
            address = replace(parent, path=".".join(filter(None, (parent.path, source.name))))
            self.addresses.add(address)
            self.references.extend(
                (f"{here}.fides_meta.references.{number}", address, each)
                for number, each in enumerate(source.meta.references or ())
            )
            categories = (*inherited, *self.categories(here, source.data_categories))
            ours = self._field_settings(here, source)
            if source.fields:
                if ours:  # it holds nothing itself
                    self._wrong(f"{here}.meta.jaga", "not_allowed")
                yield from self._fields(f"{here}.fields", address, source.fields, categories)
            else:
                yield address.path, _field(address.path, source, categories, ours)

    def _field_settings(self, where: str, source: FieldIn) -> FieldSettings | None:
        if not isinstance(source.words, dict) or "jaga" not in source.words:
            return None
        ours = {"jaga": source.words["jaga"]}
        try:
            return validated(DescribedField, ours, f"{where}.meta.").jaga
        except InvalidDataMap as refusal:
            self.errors.extend(refusal.fields)
            return None

    def _wrong(self, where: str, code: str) -> None:
        self.errors.append(FieldError(where, code))


def _field(
    path: str, source: FieldIn, categories: tuple[str, ...], ours: FieldSettings | None
) -> Field:
    meta, masking = source.meta, source.masking
    return Field(
        path,
        tuple(dict.fromkeys(categories)),
        identity=meta.identity or "",
        primary_key=bool(meta.primary_key),
        data_type=meta.data_type or "",
        length=meta.length,
        read_only=bool(meta.read_only),
        masking=Masking(masking.strategy, masking.configuration or {}) if masking else None,
        anonymising=_anonymising(ours.anonymise) if ours and ours.anonymise else None,
    )


def _anonymising(declared: AnonymisingIn) -> Anonymising:
    return Anonymising(
        Strategy(declared.strategy),
        declared.to,
        declared.step,
        declared.prefix,
        tuple(declared.edges or ()),
    )


def _with_settings(collection: Collection, settings: CollectionSettings | None) -> Collection:
    if settings is None:
        return collection
    mark, anonymity = settings.restriction, settings.anonymise
    return replace(
        collection,
        erase=Erase(settings.erase),
        keeps=tuple(Keep(each.rule, each.since, frozenset(each.fields)) for each in settings.keep),
        restriction=Mark(mark.field, mark.value) if mark else None,
        anonymity=(
            Anonymity(anonymity.k, tuple(anonymity.quasi_identifiers)) if anonymity else None
        ),
        retention=_retention(settings.retention) if settings.retention else None,
        settings=settings,
    )


def _retention(declared: RetentionIn) -> Retention:
    return Retention(
        declared.category,
        declared.role,
        dict(declared.triggers.items()),
        declared.client or "",
        declared.person or "",
        declared.numbers or "",
    )


def _within(key: str, leads: Iterable[Lead]) -> tuple[Lead, ...]:
    return tuple(each for each in leads if each.source.dataset == each.target.dataset == key)
