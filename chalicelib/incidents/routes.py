"""The register of incidents, for the staff."""

from chalicelib.audit.entry import Actor
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.assessing import severity_of
from chalicelib.incidents.describing import incident_line, incident_view
from chalicelib.incidents.models import ID_PATTERN, Scores, Source
from chalicelib.incidents.register import Report
from chalicelib.incidents.views import facts_from, register_page
from chalicelib.incidents.wire import (
    MAX_BODY_BYTES,
    AssessmentIn,
    AwareIn,
    CorrectionIn,
    HandlerIn,
    IncidentLine,
    IncidentList,
    IncidentView,
    NatureIn,
    ReasonsIn,
    ReportIn,
    RevisionIn,
)
from chalicelib.services import services

_INCIDENTS = "/v1/staff/incidents"
_INCIDENT = _INCIDENTS + "/{incident_id}"
_OF_INCIDENT = {"incident_id": {"type": "string", "pattern": ID_PATTERN}}
_HANDLE = Staff("incidents.handle")

incidents = Routes(__name__)


@incidents.operation(
    Operation(
        "POST",
        _INCIDENTS,
        "Report an incident, or a drill",
        IncidentLine,
        body=ReportIn,
        longest=MAX_BODY_BYTES,
        statuses=(201,),
        description="No clock runs yet: since when we know of it is a decision of its own.",
        access=Staff("incidents.report"),
        idempotent=True,
    )
)
def report_incident(call: Call[ReportIn]) -> Reply:
    report = Report(Source.STAFF, facts_from(call.body), call.body.drill)
    who = Actor("staff", call.caller.id)
    return Reply(incident_line(services().incidents.report(report, who, call.keyed)), 201)


@incidents.operation(
    Operation(
        "GET",
        _INCIDENTS,
        "The register, the newest first",
        IncidentList,
        query=("limit", "cursor", "year"),
        description="Every incident, breach or not (GDPR 33(5)), by the year of its recording.",
        access=Staff("incidents.list"),
    )
)
def list_incidents(call: Call[None]) -> Reply:
    here = services()
    return Reply(register_page(here.incidents, here.cursors, call.query))


@incidents.operation(
    Operation(
        "GET",
        _INCIDENT + "/dates",
        "Who has to be told until when, and why",
        IncidentLine,
        description="The clocks of an incident with their explanations; not what happened.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.list"),
    )
)
def read_dates(_: Call[None], incident_id: str) -> Reply:
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "GET",
        _INCIDENT,
        "An incident with all that is known",
        IncidentView,
        description="May name people: each reading leaves an entry in the incident's trail.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.read"),
    )
)
def read_incident(call: Call[None], incident_id: str) -> Reply:
    return Reply(incident_view(services().incidents.read(incident_id, call.caller.id)))


@incidents.operation(
    Operation(
        "PUT",
        _INCIDENT + "/facts",
        "Say what is known now",
        IncidentLine,
        body=RevisionIn,
        longest=MAX_BODY_BYTES,
        description="Replaces what was known. Who has to be told follows from it; dates that run"
        " stay what they are.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def revise_incident(call: Call[RevisionIn], incident_id: str) -> Reply:
    body = call.body
    services().incidents.revise(
        incident_id,
        call.caller.id,
        facts_from(body),
        call.keyed,
        body.revision,
        says_more=body.more_clients is not None,
    )
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "POST",
        _INCIDENT + "/take-up",
        "Make an incident of a draft",
        IncidentLine,
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def take_up(call: Call[None], incident_id: str) -> Reply:
    services().incidents.take_up(incident_id, call.caller.id, call.keyed)
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "POST",
        _INCIDENT + "/dismiss",
        "Say that a draft is no incident",
        IncidentLine,
        body=ReasonsIn,
        longest=MAX_BODY_BYTES,
        description="It stays in the register, with the reasons.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def dismiss(call: Call[ReasonsIn], incident_id: str) -> Reply:
    services().incidents.dismiss(incident_id, call.caller.id, call.body.reasons, call.keyed)
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "PUT",
        _INCIDENT + "/handler",
        "Say who handles it",
        IncidentLine,
        body=HandlerIn,
        description="Alarms go to this address first, then to the DPO, then to the second DPO."
        " Without one the privacy team gets them.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def hand_over(call: Call[HandlerIn], incident_id: str) -> Reply:
    body = call.body
    services().incidents.hand_over(
        incident_id, call.caller.id, body.handler, body.email, call.keyed
    )
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "POST",
        _INCIDENT + "/awareness",
        "Decide since when we know of it",
        IncidentLine,
        body=AwareIn,
        longest=MAX_BODY_BYTES,
        description="Starts the clocks: 72 hours from that moment, whenever this is said. The"
        " decision is signed and kept.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.decide"),
        idempotent=True,
    )
)
def decide_awareness(call: Call[AwareIn], incident_id: str) -> Reply:
    body = call.body
    services().deciding_incidents.aware(
        incident_id, call.caller.id, body.aware_at, body.reasons, call.keyed
    )
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "POST",
        _INCIDENT + "/awareness/correct",
        "Correct since when we know of it",
        IncidentLine,
        body=CorrectionIn,
        longest=MAX_BODY_BYTES,
        description="Says whether the dates that run stand or move; who knew earlier has to move"
        " them. Everybody whom alarms go to is told.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.approve"),
        idempotent=True,
    )
)
def correct_awareness(call: Call[CorrectionIn], incident_id: str) -> Reply:
    body = call.body
    services().deciding_incidents.correct(
        incident_id,
        call.caller.id,
        body.aware_at,
        body.reasons,
        move=body.deadlines == "move",
        call=call.keyed,
    )
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "POST",
        _INCIDENT + "/nature",
        "Decide whether it is a personal data breach",
        IncidentLine,
        body=NatureIn,
        longest=MAX_BODY_BYTES,
        description="What is none has nobody to tell and stays in the register, with the reasons.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.decide"),
        idempotent=True,
    )
)
def decide_nature(call: Call[NatureIn], incident_id: str) -> Reply:
    body = call.body
    services().deciding_incidents.judge(
        incident_id, call.caller.id, body.nature, body.reasons, call.keyed
    )
    return _shown(incident_id)


@incidents.operation(
    Operation(
        "POST",
        _INCIDENT + "/assessment",
        "Assess how severe it is for people",
        IncidentLine,
        body=AssessmentIn,
        longest=MAX_BODY_BYTES,
        description="By ENISA's methodology: context x ease of identification + circumstances."
        " Another severity than the score's needs reasons.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def assess_incident(call: Call[AssessmentIn], incident_id: str) -> Reply:
    body = call.body
    scores = Scores(
        body.context,
        body.ease,
        body.confidentiality,
        body.integrity,
        body.availability,
        body.malicious,
    )
    services().deciding_incidents.assess(
        incident_id,
        call.caller.id,
        scores,
        body.severity or severity_of(scores),
        body.reasons or "",
        call.keyed,
    )
    return _shown(incident_id)


def _shown(incident_id: str) -> Reply:
    return Reply(incident_line(services().incidents.seen(incident_id)))
