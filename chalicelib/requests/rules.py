"""What may happen to a request, and which laws' clocks run for it. Pure decisions.

    received ──asked──> awaiting_identity ──proved──> open ──started──> in_progress
       │                    │  │                       │                 │   ^
       │                    │  └─joined─> joined       │                 v   │ returned, approved
       v                    v                          │          awaiting_approval
     lapsed  <──lapsed──────┘                          │                 │
                                                       v                 v
                          withdrawn <── any of these, until it is approved;
                                        approved too, once the person was erased (forgotten)
                          refused   <── open, in_progress, awaiting_approval
                          completed, partly_completed <── in_progress

    refused, partly_completed ──appealed──> open, once

A repeated event that led here changes nothing; any other is refused.
"""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from chalicelib.errors import Conflict
from chalicelib.requests.models import DataRequest, Status


class Event(StrEnum):
    """What happens to a request."""

    ASKED = "asked"
    PROVED = "proved"
    JOINED = "joined"
    STARTED = "started"
    PREPARED = "prepared"
    RETURNED = "returned"
    APPROVED = "approved"
    COMPLETED = "completed"
    PARTLY_COMPLETED = "partly_completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    FORGOTTEN = "forgotten"
    LAPSED = "lapsed"
    APPEALED = "appealed"


class ImpossibleNow(Conflict):
    """The request's status does not allow it."""

    code = "impossible_now"


UNPROVED = frozenset({Status.RECEIVED, Status.AWAITING_IDENTITY})
WORKING = frozenset({Status.OPEN, Status.IN_PROGRESS, Status.AWAITING_APPROVAL})
LIVING = UNPROVED | WORKING
"""The statuses in which a request still waits for something; its dates run."""

_S = Status
_TARGETS: Mapping[Event, tuple[frozenset[Status], Status]] = {
    Event.ASKED: (frozenset({_S.RECEIVED}), _S.AWAITING_IDENTITY),
    Event.PROVED: (UNPROVED, _S.OPEN),
    Event.JOINED: (UNPROVED, _S.JOINED),
    Event.STARTED: (frozenset({_S.OPEN}), _S.IN_PROGRESS),
    Event.PREPARED: (frozenset({_S.IN_PROGRESS}), _S.AWAITING_APPROVAL),
    Event.RETURNED: (frozenset({_S.AWAITING_APPROVAL}), _S.IN_PROGRESS),
    Event.APPROVED: (frozenset({_S.AWAITING_APPROVAL}), _S.IN_PROGRESS),
    Event.COMPLETED: (frozenset({_S.IN_PROGRESS}), _S.COMPLETED),
    Event.PARTLY_COMPLETED: (frozenset({_S.IN_PROGRESS}), _S.PARTLY_COMPLETED),
    Event.REFUSED: (WORKING, _S.REFUSED),
    Event.WITHDRAWN: (LIVING, _S.WITHDRAWN),
    Event.FORGOTTEN: (LIVING, _S.WITHDRAWN),
    Event.LAPSED: (UNPROVED, _S.LAPSED),
    Event.APPEALED: (frozenset({_S.REFUSED, _S.PARTLY_COMPLETED}), _S.OPEN),
}


def after(status: Status, event: Event) -> Status:
    """The status after `event`; the same when it led here already. Raises `ImpossibleNow`."""
    sources, target = _TARGETS[event]
    if status is target or status in sources:
        return target
    raise ImpossibleNow


def moved(request: DataRequest, event: Event) -> DataRequest:
    """`request` after `event`. Raises `ImpossibleNow`.

    What is being carried out is neither withdrawn nor refused any more, and one appeal is all. Of
    an erased person nothing is carried out any more.
    """
    status = after(request.status, event)
    ending = event in {Event.WITHDRAWN, Event.REFUSED} and request.status in LIVING
    if (ending and request.approved) or (event is Event.APPEALED and request.appealed):
        raise ImpossibleNow
    return replace(
        request,
        status=status,
        approved=(request.approved or event is Event.APPROVED) and event is not Event.APPEALED,
        appealed=request.appealed or event is Event.APPEALED,
    )
