"""The staff's handling of requests."""

from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.law.models import PauseReason
from chalicelib.requests.models import DataRequest, ExtensionReason
from chalicelib.requests.staff_wire import (
    CorrectionsIn,
    ExtensionIn,
    HandledRequest,
    PauseIn,
    RefusalIn,
    RequestList,
    ResolutionIn,
    StaffRequestView,
)
from chalicelib.requests.wire import CertificateView
from chalicelib.services import services

_REQUEST = "/v1/staff/requests/{request_id}"
_PLACE = _REQUEST + "/places/{place}"
_WORK = Staff("requests.work")
_PERSONAL = "Shows personal data: each reading leaves an entry in the request's trail."

staff_requests = Routes(__name__)


@staff_requests.operation(
    Operation(
        "GET",
        "/v1/staff/requests",
        "The living requests, the most urgent first",
        RequestList,
        query=("limit", "cursor"),
        access=Staff("requests.list"),
    )
)
def list_requests(call: Call[None]) -> Reply:
    from chalicelib.requests.listing import living_page  # noqa: PLC0415  # not for visitors

    here = services()
    return Reply(living_page(here.requests, here.cursors, call.query))


@staff_requests.operation(
    Operation(
        "GET",
        _REQUEST,
        "A request with all it says",
        StaffRequestView,
        description=_PERSONAL,
        access=Staff("requests.read"),
    )
)
def read_request(call: Call[None], request_id: str) -> Reply:
    from chalicelib.requests.staff_views import staff_view  # noqa: PLC0415  # the law's words

    here = services()
    request = here.handling.read(request_id, call.caller.id)
    progress = here.deciding.progress(request_id)
    timeline = here.requests.timeline(request)
    return Reply(staff_view(request, progress, timeline, here.requests.also_living(request)))


@staff_requests.operation(
    Operation(
        "POST",
        _REQUEST + "/extend",
        "Take the law's extension",
        HandledRequest,
        body=ExtensionIn,
        access=_WORK,
        idempotent=True,
    )
)
def extend_request(call: Call[ExtensionIn], request_id: str) -> Reply:
    return _handled(
        services().handling.extend(
            request_id, call.caller.id, ExtensionReason(call.body.reason), call.keyed
        )
    )


@staff_requests.operation(
    Operation(
        "POST",
        _REQUEST + "/pause",
        "Wait for the person",
        HandledRequest,
        body=PauseIn,
        access=_WORK,
        idempotent=True,
    )
)
def pause_request(call: Call[PauseIn], request_id: str) -> Reply:
    reason = PauseReason(call.body.reason)
    return _handled(services().handling.pause(request_id, call.caller.id, reason, call.keyed))


@staff_requests.operation(
    Operation(
        "POST", _REQUEST + "/resume", "Wait no more", HandledRequest, access=_WORK, idempotent=True
    )
)
def resume_request(call: Call[None], request_id: str) -> Reply:
    return _handled(services().handling.resume(request_id, call.caller.id, call.keyed))


@staff_requests.operation(
    Operation(
        "POST",
        _REQUEST + "/refuse",
        "Refuse on a ground that the law gives",
        HandledRequest,
        body=RefusalIn,
        access=Staff("requests.approve"),
        idempotent=True,
    )
)
def refuse_request(call: Call[RefusalIn], request_id: str) -> Reply:
    return _handled(
        services().handling.refuse(request_id, call.caller.id, call.body.ground, call.keyed)
    )


@staff_requests.operation(
    Operation(
        "POST",
        _REQUEST + "/approve",
        "Have it carried out as it was rehearsed",
        HandledRequest,
        access=Staff("requests.approve"),
        idempotent=True,
    )
)
def approve_request(call: Call[None], request_id: str) -> Reply:
    services().deciding.approve(request_id, call.caller.id, call.keyed)
    return _handled(services().request_book.get(request_id))


@staff_requests.operation(
    Operation(
        "POST",
        _REQUEST + "/corrections",
        "Say which values a correction is to write",
        HandledRequest,
        body=CorrectionsIn,
        access=_WORK,
        idempotent=True,
    )
)
def say_corrections(call: Call[CorrectionsIn], request_id: str) -> Reply:
    services().deciding.correct(request_id, call.caller.id, call.body.corrections, call.keyed)
    return _handled(services().request_book.get(request_id))


@staff_requests.operation(
    Operation(
        "POST",
        _REQUEST + "/set-going",
        "Queue its work once more",
        HandledRequest,
        access=_WORK,
        idempotent=True,
    )
)
def set_request_going(call: Call[None], request_id: str) -> Reply:
    services().deciding.set_going(request_id, call.caller.id, call.keyed)
    return _handled(services().request_book.get(request_id))


@staff_requests.operation(
    Operation(
        "POST",
        _PLACE + "/retry",
        "Try a place again that failed",
        HandledRequest,
        access=_WORK,
        idempotent=True,
    )
)
def retry_place(call: Call[None], request_id: str, place: str) -> Reply:
    services().deciding.retry(request_id, place, call.caller.id, call.keyed)
    return _handled(services().request_book.get(request_id))


@staff_requests.operation(
    Operation(
        "POST",
        _PLACE + "/resolve",
        "Say what was done by hand at a place that failed",
        HandledRequest,
        body=ResolutionIn,
        access=Staff("requests.approve"),
        idempotent=True,
    )
)
def resolve_place(call: Call[ResolutionIn], request_id: str, place: str) -> Reply:
    services().deciding.resolve(request_id, place, call.caller.id, call.body.outcome(), call.keyed)
    return _handled(services().request_book.get(request_id))


@staff_requests.operation(
    Operation(
        "GET",
        _REQUEST + "/certificate",
        "The certificate of an erasure",
        CertificateView,
        access=Staff("requests.list"),
    )
)
def show_staff_certificate(_call: Call[None], request_id: str) -> Reply:
    return Reply(CertificateView(certificate=services().certificates.get(request_id)))


def _handled(request: DataRequest) -> Reply:
    from chalicelib.requests.staff_views import handled_view  # noqa: PLC0415  # the law's words

    progress = services().deciding.progress(request.request_id)
    return Reply(handled_view(request, progress))
