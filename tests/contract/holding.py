"""What tests of legal holds share: a privacy officer who places, reviews and releases them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.retention.holds.reminding import Report
from chalicelib.retention.holds.service import hold_entity
from chalicelib.services import Services
from tests.contract.consenting import Office
from tests.contract.people import mails
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, staff_claims

HOLDS = "/v1/staff/holds"
GROUND = "Siti Rahma sues for wages"
CITATION = "PN Jakarta Selatan 12/Pdt.G/2026"
USER = "user-4711-of-the-platform"
PERSON = {"kind": "person", "user_id": USER}
CLIENT = {"kind": "client", "value": "pt-maju"}
CONFIDENTIAL = (GROUND, CITATION, USER)


@dataclass
class Holding:
    """The API as the staff calls it about holds."""

    services: Services
    gateway: Gateway
    who: str = "11111111-2222-4333-8444-555555555555"

    def call(
        self, method: str, path: str, body: object = None, key: str = "", role: str = "dpo"
    ) -> Answer:
        claims = staff_claims(self.services.clock, role, sub=self.who)
        office = Office(self.services, self.gateway)
        return office.call(method, path, STAFF.sign(claims), body, key)

    def said(self, target: dict[str, Any] | None = None, days: int = 30) -> dict[str, Any]:
        """The body of a placement, to be reviewed in so many days."""
        return {
            "target": CLIENT if target is None else target,
            "ground": GROUND,
            "citation": CITATION,
            "review_at": self.in_days(days),
        }

    def in_days(self, days: float) -> str:
        return rfc3339(self.services.clock.now() + timedelta(days=days))

    def place(self, target: dict[str, Any] | None = None, days: int = 30, key: str = "") -> str:
        """The id of a new hold."""
        answer = self.call("POST", HOLDS, self.said(target, days), key)
        assert answer.status == 201, answer.body
        return str(answer.json()["hold_id"])

    def release(self, hold_id: str, reason: str = "settled", key: str = "") -> Answer:
        return self.call("POST", f"{HOLDS}/{hold_id}/release", {"reason": reason}, key)

    def review(self, hold_id: str, days: float, key: str = "") -> Answer:
        path = f"{HOLDS}/{hold_id}/review"
        return self.call("POST", path, {"review_at": self.in_days(days)}, key)

    def read(self, hold_id: str, role: str = "dpo") -> Answer:
        return self.call("GET", f"{HOLDS}/{hold_id}", role=role)

    def listed(self) -> list[str]:
        answer = self.call("GET", HOLDS)
        assert answer.status == 200, answer.body
        return [each["hold_id"] for each in answer.json()["holds"]]

    def actions_on(self, hold_id: str) -> list[str]:
        history = self.services.trail.history(hold_entity(hold_id))
        return [each.action for each in history]

    def remind(self, remaining_ms: int = 60_000) -> Report:
        return self.services.hold_reminders.run(lambda: remaining_ms)

    def reminded(self) -> list[tuple[str, str]]:
        """The mails about holds: the address, and the days that were left."""
        return [
            (mail["to"], mail["values"]["days"])
            for mail in mails(self.services)
            if "hold_id" in mail["values"]
        ]

    def raised(self, hold_id: str) -> list[tuple[str, str, int]]:
        """From which reminder to which the trail says that they went out."""
        return [
            (str(each.facts["first"]), str(each.facts["last"]), int(each.facts["count"]))
            for each in self.services.trail.history(hold_entity(hold_id))
            if each.action == "hold.review_due"
        ]


def call_about_holds(
    gateway: Gateway, services: Services, method: str, path: str, query: str
) -> Answer:
    """Calls one of the operations on holds, as whoever may."""
    holding = Holding(services, gateway)
    where = path.format(hold_id=holding.place() if "{" in path else "") + query
    bodies: dict[str, Any] = {
        HOLDS: holding.said(),
        HOLDS + "/{hold_id}/release": {"reason": "settled"},
        HOLDS + "/{hold_id}/review": {"review_at": holding.in_days(60)},
    }
    return holding.call(method, where, bodies.get(path) if method == "POST" else None)
