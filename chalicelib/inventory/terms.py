"""The words that the inventory's models share: identifiers, bilingual text, a strict frozen base.

The models are strict (a string is no number, an unknown field is refused), so that a slip in the
data is found when it is loaded and not when it is needed. Legal terms follow UU PDP (Law 27/2022).
``Confidence`` repeats how well a statement of law was researched: V the text itself was read, V2 a
secondary source, M general knowledge; it is absent where the research gives none.

Together with the models built on it this module costs a pydantic import and some thirty classes,
so nothing on the path of ``import app`` may import it.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

type Ident = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=48)
]
type Words = Annotated[str, StringConstraints(pattern=r"^\S(.*\S)?$", max_length=600)]
type Email = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.]+@[a-z0-9.-]+\.[a-z]{2,}$")]
type Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
type SectionNumber = Annotated[int, Field(ge=1, le=12)]
# TOML has arrays only; strictness is lifted for the container alone, never for what it holds.
type Many[T] = Annotated[tuple[T, ...], Field(min_length=1, strict=False)]
type Any0[T] = Annotated[tuple[T, ...], Field(strict=False)]

type Confidence = Literal["V", "V2", "M"]
type Role = Literal["controller", "processor"]
type BasisId = Literal[
    "consent",
    "contract",
    "legal_obligation",
    "vital_interest",
    "public_task",
    "legitimate_interest",
]
type SpecificKind = Literal[
    "health", "biometric", "genetic", "criminal_record", "child", "personal_financial", "other"
]
type CookieTypeId = Literal["essential", "performance", "functional"]


class Value(BaseModel):
    """A frozen, strict value that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Text(Value):
    """The same words in English and Indonesian."""

    en: Words
    id: Words


class Named(Value):
    """A thing that only needs an id and a name."""

    id: Ident
    label: Text


class Heading(Value):
    """Number and title of a section as the policy prints them."""

    number: SectionNumber
    title: Text


class Section(Value):
    """What every file of a section begins with."""

    section: Heading
