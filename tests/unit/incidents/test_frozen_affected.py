"""The items of the affected as version 1 wrote them: today's code reads them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from chalicelib.incidents.affected.computation_store import ComputationStore
from chalicelib.incidents.affected.counts_store import CountsStore
from chalicelib.incidents.affected.models import (
    Came,
    Computation,
    Count,
    Entry,
    Person,
    Question,
    Stage,
    Tally,
)
from chalicelib.incidents.affected.sketch import Sketch
from chalicelib.incidents.affected.store import AffectedStore
from chalicelib.incidents.models import Recipient
from chalicelib.tables.transactions import Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault
from tests.fakes import START
from tests.unit.identity.test_frozen_items import OneKey, fixture, records

INCIDENT = "01JINCIDENT"
RECIPIENT = f"subjects-{'3' * 32}"
ENTRY = Entry(
    RECIPIENT,
    Came.COMPUTED,
    START,
    Person(Recipient.SUBJECTS, "siti@example.test", "u-1", "acme", "id"),
    "left before",
)
COMPUTATION = Computation(
    computation_id="01JCOMPUTATION",
    incident_id=INCIDENT,
    question=Question(
        "shop",
        "visits",
        {"customer_id": frozenset({"c1", "c2"})},
        "at",
        START - timedelta(days=1),
        None,
        "client",
    ),
    rehearsal=False,
    asked_by="01JSTAFF",
    asked_at=START,
    stage=Stage.FAILED,
    position='["visits/1.ndjson", "tag", 3]',
    tally=Tally(9, 7, 1, 2, Sketch((3, 2**63)), Sketch((3,)), ("acme",), more_clients=True),
    ended_at=START + timedelta(minutes=1),
    problem="place_unavailable",
    revision=5,
)


class OneKeyForMany(OneKey):
    def open_many(self, items: list[tuple[Scope, SealContext, bytes]]) -> list[bytes]:
        return [self.open(*each) for each in items]


def affected(item: Any) -> AffectedStore:
    return AffectedStore(
        records(item), CountsStore(records(item)), cast("Vault", OneKeyForMany()), lambda: bytes(32)
    )


def test_affected_recipient_1() -> None:
    item = fixture("affected_recipient")
    (entry,) = affected(item)._opened(INCIDENT, [item])
    assert entry == ENTRY
    written = cast("Put", affected(item)._write(INCIDENT, None, ENTRY)).item
    assert {**written, "sealed": b""} == {**item, "sealed": b""}


def test_affected_counts_1() -> None:
    counts = CountsStore(records(fixture("affected_counts"))).counts(INCIDENT)
    assert counts == {
        Recipient.SUBJECTS: Count(7, 2),
        Recipient.CLIENTS: Count(1, 0),
        Recipient.CONTROLLERS: Count(),
    }


def test_affected_computation_1() -> None:
    item = fixture("affected_computation")
    store = ComputationStore(records(item), cast("Vault", OneKey()))
    assert store.get(INCIDENT, "01JCOMPUTATION") == COMPUTATION
    before = replace(COMPUTATION, revision=4)
    written = cast("Put", store.change(before)).item
    assert {**written, "sealed": b""} == {**item, "sealed": b""}


def test_an_id_never_changes() -> None:
    """Whoever is on a list of before is found there still."""
    ids = [
        affected({}).id_of(INCIDENT, each)
        for each in (
            Person(Recipient.SUBJECTS, "siti@example.test", "u-1"),
            Person(Recipient.SUBJECTS, "siti@example.test"),
            Person(Recipient.CLIENTS, "siti@example.test"),
        )
    ]
    assert ids == IDS


IDS = [
    "subjects-a9e17ca706ba3133260e7ed4123dbbe2",
    "subjects-f0e051a2b6015c889c374030edd56fdb",
    "clients-a1bd46889fd3571165aa2d9a3072e0d9",
]
