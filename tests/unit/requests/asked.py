"""Requests as values, for tests of rules."""

from datetime import datetime
from typing import Any

from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.requests.models import Content, DataRequest, RequestType, Status
from tests.fakes import START


def request(status: Status = Status.OPEN, **changes: Any) -> DataRequest:
    """One received at `received_at` (by default the tests' start) under Indonesia's law."""
    received: datetime = changes.pop("received_at", START)
    said: dict[str, Any] = {
        "request_id": "01JREQUEST0000000000000000",
        "type": RequestType.ACCESS,
        "status": status,
        "received_at": received,
        "deadlines": deadlines({"id": None}, "access", Case(received_at=received)),
        "requester": "index",
        "tracking": bytes(32),
        "messages": (),
        "content": Content("siti.rahma@example.test", "id"),
    }
    return DataRequest(**said | changes)
