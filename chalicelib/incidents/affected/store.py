"""The list of an incident's affected (items.py): reads it, and makes the writes that change it."""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from chalicelib.errors import NotFound
from chalicelib.incidents.affected.counts_store import CountsStore
from chalicelib.incidents.affected.items import (
    PARTS,
    clear_item,
    entry_from,
    key_of_recipient,
    kind_of,
    partition,
    said_of,
)
from chalicelib.incidents.affected.models import Came, Count, Entry, Outcome, Person
from chalicelib.incidents.models import Recipient
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

MOST_AT_ONCE = 80
"""People put on the list in one transaction: with counts, the trail and a computation under 100."""
_ID_DIGITS = 32
_READ_AT_ONCE = 1000


class UnknownRecipient(NotFound):
    """Nobody with this id is on the incident's list."""

    code = "unknown_recipient"


type ListGrew = Callable[[str, Collection[Recipient], datetime], list[Action]]
"""By incident, kinds and now the writes that go on telling those kinds of what was approved."""


@dataclass(frozen=True, slots=True)
class Adding:
    """What putting people on the list comes to: their ids and outcomes in order, and the writes.

    The writes meet `Moved` where somebody else put one of them there meanwhile, and `KeyDestroyed`.
    """

    outcomes: Sequence[tuple[str, Outcome]]
    actions: list[Action] = field(repr=False)

    @property
    def kinds(self) -> frozenset[Recipient]:
        """Of those who are new, or of whom more is known now."""
        news = {Outcome.ADDED, Outcome.COMPLETED}
        return frozenset(kind_of(each) for each, outcome in self.outcomes if outcome in news)

    def count(self, outcome: Outcome) -> int:
        """How many recipients it came to that for, each counted once."""
        return sum(each is outcome for each in dict(self.outcomes).values())


class AffectedStore:
    """Of all incidents; each list is sealed under the incident's own key."""

    def __init__(
        self, records: Table, counts: CountsStore, vault: Vault, mac_key: Callable[[], bytes]
    ) -> None:
        self._records = records
        self._counts = counts
        self._vault = vault
        self._mac_key = mac_key

    def id_of(self, incident_id: str, person: Person) -> str:
        """Their id on the list, whether they are there or not. By the user's id if there is one;
        of whoever speaks for clients there is one for each client."""
        who = ("user", person.user_id) if person.user_id else ("email", person.email)
        whose = () if person.kind is Recipient.SUBJECTS else (person.client,)
        return f"{person.kind.value}-{self._mac(incident_id, person.kind.value, *who, *whose)}"

    def address_id(self, incident_id: str, email: str) -> str:
        """What the normalised address is known by, of whichever kind and client somebody is."""
        return self._mac(incident_id, "address", email)

    def adding(
        self, incident_id: str, people: Iterable[Person], came: Came, at: datetime
    ) -> Adding:
        """What it takes to have all of `people` (80 at most) on the list. Reads who is there.

        For one `build` of `run_command`: what is new counts in the very transaction that adds it,
        so a repeat counts nothing. Who was removed comes back by hand alone.
        """
        ids = [(self.id_of(incident_id, each), each) for each in people]
        merged: dict[str, Person] = {}
        for recipient_id, person in ids:
            merged[recipient_id] = (
                merged[recipient_id].completed_by(person) if recipient_id in merged else person
            )
        known = self.many(incident_id, merged)
        outcomes: dict[str, Outcome] = {}
        actions: list[Action] = []
        counts: dict[Recipient, Count] = {}
        for recipient_id, person in merged.items():
            before = known.get(recipient_id)
            after = _after(recipient_id, before, person, came, at)
            outcomes[recipient_id] = _outcome(before, after)
            if after is not None:
                actions.append(self._write(incident_id, before, after))
                counts[person.kind] = counts.get(person.kind, Count()).plus(
                    *_difference(before, after)
                )
        if actions:
            actions.append(self._vault.still_there(_scope(incident_id)))
            actions.append(self._counts.adding(incident_id, counts))
        return Adding([(each, outcomes[each]) for each, _ in ids], actions)

    def removing(self, incident_id: str, recipient_id: str, reason: str) -> list[Action]:
        """The writes that take somebody off the list, empty where that was done before.

        Raises `UnknownRecipient`, `ListIsFinal`; the writes meet `Moved`.
        """
        before = self.many(incident_id, [recipient_id]).get(recipient_id)
        if before is None:
            raise UnknownRecipient
        if before.is_removed:
            return []
        after = replace(before, removed_because=reason)
        count = Count().plus(*_difference(before, after))
        return [
            self._write(incident_id, before, after),
            self._counts.removing(incident_id, before.person.kind, count),
        ]

    def many(self, incident_id: str, recipient_ids: Iterable[str]) -> dict[str, Entry]:
        """Those there are, removed ones too, by id, read consistently; one key opens all."""
        keys = [key_of_recipient(incident_id, each) for each in recipient_ids]
        items = self._records.batch_get(keys, consistent=True)
        return {each.recipient_id: each for each in self._opened(incident_id, items.values())}

    def after(
        self, incident_id: str, kind: Recipient, part: str, after: str, limit: int
    ) -> list[str]:
        """Up to `limit` ids of the kind in a part that come after that one, in order."""
        found: list[str] = []
        for item in self._standing(incident_id, kind, part, after, limit):
            found.append(str(item["sk"]))
            if len(found) == limit:
                break
        return found

    def clients(self, incident_id: str, kind: Recipient) -> set[str]:
        """The ids of the clients for whom somebody of the kind stands on the list, read
        consistently. Opens every one of the kind: for a decision, not for a poll."""
        items = (
            item
            for part in PARTS
            for item in self._standing(incident_id, kind, part, "", _READ_AT_ONCE)
        )
        return {each.person.client for each in self._opened(incident_id, items)}

    def page(
        self, incident_id: str, kind: Recipient, parts: str, limit: int, after: str
    ) -> list[Entry]:
        """Up to `limit` entries of the kind, opened: in the first of `parts` those that come after
        that id, then those of the others."""
        found: list[Item] = []
        for part in parts:
            for item in self._standing(incident_id, kind, part, after, limit):
                found.append(item)
                if len(found) == limit:
                    return self._opened(incident_id, found)
            after = ""
        return self._opened(incident_id, found)

    def _standing(
        self, incident_id: str, kind: Recipient, part: str, after: str, limit: int
    ) -> Iterator[Item]:
        """Items of the kind in a part behind an id, without those removed, page by page."""
        first, last = f"{kind.value}-", f"{kind.value}-~"
        start = Key(partition(incident_id, part), after) if after else None
        while True:
            page = self._records.query(
                partition(incident_id, part),
                sk_from=first,
                sk_to=last,
                limit=limit,
                start=start,
                consistent=True,
            )
            yield from (each for each in page.items if not each["removed"])
            if page.last is None:
                return
            start = page.last

    def _opened(self, incident_id: str, items: Iterable[Item]) -> list[Entry]:
        items, scope = list(items), _scope(incident_id)
        sealed = [(scope, self._context(item), cast("bytes", item["sealed"])) for item in items]
        said = self._vault.open_many(sealed)
        return [entry_from(item, text) for item, text in zip(items, said, strict=True) if text]

    def _write(self, incident_id: str, before: Entry | None, after: Entry) -> Action:
        revision = 1 if before is None else before.revision + 1
        item = clear_item(incident_id, replace(after, revision=revision))
        context = self._context(item)
        item["sealed"] = self._vault.seal(_scope(incident_id), context, said_of(after))
        # Of two who find the same one, one puts them there; the other looks again and counts none.
        condition = ABSENT if before is None else revision_is(before.revision)
        return Put(self._records, item, condition, Moved)

    def _context(self, item: Item) -> SealContext:
        # Bound to it: nobody is taken off the list, or put back, beside the seal.
        place = SealContext.of(self._records.logical, item)
        return place._replace(bound=(f"removed={item['removed']!s}",))

    def _mac(self, *parts: str) -> str:
        message = b"".join(len(each).to_bytes(4) + each for each in map(str.encode, parts))
        return hmac.digest(self._mac_key(), message, hashlib.sha256).hex()[:_ID_DIGITS]


def _after(
    recipient_id: str, before: Entry | None, person: Person, came: Came, at: datetime
) -> Entry | None:
    """The entry as it has to be; None where it stays as it is."""
    if before is None:
        return Entry(recipient_id, came, at, person)
    if before.is_removed:
        if came is Came.COMPUTED:
            return None
        return replace(before, came=came, at=at, person=person, removed_because="")
    knows = before.person.completed_by if came is Came.COMPUTED else before.person.corrected_by
    after = knows(person)
    return None if after == before.person else replace(before, person=after)


def _outcome(before: Entry | None, after: Entry | None) -> Outcome:
    if after is None:
        return Outcome.REMOVED if before and before.is_removed else Outcome.KNOWN
    return Outcome.ADDED if before is None or before.is_removed else Outcome.COMPLETED


def _difference(before: Entry | None, after: Entry) -> tuple[int, int]:
    """By how much the count of recipients changes, and that of those without an address."""
    was, had_none = _counted(before)
    is_, has_none = _counted(after)
    return is_ - was, has_none - had_none


def _counted(entry: Entry | None) -> tuple[int, int]:
    if entry is None or entry.is_removed:
        return 0, 0
    return 1, int(not entry.person.email)


def _scope(incident_id: str) -> Scope:
    return Scope.affected(incident_id)
