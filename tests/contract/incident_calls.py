"""A call of each operation on incidents, as whoever may, doing what it is for."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chalicelib.clock import rfc3339
from chalicelib.services import Services
from tests.contract.closing import ENCRYPT, FOUND, OWNER, Ending
from tests.contract.found import drafts, take
from tests.contract.responding import FACTS, INCIDENTS, SCORES, SECURITY, Responding
from tests.fakes import START
from tests.findings import guardduty
from tests.gateway import Answer, Gateway

INCIDENT = INCIDENTS + "/{incident_id}"
NOTICES = INCIDENT + "/notices"
NOTICE = NOTICES + "/{notice_id}"
AFTERMATH = INCIDENT + "/aftermath"
ACTION = AFTERMATH + "/actions/{action_id}"
PROOF = {"media_type": "application/pdf", "content": b64encode(b"%PDF-1.7 proof").decode()}
REASONS = {"reasons": "it is so"}
AWARE = {"aware_at": rfc3339(START), **REASONS}


def call_about_incidents(
    gateway: Gateway, services: Services, method: str, path: str, query: str
) -> Answer:
    """Calls one of the operations on incidents, after what has to have happened before."""
    here = Ending(services, gateway)
    existing = _existing(here, path)
    body = _bodies(here, existing).get((method, path))
    return here.call(method, path.format(**existing) + query, body)


def _bodies(here: Ending, existing: Mapping[str, str]) -> Mapping[tuple[str, str], Any]:
    now = here.in_hours(0)
    subjects = {"recipient": "subjects"}
    filing = {"filed_at": now, "means": "portal", "reference": "REF-7", "proof": PROOF}
    return {
        ("POST", INCIDENTS): FACTS,
        ("PUT", INCIDENT + "/facts"): FACTS,
        ("PUT", INCIDENT + "/handler"): {"handler": SECURITY, "email": "guard@jutsoo.test"},
        ("POST", INCIDENT + "/dismiss"): REASONS,
        ("POST", INCIDENT + "/awareness"): AWARE,
        ("POST", INCIDENT + "/awareness/correct"): {**AWARE, "deadlines": "move"},
        ("POST", INCIDENT + "/nature"): {"nature": "breach", **REASONS},
        ("POST", INCIDENT + "/assessment"): SCORES,
        ("POST", NOTICES): subjects,
        ("POST", NOTICES + "/preview"): subjects,
        ("POST", NOTICE + "/filing"): filing,
        ("POST", NOTICE + "/recipients/{recipient_id}/told"): {"means": "phone", "at": now},
        ("POST", NOTICE + "/told-publicly"): {"at": now, "where": "Kompas"},
        ("PUT", AFTERMATH): FOUND,
        ("POST", AFTERMATH + "/actions"): {"what": ENCRYPT, "owner": OWNER, "due_at": now},
        ("PUT", ACTION): {"owner": OWNER, "due_at": now},
        ("POST", ACTION + "/drop"): REASONS,
        ("POST", AFTERMATH + "/report"): {},
        ("POST", AFTERMATH + "/report/approve"): {"report_id": existing.get("report_id", "")},
        ("POST", INCIDENT + "/delay"): {"duty": "id.breach-agency", "reasons": ENCRYPT},
        ("POST", INCIDENT + "/close"): REASONS,
        ("POST", INCIDENT + "/reopen"): REASONS,
    }


def _existing(here: Ending, path: str) -> dict[str, str]:
    """The ids in the path, of what is as the operation needs it."""
    if "{incident_id}" not in path:
        return {}
    if path.endswith(("/take-up", "/dismiss", "/finding")):
        return {"incident_id": _drafted(here)}
    if path.endswith(("/close", "/reopen", "/report/approve")):
        return _followed(here, path)
    incident_id = here.report(clients=[])
    if path.endswith("/delay"):
        here.aware(incident_id, START - timedelta(days=4))
        here.told(incident_id)
    elif not path.endswith("/awareness"):
        here.aware(incident_id)
    existing = {"incident_id": incident_id}
    if path.startswith(NOTICE):
        existing |= _noticed(here, incident_id, path.removeprefix(NOTICE))
    if path.endswith("/evidence"):
        here.act(incident_id, "evidence")
    if path.startswith(AFTERMATH):
        here.found(incident_id)
        existing["action_id"] = here.planned(incident_id)
    if (AFTERMATH + "/report").startswith(path):
        here.after(incident_id, "report", {})
    return existing


def _followed(here: Ending, path: str) -> dict[str, str]:
    """The ids of an incident that nothing is missing of, closed where it is to be reopened."""
    incident_id = here.complete()
    if path.endswith("/reopen"):
        assert here.close(incident_id).status == 200
    if path.endswith("/approve"):
        assert here.after(incident_id, "report", {}).status == 200
    report = here.followed(incident_id)["client_report"]
    return {"incident_id": incident_id, "report_id": report["report_id"]}


def _drafted(here: Responding) -> str:
    """The id of a draft of a finding of its own."""
    name = here.services.ids.new()
    arn = f"arn:aws:guardduty:ap-southeast-3:111122223333:detector/d/finding/{name}"
    take(here.services, guardduty(name, id=name, arn=arn))
    return drafts(here.services)[-1].incident_id


def _noticed(here: Ending, incident_id: str, verb: str) -> dict[str, str]:
    recipient = "authority" if verb in {"/filing", "/proof", "/document"} else "subjects"
    listed = {"recipients": [{"kind": "subjects", "user_id": "u-1"}]}
    put = here.act(incident_id, "recipients", listed).json()["recipients"]
    made = here.act(incident_id, "notices", {"recipient": recipient}, role="security", who=SECURITY)
    assert made.status == 201, made.body
    notice_id = str(made.json()["notice_id"])
    if verb not in {"", "/approve", "/withdraw"}:
        assert here.act(incident_id, f"notices/{notice_id}/approve").status == 200
    if verb == "/proof":
        filing = _bodies(here, {})["POST", NOTICE + "/filing"]
        here.act(incident_id, f"notices/{notice_id}/filing", filing)
    if verb.startswith("/recipients"):
        here.services.breach_teller.run(lambda: 300_000)
    return {"notice_id": notice_id, "recipient_id": put[0]["recipient_id"]}
