"""Our own words: `meta: {jaga: {kind: …, …}}` of a dataset, and `meta: {jaga: …}` of a field.

fides passes over them. A kind of store gets a model here; its name in `kind` chooses it. Unlike in
the rest of the file, an unknown word is refused: a mistyped `keep` would erase what the law wants
kept.
"""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

type Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]
type Path = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class Ours(BaseModel):
    """The base of our own words."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class KeepIn(Ours):
    """`rule` keeps a row for its period, which starts on the date in the field `from`.

    Meanwhile all but `fields` is masked; without `fields`, nothing is.
    """

    rule: Name
    since: Path = Field(alias="from")
    fields: list[Path] = []


class MarkIn(Ours):
    """How a row is marked as restricted: `field` (topmost) gets `value`."""

    field: Path
    value: str | bool = True


class AnonymityIn(Ours):
    """At least `k` rows have to share what is left in the `quasi_identifiers`."""

    k: Annotated[int, Field(ge=2, le=1_000)]
    quasi_identifiers: Annotated[list[Path], Field(min_length=1, max_length=20)]


class RetentionIn(Ours):
    """How rows stand under retention: constants, and fields of the collection.

    Only what happens to a row itself is read from it; `numbers` is the unit of moments that are
    numbers.
    """

    category: Name
    role: Literal["controller", "processor"]
    client: Path | None = None
    person: Path | None = None
    triggers: Annotated[dict[Literal["collected", "last_used"], Path], Field(min_length=1)]
    numbers: Literal["seconds", "milliseconds"] | None = None


class AnonymisingIn(Ours):
    """How a field is anonymised; each strategy takes its own of the settings, and no other."""

    strategy: Literal["drop", "generalise", "bucket", "keyed_hash"]
    to: Literal["year", "month"] | None = None
    step: Annotated[int | float, Field(gt=0)] | None = None
    prefix: Annotated[int, Field(gt=0)] | None = None
    edges: Annotated[list[int | float], Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _fits_its_strategy(self) -> "AnonymisingIn":
        given = self.model_fields_set - {"strategy"}
        allowed = {"generalise": {"to", "step", "prefix"}, "bucket": {"edges"}}
        fitting = allowed.get(self.strategy, set())
        if not given <= fitting or len(given) != bool(fitting):
            raise ValueError("not the settings of this strategy")
        if any(lower >= upper for lower, upper in pairwise(self.edges or ())):
            raise ValueError("edges that do not rise")
        return self


class FieldSettings(Ours):
    """What may be said of one field, in any store."""

    anonymise: AnonymisingIn | None = None


class DescribedField(Ours):
    """What the field's own `meta` says in our words."""

    jaga: FieldSettings


class CollectionSettings(Ours):
    """What may be said of a collection in any store."""

    erase: Literal["delete", "mask"] = "mask"
    keep: list[KeepIn] = []
    restriction: MarkIn | None = None
    anonymise: AnonymityIn | None = None
    retention: RetentionIn | None = None


class DatasetSettings(Ours):
    """What may be said of a dataset in any store: the policy's categories of what is there."""

    categories: list[Name] = []


class DynamoDbCollection(CollectionSettings):
    """A table: the names of its key (partition, and sort if there is one), and which field each
    index has as its partition key. Read as a whole only with `scan`."""

    table: Name
    key: Annotated[list[Name], Field(min_length=1, max_length=2)]
    indexes: dict[Name, Name] = {}
    scan: bool = False


class DynamoDbSettings(DatasetSettings):
    kind: Literal["dynamodb"]
    collections: dict[Name, DynamoDbCollection]


class S3Collection(CollectionSettings):
    """Objects under `prefix`, each with a row a line; a compressed one is named `….gz`."""

    prefix: Annotated[str, StringConstraints(max_length=900)]
    format: Literal["ndjson", "csv"]


class S3Settings(DatasetSettings):
    kind: Literal["s3"]
    bucket: Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{3,63}$")]
    collections: dict[Name, S3Collection]


class RdsCollection(CollectionSettings):
    """A table with a primary key, named like the collection unless `table` says otherwise."""

    table: Name | None = None


class RdsSettings(DatasetSettings):
    """A PostgreSQL database behind the RDS Data API; `secret` is a name or an ARN."""

    kind: Literal["rds"]
    cluster: Annotated[str, StringConstraints(pattern=r"^arn:[a-z0-9-]+:rds:.+:cluster:.+$")]
    secret: Name
    database: Name
    in_schema: Name = Field(default="public", alias="schema")
    collections: dict[Name, RdsCollection]


class WebhookSettings(DatasetSettings):
    """A system that is asked by the webhook `endpoint` (its id) and answers later."""

    kind: Literal["webhook"]
    endpoint: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{26}$")]
    collections: dict[Name, CollectionSettings] = {}


type StoreSettings = Annotated[
    DynamoDbSettings | S3Settings | RdsSettings | WebhookSettings, Field(discriminator="kind")
]


class Connected(Ours):
    """Where the dataset is, in the words of its kind of store."""

    jaga: StoreSettings
