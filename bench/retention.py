"""What it costs to find and to end what is kept too long, among little and among much that stays.

    python -m bench.retention

The sweep and its workers run in this process on moto's tables, which really hold a million records;
those that are not due are put straight into moto, past the API. Calls and capacity are counted as
in bench/consents.py, without botocore's retries. The peer finds what is due by a scan of the table
with a filter, and leaves the rest to the same workers: it pays for all that stands there.

Where the due ones stand in the index is the same in each table: another million would spread them
by chance, and the last page of each list is paid for in whole blocks.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from math import ceil
from typing import cast
from unittest.mock import patch

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.dynamo_type import Item as MotoItem

from bench.capacity import READ_BLOCK, item_bytes
from bench.consent_office import all_records, another_container, policy_office
from bench.metering import Meter, own_client
from bench.table import Row, print_table, rows_beside
from bench.telling import Cost
from chalicelib.audit.entry import Actor
from chalicelib.retention.records.items import LISTED, clear_item, moment_key
from chalicelib.retention.records.models import (
    MOST_RECORDS,
    Facts,
    HeldRecord,
    Place,
    Registration,
)
from chalicelib.retention.records.rules import listed_under
from chalicelib.retention.schedule.models import Role, Trigger
from chalicelib.retention.schedule.text import standard
from chalicelib.services import Services
from chalicelib.tables.codec import Item, decode, encode
from chalicelib.tables.transactions import Put
from tests.contract.counted import delivery
from tests.contract.moto_tables import REGION
from tests.contract.retaining import LONG
from tests.contract.shop import Shop, open_shop

DUE = 1_000
FEW, MANY = 10_000, 1_000_000
TIMED = 100
CLIENTS = 10
YEAR = timedelta(days=366)
SCAN = "a scan with a filter"
BARE = "bare delete_item"
_UNLIMITED = 10**15  # bytes


@dataclass(frozen=True)
class Swept:
    """What it took to end what was due in a table."""

    found: Meter
    """The sweep: what is due, in batches."""
    ended: Meter
    """Its workers."""
    queued: Cost
    """From the outbox to them."""
    scanned: float
    """Read units of the peer, which looks for the same."""
    bare: Cost
    """Of deleting a row of the shop, and nothing else."""

    @property
    def cost(self) -> Cost:
        """Of all, the sweep's and the workers' functions included."""
        return Cost.of(self.found).plus(Cost.of(self.ended)).plus(self.queued)


def run() -> Iterator[Row]:
    """All rows; takes three minutes, and 2 GB."""
    few, many = sweeping(DUE, FEW), sweeping(DUE, MANY)
    among = f"{DUE:,} due among {MANY:,}"
    yield from rows_beside(
        f"among {FEW:,}",
        (f"sweep, {among}: reads, by size", many.found.read, few.found.read, "RCU", "< 1.05 x"),
        (f"its workers, {among}: reads", many.ended.read, few.ended.read, "RCU", "< 1.05 x"),
        (f"sweep, {among}: calls", many.found.total, few.found.total, "calls", "1.00 x"),
        (f"its workers, {among}: calls", many.ended.total, few.ended.total, "calls", "1.00 x"),
    )
    for stored, each in ((FEW, few), (MANY, many)):
        what = f"finding {DUE:,} due among {stored:,}: reads"
        yield Row(what, each.found.read, each.scanned, SCAN, "RCU", "no target")
    ours, bare = many.cost.times(1 / DUE), many.bare
    yield from rows_beside(
        BARE,
        ("ending a record: calls of DynamoDB", ours.calls, bare.calls, "calls", "no target"),
        ("ending a record: reads, by size", ours.reads, bare.reads, "RCU", "no target"),
        ("ending a record: writes, by size", ours.writes, bare.writes, "WCU", "no target"),
        ("ending a record: requests of queues", ours.queue, bare.queue, "calls", "no target"),
        ("ending a record: runs of functions", ours.invocations, 0, "runs", "no target"),
        ("ending a record: calls of KMS", ours.kms, bare.kms, "calls", "no target"),
        ("ending a record: cost", ours.usd * 1e6, bare.usd * 1e6, "µUSD", "no target"),
    )
    scan = Cost(reads=many.scanned - many.found.read)
    ours_for_a_dollar, theirs = (DUE / each.usd for each in (many.cost, many.cost.plus(scan)))
    what = f"{among}: records ended for a dollar"
    yield Row(what, ours_for_a_dollar, theirs, f"{SCAN} each time", "records", "no target")
    yield _rate()


def sweeping(due: int, among: int) -> Swept:
    """Ends `due` records in a table where they are among so many."""
    with _retaining(due) as (services, _):
        others = _Others(services)
        rest = [encode(each) for each in all_records(services)]
        others.add(among - due)
        stored_bytes = sum(map(item_bytes, rest)) + (among - due) * others.size
        scanned = _scan(services, due, len(rest) + among - due, stored_bytes)
        found = Meter(services.dynamodb, services.kms).take(
            lambda: services.sweep.run(lambda: LONG)
        )
        work = _work_of(found)
        queued = _queue(services, work)
        worker = another_container(services)  # which has no keys in memory
        ended = Meter(worker.dynamodb, worker.kms).take(lambda: _deliver(worker, work))
        run = services.sweep_runs.run(str(work[0]["about"]).partition("/")[0])
        assert run is not None
        assert (run.due, run.counts) == (due, {"done": due})
        return Swept(found, ended, queued, scanned, _bare())


@contextmanager
def _retaining(due: int) -> Iterator[tuple[Services, Shop]]:
    """A shop whose customers are over, all of them."""
    with policy_office() as (services, clock):
        services._held_records._mac_key = lambda: bytes(32)
        shop = open_shop(services)
        services.schedules.publish(Actor("operator", "bench"), standard())
        for some in batched(range(due), MOST_RECORDS, strict=False):
            services.held_records.register([_told(each, clock.now()) for each in some], "bench")
        for each in map(_customer, range(due)):
            shop.put("customers", {"id": {"S": each}, "email": {"S": f"{each}@example.test"}})
        clock.advance(YEAR)
        yield services, shop


def _customer(number: int) -> str:
    return f"customer-{number:08}"


def _told(number: int, used: datetime) -> Registration:
    place = Place("shop", "customers", _customer(number))
    facts = Facts("technical", Role.CONTROLLER, client=f"client-{number % CLIENTS}")
    return Registration(place, facts, {Trigger.LAST_USED: used})


class _Others:
    """Records that end in a year or later, as they are stored."""

    def __init__(self, services: Services) -> None:
        now = services.clock.now()
        told = _told(0, now)
        number, schedule = services.schedules.in_force()
        record = HeldRecord("", told.at, told.facts, told.triggers, now, number)
        self._record = listed_under(record, number, schedule)
        self._table = dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables[services.records.name]
        addition = services._held_records.addition(replace(self._record, record_id=_id_of(0)))
        assert isinstance(addition, Put)
        self._item = dict(encode(addition.item))
        self.size = item_bytes(self._item)
        """Of each, in bytes."""

    def add(self, count: int) -> None:
        """They share what is the same in all, so that a million fit into memory."""
        shared = {name: DynamoType(dict(value)) for name, value in self._item.items()}
        soonest = cast("datetime", self._record.ends)
        for number in range(count):
            ends = soonest + timedelta(hours=number % 1_000)
            own = clear_item(replace(self._record, record_id=_id_of(number), ends=ends))
            pk, *listed = (DynamoType({"S": own[name]}) for name in ("pk", *LISTED))
            item = MotoItem(pk, shared["sk"], {})
            # Past its check of the size, which takes longer with each attribute.
            dict.update(item.attrs, shared, pk=pk, **dict(zip(LISTED, listed, strict=True)))
            self._table.items[pk][shared["sk"]] = item


def _id_of(number: int) -> str:
    """Put in in the order of their keys: moto sorts the whole table for each query."""
    return f"{number:032}"


def _scan(services: Services, due: int, stored: int, stored_bytes: int) -> float:
    """Read units of a scan for what is due. In one page: to find where a page begins, moto goes
    through all that come before, and copies what it has found."""
    values: Item = {":type": "held_record", ":now": moment_key(services.clock.now()) + "$"}
    with (
        patch("moto.dynamodb.models.table.RESULT_SIZE_LIMIT", _UNLIMITED),
        patch.object(MotoItem, "__deepcopy__", lambda item, _: item),
    ):
        answer = own_client("dynamodb").scan(
            TableName=services.records.name,
            FilterExpression="et = :type AND due_sk < :now",
            ExpressionAttributeValues=encode(values),
        )
    assert (answer["Count"], answer["ScannedCount"]) == (due, stored)
    return ceil(stored_bytes / READ_BLOCK) * 0.5


def _work_of(found: Meter) -> list[Item]:
    """The messages of the outbox that bring batches to workers."""
    items = [decode(item) for each in found.transactions for item in each]
    return [item for item in items if item["et"] == "outbox_message"]


def _queue(services: Services, work: list[Item]) -> Cost:
    """Each from the stream into the queue, taken from it, done and deleted."""
    for name in ("mail", "webhooks", "work"):
        own_client("sqs").create_queue(QueueName=name)
    meter = Meter(services.sqs)

    def relay() -> None:
        for each in work:
            assert services.relay.forward(delivery([each])) == 0

    relayed = meter.take(relay)
    count = len(work)
    return Cost(queue=relayed.total + 2 * count, invocations=2 * count + 1)


def _deliver(services: Services, work: list[Item]) -> None:
    for each in work:
        message_id = str(each["pk"]).removeprefix("OUTBOX#")
        services.worker.deliver(json.dumps({"id": message_id}))


def _bare() -> Cost:
    peer = own_client("dynamodb")
    delete = partial(peer.delete_item, TableName="shop-customers", Key={"id": {"S": "c1"}})
    return Cost.of(Meter(peer).take(delete))


def _rate() -> Row:
    """Records that one worker ends in a second of wall clock: moto is slow and answers at once."""
    with _retaining(TIMED) as (services, shop):
        work = _work_of(Meter(services.dynamodb).take(lambda: services.sweep.run(lambda: LONG)))
        worker = another_container(services)  # nobody counts its calls
        begun = time.perf_counter()
        _deliver(worker, work)
        ours = TIMED / (time.perf_counter() - begun)
        names = [str(each["id"]) for each in shop.rows("customers")]
        assert names == ["c1", "c2"]
        begun = time.perf_counter()
        for number in range(TIMED):
            key = {"id": {"S": _customer(number)}}
            shop.dynamodb.delete_item(TableName="shop-customers", Key=key)
        bare = TIMED / (time.perf_counter() - begun)
    return Row("ending records, wall clock on moto", ours, bare, BARE, "records/s", "no target")


if __name__ == "__main__":
    print_table(list(run()))
