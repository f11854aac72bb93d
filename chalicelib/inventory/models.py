"""The privacy policy as one frozen value: the document and its twelve sections.

Each section is one TOML file and one model. What can be judged within one entry is validated in
the models; what spans several sections is checked in ``policy.py``.
"""

from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from chalicelib.inventory.holdings import (
    Collection,
    Cookies,
    Data,
    DataItem,
    Purpose,
    Purposes,
    Scope,
)
from chalicelib.inventory.promises import (
    Contacts,
    Incidents,
    Retention,
    Rights,
    Security,
    Sharing,
    Updates,
)
from chalicelib.inventory.terms import Many, Named, Section, Sha256, Text, Value, Words


class Document(Value):
    """The policy as a document: who gives it, since when, and which text was encoded.

    ``source_sha256`` is the SHA-256 of the bytes of the published text, so that a changed policy
    is noticed before the data that claims to encode it is trusted.
    """

    title: Text
    controller: Words
    language: Literal["en"]
    effective: date
    updated: date
    source_name: Words
    source_sha256: Sha256
    frameworks: Many[Named]
    quote: Words

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.updated < self.effective:
            raise ValueError("updated lies before effective")
        return self


class Policy(Value):
    """The whole policy: the document and its twelve sections, in order."""

    document: Document
    scope: Scope
    data: Data
    collection: Collection
    purposes: Purposes
    cookies: Cookies
    retention: Retention
    security: Security
    rights: Rights
    sharing: Sharing
    incidents: Incidents
    updates: Updates
    contacts: Contacts

    @property
    def sections(self) -> tuple[Section, ...]:
        """The twelve sections in the policy's order."""
        return (
            self.scope,
            self.data,
            self.collection,
            self.purposes,
            self.cookies,
            self.retention,
            self.security,
            self.rights,
            self.sharing,
            self.incidents,
            self.updates,
            self.contacts,
        )

    @property
    def all_purposes(self) -> tuple[Purpose, ...]:
        """Purposes of sections 3 and 4, then those of cookies (section 5)."""
        return (*self.purposes.purposes, *self.cookies.purposes)

    @property
    def items(self) -> tuple[DataItem, ...]:
        """Every item of data, over all categories."""
        return tuple(item for category in self.data.categories for item in category.items)
