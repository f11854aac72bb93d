"""Evidence packs in the `records` table, in clear: opaque ids, moments, hashes.

pk       INCIDENT#<incident id>
sk       EVIDENCE
rev      changes
by, at   who ordered it, when (ms)
object   the archive's id in the exports bucket, with sha256, size and built (ms), once it is there
"""

from dataclasses import replace

from chalicelib.clock import from_millis, to_millis
from chalicelib.incidents.items import key_of_incident
from chalicelib.incidents.pack.models import Built, Evidence
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import SEPARATOR, Key
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved, Put

INCIDENT_EVIDENCE = Schema("incident_evidence")


class EvidenceStore:
    """Reads packs; makes the writes that move them on."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self, incident_id: str) -> Evidence | None:
        """The pack that was ordered last, read consistently."""
        item = self._records.get(_key(incident_id), consistent=True)
        return _evidence_from(item) if item else None

    def change(self, evidence: Evidence) -> Action:
        """The write of `evidence` in place of what it was made from; it meets `Moved`."""
        stands = revision_is(evidence.revision) if evidence.revision else ABSENT
        item = _item_of(replace(evidence, revision=evidence.revision + 1))
        return Put(self._records, item, stands, Moved)


def _key(incident_id: str) -> Key:
    return Key(key_of_incident(incident_id).pk, "EVIDENCE")


def _item_of(evidence: Evidence) -> Item:
    key = _key(evidence.incident_id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "rev": evidence.revision,
        "by": evidence.ordered_by,
        "at": to_millis(evidence.ordered_at),
    }
    if built := evidence.built:
        item |= {
            "object": built.object_id,
            "sha256": built.sha256,
            "size": built.size,
            "built": to_millis(built.built_at),
        }
    return INCIDENT_EVIDENCE.stamp(item)


def _evidence_from(item: Item) -> Evidence:
    match INCIDENT_EVIDENCE.lift(item):
        case {"pk": str(pk), "rev": int(revision), "by": str(by), "at": int(at)}:
            return Evidence(
                pk.partition(SEPARATOR)[2], by, from_millis(at), _built_from(item), revision
            )
    raise UnreadableItem(INCIDENT_EVIDENCE.item_type)


def _built_from(item: Item) -> Built | None:
    match item:
        case {"object": str(object_id), "sha256": str(hash_), "size": int(size), "built": int(at)}:
            return Built(object_id, hash_, size, from_millis(at))
    return None
