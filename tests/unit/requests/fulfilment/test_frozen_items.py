"""Items of fulfilment as version 1 wrote them: today's code reads them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

from chalicelib.connectors.places import Deed, Kept, Outcome, Seeds
from chalicelib.notices.outbox_store import OutboxStore
from chalicelib.requests.fulfilment.certificates import ERASURE_CERTIFICATE, Certificates
from chalicelib.requests.fulfilment.messages import REQUEST_MESSAGES, Messages
from chalicelib.requests.fulfilment.models import Plan, Progress, Stage, Task
from chalicelib.requests.fulfilment.plan_store import REQUEST_PLAN, REQUEST_TASK, PlanStore
from chalicelib.tables.codec import Item, encode
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Put
from chalicelib.vault.vault import Vault
from tests.fakes import FixedClock
from tests.unit.identity.test_frozen_items import OneKey, fixture, records

ID = "01JREQUEST0000000000000000"
PLAN = Plan(ID, Deed.ERASE, Stage.CARRYING_OUT, 2, 3)
TASK = Task(
    ID,
    "ledger",
    Deed.ERASE,
    seeds=Seeds({"payments.email": ("siti@example.test",)}),
    prepared=Outcome(
        3, 1, (Kept("payments", "tax_books", "UU KUP 28(11)", 2, date(2036, 12, 31)),)
    ),
    outcome=Outcome(3, 1, (Kept("payments", "tax_books", "UU KUP 28(11)", 2),)),
    failure="place_unavailable",
    asked=True,
    begun=2,
    resolved_by="11111111-2222-4333-8444-555555555555",
    round=2,
    revision=4,
)


class Two:
    """A client whose queries find two items."""

    def query(self, **_: Any) -> dict[str, Any]:
        return {"Items": [encode(fixture("request_plan")), encode(fixture("request_task"))]}


def store() -> PlanStore:
    table = Table(cast("Any", Two()), "records", "jaga-records")
    return PlanStore(table, cast("Vault", OneKey()))


def written(action: object) -> Item:
    assert isinstance(action, Put)
    return action.item


def test_request_plan_1() -> None:
    item = fixture("request_plan")
    assert REQUEST_PLAN.lift(item) == item
    assert store().get(ID) == Progress(PLAN, [TASK])
    assert written(store().new_plan(PLAN)) == item


def test_a_plan_whose_recipients_were_told_says_so() -> None:
    told = written(store().new_plan(replace(PLAN, told=True)))
    assert told == fixture("request_plan") | {"told": True}


def test_request_messages_1() -> None:
    item = fixture("request_messages")
    assert REQUEST_MESSAGES.lift(item) == item
    forgotten: list[str] = []
    outbox = cast("OutboxStore", SimpleNamespace(forget=forgotten.append))
    clock = FixedClock(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    messages = Messages(records(item), outbox, clock)
    messages.forget(ID)
    assert forgotten == ["01JMESSAGE1", "01JMESSAGE2"]
    queued = [
        Put(records(item), {"pk": f"OUTBOX#{each}", "sk": "MESSAGE", "et": "outbox_message"})
        for each in forgotten
    ]
    assert written(messages.noted(ID, queued)[-1]) == item
    assert messages.noted(ID, []) == []


def test_request_task_1() -> None:
    item = fixture("request_task")
    assert REQUEST_TASK.lift(item) == item
    clear = written(store().new_task(TASK))
    assert {**clear, "sealed": b""} == {**item, "sealed": b""}


def test_erasure_certificate_1() -> None:
    item = fixture("erasure_certificate")
    assert ERASURE_CERTIFICATE.lift(item) == item
    assert Certificates(records(item), cast("Any", None)).get(ID) == item["jws"]
