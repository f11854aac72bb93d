"""Where the checkpoints' chain stands: a note to save time, never the truth.

The bucket decides which checkpoint follows; the pointer only says from where to read on.
"""

from chalicelib.audit.entry import HASH_BYTES
from chalicelib.audit.link import Link
from chalicelib.errors import Conflict
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import Key
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Moved, Put, transact

SCHEMA = Schema("checkpoint_pointer")
_KEY = Key("CHECKPOINT", "LATEST")


class _Overtaken(Conflict):
    """Another run moved the pointer first."""

    code = "pointer_overtaken"


class Pointer:
    """The one item in `records` that names the last checkpoint."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def read(self) -> Link | None:
        """The last checkpoint noted, None before the first. Raises `UnreadableItem`."""
        item = self._records.get(_KEY, consistent=True)
        return link_from(item) if item else None

    def move(self, link: Link, following: Link) -> None:
        """Notes `following` in place of `link`, unless another run is at it or was first."""
        # Two runs follow the same bucket: the slower one must not set the pointer back.
        stands = (
            Condition("#number = :number", {"#number": "number"}, {":number": link.number})
            if link.number
            else ABSENT
        )
        item = SCHEMA.stamp(
            {
                "pk": _KEY.pk,
                "sk": _KEY.sk,
                "number": following.number,
                "sha256": following.sha256,
                "end": following.end,
            }
        )
        try:
            transact(self._records.client, [Put(self._records, item, stands, _Overtaken)])
        except (_Overtaken, Moved):
            return


def link_from(item: Item) -> Link:
    """The checkpoint that the stored `item` names. Raises `UnreadableItem`."""
    match SCHEMA.lift(item):
        case {"number": int(number), "sha256": bytes(sha256), "end": int(end)} if (
            len(sha256) == HASH_BYTES
        ):
            return Link(number, sha256, end)
    raise UnreadableItem(SCHEMA.item_type)
