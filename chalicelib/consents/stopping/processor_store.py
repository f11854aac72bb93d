"""Processors in the `records` table: few, so all are in one partition.

pk           PROCESSORS
sk           PROCESSOR#<processor id>
et, v, rev   item type, schema version, changes
name         what the organisation is called
endpoint     the id of the webhook endpoint that it is told through
purposes     whose consents it processes on
at           when it was registered, ms since 1970 UTC
"""

import re

from chalicelib.clock import from_millis, to_millis
from chalicelib.consents.stopping.models import ID_PATTERN, Processor
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Delete, Moved, Put

PROCESSOR = Schema("processor")
_PARTITION = "PROCESSORS"
_ID = re.compile(ID_PATTERN)


class ProcessorStore:
    """Reads processors; makes the writes that change them."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def all(self) -> list[Processor]:
        """Every processor, the oldest first, read consistently in one query."""
        found = self._records.query_all(_PARTITION, consistent=True)
        return [_processor_from(item) for item in found]

    def get(self, processor_id: str) -> Processor | None:
        """One processor, read consistently, or None; also for an id that cannot be one."""
        if not _ID.fullmatch(processor_id):
            return None
        item = self._records.get(_key(processor_id), consistent=True)
        return _processor_from(item) if item else None

    def addition(self, processor: Processor) -> Action:
        """The write of a new processor. ABSENT: an id that came twice must not replace one."""
        return Put(self._records, _item_of(processor), ABSENT)

    def change(self, processor: Processor) -> Action:
        """The write of `processor` in place of the one that it was made from (its revision)."""
        # Two members of the staff at once: the second sees what the first did, and starts anew.
        return Put(self._records, _item_of(processor), revision_is(processor.revision), Moved)

    def removal(self, processor: Processor) -> Action:
        """The delete. A change that came in between is looked at first (`Moved`)."""
        key = _key(processor.processor_id)
        return Delete(self._records, key, revision_is(processor.revision), Moved)


def _item_of(processor: Processor) -> Item:
    key = _key(processor.processor_id)
    return PROCESSOR.stamp(
        {
            "pk": key.pk,
            "sk": key.sk,
            "rev": processor.revision + 1,
            "name": processor.name,
            "endpoint": processor.endpoint_id,
            "purposes": list(processor.purposes),
            "at": to_millis(processor.at),
        }
    )


def _key(processor_id: str) -> Key:
    return Key(_PARTITION, compose("PROCESSOR", processor_id))


def _processor_from(item: Item) -> Processor:
    match PROCESSOR.lift(item):
        case {
            "sk": str(sk),
            "rev": int(revision),
            "name": str(name),
            "endpoint": str(endpoint_id),
            "purposes": list(purposes),
            "at": int(at),
        }:
            return Processor(
                sk.partition(SEPARATOR)[2],
                name,
                endpoint_id,
                tuple(map(str, purposes)),
                from_millis(at),
                revision,
            )
    raise UnreadableItem(PROCESSOR.item_type)
