"""What the API shows of a request."""

from collections.abc import Iterable

from chalicelib.audit.entry import Entry
from chalicelib.clock import rfc3339
from chalicelib.law.clocks import earliest
from chalicelib.law.deadline import Deadline
from chalicelib.law.explain import explain
from chalicelib.notices.messages import Message
from chalicelib.notices.models import Language
from chalicelib.requests.models import DataRequest
from chalicelib.requests.wire import DeadlineView, MailView, RequestView, TimelineEvent


def request_view(
    request: DataRequest, timeline: Iterable[Entry], mails: Iterable[Message]
) -> RequestView:
    """The request with its dates explained in its requester's language."""
    first = earliest(request.deadlines) if request.deadlines else None
    return RequestView(
        request_id=request.request_id,
        type=request.type,
        status=request.status,
        joined_to=request.joined_to,
        received_at=rfc3339(request.received_at),
        due_at=rfc3339(first.unpaused_due_at) if first else None,
        deadlines=tuple(_deadline(each, request.content.language) for each in request.deadlines),
        timeline=tuple(
            TimelineEvent(at=rfc3339(entry.moment), event=entry.action) for entry in timeline
        ),
        mails=tuple(
            MailView(message_id=each.id, kind=each.kind, state=each.state) for each in mails
        ),
    )


def _deadline(deadline: Deadline, language: Language) -> DeadlineView:
    return DeadlineView(
        law=deadline.law,
        article=deadline.article,
        pack_version=deadline.version,
        due_at=rfc3339(deadline.due_at),
        explanation=explain(deadline, language),
    )
