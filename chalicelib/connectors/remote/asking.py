"""Asking a remote place for a deed: an event of its own for one endpoint, in the outbox.

    {"type": "data_request.erase", "timestamp": "…", "data": {
        "task": "…", "place": "…", "answer_at": "/v1/places/…/tasks/…", "respond_by": "…",
        "find": {"users.email": ["…"]}, "values": {"user.name": "…"}}}

`find` says by which fields of the place the person is found, `values` what a correction writes.
Both are personal data: they are sealed in the outbox and gone once the event was sent.
"""

import json
from collections.abc import Mapping

from chalicelib.clock import Clock, rfc3339
from chalicelib.connectors.places import Deed, Seeds
from chalicelib.connectors.remote.models import RemoteTask
from chalicelib.connectors.remote.task_store import RemoteTaskStore
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action

EVENTS = {deed: f"data_request.{deed.value}" for deed in Deed}
"""The type of the event that asks for each deed."""


class RemoteDeeds:
    """Asks for deeds."""

    def __init__(self, tasks: RemoteTaskStore, outbox: Outbox, clock: Clock) -> None:
        self._tasks = tasks
        self._outbox = outbox
        self._clock = clock

    def asking(
        self, task: RemoteTask, seeds: Seeds, values: Mapping[str, str] | None = None
    ) -> list[Action]:
        """The writes that ask for `task`, for the transaction of what waits for its answer.

        `values` are a correction's, by category. Raises `TooLongToSeal`.
        """
        event = EVENTS[task.deed]
        body = {
            "type": event,
            "timestamp": rfc3339(self._clock.now()),
            "data": {
                "task": task.task_id,
                "place": task.place_id,
                "answer_at": f"/v1/places/{task.place_id}/tasks/{task.task_id}",
                "respond_by": rfc3339(task.respond_by),
                "find": {name: list(found) for name, found in seeds.values.items()},
                **({"values": dict(values)} if values else {}),
            },
        }
        content = json.dumps(body, separators=(",", ":")).encode()
        queued = self._outbox.webhook(task.endpoint_id, event, content)
        return [self._tasks.addition(task), *queued.actions]
