"""Who has to be told of an incident, for the staff."""

from chalicelib.http.access import Staff
from chalicelib.http.paging import MAX_LIMIT
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.incidents.affected.describing import computation_view
from chalicelib.incidents.affected.items import ID_PATTERN as RECIPIENT_PATTERN
from chalicelib.incidents.affected.models import LISTED
from chalicelib.incidents.affected.recipients import PERMISSION
from chalicelib.incidents.affected.views import (
    counts_view,
    people_from,
    question_from,
    recipient_page,
)
from chalicelib.incidents.affected.wire import (
    MAX_BODY_BYTES,
    ComputationView,
    CountsView,
    PutsView,
    PutView,
    QuestionIn,
    RecipientList,
    RecipientsIn,
    RemovalIn,
    SettlingIn,
)
from chalicelib.incidents.models import ID_PATTERN
from chalicelib.services import services

_INCIDENT = "/v1/staff/incidents/{incident_id}"
_RECIPIENTS = _INCIDENT + "/recipients"
_COMPUTATION = _RECIPIENTS + "/computations/{computation_id}"
_ID = {"type": "string", "pattern": ID_PATTERN}
_OF_INCIDENT = {"incident_id": _ID}
_KIND = {"type": "string", "enum": [each.value for each in LISTED], "default": LISTED[0].value}
_HANDLE, _COUNT = Staff("incidents.handle"), Staff("incidents.list")

affected = Routes(__name__)


@affected.operation(
    Operation(
        "POST",
        _RECIPIENTS,
        "Put people, clients or controllers on the list of those to be told",
        PutsView,
        body=RecipientsIn,
        longest=MAX_BODY_BYTES,
        description=f"Up to {MAX_LIMIT}; whoever is there already is there once, and what was"
        " missing is completed, an address that is another corrected. May be repeated. Nothing of"
        " what was sent comes back.",
        parameters=_OF_INCIDENT,
        access=_HANDLE,
        exact_path=True,
    )
)
def put_recipients(call: Call[RecipientsIn], incident_id: str) -> Reply:
    put = services().recipients.put(incident_id, people_from(call.body), call.caller.id)
    told = (PutView(recipient_id=each, outcome=outcome.value) for each, outcome in put)
    return Reply(PutsView(recipients=tuple(told)))


@affected.operation(
    Operation(
        "GET",
        _RECIPIENTS,
        "How many have to be told, and of how many there is no address",
        CountsView,
        parameters=_OF_INCIDENT,
        access=_COUNT,
        exact_path=True,
    )
)
def count_recipients(_call: Call[None], incident_id: str) -> Reply:
    return Reply(counts_view(services().recipients, incident_id))


@affected.operation(
    Operation(
        "GET",
        _RECIPIENTS + "/list",
        "Who has to be told, opened",
        RecipientList,
        query=("kind", "limit", "cursor"),
        description="Each reading leaves an entry in the incident's trail.",
        parameters={**_OF_INCIDENT, "kind": _KIND},
        access=Staff(PERMISSION),
        exact_path=True,
    )
)
def list_recipients(call: Call[None], incident_id: str) -> Reply:
    here = services()
    page = recipient_page(here.recipients, here.cursors, incident_id, call.query, call.caller.id)
    return Reply(page)


@affected.operation(
    Operation(
        "POST",
        _RECIPIENTS + "/{recipient_id}/remove",
        "Take somebody off the list who is not affected after all",
        CountsView,
        body=RemovalIn,
        description="Until a notice was approved. No computation puts them back; by hand they are.",
        parameters={
            **_OF_INCIDENT,
            "recipient_id": {"type": "string", "pattern": RECIPIENT_PATTERN},
        },
        access=_HANDLE,
        exact_path=True,
    )
)
def remove_recipient(call: Call[RemovalIn], incident_id: str, recipient_id: str) -> Reply:
    here = services().recipients
    here.remove(incident_id, recipient_id, call.body.reason, call.caller.id)
    return Reply(counts_view(here, incident_id))


@affected.operation(
    Operation(
        "POST",
        _RECIPIENTS + "/compute",
        "Find out from a place of the data map who was affected",
        ComputationView,
        body=QuestionIn,
        longest=MAX_BODY_BYTES,
        statuses=(202,),
        description="In the background, page by page. Values of the filter are kept sealed.",
        parameters=_OF_INCIDENT,
        access=_HANDLE,
        idempotent=True,
        exact_path=True,
    )
)
def compute_recipients(call: Call[QuestionIn], incident_id: str) -> Reply:
    asked = services().asking_affected.ask(
        incident_id,
        question_from(call.body),
        call.caller.id,
        rehearsal=call.body.rehearse,
        call=call.keyed,
    )
    return Reply(computation_view(asked), 202)


@affected.operation(
    Operation(
        "GET",
        _COMPUTATION,
        "How far a computation of the affected is, and what it counted",
        ComputationView,
        parameters={**_OF_INCIDENT, "computation_id": _ID},
        access=_COUNT,
        exact_path=True,
    )
)
def show_computation(_call: Call[None], incident_id: str, computation_id: str) -> Reply:
    progress = services().asking_affected.progress(incident_id, computation_id)
    return Reply(computation_view(progress))


@affected.operation(
    Operation(
        "POST",
        _COMPUTATION + "/settle",
        "Say why nothing is missing on the list though a computation failed",
        ComputationView,
        body=SettlingIn,
        description="Asking the same question anew settles it, too. Until then no duty whose"
        " recipients are on the list is done, and the incident is not closed.",
        parameters={**_OF_INCIDENT, "computation_id": _ID},
        access=_HANDLE,
        exact_path=True,
    )
)
def settle_computation(call: Call[SettlingIn], incident_id: str, computation_id: str) -> Reply:
    here = services()
    here.settling_affected.settle(incident_id, computation_id, call.body.reason, call.caller.id)
    return Reply(computation_view(here.asking_affected.progress(incident_id, computation_id)))
