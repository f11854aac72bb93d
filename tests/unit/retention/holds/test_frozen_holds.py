"""Holds and their targets as version 1 wrote them: today's code reads and writes the same."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from chalicelib.clock import to_millis
from chalicelib.retention.holds.models import Hold, Standing
from chalicelib.retention.holds.store import HoldStore
from chalicelib.retention.targets import Target, TargetKind
from chalicelib.tables.transactions import Put, Update
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed
from chalicelib.vault.vault import Vault
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records

KEY = DataKey(bytes(range(32)))
HOLD_ID = "01JH0LD0000000000000000000"
CLIENT = Target(TargetKind.CLIENT, "pt-maju")
HOLD = Hold(
    HOLD_ID,
    CLIENT,
    "Siti Rahma sues for wages",
    "PN Jakarta Selatan 12/Pdt.G/2026",
    "01JOWNER",
    "01JPLACER",
    START,
    START + timedelta(days=30),
    reminders=1,
    revision=3,
)


class FrozenVault(Vault):
    """Opens under one key what belongs to the scope of the fixture."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        assert scope == Scope.hold(HOLD_ID)
        return open_sealed(KEY, sealed, context)


def test_legal_hold_1() -> None:
    item = frozen("legal_hold")
    store = HoldStore(records(item), FrozenVault())
    assert store.get(HOLD_ID) == HOLD
    assert store.seen(HOLD_ID) == replace(HOLD, ground="", citation="")
    assert store.get("HOLD#" + HOLD_ID) is None
    written = store.review(HOLD)
    assert isinstance(written, Update)
    assert {**item, **written.changes.put} == item
    assert item["due_sk"] == f"{to_millis(HOLD.review_at)}#{HOLD_ID}"


def test_hold_state_1() -> None:
    item = frozen("hold_state")
    store = HoldStore(records(item), FrozenVault())
    assert store.standing(CLIENT) == Standing(CLIENT, (HOLD_ID,), 2)
    written = store.change_standing(Standing(CLIENT, (HOLD_ID,), 1))
    assert isinstance(written, Put)
    assert written.item == item
