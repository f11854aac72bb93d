"""Where processors say that they stopped."""

from chalicelib.consents.stopping.models import ID_PATTERN
from chalicelib.consents.stopping.wire import StoppedIn, StopTaken
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_ID = {"type": "string", "pattern": ID_PATTERN}

stop_answers = Routes(__name__)


@stop_answers.operation(
    Operation(
        "POST",
        "/v1/stop-orders/{stop_order}/processors/{processor_id}",
        "Say that processing stopped after a consent ended",
        StopTaken,
        body=StoppedIn,
        description="Signed by the processor as Standard Webhooks says, with the secret of the"
        " webhook endpoint that was asked; good for five minutes. The first word counts: it may be"
        " sent again until it is taken.",
        parameters={"stop_order": _ID, "processor_id": _ID},
        headers=("webhook-id", "webhook-timestamp", "webhook-signature"),
    )
)
def acknowledge_stop(call: Call[StoppedIn], stop_order: str, processor_id: str) -> Reply:
    headers = {name.lower(): value for name, value in call.headers.items()}
    state = services().stop_acknowledging.take(
        stop_order, processor_id, headers, call.raw, call.body
    )
    return Reply(StopTaken(stop_order=stop_order, processor=processor_id, state=state))
