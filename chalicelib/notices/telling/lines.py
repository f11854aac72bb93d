"""Lines of a ledger in the `records` table: who was told, when, and what became of it.

    channel, language   on which way, in which language
    queued_at           when the line was written, ms since 1970 UTC
    message             the mail's id in the outbox, if there is one
    outcome, at         what became of it, and when that came; `reason` a stable code

The last part of the sort key is the reader's id. A ledger stays when the messages of the outbox are
long gone: it is the proof. Ids and constants only.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.notices.models import Language
from chalicelib.notices.telling.models import Channel, Outcome, Told
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, PRESENT
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put, Update
from chalicelib.tables.updates import Changes

_MILLISECOND = timedelta(milliseconds=1)


class Lines:
    """Lines of one type; `key_of` says where the line is that a mail names as what it is about."""

    def __init__(self, records: Table, schema: Schema, key_of: Callable[[str], Key]) -> None:
        self._records = records
        self._schema = schema
        self._key_of = key_of

    def addition(self, name: str, told: Told) -> Put:
        """The write of a line. ABSENT: nobody is told twice."""
        key = self._key_of(name)
        item: Item = {
            "pk": key.pk,
            "sk": key.sk,
            "channel": told.channel.value,
            "language": told.language,
            "queued_at": to_millis(told.queued_at),
            "outcome": told.outcome.value,
            "at": to_millis(told.at),
        }
        for attribute, value in (("message", told.message_id), ("reason", told.reason)):
            if value is not None:
                item[attribute] = value
        return Put(self._records, self._schema.stamp(item), ABSENT)

    def known(self, names: Iterable[str]) -> dict[str, Item]:
        """The lines that there are of up to 100 names, in one consistent batch read."""
        keys = {self._key_of(name): name for name in names}
        found = self._records.batch_get(keys, consistent=True)
        return {keys[key]: item for key, item in found.items()}

    def outcome(self, name: str, outcome: Outcome, at: datetime, reason: str) -> Update:
        """The write that notes what became of the line."""
        put: Item = {"outcome": outcome.value, "at": to_millis(at)}
        if reason:
            put["reason"] = reason
        # A line that is gone is not made anew.
        return Update(self._records, self._key_of(name), Changes(put=put), PRESENT)

    def told(self, item: Item) -> Told:
        """The line that stands as `item`. Raises `UnreadableItem`."""
        item = self._schema.lift(item)
        return Told(
            reader_id=str(item["sk"]).rpartition(SEPARATOR)[2],
            channel=Channel(str(item["channel"])),
            language=cast("Language", item["language"]),
            message_id=cast("str | None", item.get("message")),
            queued_at=from_millis(cast("int", item["queued_at"])),
            outcome=Outcome(str(item["outcome"])),
            at=from_millis(cast("int", item["at"])),
            reason=cast("str | None", item.get("reason")),
        )


def moment(item: Item, name: str) -> datetime | None:
    """The moment that an item's attribute says, or None where it has none."""
    at = item.get(name)
    return from_millis(at) if isinstance(at, int) else None


def listed(bucket: str, at: datetime, *ids: str) -> Item:
    """The attributes that list a telling in the index `due` until it may go on, at `at`."""
    return {"due_pk": bucket, "due_sk": compose(f"{to_millis(at):013d}", *ids)}


def waiting(records: Table, bucket: str, until: datetime) -> Iterator[Key]:
    """Each telling of the bucket that may go on by `until`, the longest waiting first.

    Half a read unit where nothing is to be told, however many people there are.
    """
    return records.due(bucket, before=f"{to_millis(until + _MILLISECOND):013d}")
