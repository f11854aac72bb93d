"""Where places that answer later answer."""

from chalicelib.connectors.remote.wire import (
    ID_PATTERN,
    LONGEST_ANSWER,
    TaskAnswerIn,
    TaskTaken,
)
from chalicelib.http.routes import Call, Operation, Reply, Routes
from chalicelib.services import services

_ID = {"type": "string", "pattern": ID_PATTERN}

place_answers = Routes(__name__)


@place_answers.operation(
    Operation(
        "POST",
        "/v1/places/{place_id}/tasks/{task_id}",
        "Answer a deed that a connected system was asked for",
        TaskTaken,
        body=TaskAnswerIn,
        description="Signed by the system as Standard Webhooks says, with the secret of the webhook"
        " endpoint that was asked; good for five minutes. The first answer counts: it may be sent"
        " again until it is taken.",
        parameters={"place_id": _ID, "task_id": _ID},
        headers=("webhook-id", "webhook-timestamp", "webhook-signature"),
        longest=LONGEST_ANSWER,
    )
)
def answer_task(call: Call[TaskAnswerIn], place_id: str, task_id: str) -> Reply:
    headers = {name.lower(): value for name, value in call.headers.items()}
    services().remote_answers.take(place_id, task_id, headers, call.raw, call.body)
    return Reply(TaskTaken(task=task_id))
