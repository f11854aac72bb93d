"""Requests in the states that the staff's operations are for, and the bodies that these take."""

from dataclasses import dataclass, field
from typing import Any, cast

from chalicelib.http.permissions import Role
from chalicelib.law.models import PauseReason
from chalicelib.services import Services
from tests.contract.asking import code_of, make, post, prove
from tests.contract.moto_tables import another_container
from tests.contract.working import MemoryPlace, equip, step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, staff_claims

STAFF_REQUESTS = "/v1/staff/requests"
MEMBER = "22222222-2222-4333-8444-555555555555"
"""Whoever else of the staff was at it before."""


def by_staff(
    gateway: Gateway,
    made: Answer,
    what: str,
    content: Any = None,
    *,
    who: str | None = None,
    key: str = "",
) -> Answer:
    """What the staff does with the request that was `made`: as `who`, or as whoever is on duty."""
    changes = {"sub": who} if who else {}
    token = STAFF.sign(staff_claims(gateway._clock, Role.DPO, **changes))
    path = f"{STAFF_REQUESTS}/{made.json()['request_id']}/{what}"
    return post(gateway, path, content or {}, token, key=key)


@dataclass
class Handled:
    """A request and the call that is meant for it. Work is done by another container."""

    gateway: Gateway
    services: Services
    crm: MemoryPlace = field(default_factory=lambda: MemoryPlace("crm"))

    def __post_init__(self) -> None:
        self.worker = another_container(self.services)
        equip(self.worker, self.crm)

    def ready_for(self, what: str) -> tuple[Answer, Any]:
        """A request in the state for the operation `what`, and the body that it takes."""
        states = {
            "approve": self.prepared,
            "extend": lambda: self.opened(country="DE"),
            "corrections": lambda: self.prepared(type="correction", details="My name is Dewi."),
            "pause": lambda: self.opened(country="GB"),
            "resume": self.paused,
            "set-going": self.planned,
            "retry": lambda: self.prepared(down=10_000),
            "resolve": self.failed,
            "certificate": self.erased,
            "appeal": self.refused,
        }
        bodies = {
            "refuse": {"ground": "id/safety"},
            "corrections": {"corrections": {"user.name": "Dewi"}},
            "extend": {"reason": "complexity"},
            "pause": {"reason": "clarification"},
            "resolve": {"found": 1, "changed": 1},
        }
        return states.get(what, self.opened)(), bodies.get(what, {})

    def opened(self, **said: Any) -> Answer:
        email = f"{self.services.ids.new().lower()}@example.test"  # an address gets so many codes
        self.crm.rows_of[email] = [{"email": email}]
        made = make(self.gateway, email=email, **said)
        assert prove(self.gateway, made, code_of(self.services, email)).status == 200
        return made

    def paused(self) -> Answer:
        made = self.opened(country="GB")
        reason = PauseReason.CLARIFICATION
        self.worker.handling.pause(made.json()["request_id"], MEMBER, reason)
        return made

    def refused(self) -> Answer:
        made = self.opened()
        self.worker.handling.refuse(made.json()["request_id"], MEMBER, "id/safety")
        return made

    def planned(self) -> Answer:
        made = self.opened()
        step(self.worker, waiting(self.worker)[-1])
        return made

    def prepared(self, *, down: int = 0, **said: Any) -> Answer:
        made = self.opened(**said)
        self.crm.down = down
        self._work()
        return made

    def failed(self) -> Answer:
        made = self.prepared(down=10_000, type="deletion")
        self.worker.deciding.approve(made.json()["request_id"], MEMBER)
        self._work()
        return made

    def erased(self) -> Answer:
        made = self.prepared(type="deletion")
        self.worker.deciding.approve(made.json()["request_id"], MEMBER)
        self._work()
        return made

    def _work(self) -> None:
        work(self.worker, cast("FixedClock", self.services.clock))
