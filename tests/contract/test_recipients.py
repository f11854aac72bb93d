"""Who got the data is told what became of it, and nothing that they need not know."""

import hashlib
import json
from typing import Any

import pytest

from chalicelib.services import Services
from tests.contract.hooks import URL, Hooks
from tests.contract.people import EMAIL, records
from tests.contract.test_fulfilment import decide, status
from tests.contract.working import MemoryPlace, equip, opened, work
from tests.fakes import FixedClock
from tests.gateway import Gateway

TOLD = {
    "deletion": "data_subject.erased",
    "correction": "data_subject.corrected",
    "restriction": "data_subject.restricted",
}
CORRECTIONS = {"user.name": "Siti Rahma", "user.contact.phone_number": "+62 812"}


@pytest.mark.parametrize("kind", TOLD)
def test_an_endpoint_that_asked_for_it_is_told_and_no_other(
    gateway: Gateway, services: Services, clock: FixedClock, kind: str
) -> None:
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    hooks = Hooks(services)
    hooks.register(URL, *sorted({*TOLD.values()} - {TOLD[kind]}))
    corrections = {"corrections": CORRECTIONS} if kind == "correction" else {}
    carry_out(gateway, services, clock, type=kind, **corrections)
    assert sent(services, hooks) == []

    hooks.register("https://recipient.example.com/in", TOLD[kind])
    request_id = carry_out(gateway, services, clock, type=kind, **corrections)
    (told,) = sent(services, hooks)
    digest = hashlib.sha256(EMAIL.encode()).hexdigest()
    assert told["type"] == TOLD[kind]
    assert told["data"] == {
        "request_id": request_id,
        "identities": [
            {"identity_type": "email", "identity_format": "sha256", "identity_value": digest}
        ],
        **({"categories": sorted(CORRECTIONS)} if corrections else {}),
    }


def carry_out(gateway: Gateway, services: Services, clock: FixedClock, **said: Any) -> str:
    """Has a request carried out; its id."""
    made = opened(gateway, services, **said)
    work(services, clock)
    if status(gateway, made) == "awaiting_approval":
        decide(gateway, made, "approve")
        work(services, clock)
    assert status(gateway, made) == "completed"
    return str(made.json()["request_id"])


def sent(services: Services, hooks: Hooks) -> list[Any]:
    """What every endpoint was told."""
    for item in records(services):
        if item["et"] == "outbox_message" and item["channel"] == "webhook":
            hooks.deliver(str(item["pk"]).removeprefix("OUTBOX#"))
    return [json.loads(each.body) for each in hooks.internet.posted]
