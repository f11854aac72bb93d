"""What tests of incidents share: the staff's calls about them, and a breach to call about."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.incidents.models import Incident
from chalicelib.services import Services
from tests.contract.consenting import Office
from tests.fakes import START
from tests.gateway import Answer, Gateway
from tests.tokens import STAFF, staff_claims

INCIDENTS = "/v1/staff/incidents"
NAME = "Siti Rahma"
SECURITY = "22222222-3333-4444-8555-666666666666"
OFFICER = "11111111-2222-4333-8444-555555555555"
FACTS: dict[str, Any] = {
    "title": f"Laptop of {NAME} was stolen",
    "nature": {"en": f"{NAME}'s laptop was stolen", "id": f"Laptop {NAME} dicuri"},
    "how": {"en": "From a parked car", "id": "Dari mobil yang diparkir"},
    "occurred_from": rfc3339(START - timedelta(hours=2)),
    "kinds": ["confidentiality", "availability"],
    "systems": ["laptop-17"],
    "categories": ["email_addresses", "financial"],
    "people": 1200,
    "records": 3400,
    "clients": ["pt-maju"],
    "countries": ["ID", "FR"],
    "consequences": {"en": "Letters that look like ours", "id": "Surat yang menyerupai kami"},
    "measures": {"en": "The laptop was wiped", "id": "Laptop telah dihapus"},
    "recovery": {"en": "Passwords were changed", "id": "Kata sandi telah diganti"},
}
SCORES: dict[str, Any] = {
    "context": 3,
    "ease": 100,
    "confidentiality": 50,
    "integrity": 0,
    "availability": 25,
    "malicious": True,
}
"""4.25: very high."""


@dataclass
class Responding:
    """The API as the staff calls it about incidents."""

    services: Services
    gateway: Gateway

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        key: str = "",
        role: str = "dpo",
        who: str = OFFICER,
    ) -> Answer:
        claims = staff_claims(self.services.clock, role, sub=who)
        office = Office(self.services, self.gateway)
        return office.call(method, path, STAFF.sign(claims), body, key)

    def report(self, *, drill: bool = False, **changes: Any) -> str:
        """The id of a new incident."""
        body = FACTS | changes | ({"drill": True} if drill else {})
        answer = self.call("POST", INCIDENTS, body, role="security", who=SECURITY)
        assert answer.status == 201, answer.body
        return str(answer.json()["incident_id"])

    def aware(self, incident_id: str, at: datetime | None = None) -> Answer:
        """Decides that it is known since `at`, now by default."""
        body = {"aware_at": rfc3339(at or self.services.clock.now()), "reasons": "the owner called"}
        return self.act(incident_id, "awareness", body)

    def known(self, *, drill: bool = False, **changes: Any) -> str:
        """The id of a new incident that is known since now."""
        incident_id = self.report(drill=drill, **changes)
        assert self.aware(incident_id).status == 200
        return incident_id

    def act(self, incident_id: str, verb: str, body: object = None, **how: Any) -> Answer:
        return self.call("POST", f"{INCIDENTS}/{incident_id}/{verb}", body, **how)

    def tell_otherwise(self, incident_id: str, notice_id: str, means: str) -> int:
        """Notes that whoever has no address was told by that means, and says how many they are."""
        of_notice = f"notices/{notice_id}"
        path = f"{INCIDENTS}/{incident_id}/{of_notice}/ledger?outcome=no_address"
        lines = self.call("GET", path).json()["lines"]
        for line in lines:
            verb = f"{of_notice}/recipients/{line['recipient_id']}/told"
            said = {"means": means, "at": self.in_hours(0)}
            assert self.act(incident_id, verb, said).status == 200
        return len(lines)

    def shown(self, incident_id: str) -> dict[str, Any]:
        """The incident as somebody reads it who may."""
        answer = self.call("GET", f"{INCIDENTS}/{incident_id}")
        assert answer.status == 200, answer.body
        read: dict[str, Any] = answer.json()
        return read

    def dates(self, incident_id: str) -> dict[str, tuple[str, str | None]]:
        """By duty whether it waits, and its date."""
        answer = self.call("GET", f"{INCIDENTS}/{incident_id}/dates")
        assert answer.status == 200, answer.body
        return {each["id"]: (each["state"], each["due_at"]) for each in answer.json()["duties"]}

    def stored(self, incident_id: str) -> Incident:
        return self.services.incident_book.get(incident_id)

    def in_hours(self, hours: float) -> str:
        return rfc3339(self.services.clock.now() + timedelta(hours=hours))
