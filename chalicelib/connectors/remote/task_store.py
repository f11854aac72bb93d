"""Tasks of remote places in the `records` table: who was asked, who may answer, what they said.

    pk          REMOTE#<task id>
    sk          TASK
    et, v       item type and schema version
    request     the id of the request
    place       the id of the place
    endpoint    the id of the webhook endpoint that was asked
    deed        what it was asked for
    respond_by  ms since 1970 UTC
    state       asked, answered, taken
    ttl         epoch seconds, 30 days after `respond_by`, when DynamoDB may sweep the item
    sealed      while it is answered: the answer, under the request's own key

Whom it is about stands in the message that asked (notices/outbox.py).
"""

from datetime import timedelta
from math import ceil
from typing import cast

from chalicelib.clock import from_millis, to_millis
from chalicelib.connectors.places import Deed
from chalicelib.connectors.remote.contents import answer_from_json, answer_to_json
from chalicelib.connectors.remote.models import Answered, RemoteTask, TaskState
from chalicelib.errors import Conflict
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT, Condition
from chalicelib.tables.keys import Key, compose
from chalicelib.tables.schema import Schema, UnreadableItem
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, Put
from chalicelib.vault.keys import Scope
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault

REMOTE_TASK = Schema("remote_task")
KEPT = timedelta(days=30)


class AlreadyAnswered(Conflict):
    """Another answer to the task was faster."""

    code = "already_answered"


class RemoteTaskStore:
    """Reads tasks; makes the writes that change them."""

    def __init__(self, records: Table, vault: Vault) -> None:
        self._records = records
        self._vault = vault

    def get(self, task_id: str) -> RemoteTask | None:
        """The task, read consistently, or None."""
        item = self._item(task_id)
        if item is None:
            return None
        return RemoteTask(
            task_id,
            str(item["request"]),
            str(item["place"]),
            str(item["endpoint"]),
            Deed(str(item["deed"])),
            from_millis(cast("int", item["respond_by"])),
            TaskState(str(item["state"])),
        )

    def addition(self, task: RemoteTask) -> Put:
        """The write of a new task. ABSENT: an id that came twice must not redirect its answer."""
        return Put(self._records, _item_of(task, TaskState.ASKED), ABSENT)

    def answer(self, task: RemoteTask, answered: Answered) -> list[Action]:
        """The writes of what the place says. They fail with `AlreadyAnswered`, and with
        `KeyDestroyed` (raised here, too) when the request was erased. Raises `TooLongToSeal`."""
        scope = Scope.request(task.request_id)
        item = _item_of(task, TaskState.ANSWERED)
        item["sealed"] = self._vault.seal(
            scope,
            SealContext.of(self._records.logical, item),
            answer_to_json(answered),
        )
        # Of two answers at once, or of one that was sent again, one counts.
        kept = Put(self._records, item, _is_in(TaskState.ASKED), otherwise=AlreadyAnswered)
        # A container that knows the key still would keep rows of somebody who was erased.
        return [kept, self._vault.still_there(scope)]

    def open(self, task: RemoteTask) -> Answered | None:
        """The answer that waits to be taken; None when none does. Raises `KeyDestroyed`."""
        item = self._item(task.task_id)
        if item is None or item["state"] != TaskState.ANSWERED.value:
            return None
        match item.get("sealed"):
            case bytes(sealed):
                context = SealContext.of(self._records.logical, item)
                opened = self._vault.open(Scope.request(task.request_id), context, sealed)
                return answer_from_json(opened)
        raise UnreadableItem(REMOTE_TASK.item_type)

    def close(self, task: RemoteTask) -> None:
        """Forgets what was answered: it was taken. Repeating it changes nothing."""
        self._records.update(
            _key(task.task_id),
            _is_in(TaskState.ANSWERED),
            put={"state": TaskState.TAKEN.value},
            remove=("sealed",),
        )

    def _item(self, task_id: str) -> Item | None:
        item = self._records.get(_key(task_id), consistent=True)
        return REMOTE_TASK.lift(item) if item else None


def _item_of(task: RemoteTask, state: TaskState) -> Item:
    key = _key(task.task_id)
    return REMOTE_TASK.stamp(
        {
            "pk": key.pk,
            "sk": key.sk,
            "request": task.request_id,
            "place": task.place_id,
            "endpoint": task.endpoint_id,
            "deed": task.deed.value,
            "respond_by": to_millis(task.respond_by),
            "state": state.value,
            "ttl": ceil((task.respond_by + KEPT).timestamp()),
        }
    )


def _is_in(state: TaskState) -> Condition:
    return Condition("#state = :state", {"#state": "state"}, {":state": state.value})


def _key(task_id: str) -> Key:
    return Key(compose("REMOTE", task_id), "TASK")
