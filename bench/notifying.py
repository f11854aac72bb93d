"""What it costs to tell everybody whom an incident affects, and whether anybody is left out.

    python -m bench.notifying

Costs are measured over some hundred people and carried on, as in bench/telling.py. Then 100,000 are
told by a teller that is killed ten times, before a write or after it, and whoever was told is
counted in the table; their list is in memory then, for moto's own takes hours. Takes some minutes.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import batched
from typing import Any

from bench.consent_office import all_records, policy_office
from bench.metering import Meter
from bench.table import Row, print_table, rows_beside
from bench.telling import (
    MAIL,
    MAILERS,
    MAILS_IN_A_BATCH,
    SES_PER_SECOND,
    Cost,
    cost_alone,
    cost_of_delivery,
    cost_of_relay,
)
from chalicelib.incidents.affected.models import Came, Person
from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import TEMPLATE, State
from chalicelib.incidents.telling.models import PARTS, PeopleOf, part_of
from chalicelib.incidents.telling.teller import BreachTeller
from chalicelib.notices.telling.models import Reader
from chalicelib.notices.telling.place import HORIZON, PER_SECOND
from chalicelib.services import Services
from chalicelib.tables.codec import decode
from tests.contract.affecting import teller_of
from tests.contract.counted import delivery
from tests.contract.killing import Killed, Killer
from tests.contract.noticing import INCIDENT, NOTICE, a_notice, keep
from tests.contract.post import Post

EVERYBODY = 100_000
TOLD = 480
"""People: thirty in each part of the list, two full steps."""
DELIVERED = 60
KILLS = 10
BETWEEN_KILLS = 650  # writes: of some 6,700 steps
PLENTY = 10**9
NAIVE = "a read and a transaction each"


@dataclass(frozen=True)
class Told:
    """What telling some people took: steps, what the stream starts, a mail's delivery, a person's
    who is told alone."""

    steps: Cost
    streamed: Cost
    delivered: Cost
    alone: Cost


@dataclass(frozen=True)
class Everybody:
    """What telling everybody took: the calls of the teller, hours until the last mail's moment;
    whoever has a line, and mails."""

    calls: int
    hours: float
    lines: int
    mails: int
    mailed: int
    """Different people among the mails."""


def run() -> Iterator[Row]:
    """All rows."""
    few, many = _notified(TOLD), _notified(2 * TOLD)
    step = many.steps.minus(few.steps).times(1 / TOLD)
    delivered = many.delivered.plus(Cost(queue=2, invocations=1).times(1 / MAILS_IN_A_BATCH))
    after = many.streamed.times(1 / (2 * TOLD)).plus(delivered)
    keys = Cost(kms=few.steps.kms + MAILERS).times(EVERYBODY / (PER_SECOND * HORIZON.seconds))
    total = step.plus(after).times(EVERYBODY).plus(keys)
    naive = many.alone.plus(after).times(EVERYBODY).plus(keys)
    tell = "notifying a person, looked at twice"
    yield from rows_beside(
        NAIVE,
        (f"{tell}: calls", step.calls, many.alone.calls, "calls", "no target"),
        (f"{tell}: reads, by size", step.reads, many.alone.reads, "RCU", "no target"),
        (f"{tell}: writes, by size", step.writes, many.alone.writes, "WCU", "no target"),
        (f"{tell}: cost", step.usd * 1e6, many.alone.usd * 1e6, "µUSD", "no target"),
    )
    yield from rows_beside(
        "SES alone",
        ("delivering a notice: calls of DynamoDB", delivered.calls, 0, "calls", "no target"),
        ("delivering a notice: writes, by size", delivered.writes, 0, "WCU", "no target"),
        ("delivering a notice: cost", after.usd * 1e6, MAIL * 1e6, "µUSD", "no target"),
    )
    everybody = f"notifying {EVERYBODY:,} people"
    yield from rows_beside(
        NAIVE, (f"{everybody}, mails included: cost", total.usd, naive.usd, "USD", "no target")
    )
    all_told = _everybody()
    killed = f"{everybody}, killed {KILLS} times"
    yield from rows_beside(
        "a transaction each",
        (f"{killed}: calls without the list's", all_told.calls, EVERYBODY, "calls", "no target"),
    )
    yield from rows_beside(
        "people",
        (f"{killed}: lines of the ledger", all_told.lines, EVERYBODY, "lines", "= 1.000"),
        (f"{killed}: mails", all_told.mails, EVERYBODY, "mails", "= 1.000"),
        (f"{killed}: people mailed", all_told.mailed, EVERYBODY, "people", "= 1.000"),
    )
    ses_hours = EVERYBODY / SES_PER_SECOND / 3600
    yield from rows_beside(
        f"SES at {SES_PER_SECOND} a second",
        (f"{killed}: time", all_told.hours, ses_hours, "h", "< 72 h"),
    )


def _notified(count: int) -> Told:
    """Tells `count` people, metered."""
    with policy_office() as (services, clock):
        _listed(services, count)
        teller = _started(services, services.affected_people)
        meter = Meter(services.dynamodb, services.kms)
        steps = meter.take(lambda: teller.run(lambda: PLENTY))
        kinds = ("affected_recipient", "breach_told", "outbox_message")
        alone = cost_alone(services, DELIVERED, kinds)
        events = [delivery(map(decode, each)) for each in steps.transactions]
        streamed = cost_of_relay(services, events)
        post = Post(services, writers={TEMPLATE: services.notice_texts.of})
        return Told(Cost.of(steps), streamed, cost_of_delivery(post, clock, meter), alone)


def _everybody() -> Everybody:
    """Tells everybody, run by run, and kills ten of them."""
    with policy_office() as (services, clock):
        people = _everybody_in_order()
        teller = _started(services, lambda *_: people)
        begun, calls = clock.now(), Counter[str]()
        services.dynamodb.meta.events.register(
            "before-call", lambda model, **_: calls.update([model.name])
        )
        when = ("before", "after")
        killer = Killer(
            lambda number: (
                when[number // BETWEEN_KILLS % 2]
                if number % BETWEEN_KILLS == 0 < number <= KILLS * BETWEEN_KILLS
                else None
            )
        )
        killer.watch(services)
        while (telling := services._breach_tellings.get(NOTICE)) and telling.state == "running":
            killer.armed = True
            with suppress(Killed):
                teller.run(lambda: PLENTY)
                clock.advance(HORIZON)
            killer.armed = False
        assert len(killer.kills) == KILLS
        assert telling is not None
        kinds = Counter[str]()
        mailed = set[str]()
        for item in all_records(services):
            kinds[str(item["et"])] += 1
            if item["et"] == "outbox_message":
                mailed.add(str(item["about"]))
        hours = (telling.place.next_at - begun) / timedelta(hours=1)
        return Everybody(
            calls.total(), hours, kinds["breach_told"], kinds["outbox_message"], len(mailed)
        )


class InOrder:
    """Affected people by parts, their ids in order."""

    def __init__(self, readers: dict[str, Reader]) -> None:
        self._readers = readers
        in_order = sorted(readers)
        self._ids = [[each for each in in_order if part_of(each) == part] for part in PARTS]

    @property
    def parts(self) -> int:
        return len(PARTS)

    def after(self, part: int, after: str, limit: int) -> list[str]:
        start = bisect_right(self._ids[part], after)
        return self._ids[part][start : start + limit]

    def address_id(self, email: str, /) -> str:
        return sha256(email.encode()).hexdigest()[:32]

    def count(self) -> int:
        return len(self._readers)

    def is_unsettled(self) -> bool:
        return False

    def version(self) -> str:
        return str(self.count())

    def lacks_contacts(self) -> bool:
        return False

    def readers(self, reader_ids: Sequence[str], /) -> dict[str, Reader]:
        return {each: self._readers[each] for each in reader_ids}


def _everybody_in_order() -> InOrder:
    return InOrder(
        {
            f"subjects-{sha256(str(number).encode()).hexdigest()[:32]}": Reader(
                f"person-{number}@example.test", "id"
            )
            for number in range(EVERYBODY)
        }
    )


def _started(services: Services, people_of: PeopleOf) -> BreachTeller:
    """The teller of an approved notice."""
    keep(services, a_notice(state=State.APPROVED))
    desk = services.telling_desk
    services.run_command(lambda: desk.start(INCIDENT, NOTICE, Recipient.SUBJECTS, drill=False))
    return teller_of(services, people_of)


def _listed(services: Services, count: int) -> None:
    """Puts `count` people on the list of the affected."""
    people = (
        Person(Recipient.SUBJECTS, email=f"person-{number}@example.test", language="id")
        for number in range(count)
    )
    for some in batched(people, 80, strict=False):
        services.run_command(partial(_adding, services, some))


def _adding(services: Services, people: tuple[Person, ...]) -> list[Any]:
    return services.affected.adding(INCIDENT, people, Came.TYPED, services.clock.now()).actions


if __name__ == "__main__":
    print_table(list(run()))
