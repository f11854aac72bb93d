"""What follows an incident, and its end, for the staff."""

from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.aftermath.describing import aftermath_line, aftermath_view, found_from
from chalicelib.incidents.aftermath.wire import (
    MAX_FOUND_BYTES,
    AftermathIn,
    AftermathLine,
    AftermathView,
    ApprovalIn,
    CloseIn,
    DelayIn,
    DropIn,
    Missing,
    MissingPart,
    PlanIn,
    Planned,
    RemedyIn,
    ReopenIn,
    ReportIn,
)
from chalicelib.incidents.describing import incident_line, texts_from
from chalicelib.incidents.models import ID_PATTERN
from chalicelib.incidents.wire import MAX_BODY_BYTES, IncidentLine
from chalicelib.services import services

_INCIDENT = "/v1/staff/incidents/{incident_id}"
_AFTERMATH = _INCIDENT + "/aftermath"
_ACTIONS = _AFTERMATH + "/actions"
_ACTION = _ACTIONS + "/{action_id}"
_ID = {"type": "string", "pattern": ID_PATTERN}
_OF_INCIDENT = {"incident_id": _ID}
_OF_ACTION = {**_OF_INCIDENT, "action_id": _ID}
_HANDLE = Staff("incidents.handle")
_APPROVE = Staff("incidents.approve")

aftermath = Routes(__name__)


@aftermath.operation(
    Operation(
        "GET",
        _AFTERMATH,
        "What follows an incident",
        AftermathView,
        description="May name people: each reading leaves an entry in the incident's trail.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.read"),
    )
)
def read_aftermath(call: Call[None], incident_id: str) -> Reply:
    return Reply(aftermath_view(services().aftercare.read(incident_id, call.caller.id)))


@aftermath.operation(
    Operation(
        "PUT",
        _AFTERMATH,
        "Say what stopped it, why it happened, what was learnt",
        AftermathLine,
        body=AftermathIn,
        longest=MAX_FOUND_BYTES,
        description="Replaces what was known. Remediation actions and the report stay.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def revise_aftermath(call: Call[AftermathIn], incident_id: str) -> Reply:
    services().aftercare.find(incident_id, call.caller.id, found_from(call.body), call.keyed)
    return _shown(incident_id)


@aftermath.operation(
    Operation(
        "POST",
        _ACTIONS,
        "Plan a remediation action",
        Planned,
        body=RemedyIn,
        longest=MAX_BODY_BYTES,
        statuses=(201,),
        description="With an owner and a date; at the date, and every week after it, whoever"
        " handles the incident is reminded until it is done or dropped.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def plan_action(call: Call[RemedyIn], incident_id: str) -> Reply:
    body = call.body
    action_id = services().aftercare.plan(
        incident_id, call.caller.id, texts_from(body.what), body.owner, body.due_at, call.keyed
    )
    line = aftermath_line(services().aftercare.seen(incident_id))
    planned = Planned(incident_id=incident_id, actions=line.actions, action_id=action_id)
    return Reply(planned, 201)


@aftermath.operation(
    Operation(
        "PUT",
        _ACTION,
        "Give a remediation action another owner and date",
        AftermathLine,
        body=PlanIn,
        parameters=_OF_ACTION,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def replan_action(call: Call[PlanIn], incident_id: str, action_id: str) -> Reply:
    body = call.body
    services().aftercare.replan(
        incident_id, action_id, call.caller.id, body.owner, body.due_at, call.keyed
    )
    return _shown(incident_id)


@aftermath.operation(
    Operation(
        "POST",
        _ACTION + "/done",
        "Note that a remediation action is done",
        AftermathLine,
        description="Also of a closed incident.",
        parameters=_OF_ACTION,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def finish_action(call: Call[None], incident_id: str, action_id: str) -> Reply:
    services().aftercare.finish(incident_id, action_id, call.caller.id, call.keyed)
    return _shown(incident_id)


@aftermath.operation(
    Operation(
        "POST",
        _ACTION + "/drop",
        "Give a remediation action up",
        AftermathLine,
        body=DropIn,
        longest=MAX_BODY_BYTES,
        description="It stays listed, with the reasons. Also of a closed incident.",
        parameters=_OF_ACTION,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def drop_action(call: Call[DropIn], incident_id: str, action_id: str) -> Reply:
    services().aftercare.drop(incident_id, action_id, call.caller.id, call.body.reasons, call.keyed)
    return _shown(incident_id)


@aftermath.operation(
    Operation(
        "POST",
        _AFTERMATH + "/report",
        "Propose the report to clients",
        AftermathLine,
        body=ReportIn,
        longest=MAX_BODY_BYTES,
        description="In both languages; one that is left out is composed from the root cause and"
        " the remediation actions. It replaces the one before, approved or not.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def propose_report(call: Call[ReportIn], incident_id: str) -> Reply:
    texts = texts_from(call.body.texts)
    services().aftercare.propose(incident_id, call.caller.id, texts, call.keyed)
    return _shown(incident_id)


@aftermath.operation(
    Operation(
        "POST",
        _AFTERMATH + "/report/approve",
        "Approve the report to clients",
        AftermathLine,
        body=ApprovalIn,
        description="By another than its author, and only the one that was read.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_APPROVE,
        idempotent=True,
    )
)
def approve_report(call: Call[ApprovalIn], incident_id: str) -> Reply:
    services().aftercare.approve(incident_id, call.caller.id, call.body.report_id, call.keyed)
    return _shown(incident_id)


@aftermath.operation(
    Operation(
        "GET",
        _INCIDENT + "/missing",
        "What an incident lacks to be closed",
        Missing,
        description="Names parts, not what they say.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=Staff("incidents.list"),
    )
)
def show_missing(_: Call[None], incident_id: str) -> Reply:
    found = services().closing_incidents.missing(incident_id)
    parts = tuple(MissingPart(field=each.field, code=each.code) for each in found)
    return Reply(Missing(missing=parts))


@aftermath.operation(
    Operation(
        "POST",
        _INCIDENT + "/delay",
        "Say why a duty was done late",
        IncidentLine,
        body=DelayIn,
        longest=MAX_BODY_BYTES,
        description="Where no notice said it (GDPR 33(1)).",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_HANDLE,
        idempotent=True,
    )
)
def explain_delay(call: Call[DelayIn], incident_id: str) -> Reply:
    services().deciding_incidents.explain(
        incident_id, call.caller.id, call.body.duty, texts_from(call.body.reasons), call.keyed
    )
    return Reply(incident_line(services().incidents.seen(incident_id)))


@aftermath.operation(
    Operation(
        "POST",
        _INCIDENT + "/close",
        "Close an incident",
        IncidentLine,
        body=CloseIn,
        longest=MAX_BODY_BYTES,
        description="Refused with 409 `incident_incomplete` while a mandatory part is missing;"
        " `errors` name each. Actions that are still open go on to be reminded of.",
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_APPROVE,
        idempotent=True,
    )
)
def close_incident(call: Call[CloseIn], incident_id: str) -> Reply:
    services().closing_incidents.close(
        incident_id, call.caller.id, call.body.reasons or "", call.keyed
    )
    return Reply(incident_line(services().incidents.seen(incident_id)))


@aftermath.operation(
    Operation(
        "POST",
        _INCIDENT + "/reopen",
        "Open a closed incident again",
        IncidentLine,
        body=ReopenIn,
        longest=MAX_BODY_BYTES,
        parameters=_OF_INCIDENT,
        exact_path=True,
        access=_APPROVE,
        idempotent=True,
    )
)
def reopen_incident(call: Call[ReopenIn], incident_id: str) -> Reply:
    services().closing_incidents.reopen(incident_id, call.caller.id, call.body.reasons, call.keyed)
    return Reply(incident_line(services().incidents.seen(incident_id)))


def _shown(incident_id: str) -> Reply:
    return Reply(aftermath_line(services().aftercare.seen(incident_id)))
