"""The ledger of a breach notice, in the `records` table.

pk                 BREACHTOLD#<notice id>#<part>   16 parts: a hundred thousand lines are written
                                                   at once, and read apart
sk                 <recipient id>
channel, language, queued_at, message, outcome, at, reason
                   what became of the mail (notices/telling/lines.py); of `same_address` the reason
                   is the id of the recipient whose mail it is: what became of it stands there
shares             the id of that mail: its holder may have been written to elsewhere since
sent_at            when SES took the mail (ms since 1970 UTC)
means, means_at    by which other means they were told, and when (ms since 1970 UTC), `means_by`
                   by whom of the staff

pk                 BREACHTOLD#<notice id>#ADDRESS#<part>
sk                 <MAC of the address>            that a mail goes to it, whoever has it
recipient          the id of whose line has the mail, `message` the mail's
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import batched
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.telling.models import (
    PARTS,
    AlreadyTold,
    Holder,
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
_AT_ONCE = 100  # lines in a batch read
_MOST_LOOKED_AT = 2000
"""Lines of one page: where few have the outcome that is asked for, a page may be short."""
_NOT_TOLD_OTHERWISE = Condition(
    "attribute_exists(pk) AND attribute_not_exists(#means)", {"#means": "means"}
)


class LedgerStore:
    """Reads lines and makes the writes of them. A line's name is `<notice id>:<recipient id>`."""

    def __init__(self, records: Table) -> None:
        self._records = records
        self._lines = Lines(records, BREACH_TOLD, _line_key)

    def keeping(self, notice_id: str, line: Line, before: Line | None) -> Action:
        """The write of a line that says whom a mail goes to, or why none does.

        ABSENT: nobody is told twice. In place of `before`, which reached nobody, it meets `Moved`
        where somebody was faster.
        """
        write = self._lines.addition(line_name(notice_id, line.told.reader_id), line.told)
        if line.shares:
            write = replace(write, item={**write.item, "shares": line.shares})
        if before is None:
            return write
        as_it_was = Condition(
            "#outcome = :outcome AND attribute_not_exists(#means)",
            {"#outcome": "outcome", "#means": "means"},
            {":outcome": before.told.outcome.value},
        )
        return replace(write, condition=as_it_was, otherwise=Moved)

    def holders(self, notice_id: str, address_ids: Iterable[str]) -> dict[str, Holder]:
        """By up to 100 addresses whose mail went there first, in one batch read."""
        keys = {_address_key(notice_id, each): each for each in address_ids}
        found = self._records.batch_get(keys, consistent=True)
        items = ((keys[key], BREACH_ADDRESS.lift(item)) for key, item in found.items())
        return {
            address_id: Holder(str(item["recipient"]), cast("str | None", item.get("message")))
            for address_id, item in items
        }

    def holding(self, notice_id: str, address_id: str, holder: Holder) -> Action:
        """The write that a mail goes to the address. ABSENT: one for all who have it; it meets
        `Moved` where somebody was faster."""
        key = _address_key(notice_id, address_id)
        item: Item = {"pk": key.pk, "sk": key.sk, "recipient": holder.recipient_id}
        if holder.message_id:
            item["message"] = holder.message_id
        return Put(self._records, BREACH_ADDRESS.stamp(item), ABSENT, Moved)

    def known(self, notice_id: str, recipient_ids: Iterable[str]) -> dict[str, Line]:
        """The lines that there are of up to 100 recipients, by their ids, in one batch read."""
        found = self._lines.known(line_name(notice_id, each) for each in recipient_ids)
        lines = self._opened(notice_id, found.values())
        return {line.told.reader_id: line for line in lines}

    def outcome(self, name: str, outcome: Outcome, at: datetime, reason: str) -> Action:
        """The write that notes what became of the mail of the line."""
        write = self._lines.outcome(name, outcome, at, reason)
        if outcome is not Outcome.SENT:
            return write
        changes = replace(write.changes, put={**write.changes.put, "sent_at": to_millis(at)})
        return replace(write, changes=changes)

    def mail_of(self, name: str) -> str | None:
        """The id of the line's mail, read consistently; None without one."""
        item = self._records.get(_line_key(name), consistent=True)
        return self._lines.told(item).message_id if item else None

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
        return self._opened(notice_id, [item])[0] if item else None

    def part(self, notice_id: str, part: int, after: str) -> tuple[list[Line], str | None]:
        """A page of a part's lines behind a recipient's id, read consistently, and the id to go on
        behind; None at the end. Up to 1 MB, some 4,000 lines."""
        pk = _ledger(notice_id, PARTS[part])
        start = Key(pk, after) if after else None
        page = self._records.query(pk, start=start, consistent=True)
        return self._opened(notice_id, page.items), page.last.sk if page.last else None

    def all(self, notice_id: str) -> Iterator[Line]:
        """Every line, part after part."""
        for part in PARTS:
            items = self._records.query_all(_ledger(notice_id, part))
            for some in batched(items, _AT_ONCE, strict=False):
                yield from self._opened(notice_id, some)

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
                for line in self._opened(notice_id, page.items):
                    looked_at += 1
                    if outcome in (None, line.outcome):
                        lines.append(line)
                    if len(lines) == limit or looked_at == _MOST_LOOKED_AT:
                        return lines, Key(pk, line.told.reader_id)
                if page.last is None:
                    break
                behind = page.last
        return lines, None

    def _opened(self, notice_id: str, items: Iterable[Item]) -> list[Line]:
        """The lines, with what became of mails that they share: one batch read for a hundred."""
        lines = [self._line_from(item) for item in items]
        holders = {line.holder.recipient_id for line in lines if line.holder}
        mails: dict[str, Told] = {}
        for some in batched(sorted(holders), _AT_ONCE, strict=False):
            for item in self._lines.known(line_name(notice_id, e) for e in some).values():
                told = self._lines.told(item)
                mails[told.reader_id] = told
        return [replace(line, shared=_shared(line, mails)) for line in lines]

    def _line_from(self, item: Item) -> Line:
        told, sent_at = self._lines.told(item), moment(item, "sent_at")
        shares = cast("str | None", item.get("shares"))
        if "means" not in item:
            return Line(told, None, sent_at, shares)
        at = from_millis(cast("int", item["means_at"]))
        means = Otherwise(Means(str(item["means"])), at, str(item["means_by"]))
        return Line(told, means, sent_at, shares)


def _shared(line: Line, mails: Mapping[str, Told]) -> Outcome | None:
    """What became of the mail that the line shares, as `mails` by their recipients say."""
    holder = line.holder
    told = mails.get(holder.recipient_id) if holder else None
    if holder is None or told is None:
        return None
    # Who was written to elsewhere since was not reached here.
    is_another = holder.message_id and holder.message_id != told.message_id
    return Outcome.BOUNCED if is_another else told.outcome


def notice_of(name: str) -> str:
    """The id of the notice that the line of that name is told of."""
    return name.partition(":")[0]


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
