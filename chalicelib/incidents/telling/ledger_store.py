"""The ledger of a breach notice, in the `records` table.

pk                 BREACHTOLD#<notice id>#<part>   16 parts: a hundred thousand lines are written
                                                   at once, and read apart
sk                 <recipient id>
channel, language, queued_at, message, outcome, at, reason
                   what became of the mail (notices/telling/lines.py); of `same_address` the reason
                   is the id of the recipient whose mail it is
sent_at            when SES took the mail (ms since 1970 UTC)
means, means_at    by which other means they were told, and when (ms since 1970 UTC), `means_by`
                   by whom of the staff

pk                 BREACHTOLD#<notice id>#ADDRESS#<part>
sk                 <MAC of the address>            that a mail goes to it, whoever has it
recipient          the id of whose line has the mail
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.telling.models import (
    PARTS,
    AlreadyTold,
    Line,
    Means,
    Otherwise,
    part_of,
)
from chalicelib.notices.telling.lines import Lines, moment
from chalicelib.notices.telling.models import Outcome, Told
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, Update
from chalicelib.tables.updates import Changes

BREACH_TOLD = Schema("breach_told")
BREACH_ADDRESS = Schema("breach_address")
_MOST_LOOKED_AT = 2000
"""Lines of one page: where few have the outcome that is asked for, a page may be short."""
_WITHOUT_ADDRESS = Condition(
    "#outcome = :none AND attribute_not_exists(#means)",
    {"#outcome": "outcome", "#means": "means"},
    {":none": Outcome.NO_ADDRESS.value},
)
_NOT_TOLD_OTHERWISE = Condition(
    "attribute_exists(pk) AND attribute_not_exists(#means)", {"#means": "means"}
)


class LedgerStore:
    """Reads lines and makes the writes of them. A line's name is `<notice id>:<recipient id>`."""

    def __init__(self, records: Table) -> None:
        self._records = records
        self._lines = Lines(records, BREACH_TOLD, _line_key)

    def addition(self, notice_id: str, told: Told) -> Action:
        """The write of a line. ABSENT: nobody is told twice."""
        return self._lines.addition(line_name(notice_id, told.reader_id), told)

    def reached(self, notice_id: str, told: Told) -> Action:
        """The write of a line in place of one that knew no address. It meets `Moved` where
        somebody was faster."""
        addition = self._lines.addition(line_name(notice_id, told.reader_id), told)
        return replace(addition, condition=_WITHOUT_ADDRESS, otherwise=Moved)

    def holders(self, notice_id: str, address_ids: Iterable[str]) -> dict[str, str]:
        """By up to 100 addresses the recipient to whom a mail goes there, in one batch read."""
        keys = {_address_key(notice_id, each): each for each in address_ids}
        found = self._records.batch_get(keys, consistent=True)
        return {
            keys[key]: str(BREACH_ADDRESS.lift(item)["recipient"]) for key, item in found.items()
        }

    def holding(self, notice_id: str, address_id: str, recipient_id: str) -> Action:
        """The write that a mail goes to the address. ABSENT: one for all who have it; it meets
        `Moved` where somebody was faster."""
        key = _address_key(notice_id, address_id)
        item: Item = {"pk": key.pk, "sk": key.sk, "recipient": recipient_id}
        return Put(self._records, BREACH_ADDRESS.stamp(item), ABSENT, Moved)

    def known(self, notice_id: str, recipient_ids: Iterable[str]) -> dict[str, Line]:
        """The lines that there are of up to 100 recipients, by their ids, in one batch read."""
        found = self._lines.known(line_name(notice_id, each) for each in recipient_ids)
        lines = (self._line_from(item) for item in found.values())
        return {line.told.reader_id: line for line in lines}

    def outcome(self, name: str, outcome: Outcome, at: datetime, reason: str) -> Action:
        """The write that notes what became of the mail of the line."""
        write = self._lines.outcome(name, outcome, at, reason)
        if outcome is not Outcome.SENT:
            return write
        changes = replace(write.changes, put={**write.changes.put, "sent_at": to_millis(at)})
        return replace(write, changes=changes)

    def told_otherwise(self, notice_id: str, recipient_id: str, how: Otherwise) -> Action:
        """The write that notes by which other means somebody was told.

        It fails its transaction with `AlreadyTold` where that is noted.
        """
        put: Item = {
            "means": how.means.value,
            "means_at": to_millis(how.at),
            "means_by": how.by,
        }
        key = _line_key(line_name(notice_id, recipient_id))
        return Update(self._records, key, Changes(put=put), _NOT_TOLD_OTHERWISE, AlreadyTold)

    def line(self, notice_id: str, recipient_id: str) -> Line | None:
        """Somebody's line, read consistently, or None."""
        item = self._records.get(_line_key(line_name(notice_id, recipient_id)), consistent=True)
        return self._line_from(item) if item else None

    def part(self, notice_id: str, part: int, after: str) -> tuple[list[Line], str | None]:
        """A page of a part's lines behind a recipient's id, read consistently, and the id to go on
        behind; None at the end. Up to 1 MB, some 4,000 lines."""
        pk = _ledger(notice_id, PARTS[part])
        start = Key(pk, after) if after else None
        page = self._records.query(pk, start=start, consistent=True)
        return [*map(self._line_from, page.items)], page.last.sk if page.last else None

    def all(self, notice_id: str) -> Iterator[Line]:
        """Every line, part after part."""
        for part in PARTS:
            yield from map(self._line_from, self._records.query_all(_ledger(notice_id, part)))

    def page(
        self, notice_id: str, limit: int, start: Key | None, outcome: Outcome | None
    ) -> tuple[list[Line], Key | None]:
        """`limit` lines with the outcome, or any, and the line to go on behind; None at the end.

        Fewer where many have to be looked at for them.
        """
        lines, looked_at = list[Line](), 0
        parts = PARTS[PARTS.index(start.pk.rpartition(SEPARATOR)[2]) :] if start else PARTS
        for part in parts:
            pk = _ledger(notice_id, part)
            behind = start if start and start.pk == pk else None
            while True:
                page = self._records.query(pk, limit=_MOST_LOOKED_AT - looked_at, start=behind)
                for item in page.items:
                    looked_at += 1
                    line = self._line_from(item)
                    if outcome in (None, line.outcome):
                        lines.append(line)
                    if len(lines) == limit or looked_at == _MOST_LOOKED_AT:
                        return lines, Key(pk, str(item["sk"]))
                if page.last is None:
                    break
                behind = page.last
        return lines, None

    def _line_from(self, item: Item) -> Line:
        told, sent_at = self._lines.told(item), moment(item, "sent_at")
        if "means" not in item:
            return Line(told, None, sent_at)
        at = from_millis(cast("int", item["means_at"]))
        means = Otherwise(Means(str(item["means"])), at, str(item["means_by"]))
        return Line(told, means, sent_at)


def line_name(notice_id: str, recipient_id: str) -> str:
    """What a mail is about: its line of the ledger."""
    return f"{notice_id}:{recipient_id}"


def _line_key(name: str) -> Key:
    notice_id, recipient_id = name.split(":")
    return Key(_ledger(notice_id, part_of(recipient_id)), recipient_id)


def _address_key(notice_id: str, address_id: str) -> Key:
    return Key(compose("BREACHTOLD", notice_id, "ADDRESS", address_id[0]), address_id)


def _ledger(notice_id: str, part: str) -> str:
    return compose("BREACHTOLD", notice_id, part)
