"""What a kind of store has to be able to do, so that `StoredPlace` can make a place of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from chalicelib.connectors.datamap.models import Collection
from chalicelib.connectors.places import Json
from chalicelib.connectors.rows import texts_at

type Values = Mapping[str, Json]
"""A row: the names of its topmost fields and what is in them."""
type Lookup = Mapping[str, frozenset[str]]
"""Which rows: those that have, in any of these fields (paths), any of these values (as text)."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a row stays: a mandate by its id, its citation, the hold's last day if it is known."""

    rule: str
    citation: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of one row: it goes, or some of its topmost fields get new values, or nothing.

    None as a value empties the field, in the way of the store. `holds` say why a row stays, and
    `lasting` is what of it is the same before its erasure and after.
    """

    delete: bool = False
    changes: Values = field(default_factory=dict, repr=False)
    holds: tuple[Hold, ...] = ()
    lasting: Values = field(default_factory=dict, repr=False, compare=False)

    @property
    def alters(self) -> bool:
        """Whether the row is another afterwards."""
        return self.delete or bool(self.changes)


type Decide = Callable[[Values], Decision]
"""Pure, so that a row that changed meanwhile can be decided on again."""


class Store(Protocol):
    """The rows of one dataset. All raise `PlaceUnavailable`.

    Each row comes once, though several fields of it match.
    """

    def find(self, collection: Collection, lookup: Lookup) -> Iterator[Values]:
        """The rows that `lookup` names, page by page."""
        ...

    def change(
        self, collection: Collection, lookup: Lookup, decide: Decide, *, erases: bool
    ) -> Iterator[Decision]:
        """Does to each row what `decide` says, and yields what was decided once it is done.

        A change is made only to the row that was decided on: one that somebody changed meanwhile
        is decided on anew. With `erases`, older copies of it that the store keeps go too.
        """
        ...


def matches(lookup: Lookup, row: Values) -> bool:
    """Whether `row` is one that `lookup` names."""
    return any(value in values for path, values in lookup.items() for value in texts_at(row, path))
