"""Places: where personal data lives outside this system, and what can be done with it there.

A place is one dataset of the data map: a few collections in one store. Whatever keeps the data, a
place is searched from its *seeds* and answers in the same words.

Every deed may be repeated: a worker can die at any moment and another begins anew. What leads to a
row is therefore erased after the row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

from chalicelib.connectors.datamap.models import Retention
from chalicelib.connectors.disposals import Disposal, Guard, Guards
from chalicelib.errors import DomainError, NotFound, Unavailable

type Json = str | int | float | bool | list[Json] | dict[str, Json] | None
type Identities = Mapping[str, str]
"""Ways to find a person: a kind (`email`, `user_id`) and the value, which is personal data."""


class PlaceUnavailable(Unavailable):
    """The place did not answer, or not to us. It is tried again."""

    code = "place_unavailable"


class UnreadableObject(PlaceUnavailable):
    """An object at the place is not in the format that the data map says: somebody has to look.

    It may be anybody's data, so the person's cannot be told apart. `line` counts from 1 and is the
    one, or shortly before it.
    """

    code = "place_unreadable_object"

    def __init__(self, line: int) -> None:
        super().__init__(self.code)
        self.line = line


class UnknownPlace(NotFound):
    """The data map in force knows no such place."""

    code = "unknown_place"


class Deed(StrEnum):
    """What is done at a place."""

    COPY = "copy"
    ERASE = "erase"
    CORRECT = "correct"
    RESTRICT = "restrict"


class Verdict(StrEnum):
    """What came of a deed at a place."""

    DONE = "done"
    NOTHING_FOUND = "nothing_found"
    RETAINED = "retained"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Seeds:
    """Where the search of a place begins: `collection.field` and the values looked for there."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def __bool__(self) -> bool:
        return bool(self.values)

    def joined(self, other: "Seeds") -> "Seeds":
        """With all that `other` knows as well."""
        names = self.values.keys() | other.values.keys()
        joined = {
            name: tuple(sorted({*self.values.get(name, ()), *other.values.get(name, ())}))
            for name in sorted(names)
        }
        return Seeds(joined)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, item or object about the person, as the place has it."""

    collection: str
    values: Mapping[str, Json] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of a collection that the law wants kept: by which rule, its citation, until when.

    `rule` is the id of a mandate in the policy's retention rules; `until` is the latest end, None
    where it is not known yet (the trigger has not happened).
    """

    collection: str
    rule: str
    citation: str
    rows: int
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a deed found and changed, in rows; or would, when it was rehearsed."""

    found: int
    changed: int
    kept: tuple[Kept, ...] = ()

    @property
    def verdict(self) -> Verdict:
        if self.kept:
            return Verdict.RETAINED
        return Verdict.DONE if self.found else Verdict.NOTHING_FOUND


@dataclass(frozen=True, slots=True)
class Sighting:
    """A row in the order in which a place lists them, and the `position` behind it, to go on from.

    Where `values` is None the place only tells how far it is. A position is the store's own word
    and may hold personal data: the row's key.
    """

    values: Mapping[str, Json] | None = field(repr=False)
    position: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the data map says of a collection's rows under retention, and these rows.

    Of each row there is what its `key` field and the fields of `retention` lie in, at least. Where
    it `may_repeat`, several rows may be one record.
    """

    key: str
    retention: Retention
    rows: Iterator[Sighting]
    may_repeat: bool = False


type Disposed = tuple[str, Outcome | DomainError]
"""A record's reference, and what came of it: an error that says why it is as it was."""


@dataclass(frozen=True, slots=True)
class Description:
    """What people are told of a place. `answers_later`: deeds are asked for, not done at once.

    `categories` are those of the policy (section 2) that the data map says are there.
    """

    id: str
    name: str
    store: str
    collections: tuple[str, ...]
    answers_later: bool = False
    categories: tuple[str, ...] = ()


class Places(Protocol):
    """Every place of the data map in force."""

    def descriptions(self) -> Sequence[Description]: ...

    def locate(self, identities: Identities) -> Mapping[str, Seeds | PlaceUnavailable]:
        """Where the search for a person begins in each place, by place; reads only.

        A place that did not answer, and those that can be searched only with what it knows, come
        with the error instead.
        """
        ...

    def at(self, place_id: str) -> "Place":
        """Raises `UnknownPlace`."""
        ...


class Place(Protocol):
    """A place whose deeds are done at once. All raise `PlaceUnavailable`."""

    @property
    def description(self) -> Description: ...

    def rows(self, seeds: Seeds) -> Iterator[Row]:
        """Everything about the person, collection by collection, page by page."""
        ...

    def erase(self, seeds: Seeds, *, rehearse: bool) -> Outcome:
        """Does to each field what the data map says of erasure; `rehearse` only counts."""
        ...

    def correct(self, seeds: Seeds, values: Mapping[str, str], *, rehearse: bool) -> Outcome:
        """Writes the new `values`, by category of the data map (`user.name`), where it applies."""
        ...

    def restrict(self, seeds: Seeds, *, rehearse: bool) -> Outcome:
        """Marks the person's rows as restricted, where the data map names a field for it."""
        ...

    def dispose(
        self, collection: str, reference: str, means: Disposal, guard: Guard, *, rehearse: bool
    ) -> Outcome:
        """Ends the record of `collection` whose primary key holds `reference`, unless held back.

        Raises what `guard` says, `NotAnonymous`, `UnknownCollection`, `NotAddressable`: nothing is
        changed then. A record that is not there is done. May be repeated.
        """
        ...

    def enumerate(self, collection: str, after: str) -> Listing:
        """The rows of `collection` behind the position `after`, all of them when it is empty.

        Read as they are asked for, so `PlaceUnavailable` may rise on the way. Each that is there
        all the time comes at least once. Raises `UnknownCollection`, `NotAddressable`,
        `NotDeclared`.
        """
        ...

    def copies(self, collection: str, reference: str) -> Sequence[Mapping[str, Json]]:
        """The rows of the record that `dispose` would end, as they are now. Raises
        `UnknownCollection`, `NotAddressable`."""
        ...

    def take(
        self,
        collection: str,
        reference: str,
        copied: Sequence[Mapping[str, Json]],
        guard: Guard,
    ) -> None:
        """Deletes the rows of the record, each only as it is in `copied`: what is another by now
        stays, and `PlaceUnavailable` says so. Raises what `guard` says, and as `copies`. May be
        repeated."""
        ...

    def dispose_many(
        self, collection: str, guards: Guards, means: Disposal, *, rehearse: bool
    ) -> Iterator[Disposed]:
        """`dispose` for many, each yielded as soon as it is done; what holds one back holds no
        other. Raises `UnknownCollection`, `NotAddressable`."""
        ...
