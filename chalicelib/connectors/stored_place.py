"""A place made of a store and of what the data map says about one dataset."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from chalicelib.clock import Clock
from chalicelib.connectors.datamap.models import Collection, Dataset
from chalicelib.connectors.decisions import Mandates, correction, erasure, restriction
from chalicelib.connectors.disposals import Disposal, Guard, Guards
from chalicelib.connectors.disposing import disposing
from chalicelib.connectors.enumerating import enumerating
from chalicelib.connectors.places import (
    Description,
    Disposed,
    Kept,
    Listing,
    Outcome,
    Row,
    Seeds,
    Sighting,
)
from chalicelib.connectors.reading import narrowed
from chalicelib.connectors.stores import Decide, Decision, Lookup, Store, Values
from chalicelib.connectors.taking import copies, take
from chalicelib.connectors.traversal import leading_values, walk
from chalicelib.errors import DomainError

_SALT_BYTES = 32


class StoredPlace:
    """Does the deeds of `places.Place`. Each may be repeated after a crash at any point."""

    def __init__(
        self, dataset: Dataset, store: Store, mandates: Callable[[], Mandates], clock: Clock
    ) -> None:
        self._dataset = dataset
        self._store = store
        self._mandates = mandates
        self._clock = clock

    @property
    def description(self) -> Description:
        kind = self._dataset.kind.value if self._dataset.kind else ""
        return Description(
            self._dataset.key,
            self._dataset.name,
            kind,
            tuple(self._dataset.collections),
            categories=self._dataset.categories,
        )

    def rows(self, seeds: Seeds) -> Iterator[Row]:
        """Everything about the person, in the order in which it is found."""
        for step in walk(self._store, self._dataset, seeds):
            for values in self._store.find(step.collection, step.lookup):
                yield Row(step.collection.name, values)

    def erase(self, seeds: Seeds, *, rehearse: bool) -> Outcome:
        """Erases what no mandate keeps; what leads to a row after the row."""
        # UTC is behind Jakarta: on its last day a hold ends there first.
        today = self._clock.now().date()
        mandates, salt = self._mandates(), secrets.token_bytes(_SALT_BYTES)
        return self._do(
            seeds,
            lambda collection: erasure(collection, mandates, today, salt),
            rehearse=rehearse,
            erases=True,
        )

    def correct(self, seeds: Seeds, values: Mapping[str, str], *, rehearse: bool) -> Outcome:
        """Writes the new values; what leads to a row after the row, since it may be corrected."""
        return self._do(
            seeds,
            lambda collection: correction(collection, values),
            rehearse=rehearse,
        )

    def restrict(self, seeds: Seeds, *, rehearse: bool) -> Outcome:
        """Marks the person's rows."""
        return self._do(seeds, restriction, rehearse=rehearse)

    def dispose(
        self, collection: str, reference: str, means: Disposal, guard: Guard, *, rehearse: bool
    ) -> Outcome:
        """Ends one record: `disposing.py`. To anonymise many, `dispose_many` counts once."""
        ((_, outcome),) = self.dispose_many(
            collection, {reference: guard}, means, rehearse=rehearse
        )
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    def dispose_many(
        self, collection: str, guards: Guards, means: Disposal, *, rehearse: bool
    ) -> Iterator[Disposed]:
        """Ends the records, one after the other."""
        return disposing(self._dataset, self._store, collection, guards, means, rehearse=rehearse)

    def enumerate(self, collection: str, after: str) -> Listing:
        """The collection's rows, for retention: `enumerating.py`."""
        return enumerating(self._dataset, self._store, collection, after)

    def read(
        self, collection: str, fields: Iterable[str], after: str, lookup: Lookup | None = None
    ) -> Iterator[Sighting]:
        """Rows of the collection behind a position, with these of its fields: `reading.py`."""
        return self._store.enumerate(narrowed(self._dataset, collection, fields), after, lookup)

    def find(self, collection: str, fields: Iterable[str], lookup: Lookup) -> Iterator[Values]:
        """The rows that `lookup` names, with at least these of the collection's fields."""
        return self._store.find(narrowed(self._dataset, collection, [*fields, *lookup]), lookup)

    def copies(self, collection: str, reference: str) -> list[Values]:
        """The record as it is now: `taking.py`."""
        return copies(self._dataset, self._store, collection, reference)

    def take(self, collection: str, reference: str, copied: Sequence[Values], guard: Guard) -> None:
        """Deletes the record unless it is another by now."""
        take(self._dataset, self._store, collection, reference, copied, guard)

    def leads(self, seeds: Seeds, addresses: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """What the person's rows hold in the fields `addresses`, to look them up elsewhere."""
        steps = walk(self._store, self._dataset, seeds)
        return leading_values(self._store, steps, addresses)

    def _do(
        self,
        seeds: Seeds,
        decider: Callable[[Collection], Decide],
        *,
        rehearse: bool,
        erases: bool = False,
    ) -> Outcome:
        tally = _Tally()
        for step in reversed(walk(self._store, self._dataset, seeds)):
            decide = decider(step.collection)
            decisions: Iterator[Decision] = (
                map(decide, self._store.find(step.collection, step.lookup))
                if rehearse
                else self._store.change(step.collection, step.lookup, decide, erases=erases)
            )
            for decision in decisions:
                tally.add(step.collection.name, decision)
        return tally.outcome()


@dataclass(slots=True)
class _Tally:
    """Counts what was decided, row by row."""

    found: int = 0
    changed: int = 0
    kept: dict[tuple[str, str, str], tuple[int, date | None]] = field(default_factory=dict)

    def add(self, collection: str, decision: Decision) -> None:
        self.found += 1
        self.changed += decision.alters
        for hold in decision.holds:
            key = (collection, hold.rule, hold.citation)
            rows, until = self.kept.get(key, (0, hold.until))
            # Where one row's end is not known, the end of all of them is not.
            latest = max(until, hold.until) if until and hold.until else None
            self.kept[key] = (rows + 1, latest)

    def outcome(self) -> Outcome:
        kept = tuple(Kept(*key, rows, until) for key, (rows, until) in self.kept.items())
        return Outcome(self.found, self.changed, kept)
