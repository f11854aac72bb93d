"""Telling those who got the data what became of it (GDPR 19, UU PDP 45): by signed webhooks.

They have to know whom it is about, and must not learn of anybody whom they did not know: the
address goes as its SHA-256, as OpenDSR has it, and only to endpoints that asked for such events. Of
a correction they learn which categories it was of. The new values are not for everybody who has one
of them: who needs them is a place of the data map and is asked there, or asks us.
"""

import hashlib

from chalicelib.connectors.places import Deed
from chalicelib.connectors.webhooks.events import Events, Json
from chalicelib.requests.fulfilment.messages import Messages
from chalicelib.requests.fulfilment.models import Progress
from chalicelib.requests.models import DataRequest
from chalicelib.tables.transactions import Action

_EVENTS = {
    Deed.ERASE: "data_subject.erased",
    Deed.CORRECT: "data_subject.corrected",
    Deed.RESTRICT: "data_subject.restricted",
}
"""The webhooks' events, by what happened."""


class Recipients:
    """Makes the writes that tell them."""

    def __init__(self, events: Events, messages: Messages) -> None:
        self._events = events
        self._messages = messages

    def told(self, request: DataRequest, progress: Progress) -> list[Action]:
        """The webhooks for every recipient who asked for such events; none for a copy.

        All but those of an erasure are noted: what an erasure finds unsent is taken back.
        """
        event = _EVENTS.get(progress.plan.deed)
        if event is None:
            return []
        content = request.content
        identities: list[Json] = []
        if content.email:
            digest = hashlib.sha256(content.email.strip().lower().encode()).hexdigest()
            identities.append(
                {"identity_type": "email", "identity_format": "sha256", "identity_value": digest}
            )
        data: dict[str, Json] = {"request_id": request.request_id, "identities": identities}
        if progress.plan.deed is Deed.CORRECT:
            data["categories"] = [*sorted(content.corrections)]
        told = self._events.announcement(event, data)
        if not told or progress.plan.deed is Deed.ERASE:  # who is to erase must hear of it
            return told
        return self._messages.noted(request.request_id, told)
