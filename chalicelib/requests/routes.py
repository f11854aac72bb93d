"""A data subject's requests: made by anyone, followed by whoever holds the tracking token."""

from chalicelib.http.access import PERSON, Caller, Person
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.identity.models import SELF
from chalicelib.requests.models import DataRequest, RequestType
from chalicelib.requests.wire import (
    CertificateView,
    CodeIn,
    RequestAccepted,
    RequestIn,
    RequestPage,
    RequestView,
)
from chalicelib.services import services

TRACKING = "request"
_REQUEST = "/v1/requests/{request_id}"


def find_requester(token: str, purpose: str) -> Caller:
    """Whoever holds a session, or where the purpose is tracking, a tracking token.

    Raises `SessionUnknown`.
    """
    here = services()
    if purpose == TRACKING:
        return Caller(PERSON, here.requesters.caller_of(token))
    return Caller(PERSON, here.sessions.find(token, purpose).subject_id)


requests = Routes(__name__, find_person=find_requester)


@requests.operation(
    Operation(
        "POST",
        "/v1/requests",
        "Make a request about one's personal data",
        RequestAccepted,
        body=RequestIn,
        statuses=(202,),
        description="The laws' clocks run from here. A code goes to the address; entering it opens"
        " the request. The tracking token is shown here alone.",
        idempotent=True,
    )
)
def make_request(call: Call[RequestIn]) -> Reply:
    body = call.body
    taken = services().intake.accept(
        RequestType(body.type), body.content(), call.source_ip, call.keyed
    )
    return Reply(RequestAccepted.of(taken), 202)


@requests.operation(
    Operation(
        "GET",
        "/v1/requests",
        "One's own requests, newest first",
        RequestPage,
        query=("limit", "cursor"),
        access=Person(SELF),
        description="Those that were proved. One that joined another has that one's status and"
        " dates: see there.",
    )
)
def list_requests(call: Call[None]) -> Reply:
    from chalicelib.requests.listing import request_page  # noqa: PLC0415  # few ever list

    here = services()
    return Reply(request_page(here.requests, here.cursors, call.caller.id, call.query))


@requests.operation(
    Operation(
        "POST",
        _REQUEST + "/verify",
        "Open a request with the code from the mail",
        RequestView,
        body=CodeIn,
        description="Joins the person's open request of the same kind, if there is one.",
        idempotent=True,
    )
)
def prove_request(call: Call[CodeIn], request_id: str) -> Reply:
    return _shown(services().proving.prove(request_id, call.body.code, call.source_ip, call.keyed))


@requests.operation(
    Operation(
        "POST",
        _REQUEST + "/code",
        "Ask for another code",
        RequestView,
        access=Person(TRACKING),
        idempotent=True,
    )
)
def send_request_code(call: Call[None], request_id: str) -> Reply:
    return _shown(
        services().proving.send_code(request_id, call.caller.id, call.source_ip, call.keyed)
    )


@requests.operation(
    Operation(
        "GET", _REQUEST, "Status, dates and what happened", RequestView, access=Person(TRACKING)
    )
)
def show_request(call: Call[None], request_id: str) -> Reply:
    return _shown(services().requests.look(request_id, call.caller.id))


@requests.operation(
    Operation(
        "POST",
        _REQUEST + "/withdraw",
        "Withdraw a request",
        RequestView,
        access=Person(TRACKING),
        description="Idempotent by itself: one that is withdrawn stays so.",
    )
)
def withdraw_request(call: Call[None], request_id: str) -> Reply:
    return _shown(services().requests.withdraw(request_id, call.caller.id))


@requests.operation(
    Operation(
        "POST",
        _REQUEST + "/appeal",
        "Have somebody else decide once more",
        RequestView,
        access=Person(TRACKING),
        description="Of a request that was refused or carried out in part, once.",
    )
)
def appeal_request(call: Call[None], request_id: str) -> Reply:
    return _shown(services().appealing.appeal(request_id, call.caller.id))


@requests.operation(
    Operation(
        "GET",
        _REQUEST + "/certificate",
        "The certificate of an erasure",
        CertificateView,
        access=Person(TRACKING),
        description="A compact JWS (RFC 7515); /.well-known/jwks.json has the key.",
    )
)
def show_certificate(call: Call[None], request_id: str) -> Reply:
    here = services()
    request = here.requests.look(request_id, call.caller.id)
    first = request.joined_to or request_id
    return Reply(CertificateView(certificate=here.certificates.get(first)))


def _shown(request: DataRequest) -> Reply:
    from chalicelib.requests.views import request_view  # noqa: PLC0415  # the law's words

    here = services()
    mails = [mail for each in request.messages if (mail := here.outbox_store.get(each))]
    followed = here.requests.followed(request)
    progress = here.deciding.progress(request.joined_to or request.request_id)
    return Reply(request_view(followed, here.requests.timeline(request), mails, progress))
