"""What the client platform reports of its own systems."""

from chalicelib.audit.entry import Actor
from chalicelib.clock import rfc3339
from chalicelib.http.access import Platform
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.models import Source
from chalicelib.incidents.register import Report
from chalicelib.incidents.views import facts_from
from chalicelib.incidents.wire import MAX_BODY_BYTES, FactsIn, PlatformReportIn, Reported
from chalicelib.services import services

reported_incidents = Routes(__name__)


@reported_incidents.operation(
    Operation(
        "POST",
        "/v1/incidents",
        "Report an incident of the platform",
        Reported,
        body=PlatformReportIn,
        longest=MAX_BODY_BYTES,
        statuses=(201,),
        description="No clock runs yet: since when we know of it is a decision of our staff.",
        access=Platform("incidents:write"),
        idempotent=True,
    )
)
def report_from_platform(call: Call[PlatformReportIn]) -> Reply:
    # Checked on its way in; the rest is not the platform's to say.
    said = FactsIn.model_construct(**dict(call.body))
    report = Report(Source.PLATFORM, facts_from(said))
    who = Actor(call.caller.kind, call.caller.id)
    incident = services().incidents.report(report, who, call.keyed)
    answer = Reported(incident_id=incident.incident_id, recorded_at=rfc3339(incident.recorded_at))
    return Reply(answer, 201)
