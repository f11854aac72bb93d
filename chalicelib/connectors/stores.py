"""What a kind of store has to be able to do, so that `StoredPlace` can make a place of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from chalicelib.connectors.datamap.models import Collection
from chalicelib.connectors.disposals import Guard
from chalicelib.connectors.places import Json, PlaceUnavailable, Sighting
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
    `lasting` is what of it is the same before its erasure and after. What was `overtaken` is not
    to be written: the row is not the one any more that others were counted for.
    """

    delete: bool = False
    changes: Values = field(default_factory=dict, repr=False)
    holds: tuple[Hold, ...] = ()
    lasting: Values = field(default_factory=dict, repr=False, compare=False)
    overtaken: bool = False

    @property
    def alters(self) -> bool:
        """Whether the row is another afterwards."""
        return self.delete or bool(self.changes)


def settled(decision: Decision) -> Decision:
    """`decision`, once it is sure that it may be written. Raises `PlaceUnavailable`: try again."""
    if decision.overtaken:
        raise PlaceUnavailable
    return decision


type Decide = Callable[[Values], Decision]
"""Pure, so that a row that changed meanwhile can be decided on again."""


class Store(Protocol):
    """The rows of one dataset. All raise `PlaceUnavailable`.

    Each row comes once, though several fields of it match.
    """

    def find(self, collection: Collection, lookup: Lookup) -> Iterator[Values]:
        """The rows that `lookup` names, page by page."""
        ...

    def all_rows(self, collection: Collection) -> Iterator[Values]:
        """Every row of the collection, page by page, with at least the fields that it names.

        That costs a read of all that is there: in DynamoDB one unit per 4 KB of the table (it is
        refused where the map does not say `scan`), in S3 each byte below the prefix, in SQL a
        statement per page. Whoever needs no more stops reading.
        """
        ...

    def enumerate(
        self, collection: Collection, after: str, lookup: Lookup | None = None
    ) -> Iterator[Sighting]:
        """Every row, page by page as they are asked for, in an order that the store keeps to, those
        behind the position `after`; each with at least the fields that the collection names.

        Costs what `all_rows` does, once for all pages, and is refused where that is. A row that is
        written meanwhile may be missed. With a `lookup` of one field, which has to be a way to rows
        (`reading.is_way`), only those that it names, at the price of these.
        """
        ...

    def change(
        self,
        collection: Collection,
        lookup: Lookup,
        decide: Decide,
        *,
        erases: bool,
        guard: Guard = (),
    ) -> Iterator[Decision]:
        """Does to each row what `decide` says, and yields what was decided once it is done.

        A change is made only to the row that was decided on: one that somebody changed meanwhile
        is decided on anew. With `erases`, older copies of it that the store keeps go too.

        Nothing is changed unless all of `guard` holds, as late as the store can tell, which each
        says of itself. Raises the `otherwise` of what does not.
        """
        ...


def matches(lookup: Lookup, row: Values) -> bool:
    """Whether `row` is one that `lookup` names."""
    return any(value in values for path, values in lookup.items() for value in texts_at(row, path))
