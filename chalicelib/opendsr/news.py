"""Telling partners what became of a request, in the transaction in which it became that.

What is queued is a webhook without its address: the delivery (callbacks.py) puts the URL in, which
may be opened there only, and signs.
"""

import json

from chalicelib.clock import Clock, rfc3339
from chalicelib.law.clocks import earliest
from chalicelib.notices.outbox import Outbox
from chalicelib.opendsr.callback_store import CallbackStore
from chalicelib.opendsr.rules import has_results, partner_status
from chalicelib.requests.models import DataRequest
from chalicelib.tables.transactions import Action

STATUS_CALLBACK = "opendsr.status"
"""The kind of such a message in the outbox."""


class PartnerNews:
    """Queues status callbacks (8.4)."""

    def __init__(self, callbacks: CallbackStore, outbox: Outbox, clock: Clock, domain: str) -> None:
        self._callbacks = callbacks
        self._outbox = outbox
        self._clock = clock
        self._domain = domain

    def of(self, request: DataRequest) -> list[Action]:
        """The writes that tell every partner who waits for it of the changed `request`.

        None when its status means to them what they were told before. One read.
        """
        status = partner_status(request.status)
        actions: list[Action] = []
        for callback in self._callbacks.waiting(request.request_id):
            if callback.told == status:
                continue
            actions.append(self._callbacks.told_action(callback, status, self._clock.now()))
            said = {
                "controller_id": callback.partner_id,
                "expected_completion_time": expected_completion(request),
                "subject_request_id": callback.subject_request_id,
                "request_status": status,
            }
            if has_results(request):
                said["results_url"] = results_url(self._domain, callback.own_id)
            for number in range(callback.count):
                content = {"of": callback.request_id, "own": callback.own_id, "url": number}
                queued = self._outbox.webhook(
                    callback.own_id, STATUS_CALLBACK, json.dumps({**content, "body": said}).encode()
                )
                actions += queued.actions
        return actions


def expected_completion(request: DataRequest) -> str:
    """The date that the request is worked towards (RFC 3339); its receipt where no law has one."""
    dates = request.deadlines
    return rfc3339(earliest(dates).unpaused_due_at if dates else request.received_at)


def results_url(domain: str, request_id: str) -> str:
    """Where the data subject fetches the copy, with a session of their own."""
    return f"https://{domain}/v1/requests/{request_id}/export"
