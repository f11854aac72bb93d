"""Records, sweeps and engagements of version 1, frozen: today's code reads and writes the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from chalicelib.retention.engagements.models import Count, Engagement, Line, Stage
from chalicelib.retention.engagements.store import EngagementStore
from chalicelib.retention.enumerating.models import Enumeration
from chalicelib.retention.enumerating.models import Stage as EnumerationStage
from chalicelib.retention.enumerating.store import EnumerationStore
from chalicelib.retention.records.items import clear_item
from chalicelib.retention.records.models import Facts, HeldRecord, Place, State
from chalicelib.retention.records.store import RecordStore
from chalicelib.retention.schedule.models import Role, Trigger
from chalicelib.retention.sweeping.models import Batch, Run, RunState
from chalicelib.retention.sweeping.store import State as SweepState
from chalicelib.retention.sweeping.store import SweepStore
from chalicelib.tables.codec import Item
from chalicelib.tables.transactions import Action, Put
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import DataKey, Scope
from chalicelib.vault.sealing import SealContext, open_sealed
from chalicelib.vault.vault import Vault
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records

RECORD_ID = "A2B3C4D5E6F7A2B3C4D5E6F7A2B3C4D5"
RUN_ID = "01JRUN0000000000000000000A"
RECORD = HeldRecord(
    RECORD_ID,
    Place("shop", "customers", ""),
    Facts("technical", Role.CONTROLLER, "acme", "v1.tok", "k7"),
    {Trigger.LAST_USED: START},
    START,
    3,
    START + timedelta(days=365),
    State.KEPT,
    revision=1,
)
RUN = Run(
    RUN_ID,
    START,
    due=120,
    lag=3600,
    state=RunState.ENDED,
    handed=120,
    batches=5,
    finished=5,
    counts={"done": 118, "held": 2},
    confirmed_by="01JDPO",
    ended_at=START + timedelta(minutes=2),
    revision=8,
)
BATCH = Batch(RUN_ID, 3, (RECORD_ID, "B" * 32), START, done=1, counts={"done": 1}, revision=3)
GONE = Line("technical", "on_termination", "delete", "2026-11-26")
KEPT = Line("financial", "on_termination", "delete", "2036-12-31", ("tax_books",))
ENGAGEMENT = Engagement(
    "acme",
    START,
    START + timedelta(hours=1),
    "01JDPO",
    Stage.RUNNING,
    {GONE: 2, KEPT: 1},
    1,
    Count({KEPT: 1}, {GONE: 1}, "ab" * 32, 1, 1, RECORD_ID, over_gone=True),
    START + timedelta(days=4),
    "",
    6,
)


ENUMERATION = Enumeration(
    "shop",
    "customers",
    START,
    START + timedelta(hours=2),
    EnumerationStage.RUNNING,
    {"created": 38, "unchanged": 1},
    {"no_moment": 1},
    "place_unavailable",
    revision=3,
)
POSITION = '{"id": {"S": "c40"}}'


class FrozenVault(Vault):
    """Opens under one key what belongs to the scopes of the fixtures."""

    def __init__(self) -> None:
        super().__init__(cast("Any", None))

    def open(self, scope: Scope, context: SealContext, sealed: bytes) -> bytes:
        if scope not in {Scope.holdings("acme"), Scope.holdings("house")}:
            raise KeyDestroyed
        return open_sealed(DataKey(bytes(range(32))), sealed, context)


def record_store(item: Item) -> RecordStore:
    return RecordStore(records(item), FrozenVault(), lambda: bytes(32))


def written(actions: Sequence[Action]) -> Item:
    (action,) = actions
    assert isinstance(action, Put)
    return action.item


def test_held_record_1() -> None:
    item = frozen("held_record")
    store = record_store(item)
    assert store.get(RECORD_ID) == RECORD
    assert store.reference(RECORD) == "c1"
    assert {**clear_item(RECORD), "sealed": item["sealed"]} == item


@pytest.mark.parametrize("name", ["place", "collection", "category", "client", "person", "case"])
def test_a_record_whose_clear_part_was_changed_opens_nothing(name: str) -> None:
    with pytest.raises((SealBroken, KeyDestroyed)):
        record_store({**frozen("held_record"), name: "other"}).reference(RECORD)


def test_sweep_state_1() -> None:
    item = frozen("sweep_state")
    store, state = SweepStore(records(item)), SweepState(RUN_ID, (4, 0, 12), 7)
    assert store.state() == state
    assert written([store.change_state(replace(state, revision=6))]) == item


def test_sweep_run_1() -> None:
    item = frozen("sweep_run")
    store = SweepStore(records(item))
    assert store.run(RUN_ID) == RUN
    assert written([store.change_run(replace(RUN, revision=7))]) == item


def test_sweep_batch_1() -> None:
    item = frozen("sweep_batch")
    store = SweepStore(records(item))
    assert store.batch(RUN_ID, 3) == BATCH
    assert written([store.change_batch(replace(BATCH, revision=2))]) == item


def test_ended_engagement_1() -> None:
    item = frozen("ended_engagement")
    store = EngagementStore(records(item))
    assert store.get("acme") == ENGAGEMENT
    assert written([store.change(replace(ENGAGEMENT, revision=5))]) == item


def test_enumeration_1() -> None:
    item = frozen("enumeration")
    store = EnumerationStore(records(item), FrozenVault())
    found = store.get(ENUMERATION.enumeration_id)
    assert found
    assert replace(found, sealed=b"") == ENUMERATION
    assert store.position(found) == POSITION
    assert written([store.change(replace(found, revision=2))]) == item


def test_an_enumeration_that_ended_is_read_as_it_was_written() -> None:
    ended = replace(
        ENUMERATION,
        stage=EnumerationStage.ENDED,
        look_at=None,
        problem="unknown_place",
        ended_at=START + timedelta(hours=1),
    )
    blank = EnumerationStore(records({}), FrozenVault())
    item = written([blank.change(replace(ended, revision=2))])
    store = EnumerationStore(records(item), FrozenVault())
    assert store.get(ENUMERATION.enumeration_id) == ended
    assert store.position(ended) == ""
