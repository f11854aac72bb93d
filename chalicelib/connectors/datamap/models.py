"""The data map as values. The file that they are read from is in `reading.py`.

A field is named by its path inside a row: `address.city`. Where a part of the path is a list, the
path goes through each of its members. Across a dataset it is `collection.path`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

PERSONAL = "user"
"""The root of the categories of personal data in fideslang's taxonomy."""


class StoreKind(StrEnum):
    """What keeps a dataset, as the map says under `meta.jaga.kind`."""

    DYNAMODB = "dynamodb"
    S3 = "s3"
    RDS = "rds"
    WEBHOOK = "webhook"


class Erase(StrEnum):
    """What erasure does to a row: it goes, or its personal fields do."""

    DELETE = "delete"
    MASK = "mask"


@dataclass(frozen=True, slots=True)
class Masking:
    """How one field is made unrecognisable: a masking strategy of fides and its settings."""

    strategy: str
    configuration: Mapping[str, Any] = field(default_factory=dict)


class Strategy(StrEnum):
    """How one field is anonymised (`connectors/anonymising.py`)."""

    DROP = "drop"
    GENERALISE = "generalise"
    BUCKET = "bucket"
    KEYED_HASH = "keyed_hash"


@dataclass(frozen=True, slots=True)
class Anonymising:
    """What becomes of one field when its row is anonymised.

    To generalise takes one of `to` (of dates: `year` or `month`), `step` (of numbers) and `prefix`
    (characters of texts), a bucket the lower `edges` of its ranges, in their order.
    """

    strategy: Strategy
    to: str | None = None
    step: float | None = None
    prefix: int | None = None
    edges: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Anonymity:
    """A row is anonymised only where `k` of them have the same `quasi_identifiers` afterwards."""

    k: int
    quasi_identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a collection that holds values itself (a parent of fields does not).

    `identity` is the kind of identity that it holds (`email`), `data_type` fides's word for its
    type (`integer`, `string[]`), empty when the map does not say. What is `read_only` is neither
    corrected nor masked nor anonymised.
    """

    path: str
    categories: tuple[str, ...] = ()
    identity: str = ""
    primary_key: bool = False
    data_type: str = ""
    length: int | None = None
    read_only: bool = False
    masking: Masking | None = None
    anonymising: Anonymising | None = None

    @property
    def is_personal(self) -> bool:
        """Whether any of its categories is one of personal data."""
        return any(each == PERSONAL or each.startswith(f"{PERSONAL}.") for each in self.categories)

    @property
    def stays(self) -> bool:
        """Whether no deed takes what is in it: without its key there is no row to speak of."""
        return self.primary_key or self.read_only


@dataclass(frozen=True, slots=True)
class Keep:
    """A mandate of the policy's retention rules that keeps rows of a collection.

    Its period starts on the date in the field `since`. `fields` are those that the mandate wants;
    empty means all.
    """

    rule: str
    since: str
    fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """The field, at the top of a row, and the value in it that mark the row as restricted."""

    field: str
    value: str | bool = True


@dataclass(frozen=True, slots=True)
class Retention:
    """How rows of a collection stand under retention's schedule, so that they can be enumerated.

    `category` and `role` are the schedule's words and hold for all rows. The rest are fields: those
    that hold the opaque ids of the `client` and of the `person`, empty without one, and, by the
    trigger's name, when it happened. `numbers` says what a number there counts since 1970 (UTC),
    `seconds` or `milliseconds`; empty where numbers are no moments.
    """

    category: str
    role: str
    triggers: Mapping[str, str]
    client: str = ""
    person: str = ""
    numbers: str = ""

    @property
    def fields(self) -> tuple[str, ...]:
        """All fields that are read of a row beside its key."""
        return tuple(filter(None, (self.client, self.person, *self.triggers.values())))


@dataclass(frozen=True, slots=True)
class Collection:
    """Rows of one kind. `settings` are those of its kind of store (`settings.py`)."""

    name: str
    fields: Mapping[str, Field]
    erase: Erase = Erase.MASK
    keeps: tuple[Keep, ...] = ()
    restriction: Mark | None = None
    anonymity: Anonymity | None = None
    retention: Retention | None = None
    settings: Any = None


@dataclass(frozen=True, slots=True)
class Address:
    """One field in the whole map."""

    dataset: str
    collection: str
    path: str

    @property
    def within(self) -> str:
        """Its name inside its dataset, as seeds use it."""
        return f"{self.collection}.{self.path}"


@dataclass(frozen=True, slots=True)
class Lead:
    """Values of the field `source` are looked up in the field `target`."""

    source: Address
    target: Address


@dataclass(frozen=True, slots=True)
class Dataset:
    """One place: its collections by name, and the leads between them.

    `kind` is None for a dataset that is described and not connected; `settings` are those of its
    store. `categories` are those of the policy (section 2), for the person who asks what is held.
    """

    key: str
    name: str
    collections: Mapping[str, Collection]
    leads: tuple[Lead, ...] = ()
    kind: StoreKind | None = None
    settings: Any = None
    categories: tuple[str, ...] = ()

    def identities(self) -> list[tuple[str, str]]:
        """Each kind of identity and the field, `collection.path`, that holds it."""
        return [
            (each.identity, f"{collection.name}.{each.path}")
            for collection in self.collections.values()
            for each in collection.fields.values()
            if each.identity
        ]


@dataclass(frozen=True, slots=True)
class DataMap:
    """All datasets by key, and the leads from one to another."""

    datasets: Mapping[str, Dataset]
    leads: tuple[Lead, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """A data map, the YAML file as it was given, and who proposed it in place of which version."""

    number: int
    sha256: bytes
    proposed_at: datetime
    proposed_by: str
    replaces: int
    text: str = field(repr=False)
