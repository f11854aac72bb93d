"""What the API shows of a request."""

from collections.abc import Iterable

from chalicelib.audit.entry import Entry
from chalicelib.clock import rfc3339
from chalicelib.connectors.places import Outcome
from chalicelib.law.clocks import earliest
from chalicelib.law.deadline import Deadline
from chalicelib.law.explain import explain
from chalicelib.notices.messages import Message
from chalicelib.notices.models import Language
from chalicelib.requests.dates import citations
from chalicelib.requests.fulfilment.models import Progress, Stage, Task
from chalicelib.requests.models import Closing, DataRequest
from chalicelib.requests.wire import (
    DeadlineView,
    KeptView,
    MailView,
    PlaceResult,
    RequestView,
    ResultView,
    TimelineEvent,
)


def request_view(
    request: DataRequest,
    timeline: Iterable[Entry],
    mails: Iterable[Message],
    progress: Progress | None,
) -> RequestView:
    """The request with its dates explained in its requester's language, and how it ended."""
    return RequestView(
        request_id=request.request_id,
        type=request.type,
        status=request.status,
        joined_to=request.joined_to,
        received_at=rfc3339(request.received_at),
        due_at=due_at(request),
        deadlines=deadline_views(request, request.content.language),
        timeline=timeline_events(timeline),
        mails=tuple(
            MailView(message_id=each.id, kind=each.kind, state=each.state) for each in mails
        ),
        result=_result(request, request.closing, progress) if request.closing else None,
    )


def kept_views(outcome: Outcome | None) -> tuple[KeptView, ...]:
    """What stays, and why."""
    return tuple(
        KeptView(
            collection=kept.collection,
            rule=kept.rule,
            citation=kept.citation,
            rows=kept.rows,
            until=kept.until.isoformat() if kept.until else None,
        )
        for kept in (outcome.kept if outcome else ())
    )


def _result(request: DataRequest, closing: Closing, progress: Progress | None) -> ResultView:
    cited = citations(request)
    language = request.content.language
    carried_out = progress is not None and progress.plan.stage is Stage.ENDED
    return ResultView(
        ended_at=rfc3339(closing.at),
        grounds=tuple(cited[each].words(language) for each in closing.grounds if each in cited),
        places=tuple(map(_place, progress.tasks)) if progress and carried_out else (),
    )


def _place(task: Task) -> PlaceResult:
    done = task.done
    return PlaceResult(
        place=task.place,
        verdict=task.verdict,
        found=done.found if done else 0,
        changed=done.changed if done else 0,
        kept=kept_views(done),
    )


def due_at(request: DataRequest) -> str | None:
    """The earliest of the request's dates without waits; None where no law states one."""
    if not request.deadlines:
        return None
    return rfc3339(earliest(request.deadlines).unpaused_due_at)


def deadline_views(request: DataRequest, language: Language) -> tuple[DeadlineView, ...]:
    """Each law's date, explained."""
    return tuple(_deadline(each, language) for each in request.deadlines)


def timeline_events(timeline: Iterable[Entry]) -> tuple[TimelineEvent, ...]:
    """What happened, oldest first; who did it is the staff's affair."""
    return tuple(TimelineEvent(at=rfc3339(each.moment), event=each.action) for each in timeline)


def _deadline(deadline: Deadline, language: Language) -> DeadlineView:
    return DeadlineView(
        law=deadline.law,
        article=deadline.article,
        pack_version=deadline.version,
        due_at=rfc3339(deadline.due_at),
        explanation=explain(deadline, language),
    )
