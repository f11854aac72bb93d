"""How far tellings of breach notices are, in the `records` table.

pk                 BREACHTELLING#<notice id>
sk                 TELLING
et, v, rev         item type, schema version, changes
incident           the incident's id; `recipient` which kind of its affected, `drill` whether it
                   is one
state              running, leaving, unreached, done, stopped; `again` whether another round follows
started_at         ms since 1970 UTC, as `next_at`, when the next mail may go out
round, part, after where it stands (models.py); `told` and `unreachable` count lines
unreached          how many of the ledger, as far as it was looked through, were not reached, and
                   `reached_at`, when the last of the others was
lacking            the version of the list at which some client had nobody on it
done_at            when all were told
due_pk             BREACHTELLINGS, with due_sk, `next_at` (13 digits) and the id, until it is done
                   or stopped

pk                 BREACHTELLING#SLOT
sk                 SLOT
et, v, rev         item type, schema version, changes
next_at            when the next mail of any telling may go out

pk                 BREACHTELLING#<notice id>
sk                 PUBLIC
at, by             when all others were told in public, and who of the staff says so
sealed             where, under the notice's own scope, bound to `at` and `by`
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.models import Recipient
from chalicelib.incidents.telling.models import (
    ENDED,
    AlreadyTold,
    BreachTelling,
    PublicWord,
    Slot,
    State,
)
from chalicelib.notices.telling.lines import listed, moment, waiting
from chalicelib.notices.telling.models import Place
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

BREACH_TELLING = Schema("breach_telling")
BREACH_SLOT = Schema("breach_slot")
BREACH_PUBLIC_WORD = Schema("breach_public_word")
DUE = "BREACHTELLINGS"
_SLOT = Key(compose("BREACHTELLING", "SLOT"), "SLOT")


class BreachTellingStore:
    """Reads tellings and makes the writes that move them on."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def due(self, until: datetime) -> Iterator[str]:
        """The notice of each telling that may go on by `until` (lines.py)."""
        for key in waiting(self._records, DUE, until):
            yield key.pk.partition(SEPARATOR)[2]

    def get(self, notice_id: str) -> BreachTelling | None:
        """The telling, read consistently, or None."""
        item = self._records.get(_key(notice_id), consistent=True)
        return _telling_from(item) if item else None

    def start(self, telling: BreachTelling) -> Action:
        """The write of a new telling. ABSENT: it starts once."""
        return Put(self._records, _item(replace(telling, revision=1)), ABSENT)

    def change(self, telling: BreachTelling) -> Action:
        """The write of `telling` in place of the one that it was made from.

        Of two runs at once one moves on; the other looks anew (`Moved`).
        """
        item = _item(replace(telling, revision=telling.revision + 1))
        return Put(self._records, item, revision_is(telling.revision), Moved)

    def slot(self) -> Slot | None:
        """When the next mail may go out, read consistently; None before the first one."""
        item = self._records.get(_SLOT, consistent=True)
        if item is None:
            return None
        item = BREACH_SLOT.lift(item)
        return Slot(from_millis(cast("int", item["next_at"])), cast("int", item["rev"]))

    def take(self, before: Slot | None, next_at: datetime) -> Action:
        """The write that takes the slots until `next_at`; of two tellings one looks anew
        (`Moved`)."""
        revision = before.revision if before else 0
        clear: Item = {"pk": _SLOT.pk, "sk": _SLOT.sk, "rev": revision + 1}
        item = BREACH_SLOT.stamp({**clear, "next_at": to_millis(next_at)})
        condition = revision_is(revision) if before else ABSENT
        return Put(self._records, item, condition, Moved)

    def public_word(self, notice_id: str) -> PublicWord | None:
        """That all were told in public, opened, read consistently, or None."""
        item = self._records.get(_public_key(notice_id), consistent=True)
        if item is None:
            return None
        item = BREACH_PUBLIC_WORD.lift(item)
        where = self._vault.open(
            Scope.breach_notice(notice_id), self._context(item), cast("bytes", item["sealed"])
        )
        return PublicWord(from_millis(cast("int", item["at"])), str(item["by"]), where.decode())

    def public_word_at(self, notice_id: str) -> datetime | None:
        """When all were told in public, read consistently, or None. Opens nothing."""
        item = self._records.get(_public_key(notice_id), consistent=True)
        return from_millis(cast("int", BREACH_PUBLIC_WORD.lift(item)["at"])) if item else None

    def add_public_word(self, notice_id: str, word: PublicWord) -> Action:
        """The write of it, in place of an earlier one: others came onto the list since. It fails
        its transaction with `AlreadyTold` where there is one of then or later."""
        key = _public_key(notice_id)
        clear: Item = {"pk": key.pk, "sk": key.sk, "at": to_millis(word.at), "by": word.by}
        item = BREACH_PUBLIC_WORD.stamp(clear)
        item["sealed"] = self._vault.seal(
            Scope.breach_notice(notice_id), self._context(item), word.where.encode()
        )
        later = Condition(
            "attribute_not_exists(pk) OR #at < :at", {"#at": "at"}, {":at": to_millis(word.at)}
        )
        return Put(self._records, item, later, AlreadyTold)

    def _context(self, item: Item) -> SealContext:
        place = SealContext.of(self._records.logical, item)
        return place._replace(bound=(f"at={item['at']!s}", f"by={item['by']!s}"))


def _key(notice_id: str) -> Key:
    return Key(compose("BREACHTELLING", notice_id), "TELLING")


def _public_key(notice_id: str) -> Key:
    return Key(compose("BREACHTELLING", notice_id), "PUBLIC")


def _item(telling: BreachTelling) -> Item:
    key, place = _key(telling.notice_id), telling.place
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": telling.revision,
        "incident": telling.incident_id,
        "recipient": telling.recipient.value,
        "drill": telling.drill,
        "state": telling.state.value,
        "again": telling.again,
        "started_at": to_millis(telling.started_at),
        "next_at": to_millis(place.next_at),
        "round": telling.round,
        "part": place.part,
        "after": place.after,
        "told": place.told,
        "unreachable": place.unreachable,
        "unreached": telling.unreached,
    }
    for name, at in (("reached_at", telling.reached_at), ("done_at", telling.done_at)):
        if at is not None:
            item[name] = to_millis(at)
    if telling.lacking:
        item["lacking"] = telling.lacking
    if telling.state not in ENDED:
        item |= listed(DUE, place.next_at, telling.notice_id)
    return BREACH_TELLING.stamp(item)


def _telling_from(item: Item) -> BreachTelling:
    match BREACH_TELLING.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "incident": str(incident_id),
            "recipient": str(recipient),
            "drill": bool(drill),
            "state": str(state),
            "again": bool(again),
            "started_at": int(started_at),
            "next_at": int(next_at),
            "round": int(round_),
            "part": int(part),
            "after": str(after),
            "told": int(told),
            "unreachable": int(unreachable),
            "unreached": int(unreached),
        }:
            return BreachTelling(
                notice_id=pk.partition(SEPARATOR)[2],
                incident_id=incident_id,
                recipient=Recipient(recipient),
                drill=drill,
                started_at=from_millis(started_at),
                place=Place(from_millis(next_at), part, after, told, unreachable),
                state=State(state),
                round=round_,
                again=again,
                unreached=unreached,
                reached_at=moment(item, "reached_at"),
                lacking=str(item.get("lacking", "")),
                done_at=moment(item, "done_at"),
                revision=revision,
            )
    raise UnreadableItem(BREACH_TELLING.item_type)
