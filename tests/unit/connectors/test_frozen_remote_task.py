"""A task of a remote place as version 1 wrote it: today's code reads it, and its answer."""

from datetime import UTC, date, datetime
from typing import cast

from chalicelib.connectors.places import Deed, Kept, Outcome, Row, Verdict
from chalicelib.connectors.remote.models import Answered, RemoteTask, TaskState
from chalicelib.connectors.remote.task_store import REMOTE_TASK, RemoteTaskStore
from chalicelib.tables.transactions import Put
from chalicelib.vault.vault import Vault
from tests.unit.identity.test_frozen_items import OneKey, fixture, records

TASK = RemoteTask(
    "01JTASK",
    "01JREQUEST",
    "crm",
    "01JENDPOINT000000000000000",
    Deed.COPY,
    datetime(2026, 11, 25, 10, 0, tzinfo=UTC),
    TaskState.ANSWERED,
)
ANSWER = Answered(
    Verdict.RETAINED,
    Outcome(
        2,
        1,
        (
            Kept("deals", "tax_books", "UU KUP 28(11)", 1, date(2036, 12, 31)),
            Kept("deals", "aml_records", "UU 8/2010 21", 1),
        ),
    ),
    (Row("people", {"name": "Siti", "tags": ["a", None, 1.5, True, {"n": 1}]}),),
)


def test_remote_task_1() -> None:
    item = fixture("remote_task")
    assert REMOTE_TASK.lift(item) == item
    store = RemoteTaskStore(records(item), cast("Vault", OneKey()))
    assert store.get("01JTASK") == TASK
    assert store.open(TASK) == ANSWER
    put, _ = store.answer(TASK, ANSWER)
    assert isinstance(put, Put)
    assert put.item.keys() == item.keys()
    assert {**put.item, "sealed": b""} == {**item, "sealed": b""}
