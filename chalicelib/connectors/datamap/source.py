"""The file format: the part of fideslang's *dataset* that says where data is and what it is.

What we have no use for is passed over, as fideslang does, so that maps written for fides load as
they are. Names are fideslang's own.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

type FidesKey = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_.<>-]+$", max_length=255)]
type Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class Source(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, defer_build=True)


class ReferenceIn(Source):
    """Where else the same value is: `to` is looked up from here, `from` leads here."""

    dataset: FidesKey
    field: Name
    direction: Literal["from", "to"] | None = None


class MaskingIn(Source):
    strategy: Name
    configuration: dict[str, Any] | None = None


class FieldMeta(Source):
    references: list[ReferenceIn] | None = None
    identity: Name | None = None
    primary_key: bool | None = None
    data_type: Name | None = None
    length: Annotated[int, Field(gt=0)] | None = None
    read_only: bool | None = None
    masking_strategy_override: MaskingIn | None = None


class FieldIn(Source):
    name: Name
    data_categories: list[FidesKey] | None = None
    fides_meta: FieldMeta | None = None
    fidesops_meta: FieldMeta | None = None  # its name before 2022
    masking_strategy_override: MaskingIn | None = None  # beside fides_meta: seen in fides's samples
    fields: list["FieldIn"] | None = None
    words: Any = Field(default=None, alias="meta")  # not fides's: whatever is there, if not ours

    @property
    def meta(self) -> FieldMeta:
        return self.fides_meta or self.fidesops_meta or FieldMeta()

    @property
    def masking(self) -> MaskingIn | None:
        return self.meta.masking_strategy_override or self.masking_strategy_override


class CollectionIn(Source):
    name: Name
    data_categories: list[FidesKey] | None = None
    fields: list[FieldIn]


class DatasetIn(Source):
    fides_key: FidesKey
    name: str | None = None
    meta: dict[str, Any] | None = None
    data_categories: list[FidesKey] | None = None
    collections: list[CollectionIn]


class CategoryIn(Source):
    fides_key: FidesKey


class FileIn(Source):
    """The file. A `data_category` beside the datasets adds to the vocabulary."""

    dataset: Annotated[list[DatasetIn], Field(min_length=1)]
    data_category: list[CategoryIn] = []
