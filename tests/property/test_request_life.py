"""Whatever requester, staff and workers do in any order, dying or coming late: a life by the rules.

Between two steps a status moves only where `rules.py` leads, dates move only by an extension or a
wait, what is told once is told once, and nothing changes in a place before it was approved.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import date, timedelta

from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.audit.entry import Entity
from chalicelib.connectors.places import Kept, Outcome
from chalicelib.errors import DomainError
from chalicelib.law.models import PauseReason
from chalicelib.requests.fulfilment.worker import LEASE
from chalicelib.requests.models import (
    Accepted,
    ClientUser,
    Content,
    DataRequest,
    ExtensionReason,
    RequestType,
    Status,
)
from chalicelib.requests.rules import Event, ImpossibleNow, after
from tests.contract.killing import Killer
from tests.contract.office import office
from tests.contract.working import MemoryPlace, equip, step, waiting
from tests.fakes import FixedClock

EMAIL = "siti@example.test"
ROW = {"email": EMAIL, "user.name": "Siti"}
CORRECTIONS = {"user.name": "Dewi"}
DECISIONS = (
    "approve",
    "extend",
    "pause",
    "refuse",
    "resolve",
    "resume",
    "retry",
    "set-going",
)
TAX = Kept("rows", "tax_books", "UU KUP 28(11)", 1, date(2036, 12, 31))
KILLS = st.none() | st.tuples(st.integers(0, 3), st.sampled_from(["before", "after"]))


def reachable(status: Status) -> set[Status]:
    """Where one event may lead from `status`."""
    found = {status}
    for each in Event:
        with suppress(ImpossibleNow):
            found.add(after(status, each))
    return found


class Life(RuleBasedStateMachine):
    """A request of a person whose data is in one place."""

    @initialize(
        type_=st.sampled_from([RequestType.DELETION, RequestType.CORRECTION, RequestType.ACCESS]),
        country=st.sampled_from(["DE", "GB"]),
        begin=st.sampled_from(["open", "rehearsed", "approved", "approved", "refused"]),
    )
    def open(self, type_: RequestType, country: str, begin: str) -> None:
        self.clock = FixedClock()
        self.opened = ExitStack()
        self.services = self.opened.enter_context(office(self.clock))
        self.place = MemoryPlace("crm", {EMAIL: [dict(ROW)]})
        equip(self.services, self.place)
        self.kills: dict[int, str] = {}
        self.killer = Killer(lambda each: self.kills.pop(each, None))
        self.killer.watch(self.services)
        self.seen: list[str] = []
        said = CORRECTIONS if type_ is RequestType.CORRECTION else {}
        common = Content("", "en", country=country, client="PT Maju", corrections=said)
        intake = self.services.client_intake
        (row,) = intake.take_in(type_, common, [ClientUser(EMAIL)], "platform", None)
        assert isinstance(row, Accepted)
        self.request_id = row.request_id
        self.before = self.request
        self.dates_may_move = False
        self.was_approved = False
        if begin in {"rehearsed", "approved"}:  # few would get that far by chance
            self.work([(0, None)] * 3)
        if begin in {"approved", "refused"}:
            self.decide("ani", begin.removesuffix("d"))

    def teardown(self) -> None:
        event(self.request.status)
        self.opened.close()

    @property
    def request(self) -> DataRequest:
        return self.services.request_book.get(self.request_id)

    @rule(deliveries=st.lists(st.tuples(st.integers(0, 3), KILLS), min_size=1, max_size=5))
    def work(self, deliveries: list[tuple[int, tuple[int, str] | None]]) -> None:
        """Some of the messages that wait are delivered; their workers may die at a write."""
        for which, kill in deliveries:
            ids = waiting(self.services)
            if not ids:
                return
            message_id = ids[which % len(ids)]
            self.seen.append(message_id)
            self.kills = {self.killer.seen + kill[0]: kill[1]} if kill else {}
            self.killer.armed = True
            step(self.services, message_id)
            self.killer.armed = False
            self.clock.advance(LEASE)
            self.lives_by_the_rules()

    @rule(which=st.integers(0, 20))
    def deliver_again(self, which: int) -> None:
        for message_id in self.seen[which : which + 1]:
            step(self.services, message_id)

    @rule(hours=st.sampled_from([1, 5, 30, 24 * 32]), away=st.integers(0, 9))
    def wait(self, hours: int, away: int) -> None:
        """Time goes by; the place does not answer so many calls."""
        self.clock.advance(timedelta(hours=hours))
        self.place.down = away

    @rule(
        who=st.sampled_from(["ani", "budi"]),
        what=st.sampled_from(DECISIONS),
    )
    def decide(self, who: str, what: str) -> None:
        handling, deciding, id_ = self.services.handling, self.services.deciding, self.request_id
        ground = "id/defence" if self.before.type is RequestType.DELETION else "id/safety"
        acts: Mapping[str, Callable[[], object]] = {
            "approve": lambda: deciding.approve(id_, who),
            "retry": lambda: deciding.retry(id_, "crm", who),
            "resolve": lambda: deciding.resolve(id_, "crm", who, Outcome(1, 0, (TAX,))),
            "set-going": lambda: deciding.set_going(id_, who),
            "refuse": lambda: handling.refuse(id_, who, ground),
            "extend": lambda: handling.extend(id_, who, ExtensionReason.NUMBER),
            "pause": lambda: handling.pause(id_, who, PauseReason.CLARIFICATION),
            "resume": lambda: handling.resume(id_, who),
        }
        with suppress(DomainError):
            acts[what]()
            self.dates_may_move = what in {"extend", "resume"}

    @rule(what=st.sampled_from(["appeal", "appeal", "appeal", "withdraw"]))
    def have_a_say(self, what: str) -> None:
        caller = f"request/{self.request_id}"
        with suppress(DomainError):
            if what == "appeal":
                self.services.appealing.appeal(self.request_id, caller)
            else:
                self.services.requests.withdraw(self.request_id, caller)

    @invariant()
    def lives_by_the_rules(self) -> None:
        before, now = self.before, self.request
        self.before = now
        assert now.status in reachable(before.status)
        if before.approved:
            assert now.status is before.status or now.status not in {
                Status.WITHDRAWN,
                Status.REFUSED,
            }
        for old, new in zip(before.deadlines, now.deadlines, strict=True):
            assert new == old or self.dates_may_move
            assert new.due_at >= old.due_at
            if now.extended == before.extended:  # alerts follow it
                assert new.unpaused_due_at == old.unpaused_due_at
        self.dates_may_move = False

    @invariant()
    def tells_once(self) -> None:
        chain = self.services.trail.history(Entity("request", self.request_id))
        counts = Counter(entry.action.removeprefix("request.") for entry in chain)
        rounds = 1 + self.request.appealed
        for told in ("started", "approved", "completed", "partly_completed", "refused"):
            assert counts[told] <= rounds
        assert counts["appealed"] == self.request.appealed
        assert counts["extended"] == self.request.extended
        ends = ("completed", "partly_completed", "refused", "withdrawn")
        assert sum(counts[end] for end in ends) <= rounds

    @invariant()
    def touches_nothing_before_it_is_approved(self) -> None:
        self.was_approved = self.was_approved or self.request.approved
        assert self.was_approved or self.place.rows_of[EMAIL] == [ROW]


Life.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink one would take minutes
    suppress_health_check=list(HealthCheck),
)
TestLife = Life.TestCase
