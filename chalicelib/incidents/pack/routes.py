"""The evidence pack of an incident, for the staff."""

from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.models import ID_PATTERN
from chalicelib.incidents.pack.wire import (
    EvidenceLink,
    EvidenceView,
    evidence_link,
    evidence_view,
)
from chalicelib.services import services

_EVIDENCE = "/v1/staff/incidents/{incident_id}/evidence"
_OF_INCIDENT = {"incident_id": {"type": "string", "pattern": ID_PATTERN}}

evidence = Routes(__name__)


@evidence.operation(
    Operation(
        "POST",
        _EVIDENCE,
        "Have the evidence of an incident packed",
        EvidenceView,
        statuses=(202,),
        description="One archive with all facts and decisions, notices, what followed, and the"
        " trail, listed and signed; `python -m chalicelib.incidents verify` checks it offline.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.handle"),
        idempotent=True,
    )
)
def order_evidence(call: Call[None], incident_id: str) -> Reply:
    ordered = services().evidences.order(incident_id, call.caller.id, call.keyed)
    return Reply(evidence_view(ordered), 202)


@evidence.operation(
    Operation(
        "GET",
        _EVIDENCE,
        "A link to the evidence of an incident",
        EvidenceLink,
        description="`state` says whether it is there; then `url` downloads it for a minute. Each"
        " link leaves an entry in the incident's trail.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.read"),
    )
)
def show_evidence(call: Call[None], incident_id: str) -> Reply:
    return Reply(evidence_link(*services().evidences.hand_out(incident_id, call.caller.id)))
