"""Findings in the `records` table.

    pk         FINDING#<hex, SHA-256 of who found it and its id there; behind one whose incident
               was forgotten, of its name and the incident's>
    sk         FINDING
    et, v, rev item type, schema version, changes
    incident   the id of its newest draft
    provider, level, count    as in models.py
    events     the last events that brought it, each as 32 hex digits of SHA-256
    first, last    when the provider saw it first and last, where it says so
    sealed     the provider's words and the names of resources, under the finding's own key, bound
               to the item's place

    pk         INCIDENT#<incident id>
    sk         FINDING
    finding    the hex of the finding that the draft was made of
    earlier    the id of the draft of the same finding that was dismissed, if there was one

Times are ms since 1970 UTC. What stands in clear is ids, numbers and constants of ours.
"""

import json
import re
from typing import Any, cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.findings.models import (
    Level,
    Noted,
    Provider,
    Resource,
    ResourceKind,
    Words,
)
from chalicelib.incidents.items import key_of_incident
from chalicelib.incidents.models import ID_PATTERN, Incident
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Check, Moved, Put, Update
from chalicelib.tables.updates import Changes
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

FINDING = Schema("finding")
INCIDENT_FINDING = Schema("incident_finding")
_SORT = "FINDING"
_ID = re.compile(ID_PATTERN)


class FindingStore:
    """Reads findings; makes the writes that note them."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def seen(self, key: str) -> Noted | None:
        """What stands in clear of the finding, read consistently, or None."""
        item = self._records.get(_key(key), consistent=True)
        return _noted_from(item, {}) if item else None

    def of_incident(self, incident_id: str) -> tuple[Noted, str] | None:
        """The finding that the incident was drafted from, opened, and the id of the earlier draft
        (empty for none); None for an incident that no finding made."""
        if not _ID.fullmatch(incident_id):
            return None
        pointer = self._records.get(_pointer(incident_id), consistent=True)
        if pointer is None:
            return None
        named = INCIDENT_FINDING.lift(pointer)
        item = self._records.get(_key(str(named["finding"])), consistent=True)
        if item is None:
            return None
        scope, sealed = Scope.finding(str(named["finding"])), cast("bytes", item["sealed"])
        said = self._vault.open(scope, SealContext.of(self._records.logical, item), sealed)
        return _noted_from(item, json.loads(said)), str(named.get("earlier", ""))

    def latest_of(self, incident_id: str) -> Noted | None:
        """The finding that has the incident as its latest, as far as it stands in clear."""
        pointer = self._records.get(_pointer(incident_id), consistent=True)
        if pointer is None:
            return None
        noted = self.seen(str(INCIDENT_FINDING.lift(pointer)["finding"]))
        return noted if noted and noted.incident_id == incident_id else None

    def still(self, noted: Noted) -> Action:
        """The finding did not come again since it was read."""
        return Check(self._records, _key(noted.key), revision_is(noted.revision), Moved)

    def additions(self, noted: Noted) -> list[Action]:
        """The writes of a finding that nobody knew, of its key, and of its draft's pointer.

        They meet `Moved` when somebody noted it meanwhile.
        """
        item = _clear_item(noted)
        sealed, key_writes = self._vault.seal_first(
            Scope.finding(noted.key), SealContext.of(self._records.logical, item), _said(noted)
        )
        return [
            # ABSENT: of two that bring the same finding at once, one makes the draft.
            Put(self._records, {**item, "rev": 1, "sealed": sealed}, ABSENT, otherwise=Moved),
            *key_writes,
            self._pointed(noted, ""),
        ]

    def changes(self, noted: Noted) -> list[Action]:
        """The writes of a finding that came again. They meet `Moved` when it came meanwhile, and
        `KeyDestroyed` when its incident was forgotten."""
        item = _clear_item(noted)
        context = SealContext.of(self._records.logical, item)
        put = {name: value for name, value in item.items() if name not in {"pk", "sk"}}
        scope = Scope.finding(noted.key)
        put["sealed"] = self._vault.seal(scope, context, _said(noted))
        changes = Changes(put=put, add={"rev": 1})
        return [
            Update(self._records, _key(noted.key), changes, revision_is(noted.revision), Moved),
            self._vault.still_there(scope),
        ]

    def drafted_again(self, noted: Noted, earlier: str) -> list[Action]:
        """The writes of a finding that came again and of the pointer of its new draft, which names
        the `earlier` one. They meet what those of `changes` do."""
        return [*self.changes(noted), self._pointed(noted, earlier)]

    def unmoved(self, incident: Incident) -> Action:
        """The draft is what it was when it was read: nobody dismissed it meanwhile."""
        key = key_of_incident(incident.incident_id)
        return Check(self._records, key, revision_is(incident.revision), Moved)

    def _pointed(self, noted: Noted, earlier: str) -> Action:
        key = _pointer(noted.incident_id)
        item: Item = {"pk": key.pk, "sk": key.sk, "finding": noted.key}
        if earlier:
            item["earlier"] = earlier
        return Put(self._records, INCIDENT_FINDING.stamp(item), ABSENT)


def _key(key: str) -> Key:
    return Key(compose("FINDING", key), _SORT)


def _pointer(incident_id: str) -> Key:
    return Key(key_of_incident(incident_id).pk, _SORT)


def _clear_item(noted: Noted) -> Item:
    key = _key(noted.key)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "incident": noted.incident_id,
        "provider": noted.provider.value,
        "level": noted.level.word,
        "count": noted.count,
        "events": list(noted.events),
    }
    for name, moment in (("first", noted.first_seen), ("last", noted.last_seen)):
        if moment is not None:
            item[name] = to_millis(moment)
    return FINDING.stamp(item)


def _said(noted: Noted) -> bytes:
    words = noted.words
    said = {
        "words": [words.type, words.title, words.description],
        "resources": [[each.kind, each.name] for each in noted.resources],
    }
    return json.dumps(said, separators=(",", ":")).encode()


def _noted_from(item: Item, said: dict[str, Any]) -> Noted:
    match FINDING.lift(item):
        case {
            "pk": str(pk),
            "rev": int(revision),
            "incident": str(incident_id),
            "provider": str(provider),
            "level": str(level),
            "count": int(count),
            "events": list(events),
        }:
            first, last = item.get("first"), item.get("last")
            return Noted(
                pk.partition(SEPARATOR)[2],
                incident_id,
                Provider(provider),
                Level[level.upper()],
                count,
                from_millis(first) if isinstance(first, int) else None,
                from_millis(last) if isinstance(last, int) else None,
                tuple(map(str, events)),
                tuple(Resource(ResourceKind(a), b) for a, b in said.get("resources", ())),
                Words(*said.get("words", ("",))),
                revision,
            )
    raise UnreadableItem(FINDING.item_type)
