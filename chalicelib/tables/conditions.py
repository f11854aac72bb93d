"""Conditions of writes, named after the race that each closes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.tables.codec import Value


@dataclass(frozen=True, slots=True)
class Condition:
    """A DynamoDB condition expression with its placeholders."""

    expression: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)


ABSENT = Condition("attribute_not_exists(pk)")
"""Nobody wrote this key before: of two creators one wins, and no retry overwrites."""

PRESENT = Condition("attribute_exists(pk)")
"""The item is still there: what was deleted meanwhile is not revived."""


def revision_is(revision: int) -> Condition:
    """Optimistic locking: nobody changed the item since it was read at `revision`."""
    return Condition("#rev = :rev", {"#rev": "rev"}, {":rev": revision})
