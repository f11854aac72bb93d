"""Mails to whoever a request is answered to."""

from chalicelib.notices.outbox import Outbox, Queued
from chalicelib.requests.mandates import answering_address
from chalicelib.requests.models import DataRequest


def letter(outbox: Outbox, request: DataRequest, template: str, **values: str) -> Queued | None:
    """The mail from `template` about `request`; None when there is no address to send it to."""
    to = answering_address(request.content)
    if not to:
        return None
    values = {"request_id": request.request_id, **values}
    return outbox.mail(template, to, request.content.language, values, about=request.request_id)
