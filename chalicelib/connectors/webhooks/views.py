"""What the API shows of webhooks."""

from collections.abc import Mapping

from chalicelib.clock import from_millis, rfc3339
from chalicelib.connectors.webhooks.models import (
    DeadLetter,
    DeadLetterView,
    Endpoint,
    Issued,
    NewWebhook,
    RotatedSecret,
    WebhookDetail,
    WebhookList,
    WebhookView,
)
from chalicelib.connectors.webhooks.service import Webhooks
from chalicelib.http.paging import page_asked
from chalicelib.tables.cursors import Cursors


def new_webhook(issued: Issued) -> NewWebhook:
    """The answer to a registration."""
    return NewWebhook(endpoint_id=issued.endpoint_id, secret=_shown(issued))


def rotated_secret(issued: Issued) -> RotatedSecret:
    """The answer to a rotation."""
    return RotatedSecret(
        endpoint_id=issued.endpoint_id,
        secret=_shown(issued),
        previous_valid_until=rfc3339(issued.previous_valid_until),
    )


def _shown(issued: Issued) -> str | None:
    return issued.secret.reveal() if issued.secret else None


def webhook_view(endpoint: Endpoint, url: str) -> WebhookView:
    """The endpoint, without a secret."""
    return WebhookView(
        endpoint_id=endpoint.id,
        url=url,
        events=endpoint.events,
        state=endpoint.state,
        created_at=rfc3339(from_millis(endpoint.at)),
    )


def webhook_list(webhooks: Webhooks, cursors: Cursors, query: Mapping[str, str]) -> WebhookList:
    """The page of the endpoints that `query` asks for.

    Raises `InvalidInput` for a bad `limit` or `cursor`.
    """
    listing = "webhooks"
    asked = page_asked(query, listing, cursors)
    page = webhooks.page(asked.limit, asked.start)
    return WebhookList(
        webhooks=tuple(webhook_view(*each) for each in page.endpoints),
        cursor=cursors.encode(listing, page.last) if page.last else None,
    )


def webhook_detail(
    webhooks: Webhooks, cursors: Cursors, endpoint_id: str, query: Mapping[str, str]
) -> WebhookDetail:
    """The endpoint with the page of its dead letters that `query` asks for.

    Raises `UnknownWebhook`, and `InvalidInput` for a bad `limit` or `cursor`.
    """
    listing = f"webhook/{endpoint_id}/dead-letters"
    asked = page_asked(query, listing, cursors)
    detail = webhooks.detail(endpoint_id, asked.limit, asked.start)
    page = detail.dead_letters
    return WebhookDetail(
        **dict(webhook_view(detail.endpoint, detail.url)),
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
