"""However runs come, fail and meet, whatever processors say: each alert once, none lost."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audit.entry import Actor
from chalicelib.audit.trail import Trail
from chalicelib.consents.models import State
from chalicelib.consents.stopping.alerts import StopAlerts
from chalicelib.consents.stopping.models import (
    How,
    Processor,
    ReceiverState,
    StopOrder,
)
from chalicelib.consents.stopping.order_store import OrderStore
from chalicelib.consents.stopping.orders import StopOrders
from chalicelib.consents.stopping.processor_store import ProcessorStore
from chalicelib.consents.stopping.settling import Settling, Word
from chalicelib.consents.stopping.terms import escalation
from chalicelib.consents.stopping.watching import StopWatcher
from chalicelib.law.alerting import alert_name
from chalicelib.notices.outbox import Outbox, Queued
from chalicelib.tables.codec import Item
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Moved
from tests.fakes import START, FixedClock
from tests.property.test_watching import Crash, Memory, Noted
from tests.unit.consents.samples import event_of

TERMS = escalation()
NUMBERS = {alert_name(TERMS.times.offset(number)): number for number in range(200)}
IDS = tuple(f"01JPROCESSOR0000000000000{each}" for each in "ABC")
ID = "01JRECORD00000000000000000"
EVENT = event_of(
    State.WITHDRAWN, record_id=ID, before=State.GIVEN, actor="subject/01J", recorded_at=START
)
ADDRESSES = {"team": ["team"], "dpo": ["dpo"], "second_dpo": ["second"]}


class Shelf(Memory):
    """The records table: what the stores of stop orders ask of it."""

    def due(self, bucket: str, *, before: str = "~") -> Iterator[Key]:
        return super().due(bucket, before=before)

    def query_all(self, pk: str, *, consistent: bool = False) -> Iterator[Item]:
        assert consistent
        return iter([item for key, item in sorted(self.items.items(), key=str) if key.pk == pk])


@dataclass
class World:
    """One stop order, its three processors, the watcher, and what it told."""

    clock: FixedClock = field(default_factory=FixedClock)
    memory: Shelf = field(default_factory=Shelf)
    told: list[Noted] = field(default_factory=list)
    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    """What others do between the watcher's read and its write."""
    crash: str = ""

    def __post_init__(self) -> None:
        records = cast("Table", self.memory)
        outbox, trail = cast("Outbox", self), cast("Trail", self)
        self.store = OrderStore(records, TERMS.times)
        self.processors = ProcessorStore(records)
        orders = StopOrders(self.store, self.processors, outbox, trail, self.clock)
        self.settling = Settling(
            orders, self.store, self.processors, trail, self.clock, self.run_command
        )
        alerts = StopAlerts(self.store, outbox, self._announce, trail, TERMS, ADDRESSES, "en")
        self.watcher = StopWatcher(
            self.store, self.settling, alerts, TERMS.times, self.clock, self.run_command
        )
        for each in IDS:
            new = Processor(each, each, "endpoint", (EVENT.purpose,), START)
            self.memory.write([self.processors.addition(new)])
        self.memory.write(orders.follow(EVENT))

    def webhook(self, _endpoint: str, event_type: str, _body: bytes) -> Queued:
        return Queued("01JEVENT", [cast("Action", Noted(event_type, {}))])

    def mail(self, template: str, to: str, *_: object, **__: object) -> Queued:
        return Queued("01JMAIL", [cast("Action", Noted(template, {"to": to}))])

    def actions(self, _entity: object, _actor: object, action: str, facts: Any) -> list[Action]:
        return [cast("Action", Noted(action, dict(facts)))]

    first_actions = actions

    def _announce(self, event: str, data: Any) -> list[Action]:
        return [cast("Action", Noted(event, dict(data)))]

    def run_command(self, build: Callable[[], Sequence[Action]]) -> None:
        while True:
            actions = build()
            if self.meanwhile:
                self.meanwhile.pop()()
            if self.crash == "before":
                raise Crash
            try:
                self.memory.write(actions)
            except Moved:
                continue
            self.told += [each for each in actions if isinstance(each, Noted)]
            if self.crash == "after":
                raise Crash
            return

    def run(self) -> None:
        self.watcher.run(lambda: 60_000)

    @property
    def order(self) -> StopOrder:
        found = self.store.get(ID)
        assert found is not None
        return found

    @property
    def registered(self) -> set[str]:
        return {each.processor_id for each in self.processors.all()}

    def acknowledge(self, number: int) -> None:
        word = Word(Actor("processor", IDS[number]), How.WEBHOOK)
        self.settling.acknowledge(ID, IDS[number], word)

    def remove(self, number: int) -> None:
        """The processor's removal dies before it got to the order."""
        if (processor := self.processors.get(IDS[number])) is not None:
            self.memory.write([self.processors.removal(processor)])

    def drop(self, number: int) -> None:
        self.remove(number)
        self.settling.drop(IDS[number], Actor("staff", "01JDPO"))


acts = st.tuples(st.sampled_from([World.acknowledge, World.remove, World.drop]), st.integers(0, 2))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 60) | st.integers(200, 900)),
        st.tuples(st.just("run"), st.just(0)),
        st.tuples(st.just("twice at once"), st.just(0)),
        st.tuples(st.just("crash"), st.sampled_from(["before", "after"])),
        st.tuples(st.just("act"), acts),
        st.tuples(st.just("act meanwhile"), acts),
    ),
    min_size=6,
    max_size=40,
)


@settings(deadline=None, max_examples=400)
@given(steps)
def test_each_alert_is_raised_exactly_once(steps: list[tuple[str, Any]]) -> None:
    world = World()
    ended: int | None = None
    for what, value in steps:
        _take(world, what, value)
        if ended is not None:
            assert len(world.told) == ended, "somebody was told after the end"
        if not world.order.waiting:
            ended = len(world.told)
    world.run()
    _check(world)
    told = len(world.told)
    world.run()
    assert len(world.told) == told, "a second run found something left"


def _take(world: World, what: str, value: Any) -> None:
    match what:
        case "wait":
            world.clock.advance(timedelta(hours=value))
        case "run":
            told, registered = len(world.told), world.registered
            world.run()
            for each in world.told[told:]:
                assert set(each.about.get("processors", [])) <= registered
        case "twice at once":
            world.meanwhile = [world.run]
            world.run()
        case "crash":
            world.crash = value
            world.run()  # what fails is logged, and comes again
            world.crash = ""
        case "act":
            act, number = value
            act(world, number)
        case "act meanwhile":
            act, number = value
            world.meanwhile = [lambda: act(world, number)]
            world.run()
    world.meanwhile = []


def _check(world: World) -> None:
    order = world.order
    raised: list[int] = []
    mails = 0
    for each in world.told:
        if each.what == "stop_order.alerted":
            first, last = NUMBERS[each.about["first"]], NUMBERS[each.about["last"]]
            assert last - first + 1 == each.about["count"]
            raised.extend(range(first, last + 1))
            mails += len(TERMS.told(last))
    assert raised == list(range(len(raised))), "one was left out, or came twice"
    assert order.alerts == len(raised)
    kinds = Counter(each.what for each in world.told)
    assert kinds["stop_alert"] == mails
    assert kinds["consent.stop_deadline"] == kinds["stop_order.alerted"]
    settled = [each for each in order.receivers.values() if each.state is not ReceiverState.ASKED]
    assert kinds["stop_order.acknowledged"] + kinds["stop_order.released"] == len(settled)
    if order.waiting:
        assert order.alerts == TERMS.times.passed(order.stop_by, world.clock.now())
