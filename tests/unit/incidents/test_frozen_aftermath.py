"""What follows an incident, of version 1, frozen: today's code reads and writes the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from chalicelib.incidents.aftermath.items import clear_item
from chalicelib.incidents.aftermath.models import (
    ActionState,
    Aftermath,
    ClientReport,
    Containment,
    Method,
    Remedy,
    RootCause,
    Step,
    Turn,
)
from chalicelib.incidents.aftermath.store import AftermathStore
from chalicelib.tables.codec import Item
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed
from chalicelib.vault.vault import Vault
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records

INCIDENT_ID = "01JINCIDENT000000000000000"
TEXTS: Any = {"en": "text", "id": "teks"}
HOUR = timedelta(hours=1)
OPEN = Remedy("01JACTION00000000000000000", TEXTS, "Bambang", START + HOUR, reminders=2)
DROPPED = Remedy(
    "01JACTION00000000000000001",
    TEXTS,
    "Dewi",
    START + HOUR,
    ActionState.DROPPED,
    START + 2 * HOUR,
    "no laptops any more",
)
AFTERMATH = Aftermath(
    INCIDENT_ID,
    Containment(TEXTS, START),
    RootCause(Method.FISHBONE, TEXTS, (TEXTS,)),
    {each.action_id: each for each in (OPEN, DROPPED)},
    TEXTS,
    ClientReport("01JREPORT00000000000000000", TEXTS, "01JA", START, "01JB", START + HOUR),
    (
        Turn(Step.CLOSED, "01JB", START + 3 * HOUR, ""),
        Turn(Step.REOPENED, "01JB", START + 4 * HOUR, "there is more"),
    ),
    revision=9,
)


class FrozenVault(Vault):
    """Opens under one key what belongs to the scope of the fixture."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        if scope != Scope.incident(INCIDENT_ID):
            raise KeyDestroyed
        return open_sealed(DataKey(bytes(range(32))), sealed, context)


def store(item: Item) -> AftermathStore:
    return AftermathStore(records(item), FrozenVault())


def test_incident_aftermath_1() -> None:
    item = frozen("incident_aftermath")
    assert store(item).get(INCIDENT_ID) == AFTERMATH
    assert {**clear_item(AFTERMATH), "sealed": item["sealed"]} == item


def test_in_clear_there_are_ids_and_moments_only() -> None:
    seen = store(frozen("incident_aftermath")).seen(INCIDENT_ID)
    assert seen.remedies[OPEN.action_id] == replace(OPEN, what={}, owner="")
    assert (seen.containment, seen.root_cause, seen.report, seen.turns) == (None, None, None, ())


def test_the_aftermath_of_another_incident_is_not_opened() -> None:
    item = {**frozen("incident_aftermath"), "pk": "INCIDENT#01JOTHER"}
    with pytest.raises((SealBroken, KeyDestroyed)):
        store(item).get(INCIDENT_ID)
