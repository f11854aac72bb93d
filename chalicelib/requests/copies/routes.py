"""Fetching the copy: with a session of the person, or of who was confirmed to act for them."""

from chalicelib.http.access import Person
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.identity.models import SELF
from chalicelib.requests.copies.wire import CopyLink, CopyState, copy_link, copy_state
from chalicelib.requests.routes import find_requester
from chalicelib.services import services

_EXPORT = "/v1/requests/{request_id}/export"

copies = Routes(__name__, find_person=find_requester)


@copies.operation(
    Operation(
        "GET",
        _EXPORT,
        "A link to the copy",
        CopyLink,
        access=Person(SELF),
        description="For a session of the data subject, or of the agent's or guardian's address"
        " that answers go to; a tracking token does not do. Each call is one of five links of an"
        " opening, and is counted. A copy that is not open any more answers 410 `copy_expired` or"
        " `copy_used_up`; POST opens it again.",
    )
)
def show_copy(call: Call[None], request_id: str) -> Reply:
    return Reply(copy_link(services().copies.link(request_id, f"subject/{call.caller.id}")))


@copies.operation(
    Operation(
        "POST",
        _EXPORT,
        "Open the copy for another 24 hours",
        CopyState,
        access=Person(SELF),
        description="Up to two times, within seven days of its making. One that is open stays as"
        " it is. Once that is over the answer is 410 `copy_gone`.",
    )
)
def reopen_copy(call: Call[None], request_id: str) -> Reply:
    return Reply(copy_state(services().copies.reopen(request_id, f"subject/{call.caller.id}")))
