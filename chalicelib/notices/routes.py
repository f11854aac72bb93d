"""What became of a message that went out: neither its recipient nor its content."""

import re

from chalicelib.clock import from_millis, rfc3339
from chalicelib.errors import NotFound
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.notices.models import MessageView
from chalicelib.services import services


class UnknownMessage(NotFound):
    """No such message, or it is past its thirty days."""

    code = "unknown_message"


_ULID = r"^[0-9A-Z]{26}$"
_MESSAGE_ID = re.compile(_ULID)

messages = Routes(__name__)


@messages.operation(
    Operation(
        "GET",
        "/v1/staff/messages/{message_id}",
        "Whether a message was sent, bounced or complained about",
        MessageView,
        parameters={"message_id": {"type": "string", "pattern": _ULID}},
        access=Staff("messages.read"),
    )
)
def show_message(_call: Call[None], message_id: str) -> Reply:
    named = _MESSAGE_ID.fullmatch(message_id)
    message = services().outbox_store.get(message_id) if named else None
    if message is None:
        raise UnknownMessage
    return Reply(
        MessageView(
            message_id=message.id,
            channel=message.channel,
            kind=message.kind,
            state=message.state,
            reason=message.reason,
            about=message.about,
            queued_at=rfc3339(from_millis(message.at)),
        )
    )
