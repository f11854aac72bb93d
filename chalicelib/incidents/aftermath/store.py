"""What follows incidents, in the `records` table (items.py)."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.aftermath.items import (
    LISTED,
    REMINDED,
    aftermath_from,
    clear_item,
    key_of_aftermath,
    said_of,
    watched,
)
from chalicelib.incidents.aftermath.models import Aftermath
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

_MILLISECOND = timedelta(milliseconds=1)


class AftermathStore:
    """Reads what follows an incident that exists; makes the writes that change it."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, incident_id: str) -> Aftermath:
        """What is kept so far, opened, read consistently; nothing where nothing is."""
        item = self._item(incident_id)
        if item is None:
            return Aftermath(incident_id)
        sealed = cast("bytes", item["sealed"])
        said = self._vault.open(Scope.incident(incident_id), self._context(item), sealed)
        return aftermath_from(item, json.loads(said))

    def seen(self, incident_id: str) -> Aftermath:
        """The same as far as it stands in clear."""
        item = self._item(incident_id)
        return aftermath_from(item, {}) if item else Aftermath(incident_id)

    def due(self, until: datetime) -> Iterator[str]:
        """Ids of the incidents with a reminder to send by `until`, the earliest first."""
        before = f"{to_millis(until + _MILLISECOND):013d}"
        for key in self._records.due(REMINDED, before=before):
            yield key.pk.partition(SEPARATOR)[2]

    def listed_at(self, incident_id: str) -> datetime | None:
        """The moment that the incident is listed under, whatever else is wrong with it."""
        moment, _, _ = str((self._item(incident_id) or {}).get("due_sk", "")).partition(SEPARATOR)
        return from_millis(int(moment)) if moment else None

    def change(self, aftermath: Aftermath) -> Action:
        """The write of the whole in place of what it was made from.

        It meets `Moved` when somebody changed that meanwhile.
        """
        item = clear_item(replace(aftermath, revision=aftermath.revision + 1))
        scope = Scope.incident(aftermath.incident_id)
        item["sealed"] = self._vault.seal(scope, self._context(item), said_of(aftermath))
        stands = revision_is(aftermath.revision) if aftermath.revision else ABSENT
        return Put(self._records, item, stands, Moved)

    def watch(self, aftermath: Aftermath) -> Action:
        """The write of the clear part alone; nothing is opened or sealed."""
        fields = watched(aftermath)
        return Update(
            self._records,
            key_of_aftermath(aftermath.incident_id),
            Changes(put=fields, add={"rev": 1}, remove=() if "due_pk" in fields else LISTED),
            revision_is(aftermath.revision),
            Moved,
        )

    def forget(self, aftermath: Aftermath) -> Action:
        """The write that takes away what it said, and the place on the list of reminders."""
        return Update(
            self._records,
            key_of_aftermath(aftermath.incident_id),
            Changes(add={"rev": 1}, remove=("sealed", *LISTED)),
            revision_is(aftermath.revision),
            Moved,
        )

    def _item(self, incident_id: str) -> Item | None:
        return self._records.get(key_of_aftermath(incident_id), consistent=True)

    def _context(self, item: Item) -> SealContext:
        return SealContext.of(self._records.logical, item)
