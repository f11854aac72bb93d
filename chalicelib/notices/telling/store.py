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
from datetime import datetime, timedelta
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.notices.models import Language, NoticeVersion
from chalicelib.notices.telling.models import Channel, Outcome, Telling, TellingState, Told
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, PRESENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, Update
from chalicelib.tables.updates import Changes

TELLING = Schema("notice_telling")
TOLD = Schema("notice_told_person")
DUE = "TELLINGS"
_MILLISECOND = timedelta(milliseconds=1)
_TOLD = "TOLD"


class TellingStore:
    """Reads tellings and ledgers; makes the writes that move them on."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def due(self, until: datetime) -> Iterator[tuple[str, str]]:
        """Notice and version of each telling that may go on by `until`, the longest waiting first.

        Half a read unit where nothing is to be told, however many people there are.
        """
        before = f"{to_millis(until + _MILLISECOND):013d}"
        for key in self._records.due(DUE, before=before):
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
        key = _line_key(telling.notice_id, telling.version, told.subject_id)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "channel": told.channel.value,
            "language": told.language,
            "queued_at": to_millis(told.queued_at),
            "outcome": told.outcome.value,
            "at": to_millis(told.at),
        }
        for name, value in (("message", told.message_id), ("reason", told.reason)):
            if value is not None:
                item[name] = value
        return Put(self._records, TOLD.stamp(item), ABSENT)

    def told(self, telling: Telling, subject_ids: Iterable[str]) -> set[str]:
        """Those of up to 100 people who have a line already, in one batch read."""
        keys = {_line_key(telling.notice_id, telling.version, each): each for each in subject_ids}
        return {keys[key] for key in self._records.batch_get(keys, consistent=True)}

    def outcome(self, about: str, outcome: Outcome, at: datetime, reason: str) -> Action:
        """The write that notes what became of the line that `about` names (`line_name`)."""
        notice_id, version, subject_id = about.split(":")
        put: Item = {"outcome": outcome.value, "at": to_millis(at)}
        if reason:
            put["reason"] = reason
        # A line that is gone is not made anew.
        key = _line_key(notice_id, version, subject_id)
        return Update(self._records, key, Changes(put=put), PRESENT)

    def page(
        self, notice_id: str, version: str, limit: int, start: Key | None
    ) -> tuple[list[Told], Key | None]:
        """`limit` lines of a ledger in the order of the people's ids, and where to go on from."""
        page = self._records.query(_ledger(notice_id, version), limit=limit, start=start)
        return [_told_from(item) for item in page.items], page.last


def line_name(telling: Telling, subject_id: str) -> str:
    """What a mail is about: its line of the ledger."""
    return ":".join((telling.notice_id, telling.version, subject_id))


def _key(notice_id: str, version: str) -> Key:
    return Key(compose("NOTICE", notice_id), compose("TELLING", version))


def _ledger(notice_id: str, version: str) -> str:
    return compose("TELLING", notice_id, version)


def _line_key(notice_id: str, version: str, subject_id: str) -> Key:
    return Key(_ledger(notice_id, version), compose(_TOLD, subject_id))


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
        name = compose(f"{to_millis(telling.next_at):013d}", telling.notice_id, telling.version)
        item |= {"due_pk": DUE, "due_sk": name}
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


def _told_from(item: Item) -> Told:
    item = TOLD.lift(item)
    return Told(
        subject_id=str(item["sk"]).partition(SEPARATOR)[2],
        channel=Channel(str(item["channel"])),
        language=cast("Language", item["language"]),
        message_id=cast("str | None", item.get("message")),
        queued_at=from_millis(cast("int", item["queued_at"])),
        outcome=Outcome(str(item["outcome"])),
        at=from_millis(cast("int", item["at"])),
        reason=cast("str | None", item.get("reason")),
    )
