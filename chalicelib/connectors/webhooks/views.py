"""What the API shows of webhooks."""

from collections.abc import Mapping

from chalicelib.clock import from_millis, rfc3339
from chalicelib.connectors.webhooks.dead_letters import DeadLetters
from chalicelib.connectors.webhooks.models import (
    DeadLetter,
    DeadLetterView,
    Endpoint,
    WebhookDetail,
    WebhookView,
)
from chalicelib.http.paging import page_limit
from chalicelib.tables.cursors import Cursors


def webhook_view(endpoint: Endpoint, url: str) -> WebhookView:
    """The endpoint, without a secret."""
    return WebhookView(
        endpoint_id=endpoint.id,
        url=url,
        events=endpoint.events,
        state=endpoint.state,
        created_at=rfc3339(from_millis(endpoint.at)),
    )


def webhook_detail(
    endpoint: Endpoint,
    url: str,
    dead_letters: DeadLetters,
    query: Mapping[str, str],
    cursors: Cursors,
) -> WebhookDetail:
    """The endpoint with the page of its dead letters that `query` asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`.
    """
    listing = f"webhook/{endpoint.id}/dead-letters"
    limit = page_limit(query)
    start = cursors.decode(listing, query["cursor"]) if "cursor" in query else None
    page = dead_letters.page(endpoint.id, limit=limit, start=start)
    return WebhookDetail(
        **dict(webhook_view(endpoint, url)),
        dead_letters=tuple(map(_dead_letter, page.letters)),
        cursor=cursors.encode(listing, page.last) if page.last else None,
    )


def _dead_letter(letter: DeadLetter) -> DeadLetterView:
    return DeadLetterView(
        message_id=letter.message_id,
        event=letter.event,
        reason=letter.reason,
        attempts=letter.attempts,
        given_up_at=rfc3339(from_millis(letter.at)),
    )
