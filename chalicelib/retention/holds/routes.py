"""Legal holds, for the staff."""

from typing import TYPE_CHECKING

from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.retention.holds.models import ID_PATTERN, NewHold
from chalicelib.retention.holds.wire import (
    MAX_BODY_BYTES,
    HoldIn,
    HoldLine,
    HoldList,
    HoldView,
    ReleaseIn,
    ReviewIn,
    TargetIn,
)
from chalicelib.retention.targets import Target, TargetKind
from chalicelib.services import services

if TYPE_CHECKING:
    from chalicelib.retention.holds.service import Holds

_HOLDS = "/v1/staff/holds"
_HOLD = _HOLDS + "/{hold_id}"
_OF_HOLD = {"hold_id": {"type": "string", "pattern": ID_PATTERN}}
_MANAGE, _READ = Staff("holds.manage"), Staff("holds.read")

holds = Routes(__name__)


@holds.operation(
    Operation(
        "POST",
        _HOLDS,
        "Hold data on a client, a person, a category or a case",
        HoldLine,
        body=HoldIn,
        longest=MAX_BODY_BYTES,
        statuses=(201,),
        description="From then on nothing of it is erased, whoever asks and whatever is due, until"
        " the hold is released. The review date ends nothing: the privacy team is reminded of it.",
        access=_MANAGE,
        idempotent=True,
    )
)
def place_hold(call: Call[HoldIn]) -> Reply:
    body, here = call.body, services().holds
    new = NewHold(
        _target(here, body.target), body.ground, body.citation, call.caller.id, body.review_at
    )
    return _shown(here.place(new, call.caller.id, call.keyed), 201)


@holds.operation(
    Operation(
        "GET",
        _HOLDS,
        "The active holds, the earliest review first",
        HoldList,
        query=("limit", "cursor"),
        description="Without grounds, and without whom a hold is on.",
        access=_READ,
    )
)
def list_holds(call: Call[None]) -> Reply:
    from chalicelib.retention.holds.views import active_page  # noqa: PLC0415  # not for visitors

    here = services()
    return Reply(active_page(here.holds, here.cursors, call.query))


@holds.operation(
    Operation(
        "GET",
        _HOLD,
        "A hold with its ground and citation",
        HoldView,
        description="May name people: each reading leaves an entry in the hold's trail.",
        parameters=_OF_HOLD,
        access=_READ,
    )
)
def read_hold(call: Call[None], hold_id: str) -> Reply:
    from chalicelib.retention.holds.views import hold_view  # noqa: PLC0415  # not for visitors

    return Reply(hold_view(services().holds.read(hold_id, call.caller.id)))


@holds.operation(
    Operation(
        "POST",
        _HOLD + "/release",
        "Release a hold",
        HoldLine,
        body=ReleaseIn,
        longest=MAX_BODY_BYTES,
        description="What was due meanwhile runs again, unless another hold is on it.",
        parameters=_OF_HOLD,
        access=_MANAGE,
        idempotent=True,
    )
)
def release_hold(call: Call[ReleaseIn], hold_id: str) -> Reply:
    services().holds.release(hold_id, call.caller.id, call.body.reason, call.keyed)
    return _shown(hold_id)


@holds.operation(
    Operation(
        "POST",
        _HOLD + "/review",
        "Say when somebody has to look at a hold again",
        HoldLine,
        body=ReviewIn,
        parameters=_OF_HOLD,
        access=_MANAGE,
        idempotent=True,
    )
)
def review_hold(call: Call[ReviewIn], hold_id: str) -> Reply:
    services().holds.review(hold_id, call.caller.id, call.body.review_at, call.keyed)
    return _shown(hold_id)


def _target(here: "Holds", asked: TargetIn) -> Target:
    if asked.user_id is not None:
        return here.person(asked.user_id)
    return Target(TargetKind(asked.kind), str(asked.value))


def _shown(hold_id: str, status: int = 200) -> Reply:
    from chalicelib.retention.holds.views import hold_line  # noqa: PLC0415  # not for visitors

    return Reply(hold_line(services().holds.seen(hold_id)), status)
