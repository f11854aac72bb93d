"""What it costs to tell everybody of a new version of a notice.

    python -m bench.telling

Measured over some hundred people, in steps that are as full as those of many people are, and
carried on to 100,000: by what 300 people more have cost. What each run of the teller takes besides
(a few reads in five minutes, the second round over newcomers) is left out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Self

from bench.consent_office import all_records, decide, new_people, policy_office
from bench.metering import Meter, key_of_json, own_client
from bench.table import Row, print_table, rows_beside
from chalicelib.audit.entry import Actor
from chalicelib.clock import to_millis
from chalicelib.consents.asking import NOTICE
from chalicelib.consents.models import Decision
from chalicelib.notices.publishing import Draft
from chalicelib.notices.telling.place import HORIZON, PER_SECOND
from chalicelib.services import Services
from chalicelib.tables.codec import Item, decode, encode
from tests.contract.consenting import PURPOSE
from tests.contract.counted import delivery
from tests.contract.post import Post
from tests.fakes import FixedClock

EVERYBODY = 100_000
TOLD = 300
"""People, ids counting up: thirty in each of ten parts of the roll, two full steps."""
DELIVERED = 60
NAIVE = "a read and a transaction each"
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
    seconds: float
    """From the first mail's moment to the last one's."""


def run() -> Iterator[Row]:
    """All rows; takes a minute."""
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
        yield from rows_beside(
            NAIVE,
            (f"{tell}: calls", each.calls, alone.calls, "calls", "no target"),
            (f"{tell}: reads, by size", each.reads, alone.reads, "RCU", "no target"),
            (f"{tell}: writes, by size", each.writes, alone.writes, "WCU", "no target"),
            (f"{tell}: cost", each.usd * 1e6, alone.usd * 1e6, "µUSD", "no target"),
        )
    yield from rows_beside(
        "telling without it",
        ("asking a person anew: calls", asking.calls, unasked.calls, "calls", "no target"),
        ("asking a person anew: reads", asking.reads, unasked.reads, "RCU", "no target"),
        ("asking a person anew: writes", asking.writes, unasked.writes, "WCU", "no target"),
    )
    yield from rows_beside(
        "SES alone",
        ("delivering a mail: calls of DynamoDB", delivered.calls, 0, "calls", "no target"),
        ("delivering a mail: reads, by size", delivered.reads, 0, "RCU", "no target"),
        ("delivering a mail: writes, by size", delivered.writes, 0, "WCU", "no target"),
        ("delivering a mail: cost", after.usd * 1e6, MAIL * 1e6, "µUSD", "no target"),
    )
    everybody = f"telling {EVERYBODY:,} people"
    yield from rows_beside(
        NAIVE,
        (f"{everybody}, mails included: cost", total.usd, naive.usd, "USD", "no target"),
        (
            f"a run's {in_a_run:,} people, 10 ms a call",
            *(step.calls * in_a_run * CALL_SECONDS, alone.calls * in_a_run * CALL_SECONDS),
            *("s", f"< {TIMEOUT_SECONDS}"),
        ),
    )
    ses_hours = EVERYBODY / SES_PER_SECOND / 3600
    yield from rows_beside(
        f"SES at {SES_PER_SECOND} a second",
        (f"{everybody}: time", hours, ses_hours, "h", "no target"),
    )


def _telling(count: int, *, asked: bool) -> Told:
    """Tells `count` people of a new version, of which it asks every tenth anew."""
    with policy_office() as (services, clock):
        people = new_people(services, count)
        # Three neighbours of thirty in each part of the roll.
        for number, each in enumerate(people):
            if asked and number // 10 % 10 == 0:
                decide(services, each, Decision.GIVEN)
        clock.advance(timedelta(days=1))
        _publish(services)
        clock.advance(2 * HORIZON)
        meter = Meter(services.dynamodb, services.kms)
        steps = meter.take(lambda: services.teller.run(lambda: 300_000))
        telling = services._tellings.get(NOTICE, "next")
        assert telling is not None
        assert (telling.told, telling.asked) == (count, count // 10 if asked else 0)
        begun = to_millis(clock.now())
        moments = [int(str(each["lease"])) for each in all_records(services) if "lease" in each]
        kinds = ("subject_profile", "notice_told_person", "outbox_message")
        alone = cost_alone(services, DELIVERED, kinds)
        events = [delivery(map(decode, each)) for each in steps.transactions]
        return Told(
            Cost.of(steps),
            cost_of_relay(services, events).plus(_count(services, meter, events)),
            cost_of_delivery(Post(services), clock, meter),
            alone,
            (max(moments) - begun) / 1000,
        )


def cost_alone(services: Services, count: int, kinds: tuple[str, str, str]) -> Cost:
    """What a person costs who is read and told alone: the same line and mail, nothing else.

    `kinds` are the types of the items: of the person, the line, the mail.
    """
    peer, table, stored = own_client("dynamodb"), services.records.name, list(all_records(services))
    # Events of consents wait in the outbox as well.
    stored = [each for each in stored if each.get("channel") != "webhook"]
    of_type = {
        wanted: [encode(each) for each in stored if each["et"] == wanted][:count]
        for wanted in kinds
    }

    def tell() -> None:
        for profile, *told in zip(*of_type.values(), strict=True):
            peer.get_item(TableName=table, Key=key_of_json(profile))
            items = ({**each, "pk": {"S": f"BARE#{each['pk']['S']}"}} for each in told)
            peer.transact_write_items(
                TransactItems=[{"Put": {"TableName": table, "Item": item}} for item in items]
            )

    return Cost.of(Meter(peer).take(tell)).times(1 / count)


def cost_of_relay(services: Services, events: Iterable[dict[str, Any]]) -> Cost:
    """What it takes to hand the mails of the stream's `events` to their queue."""
    sqs = own_client("sqs")
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


def cost_of_delivery(post: Post, clock: FixedClock, meter: Meter) -> Cost:
    """What a mail takes from its queue on, SES and its ledger's line included."""
    clock.advance(HORIZON)
    mails = [
        pk.removeprefix("OUTBOX#")
        for item in all_records(post.services)
        if (pk := str(item["pk"])).startswith("OUTBOX#") and item["channel"] == "mail"
    ]
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
            texts={language: {**parts, "13": "News"} for language, parts in current.texts.items()},
            summary={"en": SUMMARY, "id": SUMMARY},
            significant=True,
            effective_at=services.clock.now() + timedelta(days=8),
            asks=(PURPOSE,),
        ),
        Actor("staff", "bench"),
    )


if __name__ == "__main__":
    print_table(list(run()))
