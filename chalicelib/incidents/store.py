"""Incidents in the `records` table (items.py)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.items import (
    LISTED,
    WATCHED,
    clear_item,
    incident_from,
    key_of_incident,
    line_of,
    register_partition,
    said_of,
    watched,
)
from chalicelib.incidents.models import ID_PATTERN, Incident
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

_ID = re.compile(ID_PATTERN)
_AT_ONCE = 100
_FIRST_YEAR = 2026
"""No incident was recorded before."""
_MILLISECOND = timedelta(milliseconds=1)


class IncidentStore:
    """Reads incidents; makes the writes that change them."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, incident_id: str) -> Incident | None:
        """The incident, opened, read consistently, or None; also for an id that cannot be one.

        Of a forgotten one what stands in clear. Raises `KeyDestroyed`.
        """
        item = self._item(incident_id)
        if item is None:
            return None
        if "sealed" not in item:
            return incident_from(item, {})
        sealed = cast("bytes", item["sealed"])
        said = self._vault.open(Scope.incident(incident_id), self._context(item), sealed)
        return incident_from(item, json.loads(said))

    def seen(self, incident_id: str) -> Incident | None:
        """The incident as far as it stands in clear, read consistently, or None."""
        item = self._item(incident_id)
        return incident_from(item, {}) if item else None

    def mailbox(self, incident_id: str) -> str:
        """The handler's address; empty where nobody handles it, or without one."""
        item = self._item(incident_id) or {}
        match item.get("mailbox"):
            case bytes(sealed):
                context = self._context(item, "mailbox")
                return self._vault.open(Scope.handler(incident_id), context, sealed).decode()
        return ""

    def page(self, year: int, limit: int, start: Key | None) -> tuple[list[Incident], Key | None]:
        """`limit` incidents recorded in `year`, the newest first, and where to go on from.

        Nothing sealed is opened. Raises `ReadIncomplete`.
        """
        page = self._records.query(
            register_partition(year), limit=limit, start=start, newest_first=True
        )
        keys = [key_of_incident(str(line["sk"])) for line in page.items]
        found = self._records.batch_get(keys)
        return [incident_from(found[key], {}) for key in keys if key in found], page.last

    def ended(self, until: int) -> Iterator[tuple[str, datetime]]:
        """The id of each incident that ended and is not forgotten, recorded until that year (UTC),
        and when; one that was dismissed while that was not noted counts from its recording.

        Raises `ReadIncomplete`.
        """
        for year in range(_FIRST_YEAR, until + 1):
            for each in self._all_of(year):
                if each.has_ended and not each.forgotten:
                    yield each.incident_id, each.closed_at or each.recorded_at

    def due(self, until: datetime) -> Iterator[str]:
        """Ids of the incidents with an alarm to raise by `until`, the earliest first.

        Half a read unit per 4 KB of the index, whatever else is in the register.
        """
        before = f"{to_millis(until + _MILLISECOND):013d}"
        for key in self._records.due(WATCHED, before=before):
            yield key.pk.partition(SEPARATOR)[2]

    def listed_at(self, incident_id: str) -> datetime | None:
        """The moment that the incident is listed under, whatever else is wrong with it."""
        item = self._item(incident_id) or {}
        moment, _, _ = str(item.get("due_sk", "")).partition(SEPARATOR)
        return from_millis(int(moment)) if moment else None

    def additions(self, incident: Incident) -> list[Action]:
        """The writes of a new incident: itself, its key, its line in the register."""
        item = clear_item(replace(incident, revision=1))
        item["sealed"], key_writes = self._vault.seal_first(
            Scope.incident(incident.incident_id), self._context(item), said_of(incident)
        )
        # ABSENT: an id that came twice must not replace an incident.
        return [
            Put(self._records, item, ABSENT),
            Put(self._records, line_of(incident), ABSENT),
            *key_writes,
        ]

    def change(self, incident: Incident) -> Action:
        """The write of the whole incident in place of the one that it was made from.

        It meets `Moved` when somebody changed that meanwhile.
        """
        item = clear_item(replace(incident, revision=incident.revision + 1))
        sealed = self._vault.seal(
            Scope.incident(incident.incident_id), self._context(item), said_of(incident)
        )
        put = {name: value for name, value in item.items() if name not in {"pk", "sk", "rev"}}
        reopened = () if "closed" in item else ("closed",)
        return self._update(incident, {**put, "sealed": sealed}, item, reopened)

    def forget(self, incident: Incident) -> Action:
        """The write that takes away what the incident said, and who is mailed about it; its dates
        and ids stay."""
        return self._update(incident, {"forgotten": True}, {}, ("sealed", "mailbox"))

    def hand_over(self, incident: Incident, address: str) -> Action:
        """The write that names the handler and seals the address that alarms go to."""
        item = clear_item(incident)
        scope = Scope.handler(incident.incident_id)
        context = self._context(item, "mailbox")
        sealed = self._vault.seal(scope, context, address.encode())
        return self._update(incident, {"handler": incident.handler, "mailbox": sealed}, item)

    def watch(self, incident: Incident) -> Action:
        """The write of the duties alone, and of the place on the watcher's list; nothing is
        opened or sealed."""
        fields = watched(incident)
        return self._update(incident, fields, fields)

    def _all_of(self, year: int) -> Iterator[Incident]:
        some, start = self.page(year, _AT_ONCE, None)
        yield from some
        while start is not None:
            some, start = self.page(year, _AT_ONCE, start)
            yield from some

    def _update(
        self, incident: Incident, put: Item, listed: Item, without: Sequence[str] = ()
    ) -> Update:
        return Update(
            self._records,
            key_of_incident(incident.incident_id),
            Changes(put=put, add={"rev": 1}, remove=(*_unlisted(listed), *without)),
            # Alarms, notices and the staff meet: the second sees what the first did.
            revision_is(incident.revision),
            Moved,
        )

    def _item(self, incident_id: str) -> Item | None:
        if not _ID.fullmatch(incident_id):
            return None
        return self._records.get(key_of_incident(incident_id), consistent=True)

    def _context(self, item: Item, part: str = "facts") -> SealContext:
        # Bound to these: nobody makes an exercise of an incident beside the seal.
        bound = (part, f"source={item['source']!s}", f"drill={item['drill']!s}")
        return SealContext.of(self._records.logical, item)._replace(bound=bound)


def _unlisted(item: Item) -> Sequence[str]:
    return () if "due_pk" in item else LISTED
