"""The sweep on bad days, by seeds: in the end everything that is over is gone, once, and nothing
went while a hold was on it."""

import json
import random
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.clock import from_millis
from chalicelib.connectors.places import Place, PlaceUnavailable
from chalicelib.notices.consumer import Later
from chalicelib.notices.messages import Channel
from chalicelib.requests.fulfilment.worker import LEASE
from chalicelib.retention.records.items import key_of_record
from chalicelib.services import Services
from tests.contract.faulting import Faults
from tests.contract.moto_tables import SESSION
from tests.contract.retaining import HOURLY, RECORDS, YEAR, Retained
from tests.fakes import FixedClock
from tests.gateway import Gateway

SEEDS = 25
DAY = timedelta(days=1)
HALF_A_YEAR = timedelta(days=183)
BAD_HOURS = 4
FACTS: dict[str, dict[str, str]] = {
    "old1": {"client": "acme", "user_id": "u1"},
    "old2": {"client": "acme", "case": "k1"},
    "old3": {"client": "beta", "case": "k1"},
    "old4": {"client": "beta", "category": "authentication"},
    "old5": {"client": "beta", "user_id": "u1"},
    "old6": {"category": "authentication"},
    "young1": {"client": "acme"},
    "young2": {"client": "beta", "user_id": "u1"},
}
"""Customers and what holds can be put on; the young are not over by the first schedule."""
HOLDS = (
    ("client", "acme"),
    ("client", "beta"),
    ("person", "u1"),
    ("case", "k1"),
    ("category", "authentication"),
)
NAMED = {"person": "user_id"}


@dataclass
class Witness:
    """Sees what is committed, and the holds of that moment."""

    services: Services
    holds: dict[str, tuple[str, str]] = field(default_factory=dict)
    queue: list[str] = field(default_factory=list)
    """Ids of the work that the stream brings."""
    deleted: list[str] = field(default_factory=list)
    deleted_while_held: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    """What the sweep's transactions made of records."""
    look: Any = field(default_factory=partial(SESSION.client, "dynamodb"))
    """A client of its own: nothing befalls it."""

    def watch(self) -> None:
        events = self.services.dynamodb.meta.events
        events.register("before-call.dynamodb", self._note)
        events.register("after-call.dynamodb", self._committed)

    def is_held(self, name: str) -> bool:
        facts = {"category": "technical", **FACTS[name]}
        return any(facts.get(NAMED.get(kind, kind)) == on for kind, on in self.holds.values())

    def _note(self, params: Any, context: Any, **_rest: Any) -> None:
        context["asked"] = params["body"]

    def _committed(self, model: Any, http_response: Any, context: Any, **_rest: Any) -> None:
        if (
            model.name not in {"TransactWriteItems", "DeleteItem"}
            or http_response.status_code > 299
        ):
            return
        body = json.loads(context["asked"])
        if model.name == "DeleteItem":
            writes = [("Delete", body)]
        else:
            writes = [next(iter(each.items())) for each in body["TransactItems"]]
        for kind, write in writes:
            if kind == "Delete" and write["TableName"] == "shop-customers":
                self._deleted(write["Key"]["id"]["S"])
            if kind == "Put" and write["Item"].get("channel") == {"S": Channel.WORK}:
                self.queue.append(write["Item"]["pk"]["S"].removeprefix("OUTBOX#"))
        keys = [
            (write.get("Key") or write["Item"]).get("pk", {"S": ""})["S"] for _, write in writes
        ]
        by_the_sweep = any(each.startswith("SWEEP#") for each in keys)
        for (kind, _), key in zip(writes, keys, strict=True):
            if by_the_sweep and kind == "Update" and key.startswith("HELD#"):
                self.outcomes[OUTCOMES[self._state(key)]] += 1

    def _deleted(self, name: str) -> None:
        self.deleted.append(name)
        if self.is_held(name):
            self.deleted_while_held.append(name)

    def _state(self, pk: str) -> str:
        key = {"pk": {"S": pk}, "sk": {"S": "RECORD"}}
        return str(
            self.look.get_item(TableName=self.services.records.name, Key=key)["Item"]["state"]["S"]
        )


OUTCOMES = {"disposed": "done", "held": "held", "failed": "failed", "kept": "moved"}


class Course:
    """A shop's bad days, as `seed` has them."""

    def __init__(self, services: Services, gateway: Gateway, clock: FixedClock, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  # a test's course, to be repeated
        self.office = Retained(services, gateway, clock)
        self.services, self.clock = services, clock
        # Records' ids, and with them the order of everything, are the same each time.
        services._held_records._mac_key = lambda: bytes(32)
        self.witness = Witness(services)
        self.faults = Faults(self.chance, rate=0.03, busy=0.4)
        self.witness.watch()
        self.faults.watch(services)
        self.down_until = clock.now()
        self._at = services.places.at
        self.saved: set[str] = set()
        """Used again, while they were there."""

    def begin(self) -> None:
        """Registers the customers and proposes another schedule; then their year is over."""
        self.office.put(*FACTS)
        self.ids = self.register(*(each for each in FACTS if each.startswith("old")))
        self.clock.advance(HALF_A_YEAR)
        self.ids |= self.register(*(each for each in FACTS if each.startswith("young")))
        self.proposed = self.propose(self.chance.choice([1, 24]))
        if self.chance.random() < 0.5:
            self.hold(*self.chance.choice(HOLDS))
        self.clock.advance(YEAR - HALF_A_YEAR)
        if self.chance.random() < 0.3:
            self.down_until = self.clock.now() + DAY

    def bad_hours(self) -> None:
        """Sweeps and workers under faults, while others do what they do."""
        for _ in range(BAD_HOURS):
            self.faults.others = self.chance.sample(self._others(), 6)
            with self.faults.at_work():
                self.office.sweep()
            for message_id in list(self.witness.queue):
                with self.faults.at_work():
                    self._deliver(message_id)
            self.chance.choice(self._between())()
            self.clock.advance(HOURLY)

    def recover(self, sweeps: int = 7) -> None:
        """Three quiet days: longer than the shop may be down yet, and the longest pause then."""
        for _ in range(sweeps):
            self.office.sweep()
            self._work()
            self.clock.advance(10 * HOURLY)

    def hold(self, kind: str, value: str) -> None:
        self.witness.holds[self.office.hold(kind, value)] = (kind, value)

    def release(self, hold_id: str) -> None:
        body = {"reason": "The claim was withdrawn."}
        answer = self.office.staff("POST", f"/v1/staff/holds/{hold_id}/release", body)
        assert answer.status == 200, answer.body
        del self.witness.holds[hold_id]

    def release_one(self) -> None:
        if self.witness.holds:
            known = set(self.witness.queue)
            self.release(self.chance.choice(sorted(self.witness.holds)))
            if self.chance.random() < 0.7:
                # The work that follows is done before whoever is in the midst of something goes on.
                self._deliver_all(known)

    def approve(self) -> None:
        self.services.schedules.approve("01JANOTHER", self.proposed)

    def _others(self) -> list[Callable[[], object]]:
        placing = [partial(self.hold, *each) for each in HOLDS]
        touching = [partial(self._touch, each) for each in FACTS]
        return [
            *self.chance.sample(placing, 3),
            *[self.release_one] * 3,
            *self.chance.sample(touching, 2),
            *[self.office.sweep] * 2,
            *[self._second_worker] * 2,
            self.approve,
        ]

    def _between(self) -> list[Callable[[], object]]:
        placing = [partial(self.hold, *each) for each in HOLDS]
        touching = [partial(self._save, each) for each in FACTS]
        return [*placing, *touching, *[self.release_one] * 5, self.approve]

    def _touch(self, name: str) -> bool:
        """Whether a customer who is there counts as used a moment ago from now on."""
        if name not in self.office.customers():
            return False
        said = self.office.said(name, **FACTS[name])
        answer = self.office.platform("POST", RECORDS, {"records": [said]})
        return bool(answer.json()["records"][0]["outcome"] == "updated")

    def _save(self, name: str) -> None:
        if self._touch(name):
            self.saved.add(name)

    def _second_worker(self) -> None:
        """The first one's claims lapsed; it lives still."""
        self.clock.advance(LEASE + timedelta(seconds=1))
        self._deliver_all()

    def register(self, *names: str) -> dict[str, str]:
        """The ids of the customers' records, by name."""
        said = [self.office.said(each, **FACTS[each]) for each in names]
        answer = self.office.platform("POST", RECORDS, {"records": said})
        ids = [str(each["record_id"]) for each in answer.json()["records"]]
        return dict(zip(names, ids, strict=True))

    def propose(self, months: int) -> int:
        """The number of a schedule that keeps what is not used so long, previewed."""
        path = "/v1/staff/retention/schedule"
        schedule = self.office.staff("GET", path).json()["schedule"]
        for limit in schedule["limits"]:
            if limit["id"] == "technical_unused":
                limit["period"] = {"amount": months, "unit": "months"}
        answer = self.office.staff("POST", f"{path}/versions", {"schedule": schedule})
        assert answer.status == 201, answer.body
        self._work()
        return int(answer.json()["version"])

    def _work(self) -> None:
        """Until the queue is empty, whatever pauses work asks for."""
        while self.witness.queue:
            self._deliver_all()
            self.clock.advance(LEASE)

    def _deliver_all(self, but: Collection[str] = ()) -> None:
        for message_id in [each for each in self.witness.queue if each not in but]:
            with suppress(Later):
                self._deliver(message_id)

    def _deliver(self, message_id: str) -> None:
        self.services.worker.deliver(f'{{"id": "{message_id}"}}')
        self.witness.queue.remove(message_id)

    def place_at(self, place_id: str) -> Place:
        """As `places.at`; away while the shop is down."""
        if self.clock.now() < self.down_until:
            raise PlaceUnavailable
        return self._at(place_id)

    def stored(self) -> dict[str, Any]:
        """The records' items, by the customers' names."""
        keys = {name: key_of_record(record_id) for name, record_id in self.ids.items()}
        items = self.services.records.batch_get(keys.values(), consistent=True)
        return {name: items[key] for name, key in keys.items()}

    def check_what_is_left(self) -> None:
        """What is over is gone, unless a hold is on it; the rest is listed where it is found."""
        customers = set(self.office.customers())
        assert {"c1", "c2"} | self.saved <= customers
        for name, item in self.stored().items():
            if item["state"] == "disposed":
                assert name not in customers
                continue
            expiry = self.services.held_records.show(self.ids[name]).expiry
            bucket, _, hold_id = item["due_pk"].partition("#")
            if item["state"] == "held":
                assert (bucket, hold_id in self.witness.holds) == ("HELDBY", True)
                assert self.witness.is_held(name)
            else:
                assert (item["state"], bucket) == ("kept", "RETAIN")
                assert not expiry.is_over(self.clock.now())
                assert from_millis(int(item["due_sk"].partition("#")[0])) == expiry.at

    def check_what_is_told(self) -> None:
        """Everything that the sweep did was counted once, and what went is in the trail once."""
        assert not self.witness.deleted_while_held
        gone = {*FACTS, "c1", "c2"} - set(self.office.customers())
        assert sorted(gone) == sorted(self.witness.deleted)
        runs, _ = self.services.sweep_runs.latest(1000, None)
        counts: Counter[str] = Counter()
        for run in runs:
            counts.update(run.counts)
        assert counts == self.witness.outcomes
        for name, item in self.stored().items():
            chain = self.services.trail.history(Entity("record", self.ids[name]))
            told = [entry.action for entry in chain]
            assert told == ["record.disposed"] * (item["state"] == "disposed")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_on_bad_days_what_is_over_goes_once_and_nothing_that_is_held(
    services: Services,
    gateway: Gateway,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    course = Course(services, gateway, clock, seed)
    monkeypatch.setattr(services.places, "at", course.place_at)
    course.begin()
    course.bad_hours()
    course.recover()
    course.check_what_is_left()
    course.check_what_is_told()
    for hold_id in list(course.witness.holds):
        course.release(hold_id)
    course.saved.clear()
    clock.advance(3 * YEAR)
    course.recover(sweeps=3)
    course.check_what_is_left()
    course.check_what_is_told()
    assert course.office.customers() == ["c1", "c2"]
    assert course.witness.outcomes["done"] == len(FACTS)


def test_what_failed_is_kept_once_a_new_schedule_gives_it_more_time(
    services: Services, gateway: Gateway, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Course(services, gateway, clock, seed=0)
    monkeypatch.setattr(services.places, "at", course.place_at)
    course.ids = course.register("old1")
    course.proposed = course.propose(months=24)
    clock.advance(YEAR)
    course.down_until = clock.now() + HOURLY
    course.office.swept()
    assert course.stored()["old1"]["state"] == "failed"
    course.approve()
    course.recover()
    assert (course.stored()["old1"]["state"], course.stored()["old1"]["attempts"]) == ("kept", 0)
