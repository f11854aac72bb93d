"""Tasks of remote places in the `records` table: who was asked, and who may answer.

    pk          REMOTE#<task id>
    sk          TASK
    et, v       item type and schema version
    request     the id of the request
    place       the id of the place
    endpoint    the id of the webhook endpoint that was asked
    deed        what it was asked for
    respond_by  ms since 1970 UTC
    ttl         epoch seconds, 30 days after that, when DynamoDB may sweep the item

Ids only: whom it is about stands in the message (notices/outbox.py).
"""

from datetime import timedelta
from math import ceil
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.connectors.places import Deed
from chalicelib.connectors.remote.models import RemoteTask
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put

REMOTE_TASK = Schema("remote_task")
KEPT = timedelta(days=30)


class RemoteTaskStore:
    """Reads tasks; makes the write of a new one."""

    def __init__(self, records: Table) -> None:
        self._records = records

    def get(self, task_id: str) -> RemoteTask | None:
        """The task, read consistently, or None."""
        item = self._records.get(_key(task_id), consistent=True)
        if item is None:
            return None
        item = REMOTE_TASK.lift(item)
        return RemoteTask(
            task_id,
            str(item["request"]),
            str(item["place"]),
            str(item["endpoint"]),
            Deed(str(item["deed"])),
            from_millis(cast("int", item["respond_by"])),
        )

    def addition(self, task: RemoteTask) -> Put:
        """The write of a new task. ABSENT: an id that came twice must not redirect its answer."""
        key = _key(task.task_id)
        item = REMOTE_TASK.stamp(
            {
                "pk": key.pk,
                "sk": key.sk,
                "request": task.request_id,
                "place": task.place_id,
                "endpoint": task.endpoint_id,
                "deed": task.deed.value,
                "respond_by": to_millis(task.respond_by),
                "ttl": ceil((task.respond_by + KEPT).timestamp()),
            }
        )
        return Put(self._records, item, ABSENT)


def _key(task_id: str) -> Key:
    return Key(compose("REMOTE", task_id), "TASK")
