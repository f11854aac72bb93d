"""Events of consents on their way to EventBridge: again while refused, and never a person."""

import json
from typing import Any

import pytest

from chalicelib.connectors.event_bus import EVENT_BUS, EventBus, EventRefused
from chalicelib.notices.messages import State
from chalicelib.notices.outbox_store import LEASE
from chalicelib.services import Services
from chalicelib.vault.keys import Scope
from tests.contract.consenting import Office
from tests.contract.people import EMAIL, records
from tests.fakes import FixedClock
from tests.gateway import Gateway


class Bus:
    """EventBridge, which refuses as often as it is told."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.entries: list[dict[str, Any]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # boto3's
        if self.refusals:
            self.refusals -= 1
            return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
        self.entries += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


@pytest.fixture
def message_id(services: Services, gateway: Gateway) -> str:
    """An event in the outbox: somebody gave consent."""
    assert Office(services, gateway).person().decide("given").status == 201
    (item,) = [each for each in records(services) if each.get("kind") == EVENT_BUS]
    return str(item["pk"]).removeprefix("OUTBOX#")


def send(services: Services, bus: Bus, message_id: str) -> None:
    message = services.outbox_store.claim(message_id)
    assert message is not None
    EventBus(bus, "jaga-test", services.outbox_store).send(message)


def state(services: Services, message_id: str) -> State:
    message = services.outbox_store.get(message_id)
    assert message is not None
    return message.state


def test_an_event_says_what_became_of_which_consent_and_nothing_of_the_person(
    services: Services, message_id: str
) -> None:
    bus = Bus()
    send(services, bus, message_id)
    (entry,) = bus.entries
    assert (entry["EventBusName"], entry["Source"]) == ("jaga-test", "jaga")
    assert entry["DetailType"] == "consent.changed"
    detail = json.loads(entry["Detail"])
    assert detail.keys() == {
        "id",
        "record_id",
        "subject_id",
        "purpose",
        "state",
        "before",
        "recorded_at",
    }
    assert (detail["id"], detail["before"], detail["state"]) == (message_id, "unknown", "given")
    assert EMAIL not in entry["Detail"]
    assert state(services, message_id) is State.SENT


def test_what_was_refused_goes_out_again_under_its_id(
    services: Services, message_id: str, clock: FixedClock
) -> None:
    bus = Bus(refusals=1)
    with pytest.raises(EventRefused):
        send(services, bus, message_id)
    assert state(services, message_id) is State.SENDING
    clock.advance(LEASE)
    send(services, bus, message_id)
    assert json.loads(bus.entries[0]["Detail"])["id"] == message_id


def test_what_cannot_be_opened_is_given_up(services: Services, message_id: str) -> None:
    day = services.clock.now().date()
    scope = Scope.messages("webhook", day)
    services.run_command(lambda: services.vault.destroy_actions(scope))
    services.vault.forget(scope)
    bus = Bus()
    send(services, bus, message_id)
    assert (bus.entries, state(services, message_id)) == ([], State.DEAD)
