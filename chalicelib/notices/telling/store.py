"""Tellings and their ledgers in the `records` table.

    pk NOTICE#<notice id>             sk TELLING#<version>   how far it is; listed in the index
                                      `due` under TELLINGS until it is done
    pk TELLING#<notice id>#<version>  sk TOLD#<subject id>   the ledger: who was told, when, on
                                      which channel, in which language, what became of it

The ledger stays when the messages of the outbox are long gone: it is the proof. Ids and constants
only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from chalicelib.clock import from_millis, to_millis
from chalicelib.notices.models import NoticeVersion
from chalicelib.notices.telling.lines import Lines, listed, waiting
from chalicelib.notices.telling.models import Outcome, Telling, TellingState, Told
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put

TELLING = Schema("notice_telling")
TOLD = Schema("notice_told_person")
DUE = "TELLINGS"


class TellingStore:
    """Reads tellings and ledgers; makes the writes that move them on."""

    def __init__(self, records: Table) -> None:
        self._records = records
        self._lines = Lines(records, TOLD, _line_key)

    def due(self, until: datetime) -> Iterator[tuple[str, str]]:
        """Notice and version of each telling that may go on by `until` (lines.py)."""
        for key in waiting(self._records, DUE, until):
            yield key.pk.partition(SEPARATOR)[2], key.sk.partition(SEPARATOR)[2]

    def get(self, notice_id: str, version: str) -> Telling | None:
        """The telling, read consistently, or None."""
        item = self._records.get(_key(notice_id, version), consistent=True)
        return _telling_from(item) if item else None

    def start(self, notice: NoticeVersion, next_at: datetime) -> Action:
        """The write that starts to tell of `notice`."""
        telling = Telling(
            notice_id=notice.notice_id,
            version=notice.version,
            state=TellingState.RUNNING,
            started_at=notice.published_at,
            effective_at=notice.takes_effect_at,
            next_at=next_at,
        )
        return Put(self._records, _item(replace(telling, revision=1)), ABSENT)

    def change(self, telling: Telling) -> Action:
        """The write of `telling` in place of the one that it was made from.

        Of two runs at once one moves on; the other looks anew (`Moved`).
        """
        item = _item(replace(telling, revision=telling.revision + 1))
        return Put(self._records, item, revision_is(telling.revision), Moved)

    def line(self, telling: Telling, told: Told) -> Action:
        """The write of a line. ABSENT: nobody is told twice."""
        return self._lines.addition(line_name(telling, told.reader_id), told)

    def told(self, telling: Telling, subject_ids: Iterable[str]) -> set[str]:
        """Those of up to 100 people who have a line already, in one batch read."""
        names = {line_name(telling, each): each for each in subject_ids}
        return {names[known] for known in self._lines.known(names)}

    def outcome(self, about: str, outcome: Outcome, at: datetime, reason: str) -> Action:
        """The write that notes what became of the line that `about` names (`line_name`)."""
        return self._lines.outcome(about, outcome, at, reason)

    def page(
        self, notice_id: str, version: str, limit: int, start: Key | None
    ) -> tuple[list[Told], Key | None]:
        """`limit` lines of a ledger in the order of the people's ids, and where to go on from."""
        page = self._records.query(_ledger(notice_id, version), limit=limit, start=start)
        return [self._lines.told(item) for item in page.items], page.last


def line_name(telling: Telling, subject_id: str) -> str:
    """What a mail is about: its line of the ledger."""
    return ":".join((telling.notice_id, telling.version, subject_id))


def _key(notice_id: str, version: str) -> Key:
    return Key(compose("NOTICE", notice_id), compose("TELLING", version))


def _ledger(notice_id: str, version: str) -> str:
    return compose("TELLING", notice_id, version)


def _line_key(name: str) -> Key:
    notice_id, version, subject_id = name.split(":")
    return Key(_ledger(notice_id, version), compose("TOLD", subject_id))


def _item(telling: Telling) -> Item:
    key = _key(telling.notice_id, telling.version)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": telling.revision,
        "state": telling.state.value,
        "started_at": to_millis(telling.started_at),
        "effective_at": to_millis(telling.effective_at),
        "next_at": to_millis(telling.next_at),
        "round": telling.round,
        "part": telling.part,
        "after": telling.after,
        "told": telling.told,
        "unreachable": telling.unreachable,
        "asked": telling.asked,
    }
    if telling.done_at is not None:
        item["done_at"] = to_millis(telling.done_at)
    else:
        item |= listed(DUE, telling.next_at, telling.notice_id, telling.version)
    return TELLING.stamp(item)


def _telling_from(item: Item) -> Telling:
    match TELLING.lift(item):
        case {
            "pk": str(pk),
            "sk": str(sk),
            "rev": int(revision),
            "state": str(state),
            "started_at": int(started_at),
            "effective_at": int(effective_at),
            "next_at": int(next_at),
            "round": int(round_),
            "part": int(part),
            "after": str(after),
            "told": int(told),
            "unreachable": int(unreachable),
            "asked": int(asked),
        }:
            done_at = item.get("done_at")
            return Telling(
                notice_id=pk.partition(SEPARATOR)[2],
                version=sk.partition(SEPARATOR)[2],
                state=TellingState(state),
                started_at=from_millis(started_at),
                effective_at=from_millis(effective_at),
                next_at=from_millis(next_at),
                round=round_,
                part=part,
                after=after,
                told=told,
                unreachable=unreachable,
                asked=asked,
                done_at=from_millis(done_at) if isinstance(done_at, int) else None,
                revision=revision,
            )
    raise UnreadableItem(TELLING.item_type)
