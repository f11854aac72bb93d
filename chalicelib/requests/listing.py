"""What the API lists of requests: a person's own, and those that wait for the staff."""

from collections.abc import Mapping

from chalicelib.clock import rfc3339
from chalicelib.http.paging import page_asked
from chalicelib.requests.models import Summary
from chalicelib.requests.service import Requests
from chalicelib.requests.staff_wire import RequestLine, RequestList
from chalicelib.requests.wire import RequestPage, RequestSummary
from chalicelib.tables.cursors import Cursors

_LIVING = "requests/living"


def request_page(
    requests: Requests, cursors: Cursors, subject_id: str, query: Mapping[str, str]
) -> RequestPage:
    """The page of the person's requests that `query` asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`.
    """
    listing = f"requests/{subject_id}"
    asked = page_asked(query, listing, cursors)
    summaries, last = requests.page(subject_id, asked.limit, asked.start)
    return RequestPage(
        requests=tuple(map(_summary, summaries)),
        cursor=cursors.encode(listing, last) if last else None,
    )


def living_page(requests: Requests, cursors: Cursors, query: Mapping[str, str]) -> RequestList:
    """The page of the living requests that `query` asks for. Raises as `request_page`."""
    asked = page_asked(query, _LIVING, cursors)
    summaries, last = requests.living(asked.limit, asked.start)
    return RequestList(
        requests=tuple(
            RequestLine(
                request_id=each.request_id,
                type=each.type,
                status=each.status,
                source=each.source,
                received_at=rfc3339(each.received_at),
                due_at=rfc3339(each.due_at) if each.due_at else None,
            )
            for each in summaries
        ),
        cursor=cursors.encode(_LIVING, last) if last else None,
    )


def _summary(summary: Summary) -> RequestSummary:
    return RequestSummary(
        request_id=summary.request_id,
        type=summary.type,
        status=summary.status,
        received_at=rfc3339(summary.received_at),
        due_at=rfc3339(summary.due_at) if summary.due_at else None,
        joined_to=summary.joined_to,
    )
