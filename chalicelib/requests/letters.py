"""Mails to whoever a request is answered to."""

from chalicelib.notices.outbox import Outbox, Queued
from chalicelib.requests.models import DataRequest


def letter(outbox: Outbox, request: DataRequest, template: str, **values: str) -> Queued | None:
    """The mail from `template` about `request`; None when there is no address to send it to.

    It goes to whoever acts for the person, by mandate, where they gave an address.
    """
    content = request.content
    mandate = content.mandate
    to = (mandate.email if mandate else "") or content.email
    if not to:
        return None
    values = {"request_id": request.request_id, **values}
    return outbox.mail(template, to, content.language, values, about=request.request_id)
