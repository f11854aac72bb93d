"""How retention ends single records of a place, and what may come in between."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from chalicelib.errors import Conflict, NotFound
from chalicelib.tables.transactions import Check

type Guard = Sequence[Check]
"""Conditions on our own tables under which alone a record may end: no legal hold is on it.

They change nothing, so a store may check them more than once. At most 99.
"""
type Guards = Mapping[str, Guard]
"""The guard of each record, by its reference."""


class Disposal(StrEnum):
    """By which means a record ends; by the names of retention's schedule."""

    DELETE = "delete"
    ANONYMISE = "anonymise"


class UnknownCollection(NotFound):
    """The place has no such collection."""

    code = "unknown_collection"


class NotAddressable(Conflict):
    """No single field tells the collection's records apart: the map names one primary key or none
    of them can be meant alone."""

    code = "not_addressable"


class NotDeclared(Conflict):
    """The data map does not say how the collection's rows stand under retention."""

    code = "retention_not_declared"


class NotAnonymous(Conflict):
    """Too few others would be like this record once it is anonymised: it would still tell who."""

    code = "not_anonymous"
