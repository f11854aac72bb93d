"""The findings behind drafts, for the staff."""

from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.findings.wire import FindingView, finding_view
from chalicelib.incidents.models import ID_PATTERN
from chalicelib.services import services

findings = Routes(__name__)


@findings.operation(
    Operation(
        "GET",
        "/v1/staff/incidents/{incident_id}/finding",
        "The finding that an incident was drafted from",
        FindingView,
        description="In the words of who found it. May name people: each reading leaves an entry"
        " in the incident's trail.",
        parameters={"incident_id": {"type": "string", "pattern": ID_PATTERN}},
        exact_path=True,
        access=Staff("incidents.read"),
    )
)
def read_finding(call: Call[None], incident_id: str) -> Reply:
    return Reply(finding_view(*services().looking_at_findings.read(incident_id, call.caller.id)))
