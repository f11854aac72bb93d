"""Every operation of the API, read from its own document, and how to call each."""

import json
import re
from dataclasses import dataclass
from typing import Any

from app import app
from tests.contract.cookies import ORIGIN, VISITOR
from tests.gateway import Answer, Gateway

PARAMETERS = {
    "site": "jutsoo",
    "visitor_id": VISITOR,
    "entity_type": "subject",
    "entity_id": "01JSUBJECT0000000000000000",
    "message_id": "01JMESSAGE0000000000000000",
    "request_id": "01JREQUEST0000000000000000",
    "endpoint_id": "01JENDPOINT000000000000000",
    "version": "1",
    "notice_id": "privacy-policy",
    "purpose": "third_party_integration",
    "subject_id": "01JSUBJECT0000000000000000",
    "record_id": "01JRECORD00000000000000000",
    "import_id": "01JMPRT0000000000000000000",
    "attachment_id": 32 * "a",
    "sha256": 64 * "a",
    "place": "crm",
    "place_id": "crm",
    "task_id": "01JTASK0000000000000000000",
    "processor_id": "01JPROCESSOR00000000000000",
    "stop_order": "01JSTOPORDER00000000000000",
    "run_id": "01JSWEEP000000000000000000",
    "client": "acme",
    "incident_id": "01JNC1DENT0000000000000000",
    "action_id": "01JACT10N00000000000000000",
    "recipient_id": "subjects-" + 32 * "a",
    "computation_id": "01JC0MPTAT10N0000000000000",
    "hold_id": "01JHOLD0000000000000000000",
    "enumeration_id": 32 * "A",
    "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
}


@dataclass(frozen=True, slots=True)
class Documented:
    """One operation: its method, path, and whom it takes (`staff`, `platform`, `person`, none)."""

    method: str
    path: str
    scheme: str | None
    needs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def call(self, gateway: Gateway, headers: dict[str, str], body: Any = None) -> Answer:
        """Calls it with ids that exist nowhere, unless `body` or the seed say otherwise."""
        path = re.sub(r"{(\w+)}", lambda name: PARAMETERS.get(name[1], VISITOR), self.path)
        sent = {"origin": ORIGIN, "content-type": "application/json", **headers}
        return gateway.call(self.method, path, body=json.dumps(body or {}), headers=sent)


def documented() -> list[Documented]:
    """All of them, in the document's order."""
    document = Gateway(app).call("GET", "/v1/openapi.json").json()
    return [
        _documented(method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


def _documented(method: str, path: str, described: dict[str, Any]) -> Documented:
    if not described["security"]:
        return Documented(method, path, None, ())
    ((scheme, needs),) = described["security"][0].items()
    return Documented(method, path, scheme, tuple(needs))


OPERATIONS = documented()
