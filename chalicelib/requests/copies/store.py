"""Released copies in the `records` table; a request has at most one.

pk        REQUEST#<request id>
sk        COPY
rev       counts the changes
object    which archive
sha256    of the archive, 32 bytes
size      of the archive, bytes
released  ms since 1970 UTC, as are the next two
until     when the present opening ends
gone      when the archive ends
left      links left of this opening
openings  how many there were
"""

from datetime import datetime
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.requests.copies.models import Copy
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Delete, Moved, Put

DATA_COPY = Schema("data_copy")


class CopyStore:
    """Reads and writes released copies."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self, request_id: str) -> Copy | None:
        """The request's copy, read consistently, or None. Raises `UnreadableItem`."""
        item = self._records.get(_key(request_id), consistent=True)
        return _from_item(request_id, DATA_COPY.lift(item)) if item else None

    def put_action(self, copy: Copy) -> Put:
        """The write of `copy` at its next revision; one at revision 0 is new.

        Of two who count a link down, release or open at once, one wins: the other gets `Moved` and
        builds its command from what stands then.
        """
        unchanged = revision_is(copy.revision) if copy.revision else ABSENT
        return Put(self._records, _item(copy), unchanged, Moved)

    def end_action(self, copy: Copy) -> Delete:
        """The write that takes the release of `copy` back; `Moved` when another came since."""
        return Delete(self._records, _key(copy.request_id), revision_is(copy.revision), Moved)


def _item(copy: Copy) -> Item:
    key = _key(copy.request_id)
    return DATA_COPY.stamp(
        {
            "pk": key.pk,
            "sk": key.sk,
            "rev": copy.revision + 1,
            "object": copy.object_id,
            "sha256": bytes.fromhex(copy.sha256),
            "size": copy.size,
            "released": to_millis(copy.released_at),
            "until": to_millis(copy.opened_until),
            "gone": to_millis(copy.gone_at),
            "left": copy.links_left,
            "openings": copy.openings,
        }
    )


def _from_item(request_id: str, item: Item) -> Copy:
    return Copy(
        request_id=request_id,
        object_id=str(item["object"]),
        sha256=cast("bytes", item["sha256"]).hex(),
        size=_integer(item, "size"),
        released_at=_moment(item, "released"),
        opened_until=_moment(item, "until"),
        gone_at=_moment(item, "gone"),
        links_left=_integer(item, "left"),
        openings=_integer(item, "openings"),
        revision=_integer(item, "rev"),
    )


def _integer(item: Item, name: str) -> int:
    return cast("int", item[name])


def _moment(item: Item, name: str) -> datetime:
    return from_millis(_integer(item, name))


def _key(request_id: str) -> Key:
    return Key(compose("REQUEST", request_id), "COPY")
