"""Evidence packs of version 1, frozen: today's code reads and writes the same."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.incidents.pack.models import Built, Evidence
from chalicelib.incidents.pack.store import EvidenceStore
from chalicelib.tables.transactions import Put
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records

EVIDENCE = Evidence(
    "01JINCIDENT000000000000000",
    "01JDPO",
    START,
    Built("01JOBJECT00000000000000000", "ab" * 32, 4711, START + timedelta(minutes=1)),
    2,
)


def test_incident_evidence_1() -> None:
    item = frozen("incident_evidence")
    store = EvidenceStore(records(item))
    assert store.get(EVIDENCE.incident_id) == EVIDENCE
    write = store.change(replace(EVIDENCE, revision=1))
    assert isinstance(write, Put)
    assert write.item == item


def test_a_pack_that_is_being_made_has_no_object_yet() -> None:
    item = frozen("incident_evidence")
    bare = {name: item[name] for name in item.keys() - {"object", "sha256", "size", "built"}}
    found = EvidenceStore(records(bare)).get(EVIDENCE.incident_id)
    assert found == replace(EVIDENCE, built=None)
