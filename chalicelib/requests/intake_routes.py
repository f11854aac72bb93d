"""Requests that come by the staff and by the client platform."""

from chalicelib.http.access import Platform, Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.requests.intake_wire import (
    ClientReport,
    ClientRequestsIn,
    ClientRow,
    IdentityCheckIn,
    RequestSettled,
    StaffRequestIn,
)
from chalicelib.requests.models import RequestType
from chalicelib.requests.wire import RequestAccepted
from chalicelib.services import services

_TAKE_IN = Staff("requests.take_in")
_LONGEST_LIST = 65_536  # bytes: a hundred users with long addresses and ids

intake = Routes(__name__)


@intake.operation(
    Operation(
        "POST",
        "/v1/staff/requests",
        "Take in a request that came by letter, mail or phone",
        RequestAccepted,
        body=StaffRequestIn,
        statuses=(202,),
        description="The laws' clocks run from `received_at`. With `identity_checked` it opens at"
        " once, or joins the person's open request of the same kind.",
        access=_TAKE_IN,
        idempotent=True,
    )
)
def take_in_request(call: Call[StaffRequestIn]) -> Reply:
    body = call.body
    check = body.identity_checked.check() if body.identity_checked else None
    taken = services().desk.take_in(
        body.arrival(), check, call.caller.id, call.source_ip, call.keyed
    )
    return Reply(RequestAccepted.of(taken), 202)


@intake.operation(
    Operation(
        "POST",
        "/v1/staff/requests/{request_id}/identity",
        "Open a request after a check of the identity, or of a guardian's mandate",
        RequestSettled,
        body=IdentityCheckIn,
        access=_TAKE_IN,
        idempotent=True,
    )
)
def confirm_identity(call: Call[IdentityCheckIn], request_id: str) -> Reply:
    request = services().desk.confirm(request_id, call.body.check(), call.caller.id, call.keyed)
    return Reply(
        RequestSettled(request_id=request_id, status=request.status, joined_to=request.joined_to)
    )


@intake.operation(
    Operation(
        "POST",
        "/v1/platform/requests",
        "Make a request for each of many users",
        ClientReport,
        body=ClientRequestsIn,
        description="Each is a transaction of its own. Under one `Idempotency-Key` a call that was"
        " cut off can be repeated, with the same users or with others: what is done is not done"
        " again.",
        access=Platform("requests:write"),
        idempotent=True,
        longest=_LONGEST_LIST,
    )
)
def make_client_requests(call: Call[ClientRequestsIn]) -> Reply:
    body = call.body
    users = [each.user() for each in body.users]
    rows = services().client_intake.take_in(
        RequestType(body.type), body.common(), users, call.caller.id, call.keyed
    )
    report = ClientReport(
        requests=tuple(ClientRow.of(number, row) for number, row in enumerate(rows))
    )
    return Reply(report)
