"""What tests of an incident's end share: all that follows a breach, said part by part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from tests.contract.responding import SCORES, SECURITY, Responding
from tests.gateway import Answer

PLENTY = 300_000
PROMISE = "policy.breach-clients"
OWNER = "Bambang Wijaya"
ENCRYPT: dict[str, Any] = {"en": "Encrypt every laptop", "id": "Enkripsi semua laptop"}
FOUND: dict[str, Any] = {
    "containment": {
        "measures": {"en": "It was wiped from afar", "id": "Dihapus dari jauh"},
        "contained_at": "2026-11-23T09:00:00Z",
    },
    "root_cause": {
        "method": "five_whys",
        "analysis": {"en": "Its disk was not encrypted", "id": "Diskanya tidak dienkripsi"},
        "contributing": [{"en": "Nobody checks new laptops", "id": "Laptop baru tidak diperiksa"}],
    },
    "lessons": {"en": "Check what is handed out", "id": "Periksa yang diserahkan"},
}


@dataclass
class Ending(Responding):
    """The API as the staff calls it about what follows an incident."""

    def found(self, incident_id: str, **changes: Any) -> Answer:
        path = f"/v1/staff/incidents/{incident_id}/aftermath"
        return self.call("PUT", path, FOUND | changes, role="security", who=SECURITY)

    def planned(self, incident_id: str, hours: float = 24) -> str:
        """The id of a new remediation action that is due in so many hours."""
        body = {"what": ENCRYPT, "owner": OWNER, "due_at": self.in_hours(hours)}
        answer = self.after(incident_id, "actions", body)
        assert answer.status == 201, answer.body
        return str(answer.json()["action_id"])

    def after(self, incident_id: str, verb: str, body: object = None, **how: Any) -> Answer:
        how = {"role": "security", "who": SECURITY} | how
        return self.act(incident_id, f"aftermath/{verb}", body, **how)

    def followed(self, incident_id: str) -> dict[str, Any]:
        answer = self.call("GET", f"/v1/staff/incidents/{incident_id}/aftermath")
        assert answer.status == 200, answer.body
        read: dict[str, Any] = answer.json()
        return read

    def reported(self, incident_id: str) -> Answer:
        """Proposes the report to clients and approves it."""
        assert self.after(incident_id, "report", {}).status == 200
        report_id = self.followed(incident_id)["client_report"]["report_id"]
        return self.act(incident_id, "aftermath/report/approve", {"report_id": report_id})

    def missing(self, incident_id: str) -> set[tuple[str, str]]:
        answer = self.call("GET", f"/v1/staff/incidents/{incident_id}/missing", role="auditor")
        assert answer.status == 200, answer.body
        return {(each["field"], each["code"]) for each in answer.json()["missing"]}

    def told(self, incident_id: str) -> None:
        """Has the clients told by phone, and notes that all others who had to be told were."""
        incident = self.stored(incident_id)
        if (promise := incident.duty(PROMISE)) and promise.is_open:
            self.call_clients(incident_id, incident.facts.clients)

        def build() -> Any:
            duties = [each.id for each in self.stored(incident_id).duties if each.is_open]
            now = self.services.clock.now()
            book = self.services.incident_book
            return book.duties_done(incident_id, duties, now, Actor("staff", SECURITY))

        self.services.run_command(build)

    def call_clients(self, incident_id: str, clients: Sequence[str]) -> None:
        """Lists somebody of each client whose address nobody knows, and tells them by phone."""
        how = {"role": "security", "who": SECURITY}
        contacts = [
            {"kind": "clients", "user_id": f"of-{each}", "client": each} for each in clients
        ]
        put = self.act(incident_id, "recipients", {"recipients": contacts}, **how)
        assert put.status == 200, put.body
        notice = self.act(incident_id, "notices", {"recipient": "clients"}, **how)
        assert notice.status == 201, notice.body
        notice_id = str(notice.json()["notice_id"])
        assert self.act(incident_id, f"notices/{notice_id}/approve").status == 200
        self.by_phone(incident_id, notice_id)

    def by_phone(self, incident_id: str, notice_id: str) -> None:
        """Has the notice told, and tells by phone whoever has no address."""
        self.services.breach_teller.run(lambda: PLENTY)
        self.tell_otherwise(incident_id, notice_id, "phone")
        self.services.breach_teller.run(lambda: PLENTY)

    def complete(self, **changes: Any) -> str:
        """The id of a breach that nothing is missing of any more."""
        incident_id = self.known(**changes)
        self.finish(incident_id)
        return incident_id

    def finish(self, incident_id: str) -> None:
        """Says all that a breach which is known still lacks, and notes that all were told."""
        assert self.act(incident_id, "assessment", SCORES).status == 200
        nature = {"nature": "breach", "reasons": "it was stolen"}
        assert self.act(incident_id, "nature", nature).status == 200
        self.told(incident_id)
        assert self.found(incident_id).status == 200
        self.planned(incident_id)
        assert self.reported(incident_id).status == 200
        if self.stored(incident_id).facts.clients:
            report = self.followed(incident_id)["client_report"]
            self.by_phone(incident_id, report["report_id"])

    def close(self, incident_id: str, **how: Any) -> Answer:
        return self.act(incident_id, "close", {"reasons": "all was done"}, **how)

    def now(self) -> str:
        return rfc3339(self.services.clock.now())
