"""A data subject's requests: made by anyone, followed by whoever holds the tracking token."""

from chalicelib.http.access import PERSON, Caller, Person
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.requests.models import Content, DataRequest, RequestType
from chalicelib.requests.wire import CodeIn, RequestAccepted, RequestIn, RequestView
from chalicelib.services import services

TRACKING = "request"
_REQUEST = "/v1/requests/{request_id}"


def find_requester(token: str, _purpose: str) -> Caller:
    """Whoever holds a tracking token, or a session. Raises `SessionUnknown`."""
    return Caller(PERSON, services().requesters.caller_of(token))


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
        " the request. The tracking token is shown this once.",
    )
)
def make_request(call: Call[RequestIn]) -> Reply:
    body = call.body.model_dump(exclude_none=True)
    type_ = RequestType(body.pop("type"))
    accepted = services().requests.accept(type_, Content(**body), call.source_ip)
    answer = RequestAccepted(
        request_id=accepted.request.request_id,
        tracking_token=accepted.tracking_token,
        status=accepted.request.status,
    )
    return Reply(answer, 202)


@requests.operation(
    Operation(
        "POST",
        _REQUEST + "/verify",
        "Open a request with the code from the mail",
        RequestView,
        body=CodeIn,
    )
)
def prove_request(call: Call[CodeIn], request_id: str) -> Reply:
    return _shown(services().requests.prove(request_id, call.body.code, call.source_ip))


@requests.operation(
    Operation(
        "POST",
        _REQUEST + "/code",
        "Ask for another code",
        RequestView,
        access=Person(TRACKING),
    )
)
def send_request_code(call: Call[None], request_id: str) -> Reply:
    return _shown(services().requests.send_code(request_id, call.caller.id, call.source_ip))


@requests.operation(
    Operation(
        "GET", _REQUEST, "Status, dates and what happened", RequestView, access=Person(TRACKING)
    )
)
def show_request(call: Call[None], request_id: str) -> Reply:
    return _shown(services().requests.look(request_id, call.caller.id))


@requests.operation(
    Operation(
        "POST", _REQUEST + "/withdraw", "Withdraw a request", RequestView, access=Person(TRACKING)
    )
)
def withdraw_request(call: Call[None], request_id: str) -> Reply:
    return _shown(services().requests.withdraw(request_id, call.caller.id))


def _shown(request: DataRequest) -> Reply:
    from chalicelib.requests.views import request_view  # noqa: PLC0415  # the law's words

    here = services()
    mails = [mail for each in request.messages if (mail := here.outbox_store.get(each))]
    return Reply(request_view(request, here.requests.timeline(request), mails))
