"""Sections 1 to 5 of the policy: whose data, which data, how it comes in, why, and cookies."""

from typing import Literal, Self

from pydantic import model_validator

from chalicelib.inventory.terms import (
    Any0,
    BasisId,
    CookieTypeId,
    Ident,
    Many,
    Named,
    Role,
    Section,
    SectionNumber,
    SpecificKind,
    Text,
    Value,
    Words,
)


class RoleScope(Value):
    """For which data Jutsoo decides (controller), and for which it acts on instruction."""

    role: Role
    covers: Text


class Scope(Section):
    """Section 1: which services, whose data, over which channels, in which role."""

    quote: Words
    services: Text
    clients: Text
    channels: Many[Named]
    subjects: Many[Named]
    roles: Many[RoleScope]


class DataItem(Value):
    """One kind of data that the policy names.

    ``identifies``: whether it points to a natural person by itself, only together with other
    data (UU PDP 4(3), combined data), or not at all. ``specific``: it is specific data under
    UU PDP 4(2); ``condition`` then says when, where it is not always so.
    """

    id: Ident
    label: Text
    personal: bool
    identifies: Literal["directly", "in_combination", "no"]
    specific: bool
    kind: SpecificKind | None = None
    article: Words | None = None
    condition: Text | None = None
    quote: Words

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.personal == (self.identifies == "no"):
            raise ValueError("data is personal exactly when it identifies somebody")
        if self.specific and not self.personal:
            raise ValueError("only personal data can be specific")
        if self.specific != (self.kind is not None) or self.specific != (self.article is not None):
            raise ValueError("specific data, and only that, names its kind and article")
        return self


class DataCategory(Value):
    """One of the policy's categories of data, whose data it is, and its items."""

    id: Ident
    label: Text
    subjects: Many[Ident]
    items: Many[DataItem]


class SensitiveStatement(Value):
    """The promise about sensitive data, and what it means beside UU PDP 4(2)."""

    quote: Words
    exceptions: Many[Literal["required_by_law", "explicitly_agreed"]]
    note: Words


class Data(Section):
    """Section 2: the categories of data."""

    categories: Many[DataCategory]
    sensitive: SensitiveStatement


class CollectionMethod(Value):
    """A way by which data comes in; ``requires`` names what must be there first (any of them)."""

    id: Ident
    label: Text
    description: Text
    means: Many[Named]
    categories: Many[Ident]
    requires: Any0[Literal["consent", "instruction"]]
    quote: Words


class Collection(Section):
    """Section 3: how data is collected."""

    methods: Many[CollectionMethod]


class LegalBasis(Value):
    """A legal basis of UU PDP 20(2); ``policy_term`` is the policy's own name for it, if any."""

    id: BasisId
    label: Text
    article: Words
    policy_term: Words | None = None


class Purpose(Value):
    """Why data is processed, on which bases, and which categories of data it needs.

    ``discretionary``: somebody may refuse or withdraw without losing the service; that is so
    exactly when consent is among the bases.
    """

    id: Ident
    label: Text
    description: Text
    section: SectionNumber
    bases: Many[BasisId]
    discretionary: bool
    categories: Many[Ident]
    quote: Words

    @model_validator(mode="after")
    def _consent_is_a_choice(self) -> Self:
        if self.discretionary != ("consent" in self.bases):
            raise ValueError("a purpose is discretionary exactly when it rests on consent")
        return self


class Purposes(Section):
    """Section 4: purposes and legal bases. ``basis_note`` says whose assignment they are."""

    quote: Words
    basis_note: Words
    bases: Many[LegalBasis]
    purposes: Many[Purpose]


class CookieType(Value):
    """A type of cookie as the visitor is asked about it."""

    id: CookieTypeId
    label: Text
    description: Text
    refusable: bool
    purposes: Many[Ident]
    quote: Words


class Cookies(Section):
    """Section 5: purposes and types of cookies, and how they are managed."""

    purposes: Many[Purpose]
    types: Many[CookieType]
    managing: Text
    quote: Words
