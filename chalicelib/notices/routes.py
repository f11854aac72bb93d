"""What became of a message that went out: neither its recipient nor its content."""

from chalicelib.clock import from_millis, rfc3339
from chalicelib.http.access import Staff
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.notices.models import MessageView
from chalicelib.services import services

messages = Routes(__name__)


@messages.operation(
    Operation(
        "GET",
        "/v1/staff/messages/{message_id}",
        "Whether a message was sent, bounced or complained about",
        MessageView,
        access=Staff("messages.read"),
    )
)
def show_message(_call: Call[None], message_id: str) -> Reply:
    message = services().tracking.look_up(message_id)
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
