"""What it costs to ask about a consent, to change one, and to tell everybody of a new notice.

    python -m bench.consents

The services run in this process on moto's tables. Every call that leaves them is counted below
botocore, with the capacity that it must consume by the sizes of the items: a write by the larger of
what stood there and what stands there now, twice that in a transaction, a bare condition as a
write, and one more for each entry of the index `due` that is made or removed. The peers are bare
boto3 calls that do nothing else of it. CPU times are taken without moto: the network answers at
once, with the same bytes for both.

A change is measured a day after the last one, in a container that has the notice and all keys but
the person's in memory. A telling is measured over some hundred people, in steps that are as full as
those of many people are, and carried on to 100,000: by what 300 people more have cost. What each
run of the teller takes besides (a few reads in five minutes) is left out.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, Self
from unittest.mock import patch

from botocore.awsrequest import AWSResponse, HTTPHeaders
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table as MotoTable

from bench.capacity import item_bytes, read_units, write_units
from bench.table import Row, print_table
from bench.turns import interleaved
from chalicelib.audit.entry import Actor
from chalicelib.aws import CLIENT_CONFIG
from chalicelib.clock import to_millis
from chalicelib.consents.asking import NOTICE
from chalicelib.consents.models import Channel, Decision, Evidence, Method, Standing
from chalicelib.consents.stopping.models import Processor
from chalicelib.inventory.consenting import consent_purposes
from chalicelib.notices.publishing import Draft
from chalicelib.notices.telling.models import Telling
from chalicelib.notices.telling.steps import HORIZON, PER_SECOND
from chalicelib.services import Services
from chalicelib.tables.codec import Item, decode, encode
from chalicelib.tables.transactions import Put
from infra.policy_notice import publish_policy
from tests.contract.consenting import PURPOSE
from tests.contract.counted import delivery
from tests.contract.moto_tables import REGION, SESSION
from tests.contract.office import office
from tests.contract.post import Post
from tests.fakes import FixedClock

FEW_EVENTS, MANY_EVENTS = 10, 1_000
FEW_OTHERS, MANY_OTHERS = 10, 10_000
AT_ONCE = 100
EVERYBODY = 100_000
TOLD = 300
"""People, ids counting up: thirty in each of ten parts of the roll, two full steps."""
DELIVERED = 60
BARE = "bare get_item"
NAIVE = "a read and a transaction each"
EVIDENCE = Evidence(Method.BUTTON, Channel.PRIVACY_OFFICE)
SUMMARY = "We share what you order with one more partner, who delivers it, and keep it a year less."

# List prices in USD of us-east-1, on demand, without free tiers, DynamoDB's since November 2024.
# They differ by region; what the parts weigh against each other hardly does.
READ_UNIT = 0.125e-6
WRITE_UNIT = 0.625e-6
MAIL = 0.10e-3
QUEUE_REQUEST = 0.40e-6
KMS_REQUEST = 3e-6
GB_SECOND = 16.6667e-6
INVOCATION = 0.20e-6

# How the template has it, and one guess.
MEMORY_GB = 1.0
MAILS_IN_A_BATCH = 3
MAILERS = 5  # containers at most, each with keys of its own in memory
TIMEOUT_SECONDS = 240
SES_PER_SECOND = 14  # what it gives an account at first
CALL_SECONDS = 0.010  # a guess at what a call to AWS takes inside a region

_TRANSACTION = 2
_own = SESSION.client  # of clients that nobody counts: the services have others


class Meter:
    """Counts what goes through clients: calls, items, units of capacity."""

    def __init__(self, *clients: Any) -> None:
        self.reset()
        self._look = _own("dynamodb")
        for client in clients:
            events = client.meta.events
            events.register("before-call", self._count)
            events.register("provide-client-params.dynamodb", self._ask)
            events.register("after-call.dynamodb", self._answered)

    def reset(self) -> None:
        self.calls: Counter[str] = Counter()
        self.items = 0.0
        self.read = 0.0
        self.written = 0.0
        self.transactions: list[list[dict[str, Any]]] = []
        """The new items of each."""
        self._consistent = False
        self._asked = 0
        self._before: list[tuple[float, str, dict[str, Any], dict[str, Any]]] = []

    def take(self, act: Callable[[], object]) -> Self:
        """What `act` made."""
        self.reset()
        act()
        taken = copy(self)
        self.reset()
        return taken

    @property
    def total(self) -> float:
        """All calls."""
        return float(self.calls.total())

    @property
    def kms(self) -> float:
        """Those of KMS."""
        return float(self.calls["Decrypt"] + self.calls["GenerateDataKey"])

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1

    def _ask(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        batch: Mapping[str, Any] = params.get("RequestItems", {})
        self._consistent = any(
            each.get("ConsistentRead", False) for each in (params, *batch.values())
        )
        self._asked = sum(len(each["Keys"]) for each in batch.values())
        if model.name == "TransactWriteItems":
            parts = [next(iter(each.values())) for each in params["TransactItems"]]
            self.transactions.append([each["Item"] for each in parts if "Item" in each])
            self._before = [self._standing(each, _TRANSACTION) for each in parts]
        elif model.name in {"PutItem", "UpdateItem", "DeleteItem"}:
            self._before = [self._standing(params, 1)]

    def _answered(self, model: Any, parsed: dict[str, Any], **_: Any) -> None:
        assert "Error" not in parsed, parsed  # moto could not undo a refused transaction here
        match model.name:
            case "GetItem":
                self._add([parsed["Item"]] if "Item" in parsed else [])
            case "Query":
                assert parsed["ScannedCount"] == len(parsed["Items"])
                self._add(parsed["Items"])
            case "BatchGetItem":
                found = [item for each in parsed["Responses"].values() for item in each]
                for item in found:
                    self._add([item])
                # Of what is not there half a unit, or a whole one, is paid for as well.
                self.read += (self._asked - len(found)) * self._units([])
        for factor, table, key, before in self._before:
            after = self._item(table, key)
            self.written += factor * max(write_units(before), write_units(after))
            self.written += _index_units(before, after)
        self._before = []

    def _add(self, items: list[dict[str, Any]]) -> None:
        self.items += len(items)
        self.read += self._units(items)

    def _units(self, items: list[dict[str, Any]]) -> float:
        return read_units(items, consistent=self._consistent)

    def _standing(
        self, write: Mapping[str, Any], factor: float
    ) -> tuple[float, str, dict[str, Any], dict[str, Any]]:
        key = _key(write.get("Key") or write["Item"])
        return factor, write["TableName"], key, self._item(write["TableName"], key)

    def _item(self, table: str, key: dict[str, Any]) -> dict[str, Any]:
        return dict(self._look.get_item(TableName=table, Key=key).get("Item", {}))


def _key(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("pk", "sk")}


def _index_units(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """The index holds keys only: it is written where its own keys come, go or change."""
    old, new = ((item.get("due_pk"), item.get("due_sk")) for item in (before, after))
    return 0.0 if old == new else float((old[0] is not None) + (new[0] is not None))


def run() -> list[Row]:
    """All rows; takes a minute and a half."""
    with _office() as (services, clock):
        warming, short, long = _people(services, 3)
        for each, events in ((warming, FEW_EVENTS), (short, FEW_EVENTS), (long, MANY_EVENTS)):
            _remember(services, each, events)
        meter = Meter(services.dynamodb, services.kms)
        checks = _checks(services, meter, short, long)
        standing = _item(services, services._standings.get(short))
        warm = _container(services)
        assert warm.gate.check(short, PURPOSE).verdict.allowed  # brings the notice into memory

        def taken(decision: Decision) -> tuple[Meter, Meter]:
            # A day later: the person's key is in no memory, what others need is.
            clock.advance(timedelta(days=1))
            _decide(services, warming, decision)
            few, many = (
                meter.take(partial(_decide, services, each, decision)) for each in (short, long)
            )
            return few, many

        changes = list(_changes(services, taken))
    cpu = _cpu(warm, short, standing)
    return [*checks, *cpu, *changes, *_tellings()]


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
    peer = _own("dynamodb")
    item = _item(services, services._standings.get(short))
    bare = Meter(peer).take(partial(peer.get_item, TableName=services.records.name, Key=_key(item)))
    purposes, asked = _purposes_in_a_read(services, short), len(consent_purposes())
    after = f"check after {MANY_EVENTS:,} events"
    among = f"check among {MANY_OTHERS:,} others"
    many = f"check of {AT_ONCE} people"
    return [
        *_rows(
            BARE,
            ("check: calls", one.total, bare.total, "calls", "1"),
            ("check: calls of KMS", one.kms, bare.kms, "calls", "0"),
            ("check: reads, by size", one.read, bare.read, "RCU", "≤ 0.5"),
        ),
        *_rows(
            f"after {FEW_EVENTS} events",
            (f"{after}: reads, by size", grown.read, one.read, "RCU", "1.00 x"),
            (f"{after}: items read", grown.items, one.items, "items", "1.00 x"),
        ),
        *_rows(
            f"among {FEW_OTHERS} others",
            (f"{among}: reads, by size", crowded.read, grown.read, "RCU", "1.00 x"),
            (f"{among}: items read", crowded.items, grown.items, "items", "1.00 x"),
        ),
        *_rows(
            f"{AT_ONCE} x {BARE}",
            (f"{many}: calls", hundred.total, AT_ONCE * bare.total, "calls", "1"),
            (f"{many}: reads, by size", hundred.read, AT_ONCE * bare.read, "RCU", "≤ 50"),
        ),
        *_rows(
            "the next ones",
            ("check, a minute's first: calls", first.total, one.total, "calls", "no target"),
            ("check, a minute's first: reads, by size", first.read, one.read, "RCU", "no target"),
        ),
        *_rows(
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
    bare, like_ours = _own("dynamodb"), _own("dynamodb", config=CLIENT_CONFIG)
    for client in (services.dynamodb, bare, like_ours):
        _answer_at_once(client, json.dumps({"Item": item}).encode())

    def check() -> None:
        assert services.gate.check(subject_id, PURPOSE).verdict.allowed

    def look(client: Any) -> None:
        answer = client.get_item(TableName=services.records.name, Key=_key(item))
        now = to_millis(services.clock.now())
        entry = answer["Item"]["entries"]["M"][PURPOSE]["M"]
        assert entry["state"]["S"] == "given" and int(entry["until"]["N"]) > now  # noqa: PT018  # one decision

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
    put = partial((peer := _own("dynamodb")).put_item, TableName=services.records.name)
    bare = Meter(peer).take(partial(put, Item={**event, "pk": {"S": "BARE"}}))
    yield from _change("withdrawal", *withdrawals, bare)
    yield from _change("withdrawal, one processor told", *told, bare)
    yield from _change("yes", *yeses, bare)


def _change(act: str, few: Meter, many: Meter, bare: Meter) -> Iterator[Row]:
    assert few.kms == many.kms == 0
    once, twice = (float(each.calls["TransactWriteItems"]) for each in (few, many))
    later = f"{act} after {MANY_EVENTS:,} events"
    yield from _rows(
        "bare put_item",
        (f"{act}: transactions", once, bare.total, "calls", "1"),
        (f"{act}: calls", few.total, bare.total, "calls", "no target"),
        (f"{act}: writes, by size", few.written, bare.written, "WCU", "no target"),
    )
    yield from _rows(
        f"after {FEW_EVENTS} events",
        (f"{later}: transactions", twice, once, "calls", "1"),
        (f"{later}: calls", many.total, few.total, "calls", "1.00 x"),
        (f"{later}: reads, by size", many.read, few.read, "RCU", "1.00 x"),
        (f"{later}: writes, by size", many.written, few.written, "WCU", "1.00 x"),
    )


@dataclass(frozen=True)
class Cost:
    """What something takes: calls of DynamoDB, units, requests of others, runs of functions."""

    calls: float = 0
    reads: float = 0
    writes: float = 0
    kms: float = 0
    queue: float = 0
    mails: float = 0
    invocations: float = 0

    @classmethod
    def of(cls, taken: Meter) -> Self:
        return cls(taken.total - taken.kms, taken.read, taken.written, taken.kms)

    def times(self, factor: float) -> "Cost":
        return Cost(*(factor * value for value in self._values()))

    def plus(self, other: "Cost") -> "Cost":
        pairs = zip(self._values(), other._values(), strict=True)
        return Cost(*(mine + others for mine, others in pairs))

    def minus(self, other: "Cost") -> "Cost":
        return self.plus(other.times(-1))

    @property
    def usd(self) -> float:
        """By the list prices, functions as long as their calls are taken to last."""
        calls = self.calls + self.kms + self.queue + self.mails
        return (
            self.reads * READ_UNIT
            + self.writes * WRITE_UNIT
            + self.kms * KMS_REQUEST
            + self.queue * QUEUE_REQUEST
            + self.mails * MAIL
            + self.invocations * INVOCATION
            + calls * CALL_SECONDS * MEMORY_GB * GB_SECOND
        )

    def _values(self) -> tuple[float, ...]:
        return (
            *(self.calls, self.reads, self.writes, self.kms),
            *(self.queue, self.mails, self.invocations),
        )


@dataclass(frozen=True)
class Told:
    """What telling some people took."""

    steps: Cost
    streamed: Cost
    """What the stream starts: mails handed to their queue, the asked counted."""
    delivered: Cost
    """A mail's."""
    alone: Cost
    """A person's who is told alone."""
    telling: Telling

    @property
    def seconds(self) -> float:
        """From the first mail's moment to the last one's."""
        assert self.telling.done_at is not None
        begun = self.telling.started_at + 2 * HORIZON
        return (self.telling.done_at - begun).total_seconds()


def _tellings() -> Iterator[Row]:
    plain = _telling(TOLD, asked=False)
    few, many = _telling(TOLD, asked=True), _telling(2 * TOLD, asked=True)
    alone, in_a_run = many.alone, PER_SECOND * HORIZON.seconds
    step = many.steps.minus(few.steps).times(1 / TOLD)
    once = few.steps.minus(step.times(TOLD))
    asking = few.steps.minus(plain.steps).times(10 / TOLD)
    unasked = step.minus(asking.times(1 / 10))
    # Its batch is taken from the queue, worked and deleted.
    delivered = many.delivered.plus(Cost(queue=2, invocations=1).times(1 / MAILS_IN_A_BATCH))
    after = many.streamed.times(1 / (2 * TOLD)).plus(delivered)
    keys = Cost(kms=few.steps.kms + MAILERS).times(EVERYBODY / in_a_run)
    total = step.plus(after).times(EVERYBODY).plus(once).plus(keys)
    naive = alone.plus(after).times(EVERYBODY).plus(keys)
    hours = (2 * HORIZON.seconds + many.seconds / (2 * TOLD) * EVERYBODY) / 3600
    for whom, each in (("nobody", unasked), ("a tenth", step)):
        tell = f"telling a person, {whom} asked anew"
        yield from _rows(
            NAIVE,
            (f"{tell}: calls", each.calls, alone.calls, "calls", "no target"),
            (f"{tell}: reads, by size", each.reads, alone.reads, "RCU", "no target"),
            (f"{tell}: writes, by size", each.writes, alone.writes, "WCU", "no target"),
            (f"{tell}: cost", each.usd * 1e6, alone.usd * 1e6, "µUSD", "no target"),
        )
    yield from _rows(
        "telling without it",
        ("asking a person anew: calls", asking.calls, unasked.calls, "calls", "no target"),
        ("asking a person anew: reads", asking.reads, unasked.reads, "RCU", "no target"),
        ("asking a person anew: writes", asking.writes, unasked.writes, "WCU", "no target"),
    )
    yield from _rows(
        "SES alone",
        ("delivering a mail: calls of DynamoDB", delivered.calls, 0, "calls", "no target"),
        ("delivering a mail: reads, by size", delivered.reads, 0, "RCU", "no target"),
        ("delivering a mail: writes, by size", delivered.writes, 0, "WCU", "no target"),
        ("delivering a mail: cost", after.usd * 1e6, MAIL * 1e6, "µUSD", "no target"),
    )
    everybody = f"telling {EVERYBODY:,} people"
    yield from _rows(
        NAIVE,
        (f"{everybody}, mails included: cost", total.usd, naive.usd, "USD", "no target"),
        (
            f"a run's {in_a_run:,} people, 10 ms a call",
            *(step.calls * in_a_run * CALL_SECONDS, alone.calls * in_a_run * CALL_SECONDS),
            *("s", f"< {TIMEOUT_SECONDS}"),
        ),
    )
    ses_hours = EVERYBODY / SES_PER_SECOND / 3600
    yield from _rows(
        f"SES at {SES_PER_SECOND} a second",
        (f"{everybody}: time", hours, ses_hours, "h", "no target"),
    )


def _rows(peer: str, *figures: tuple[str, float, float, str, str]) -> Iterator[Row]:
    """Rows beside the same `peer`: what, ours, the peer's, unit, target."""
    for what, ours, theirs, unit, target in figures:
        yield Row(what, ours, theirs, peer, unit, target)


def _telling(count: int, *, asked: bool) -> Told:
    """Tells `count` people of a new version, of which it asks every tenth anew."""
    with _office() as (services, clock):
        people = _people(services, count)
        # Three neighbours of thirty in each part of the roll.
        for number, each in enumerate(people):
            if asked and number // 10 % 10 == 0:
                _decide(services, each, Decision.GIVEN)
        clock.advance(timedelta(days=1))
        _publish(services)
        clock.advance(2 * HORIZON)
        meter = Meter(services.dynamodb, services.kms)
        steps = meter.take(lambda: services.teller.run(lambda: 300_000))
        telling = services._tellings.get(NOTICE, "next")
        assert telling is not None
        assert (telling.told, telling.asked) == (count, count // 10 if asked else 0)
        alone = _alone(services, DELIVERED)
        events = [delivery(map(decode, each)) for each in steps.transactions]
        return Told(
            Cost.of(steps),
            _relay(services, events).plus(_count(services, meter, events)),
            _deliver(services, clock, meter),
            alone,
            telling,
        )


def _alone(services: Services, count: int) -> Cost:
    """What a person costs who is read and told alone: the same line and mail, nothing else."""
    peer, table, stored = _own("dynamodb"), services.records.name, list(_records(services))
    # Events of consents wait in the outbox as well.
    stored = [each for each in stored if each.get("channel") != "webhook"]
    of_type = {
        wanted: [encode(each) for each in stored if each["et"] == wanted][:count]
        for wanted in ("subject_profile", "notice_told_person", "outbox_message")
    }

    def tell() -> None:
        for profile, *told in zip(*of_type.values(), strict=True):
            peer.get_item(TableName=table, Key=_key(profile))
            items = ({**each, "pk": {"S": f"BARE#{each['pk']['S']}"}} for each in told)
            peer.transact_write_items(
                TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items]
            )

    return Cost.of(Meter(peer).take(tell)).times(1 / count)


def _relay(services: Services, events: Iterable[dict[str, Any]]) -> Cost:
    """What it takes to hand the mails of the stream's `events` to their queue."""
    sqs = _own("sqs")
    for name in ("mail", "webhooks", "work"):
        sqs.create_queue(QueueName=name)
    meter, events = Meter(services.sqs), list(events)

    def relay() -> None:
        for each in events:
            assert services.relay.forward(_of(each, "outbox_message")) == 0

    return Cost(queue=meter.take(relay).total, invocations=len(events))


def _count(services: Services, meter: Meter, events: Iterable[dict[str, Any]]) -> Cost:
    """What it takes to count who was asked anew, for the statistics."""
    some = [each for event in events if (each := _of(event, "consent_event"))["Records"]]

    def count() -> None:
        for each in some:
            assert services.counting.consents(each) == 0

    return replace(Cost.of(meter.take(count)), kms=0, invocations=len(some))


def _of(event: dict[str, Any], item_type: str) -> dict[str, Any]:
    """What of a stream's event is about items of this type: the function's filter."""
    kept = [
        each for each in event["Records"] if each["dynamodb"]["NewImage"]["et"] == {"S": item_type}
    ]
    return {"Records": kept}


def _deliver(services: Services, clock: FixedClock, meter: Meter) -> Cost:
    """What a mail takes from its queue on, SES and its ledger's line included."""
    clock.advance(HORIZON)
    mails = [
        pk.removeprefix("OUTBOX#")
        for item in _records(services)
        if (pk := str(item["pk"])).startswith("OUTBOX#") and item["channel"] == "mail"
    ]
    post = Post(services)
    post.deliver(mails[0])  # brings the day's key into memory

    def deliver() -> None:
        for each in mails[1 : DELIVERED + 1]:
            post.deliver(each)

    taken = meter.take(deliver)
    assert len(post.client.taken) == DELIVERED + 1
    assert taken.kms == 0
    return replace(Cost.of(taken).times(1 / DELIVERED), mails=1)


def _publish(services: Services) -> None:
    """A version that changes what consent covers, in a week."""
    terms = services.publishing._terms
    other: Item = {"recipients": {"en": "Others too", "id": "Pihak lain juga"}}
    services.publishing._terms = lambda purpose: terms(purpose) | other
    current = services.directory.in_force(NOTICE)
    services.publishing.publish(
        Draft(
            notice_id=NOTICE,
            version="next",
            texts=current.texts,
            summary={"en": SUMMARY, "id": SUMMARY},
            significant=True,
            effective_at=services.clock.now() + timedelta(days=8),
            asks=(PURPOSE,),
        ),
        Actor("staff", "bench"),
    )


@contextmanager
def _office() -> Iterator[tuple[Services, FixedClock]]:
    """Services with the policy published."""
    clock = FixedClock()
    # moto copies all tables for each transaction, so that it can undo it; none is refused here.
    own_copy = patch.object(MotoTable, "__deepcopy__", lambda table, _: table, create=True)
    with own_copy, office(clock) as services:
        publish_policy(services)
        yield services, clock


def _container(services: Services) -> Services:
    """Another container of the same deployment."""
    return Services(
        services.settings,
        clock=FixedClock(services.clock.now()),
        ids=services.ids,
        create_client=_own,
    )


def _people(services: Services, count: int) -> list[str]:
    """The ids of new people."""
    found: list[str] = []
    for number in range(count):
        subject_id, actions = services.subjects.having(f"person-{number}@example.test", "id")
        services.run_command(partial(list, actions))
        found.append(subject_id)
    return found


def _remember(services: Services, subject_id: str, events: int) -> None:
    """Gives the person a history of so many events; the last is a yes."""
    _decide(services, subject_id, Decision.REFUSED)
    for number in range(events - 1):
        _decide(services, subject_id, Decision.WITHDRAWN if number % 2 else Decision.GIVEN)


def _decide(services: Services, subject_id: str, decision: Decision) -> None:
    shown = services.directory.in_force(NOTICE).sha256["id"]
    recorded = services.consents.decide(subject_id, PURPOSE, decision, (shown, "id"), EVIDENCE)
    assert recorded.created


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


def _records(services: Services) -> Iterator[Item]:
    """Every item of the records table."""
    pages = _own("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=services.settings.records_table):
        yield from map(decode, page["Items"])


def _item(services: Services, standing: Standing) -> dict[str, Any]:
    """What is stored of `standing`, in DynamoDB's JSON."""
    change = services._standings.change(standing)
    assert isinstance(change, Put)
    return dict(encode(change.item))


if __name__ == "__main__":
    print_table(run())
