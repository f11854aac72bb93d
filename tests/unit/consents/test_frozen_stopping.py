"""Processors and stop orders as version 1 wrote them: today's code reads and writes the same."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.consents.models import State
from chalicelib.consents.stopping.models import (
    How,
    Processor,
    Receiver,
    ReceiverState,
    StopOrder,
)
from chalicelib.consents.stopping.order_store import OrderStore
from chalicelib.consents.stopping.processor_store import ProcessorStore
from chalicelib.consents.stopping.terms import escalation
from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.tables.transactions import Put
from tests.fakes import START
from tests.unit.connectors.test_frozen_items import frozen, records

HOUR = timedelta(hours=1)
ACME, BRAVO, CHARLIE = (f"01JPROCESSOR0000000000000{each}" for each in "ABC")
ENDPOINT = "01JENDPOINT000000000000000"
PROCESSOR = Processor(ACME, "Acme Ledger", ENDPOINT, ("third_party_integration",), START, 2)
(_NOW,) = deadlines({"id": None}, "consent_withdrawal", Case(received_at=START))
DEADLINE = replace(_NOW, version="2026.1")
ORDER = StopOrder(
    "01JRECORD00000000000000000",
    "01JSUBJECT0000000000000000",
    "third_party_integration",
    State.WITHDRAWN,
    START,
    DEADLINE,
    {
        ACME: Receiver("Acme Ledger", ENDPOINT, "01JMESSAGEA", ReceiverState.ASKED, START),
        BRAVO: Receiver(
            "Bravo Mail",
            ENDPOINT,
            "01JMESSAGEB",
            ReceiverState.ACKNOWLEDGED,
            START + 2 * HOUR,
            f"processor/{BRAVO}",
            How.WEBHOOK,
            START + HOUR,
        ),
        CHARLIE: Receiver(
            "Charlie",
            ENDPOINT,
            "01JMESSAGEC",
            ReceiverState.REMOVED,
            START + 3 * HOUR,
            "staff/01JSTAFF",
        ),
    },
    alerts=2,
    revision=5,
)


def test_processor_1() -> None:
    item = frozen("processor")
    store = ProcessorStore(records(item))
    assert store.get(ACME) == PROCESSOR
    written = store.change(PROCESSOR)
    assert isinstance(written, Put)
    assert written.item == {**item, "rev": 3}


def test_stop_order_1() -> None:
    item = frozen("stop_order")
    assert item["due_sk"] == f"1795644000000#{ORDER.order_id}", "12 hours before the date"
    store = OrderStore(records(item), escalation().times)
    assert store.get(ORDER.order_id) == ORDER
    written = store.change(ORDER)
    assert isinstance(written, Put)
    assert written.item == {**item, "rev": 6}
