"""What the trail promises on any DynamoDB: one chain per entity, whoever writes at once."""

import threading
import time
from collections.abc import Sequence

import pytest

from chalicelib.audit.entry import GENESIS, Actor, Entity, UnfitForTrail, entry_key
from chalicelib.audit.trail import Trail
from chalicelib.clock import SystemClock
from chalicelib.ids import UlidFactory
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.transactions import (
    Action,
    ConditionFailed,
    Delete,
    Moved,
    Put,
    run_command,
    transact,
)
from tests.contract.moto_tables import Tables

STAFF = Actor("staff", "01STAFF")
WRITERS = 50


@pytest.fixture
def trail(tables: Tables) -> Trail:
    clock = SystemClock()
    return Trail(tables.records, tables.audit, clock, UlidFactory(clock))


def test_entries_link_to_one_another(trail: Trail, tables: Tables, fresh: str) -> None:
    entity = Entity("request", fresh)
    for action in ("request.received", "request.opened", "request.completed"):
        transact(tables.records.client, trail.actions(entity, STAFF, action, {"tries": 1}))

    first, second, third = trail.history(entity)

    assert [first.seq, second.seq, third.seq] == [1, 2, 3]
    assert [first.previous, second.previous, third.previous] == [GENESIS, first.hash, second.hash]
    head = trail.head(entity)
    assert head is not None
    assert (head.seq, head.hash, head.at) == (3, third.hash, third.at)


def test_an_entity_without_history_has_no_head(trail: Trail, fresh: str) -> None:
    entity = Entity("request", fresh)
    assert trail.head(entity) is None
    assert list(trail.history(entity)) == []


def test_a_first_entry_reads_no_head_and_begins_a_chain_once(
    trail: Trail, tables: Tables, fresh: str
) -> None:
    entity = Entity("request", fresh)
    transact(tables.records.client, trail.first_actions(entity, STAFF, "request.received", {}))
    transact(tables.records.client, trail.actions(entity, STAFF, "request.opened", {}))
    assert [entry.seq for entry in trail.history(entity)] == [1, 2]
    with pytest.raises(ConditionFailed):
        transact(tables.records.client, trail.first_actions(entity, STAFF, "request.received", {}))
    assert [entry.seq for entry in trail.history(entity)] == [1, 2]


def test_the_change_and_its_entry_happen_together_or_not_at_all(
    trail: Trail, tables: Tables, fresh: str
) -> None:
    entity = Entity("request", fresh)
    change = Put(tables.records, {"pk": f"REQUEST#{fresh}", "sk": "STATE"}, ABSENT, Refused)
    transact(tables.records.client, [change, *trail.actions(entity, STAFF, "request.received", {})])

    with pytest.raises(Refused):
        transact(
            tables.records.client, [change, *trail.actions(entity, STAFF, "request.received", {})]
        )

    assert [entry.seq for entry in trail.history(entity)] == [1]


class Refused(Moved):
    code = "refused"


@pytest.mark.parametrize("entries_before", [0, 1, 2])
def test_of_two_commands_from_the_same_head_one_must_start_anew(
    trail: Trail, tables: Tables, fresh: str, entries_before: int
) -> None:
    entity = Entity("request", fresh)
    for _ in range(entries_before):
        transact(tables.records.client, trail.actions(entity, STAFF, "request.noted", {}))
    one = trail.actions(entity, STAFF, "request.opened", {})
    other = trail.actions(entity, STAFF, "request.refused", {})

    transact(tables.records.client, one)
    with pytest.raises(Moved):
        transact(tables.records.client, other)

    assert [entry.action for entry in trail.history(entity)][entries_before:] == ["request.opened"]


def test_a_head_that_was_set_back_overwrites_no_entry(
    trail: Trail, tables: Tables, fresh: str
) -> None:
    entity = Entity("request", fresh)
    transact(tables.records.client, trail.actions(entity, STAFF, "request.received", {}))
    earlier = trail.head(entity)
    assert earlier is not None
    transact(tables.records.client, trail.actions(entity, STAFF, "request.opened", {}))
    transact(tables.records.client, [Put(tables.records, earlier.item())])  # a restored table

    with pytest.raises(Moved):
        transact(tables.records.client, trail.actions(entity, STAFF, "request.refused", {}))

    assert [entry.action for entry in trail.history(entity)] == [
        "request.received",
        "request.opened",
    ]


@pytest.mark.parametrize("entries_before", [0, 1])
def test_a_head_that_moved_refuses_even_where_the_entry_is_gone(
    trail: Trail, tables: Tables, fresh: str, entries_before: int
) -> None:
    entity = Entity("request", fresh)
    for _ in range(entries_before):
        transact(tables.records.client, trail.actions(entity, STAFF, "request.received", {}))
    late = trail.actions(entity, STAFF, "request.refused", {})
    transact(tables.records.client, trail.actions(entity, STAFF, "request.opened", {}))
    gone = Delete(tables.audit, entry_key(entity, entries_before + 1))
    transact(tables.records.client, [gone])

    with pytest.raises(Moved):
        transact(tables.records.client, late)


def test_fifty_writers_make_one_chain(trail: Trail, tables: Tables, fresh: str) -> None:
    entity = Entity("request", fresh)
    together = threading.Barrier(WRITERS)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        def build() -> Sequence[Action]:
            return trail.actions(entity, Actor("system", str(number)), "request.noted", {})

        try:
            together.wait()
            run_command(tables.records.client, build, sleep=time.sleep)
        except BaseException as failure:  # noqa: BLE001  # a thread's failure must fail the test
            failures.append(failure)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    entries = list(trail.history(entity))
    assert [entry.seq for entry in entries] == list(range(1, WRITERS + 1))
    assert [entry.previous for entry in entries] == [
        GENESIS,
        *(entry.hash for entry in entries[:-1]),
    ]
    assert {entry.actor.id for entry in entries} == {str(number) for number in range(WRITERS)}


def test_a_history_longer_than_a_page_is_read_whole(
    trail: Trail, tables: Tables, fresh: str
) -> None:
    entity = Entity("request", fresh)
    facts = {f"fact{number}": "x" * 256 for number in range(400)}  # ten such make over a megabyte
    for _ in range(12):
        transact(tables.records.client, trail.actions(entity, STAFF, "request.noted", facts))
    assert tables.audit.query(entry_key(entity, 1).pk).last is not None
    assert [entry.seq for entry in trail.history(entity)] == list(range(1, 13))


@pytest.mark.parametrize("leak", ["ani@example.com", "Ani Wijaya", "a\nb", "ä", "x" * 257])
def test_what_looks_like_personal_data_does_not_enter(
    trail: Trail, tables: Tables, fresh: str, leak: str
) -> None:
    entity = Entity("request", fresh)
    with pytest.raises(UnfitForTrail) as refusal:
        trail.actions(entity, STAFF, "request.noted", {"note": leak})
    assert leak not in str(refusal.value)
