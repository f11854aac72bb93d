"""What it costs to ask about a consent, and to change one.

    python -m bench.consents

The services run in this process on moto's tables. Every call that leaves them is counted below
botocore, with the capacity that it must consume by the sizes of the items: a write by the larger of
what stood there and what stands there now, twice that in a transaction, a bare condition as a
write, and one more for each entry of the index `due` that is made or removed. The peers are bare
boto3 calls that do nothing else of it. CPU times are taken without moto: the network answers at
once, with the same bytes for both.

A change is measured a day after the last one, in a container that has the notice and all keys but
the person's in memory.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from botocore.awsrequest import AWSResponse, HTTPHeaders
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from bench.capacity import item_bytes, read_units
from bench.consent_office import (
    another_container,
    decide,
    new_people,
    policy_office,
)
from bench.metering import Meter, key_of_json, own_client
from bench.table import Row, print_table, rows_beside
from bench.turns import interleaved
from chalicelib.aws import CLIENT_CONFIG
from chalicelib.clock import to_millis
from chalicelib.consents.models import Decision, Standing
from chalicelib.consents.stopping.models import Processor
from chalicelib.inventory.consenting import consent_purposes
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from chalicelib.tables.transactions import Put
from tests.contract.consenting import PURPOSE
from tests.contract.moto_tables import REGION

FEW_EVENTS, MANY_EVENTS = 10, 1_000
FEW_OTHERS, MANY_OTHERS = 10, 10_000
AT_ONCE = 100
BARE = "bare get_item"


def run() -> list[Row]:
    """All rows; takes a minute and a half."""
    with policy_office() as (services, clock):
        warming, short, long = new_people(services, 3)
        for each, events in ((warming, FEW_EVENTS), (short, FEW_EVENTS), (long, MANY_EVENTS)):
            _remember(services, each, events)
        meter = Meter(services.dynamodb, services.kms)
        checks = _checks(services, meter, short, long)
        standing = _item(services, services._standings.get(short))
        warm = another_container(services)
        assert warm.gate.check(short, PURPOSE).verdict.allowed  # brings the notice into memory

        def taken(decision: Decision) -> tuple[Meter, Meter]:
            # A day later: the person's key is in no memory, what others need is.
            clock.advance(timedelta(days=1))
            decide(services, warming, decision)
            few, many = (
                meter.take(partial(decide, services, each, decision)) for each in (short, long)
            )
            return few, many

        changes = list(_changes(services, taken))
    cpu = _cpu(warm, short, standing)
    return [*checks, *cpu, *changes]


def _checks(services: Services, meter: Meter, short: str, long: str) -> list[Row]:
    check = partial(services.gate.check, purpose=PURPOSE)
    ids = _add_others(services, short, 0, FEW_OTHERS)
    one, grown = (meter.take(partial(check, each)) for each in (short, long))
    ids += _add_others(services, short, FEW_OTHERS, MANY_OTHERS)
    crowded = meter.take(partial(check, long))
    hundred = meter.take(
        lambda: services.gate.check_many([short, long, *ids[: AT_ONCE - 2]], PURPOSE)
    )
    services.directory._editions.clear()
    first = meter.take(partial(check, short))
    peer = own_client("dynamodb")
    item = _item(services, services._standings.get(short))
    bare = Meter(peer).take(
        partial(peer.get_item, TableName=services.records.name, Key=key_of_json(item))
    )
    purposes, asked = _purposes_in_a_read(services, short), len(consent_purposes())
    after = f"check after {MANY_EVENTS:,} events"
    among = f"check among {MANY_OTHERS:,} others"
    many = f"check of {AT_ONCE} people"
    return [
        *rows_beside(
            BARE,
            ("check: calls", one.total, bare.total, "calls", "1"),
            ("check: calls of KMS", one.kms, bare.kms, "calls", "0"),
            ("check: reads, by size", one.read, bare.read, "RCU", "≤ 0.5"),
        ),
        *rows_beside(
            f"after {FEW_EVENTS} events",
            (f"{after}: reads, by size", grown.read, one.read, "RCU", "1.00 x"),
            (f"{after}: items read", grown.items, one.items, "items", "1.00 x"),
        ),
        *rows_beside(
            f"among {FEW_OTHERS} others",
            (f"{among}: reads, by size", crowded.read, grown.read, "RCU", "1.00 x"),
            (f"{among}: items read", crowded.items, grown.items, "items", "1.00 x"),
        ),
        *rows_beside(
            f"{AT_ONCE} x {BARE}",
            (f"{many}: calls", hundred.total, AT_ONCE * bare.total, "calls", "1"),
            (f"{many}: reads, by size", hundred.read, AT_ONCE * bare.read, "RCU", "≤ 50"),
        ),
        *rows_beside(
            "the next ones",
            ("check, a minute's first: calls", first.total, one.total, "calls", "no target"),
            ("check, a minute's first: reads, by size", first.read, one.read, "RCU", "no target"),
        ),
        *rows_beside(
            "asked today",
            (
                f"purposes that 0.5 RCU reads (one: {item_bytes(item)} bytes)",
                *(purposes, asked, "purposes", "≥ 1.00 x"),
            ),
        ),
    ]


def _cpu(services: Services, subject_id: str, item: dict[str, Any]) -> Iterator[Row]:
    """CPU of a check beside bare boto3 that gets the same item and looks into it.

    Once as boto3 comes, once with the settings of our own clients.
    """
    bare, like_ours = own_client("dynamodb"), own_client("dynamodb", config=CLIENT_CONFIG)
    for client in (services.dynamodb, bare, like_ours):
        _answer_at_once(client, json.dumps({"Item": item}).encode())

    def check() -> None:
        assert services.gate.check(subject_id, PURPOSE).verdict.allowed

    def look(client: Any) -> None:
        answer = client.get_item(TableName=services.records.name, Key=key_of_json(item))
        now = to_millis(services.clock.now())
        entry = answer["Item"]["entries"]["M"][PURPOSE]["M"]
        assert entry["state"]["S"] == "given" and int(entry["expires_at"]["N"]) > now  # noqa: PT018  # one decision

    ours, *peers = interleaved(check, partial(look, bare), partial(look, like_ours))
    for name, theirs in zip((BARE, f"{BARE}, our settings"), peers, strict=True):
        yield Row("check, CPU", ours, theirs, name, "µs", "no target")


def _answer_at_once(client: Any, answer: bytes) -> None:
    def respond(request: Any, **_: Any) -> Any:
        response: Any = AWSResponse(request.url, 200, HTTPHeaders(), None)
        response._content = answer
        return response

    client.meta.events.register_first("before-send", respond)


def _changes(services: Services, taken: Callable[[Decision], tuple[Meter, Meter]]) -> Iterator[Row]:
    withdrawals, yeses = taken(Decision.WITHDRAWN), taken(Decision.GIVEN)
    _register_processor(services)
    told = taken(Decision.WITHDRAWN)
    written = yeses[0].transactions[0]
    event = next(each for each in written if each["et"] == {"S": "consent_event"})
    put = partial((peer := own_client("dynamodb")).put_item, TableName=services.records.name)
    bare = Meter(peer).take(partial(put, Item={**event, "pk": {"S": "BARE"}}))
    yield from _change("withdrawal", *withdrawals, bare)
    yield from _change("withdrawal, one processor told", *told, bare)
    yield from _change("yes", *yeses, bare)


def _change(act: str, few: Meter, many: Meter, bare: Meter) -> Iterator[Row]:
    assert few.kms == many.kms == 0
    once, twice = (float(each.calls["TransactWriteItems"]) for each in (few, many))
    later = f"{act} after {MANY_EVENTS:,} events"
    yield from rows_beside(
        "bare put_item",
        (f"{act}: transactions", once, bare.total, "calls", "1"),
        (f"{act}: calls", few.total, bare.total, "calls", "no target"),
        (f"{act}: writes, by size", few.written, bare.written, "WCU", "no target"),
    )
    yield from rows_beside(
        f"after {FEW_EVENTS} events",
        (f"{later}: transactions", twice, once, "calls", "1"),
        (f"{later}: calls", many.total, few.total, "calls", "1.00 x"),
        (f"{later}: reads, by size", many.read, few.read, "RCU", "1.00 x"),
        (f"{later}: writes, by size", many.written, few.written, "WCU", "1.00 x"),
    )


def _remember(services: Services, subject_id: str, events: int) -> None:
    """Gives the person a history of so many events; the last is a yes."""
    decide(services, subject_id, Decision.REFUSED)
    for number in range(events - 1):
        decide(services, subject_id, Decision.WITHDRAWN if number % 2 else Decision.GIVEN)


def _register_processor(services: Services) -> None:
    ids, now = services.ids, services.clock.now()
    processor = Processor(ids.new(), "Acme Ledger", ids.new(), (PURPOSE,), now)
    services.run_command(lambda: [services.stop_orders._processors.addition(processor)])


def _add_others(services: Services, subject_id: str, start: int, end: int) -> list[str]:
    """Stores the person's standing for others, past the API, which would take a minute."""
    standing = services._standings.get(subject_id)
    ids = [f"01JOTHER{number:018d}" for number in range(start, end)]
    for each in ids:
        dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].put_item(
            services.records.name, _item(services, replace(standing, subject_id=each))
        )
    return ids


def _purposes_in_a_read(services: Services, subject_id: str) -> int:
    """How many purposes' consents, each with all that can stand there, half a unit reads."""
    standing: Standing = services._standings.get(subject_id)
    request = services.ids.new()
    entry = standing.entries[PURPOSE]
    entry = replace(entry, former_terms=entry.terms_sha256, asked="2027-01", asked_at=entry.at)
    for count in range(1, 100):
        purposes = [f"{number:03}".ljust(len(PURPOSE), "x") for number in range(count)]
        full = replace(
            standing,
            entries=dict.fromkeys(purposes, entry),
            reminded=dict.fromkeys(purposes, entry.record_id),
            restricted_by=request,
            objected_by=request,
        )
        if read_units([_item(services, full)], consistent=False) > 0.5:
            return count - 1
    raise AssertionError("a standing does not grow")


def _item(services: Services, standing: Standing) -> dict[str, Any]:
    """What is stored of `standing`, in DynamoDB's JSON."""
    change = services._standings.change(standing)
    assert isinstance(change, Put)
    return dict(encode(change.item))


if __name__ == "__main__":
    print_table(run())
