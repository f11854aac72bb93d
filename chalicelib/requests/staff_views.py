"""What the API shows the staff of a request."""

from collections.abc import Iterable
from typing import Any

from chalicelib.audit.entry import Entry
from chalicelib.clock import rfc3339
from chalicelib.law.models import PauseReason
from chalicelib.requests.dates import citations
from chalicelib.requests.fulfilment.models import Progress, Task
from chalicelib.requests.models import DataRequest, Mandate
from chalicelib.requests.staff_wire import (
    GroundView,
    HandledRequest,
    IdentityView,
    MandateView,
    PlaceProgress,
    PlanView,
    StaffRequestView,
)
from chalicelib.requests.views import deadline_views, due_at, kept_views, timeline_events


def handled_view(request: DataRequest, progress: Progress | None) -> HandledRequest:
    """The request after a decision, its dates explained in English."""
    return HandledRequest(**_handled(request, progress))


def staff_view(
    request: DataRequest,
    progress: Progress | None,
    timeline: Iterable[Entry],
    also_living: Iterable[str],
) -> StaffRequestView:
    """The request with all it says, its plan, the grounds on which it may be refused, and the ids
    of the person's other living requests."""
    content = request.content
    return StaffRequestView(
        **_handled(request, progress),
        subject_id=request.subject_id,
        identity=_identity(request),
        also_living=tuple(also_living),
        email=content.email,
        name=content.name,
        country=content.country,
        client=content.client,
        details=content.details,
        corrections=dict(content.corrections),
        mandate=_mandate(content.mandate) if content.mandate else None,
        appealed=request.appealed,
        grounds=tuple(
            GroundView(ground=ground, citation=cited.words(content.language))
            for ground, cited in citations(request).items()
        ),
        timeline=timeline_events(timeline),
    )


def _handled(request: DataRequest, progress: Progress | None) -> dict[str, Any]:
    return {
        "request_id": request.request_id,
        "type": request.type,
        "status": request.status,
        "source": request.source,
        "received_at": rfc3339(request.received_at),
        "due_at": due_at(request),
        "waits_for": PauseReason(request.pause_for) if request.pause_for else None,
        "extended": request.extended,
        "deadlines": deadline_views(request, "en"),
        "plan": _plan(progress) if progress else None,
    }


def _identity(request: DataRequest) -> IdentityView:
    return IdentityView(
        identities=dict(request.content.identities),
        proof=request.proof,
        checked_by=request.checked_by,
        reference=request.content.checked,
        taken_in_by=request.taken_in_by,
        submitter=request.submitter,
        address_proved=request.address_proved,
    )


def _mandate(mandate: Mandate) -> MandateView:
    return MandateView(
        capacity=mandate.capacity.value,
        name=mandate.name,
        email=mandate.email,
        reference=mandate.reference,
    )


def _plan(progress: Progress) -> PlanView:
    return PlanView(
        deed=progress.plan.deed,
        stage=progress.plan.stage,
        places=tuple(map(_place, progress.tasks)),
    )


def _place(task: Task) -> PlaceProgress:
    outcome = task.outcome or task.prepared
    return PlaceProgress(
        place=task.place,
        verdict=task.verdict,
        found=outcome.found if outcome else None,
        changed=outcome.changed if outcome else None,
        kept=kept_views(outcome),
        failure=task.failure,
        asked=task.asked,
    )
