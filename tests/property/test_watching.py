"""However runs come, fail and meet, whatever happens to a request: each alert once, none lost."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.audit.trail import Trail
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.notices.outbox import Outbox, Queued
from chalicelib.requests.alerts import Alerts
from chalicelib.requests.lapsing import Lapsing
from chalicelib.requests.models import DataRequest, Status
from chalicelib.requests.rules import LIVING, UNPROVED
from chalicelib.requests.store import RequestStore
from chalicelib.requests.watch_store import WatchStore
from chalicelib.requests.watching import Watcher
from chalicelib.requests.watching_rules import alert_name, watched_date
from chalicelib.requests.watching_terms import terms
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, revision_is
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Delete, Moved, Put, Update
from chalicelib.vault.vault import Vault
from tests.fakes import START, FixedClock
from tests.unit.identity.test_frozen_items import OneKey
from tests.unit.requests.asked import request

TERMS = terms()
NUMBERS = {alert_name(TERMS.offset(number)): number for number in range(200)}
ID = request().request_id


@dataclass(frozen=True)
class Noted:
    """What would be written for a mail, an event or an entry."""

    what: str
    about: dict[str, Any]


class Crash(Exception):
    """The process is gone."""


class Memory:
    """The records table: what the stores of requests ask of it."""

    logical = "records"

    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        assert consistent
        return self.items.get(key)

    def due(self, bucket: str, *, before: str) -> Iterator[Key]:
        listed = {key: str(item["due_sk"]) for key, item in self.items.items() if "due_sk" in item}
        return iter(sorted((key for key in listed if listed[key] < before), key=listed.__getitem__))

    def write(self, actions: Sequence[Action]) -> None:
        """All of `actions` or, when a condition does not hold, `Moved`."""
        writes = [each for each in actions if isinstance(each, Put | Update | Delete)]
        if not all(self._holds(each) for each in writes):
            raise Moved
        for each in writes:
            if isinstance(each, Put):
                self.items[_key(each)] = each.item
            elif isinstance(each, Delete):
                self.items.pop(each.key, None)
            else:
                item = {**self.items[each.key], **each.changes.put}
                item["rev"] = cast("int", item["rev"]) + each.changes.add["rev"]
                self.items[each.key] = {
                    k: v for k, v in item.items() if k not in each.changes.remove
                }

    def _holds(self, action: Put | Update | Delete) -> bool:
        item = self.items.get(_key(action), {})
        if action.condition is None:
            return True
        if action.condition == ABSENT:
            return not item
        return action.condition == revision_is(cast("int", item["rev"]))


def _key(action: Put | Update | Delete) -> Key:
    if isinstance(action, Update | Delete):
        return action.key
    return Key(str(action.item["pk"]), str(action.item["sk"]))


@dataclass
class World:
    """A request, the watcher, and what it told."""

    clock: FixedClock = field(default_factory=FixedClock)
    memory: Memory = field(default_factory=Memory)
    told: list[Noted] = field(default_factory=list)
    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    """What others do between the watcher's read and its write."""
    crash: str = ""

    def __post_init__(self) -> None:
        records = cast("Table", self.memory)
        self.store = RequestStore(records, cast("Vault", OneKey()))
        watched = WatchStore(records)
        outbox, trail = cast("Outbox", self), cast("Trail", self)
        alerts = Alerts(watched, outbox, self._announce, trail, ["dpo@jutsoo.test"], "en")
        lapsing = Lapsing(self.store, outbox, trail)
        self.watcher = Watcher(watched, alerts, lapsing, TERMS, self.clock, self.run_command)
        self.memory.write(self.store.add_actions(request(Status.AWAITING_IDENTITY)))

    def mail(self, template: str, *_: object, **__: object) -> Queued:
        return Queued("01JMAIL", [cast("Action", Noted(template, {}))])

    def actions(self, _entity: object, _actor: object, action: str, facts: Any) -> list[Action]:
        return [cast("Action", Noted(action, dict(facts)))]

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
    def request(self) -> DataRequest:
        found = self.store.get(ID)
        assert found is not None
        return found

    def change(self, change: Callable[[DataRequest], DataRequest]) -> None:
        self.memory.write([self.store.change_action(change(self.request))])


def prove(asked: DataRequest) -> DataRequest:
    return replace(asked, status=Status.OPEN) if asked.status in UNPROVED else asked


def withdraw(asked: DataRequest) -> DataRequest:
    return replace(asked, status=Status.WITHDRAWN) if asked.status in LIVING else asked


def pause(asked: DataRequest) -> DataRequest:
    later = timedelta(days=3)
    paused = (replace(each, due_at=each.due_at + later) for each in asked.deadlines)
    return replace(asked, deadlines=tuple(paused))


def extend(asked: DataRequest) -> DataRequest:
    """Under another law's date, which an extension moves by two months."""
    extended = Case(received_at=START, extended="eu" in {each.pack for each in asked.deadlines})
    return replace(asked, deadlines=deadlines({"eu": "DE"}, "access", extended))


changes = st.sampled_from([prove, pause, extend, extend, prove, withdraw])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.integers(1, 60) | st.integers(200, 900)),
        st.tuples(st.just("run"), st.just(0)),
        st.tuples(st.just("twice at once"), st.just(0)),
        st.tuples(st.just("crash"), st.sampled_from(["before", "after"])),
        st.tuples(st.just("change"), changes),
        st.tuples(st.just("change meanwhile"), changes),
    ),
    min_size=6,
    max_size=40,
)


@settings(deadline=None, max_examples=400)
@given(steps, st.booleans())
def test_each_alert_is_raised_exactly_once(steps: list[tuple[str, Any]], proved: bool) -> None:
    world = World()
    if proved:
        world.change(prove)
    ended: int | None = None
    for what, value in steps:
        _take(world, what, value)
        if ended is not None:
            assert len(world.told) == ended, "somebody was told after the end"
        if world.request.status not in LIVING:
            ended = len(world.told)
    world.run()
    _check(world, world.clock.now())
    told = len(world.told)
    world.run()
    assert len(world.told) == told, "a second run found something left"


def _take(world: World, what: str, value: Any) -> None:
    match what:
        case "wait":
            world.clock.advance(timedelta(hours=value))
        case "run":
            world.run()
        case "twice at once":
            world.meanwhile = [world.run]
            world.run()
        case "crash":
            world.crash = value
            world.run()  # what fails is logged, and comes again
            world.crash = ""
        case "change":
            world.change(value)
        case "change meanwhile":
            world.meanwhile = [lambda: world.change(value)]
            world.run()
    world.meanwhile = []


def _check(world: World, now: datetime) -> None:
    raised: dict[str, list[int]] = {}
    for each in world.told:
        if each.what == "request.alerted":
            first, last = NUMBERS[each.about["first"]], NUMBERS[each.about["last"]]
            assert last - first + 1 == each.about["count"]
            raised.setdefault(each.about["due_at"], []).extend(range(first, last + 1))
    for numbers in raised.values():
        assert numbers == list(range(len(numbers))), "one was left out, or came twice"
    kinds = Counter(each.what for each in world.told)
    assert kinds["request_alert"] == kinds["data_request.deadline"] == kinds["request.alerted"]
    assert kinds["request_lapsed"] == kinds["request.lapsed"]
    assert kinds["request.lapsed"] == (world.request.status is Status.LAPSED)
    asked = world.request
    if asked.status in LIVING:
        date = watched_date(asked)
        assert date is not None
        passed = TERMS.passed(date.unpaused_due_at, now)
        most = 6 if asked.status in UNPROVED else passed
        assert asked.alerts_for in (None, date.unpaused_due_at) or not min(passed, most)
        assert (asked.alerts if asked.alerts_for == date.unpaused_due_at else 0) == min(
            passed, most
        )
    # Forgotten with the lapse, and by nothing else of the watcher's.
    assert asked.forgotten == (asked.status is Status.LAPSED)
    assert asked.forgotten or asked.content == request().content
