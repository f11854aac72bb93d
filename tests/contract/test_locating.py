"""Where the person is, in a shop whose places lead to each other: nothing is lost on the way."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.connectors.dynamodb_reads import DynamoDbReads
from chalicelib.connectors.places import Identities, Outcome, PlaceUnavailable, Seeds
from chalicelib.requests.fulfilment.models import Task
from chalicelib.requests.fulfilment.planning import PLAN
from chalicelib.requests.fulfilment.worker import LEASE, PAUSES
from chalicelib.services import Services
from tests.contract.asking import look, opened
from tests.contract.handled import by_staff
from tests.contract.killing import Killed
from tests.contract.people import EMAIL, records
from tests.contract.shop import BUCKET, SITI, Shop, open_shop
from tests.contract.working import LONGEST, MemoryPlace, MemoryPlaces, equip, step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway


class Switch:
    """Whether the shop's tables answer."""

    away = False


@pytest.fixture
def tables_of_the_shop(monkeypatch: pytest.MonkeyPatch) -> Switch:
    switch, read = Switch(), DynamoDbReads.items

    def items(self: DynamoDbReads, *arguments: Any) -> Iterator[Any]:
        if switch.away:
            raise PlaceUnavailable
        return read(self, *arguments)

    monkeypatch.setattr(DynamoDbReads, "items", items)
    return switch


def status(gateway: Gateway, made: Answer) -> str:
    return str(look(gateway, made).json()["status"])


def tasks(services: Services, made: Answer) -> dict[str, Task]:
    progress = services.deciding.progress(made.json()["request_id"])
    assert progress is not None
    return {task.place: task for task in progress.tasks}


def visits_of(shop: Shop, *customers: str) -> list[Any]:
    found = shop.visits() + shop.visits("visits/2.ndjson")
    return [each for each in found if each["customer_id"] in customers]


def left_of_siti(shop: Shop) -> list[Any]:
    """What of the customer is still there, but for the one order that the books need."""
    rows = [each for each in shop.rows("customers") if each["email"] == SITI]
    return [*rows, *visits_of(shop, "c1"), *([shop.mails()] if "Rahma" in shop.mails() else [])]


def test_what_only_a_place_that_was_away_leads_to_is_found_after_the_approval(
    gateway: Gateway, services: Services, clock: FixedClock, tables_of_the_shop: Switch
) -> None:
    shop = open_shop(services)
    assert visits_of(shop, "c1")
    tables_of_the_shop.away = True  # while it is planned and while it is rehearsed
    made = opened(gateway, services, type="deletion", email=SITI)
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"
    tables_of_the_shop.away = False
    assert by_staff(gateway, made, "approve").status == 200
    work(services, clock)
    assert status(gateway, made) == "partly_completed"  # an order is kept for the books
    assert left_of_siti(shop) == []


def test_what_appeared_since_the_rehearsal_is_found(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    shop = open_shop(services)
    made = opened(gateway, services, type="deletion", email=SITI)
    work(services, clock)
    shop.put("customers", {"id": {"S": "c3"}, "email": {"S": SITI}})
    shop.s3.put_object(Bucket=BUCKET, Key="visits/2.ndjson", Body=b'{"customer_id": "c3"}\n')
    assert by_staff(gateway, made, "approve").status == 200
    work(services, clock)
    assert left_of_siti(shop) == []
    assert visits_of(shop, "c3") == []


def test_of_what_stays_away_nothing_is_lost_and_a_person_tries_again(
    gateway: Gateway, services: Services, clock: FixedClock, tables_of_the_shop: Switch
) -> None:
    shop = open_shop(services)
    tables_of_the_shop.away = True
    made = opened(gateway, services, type="deletion", email=SITI)
    work(services, clock)
    assert by_staff(gateway, made, "approve").status == 200
    work(services, clock)
    assert status(gateway, made) == "in_progress"
    failures = {place: task.failure for place, task in tasks(services, made).items()}
    assert failures["shop"] is not None
    assert len(visits_of(shop, "c1")) == 3
    tables_of_the_shop.away = False
    for place, failure in failures.items():
        if failure is not None:
            assert by_staff(gateway, made, f"places/{place}/retry").status == 200
    work(services, clock)
    assert status(gateway, made) == "partly_completed"
    assert left_of_siti(shop) == []


class Leading(MemoryPlaces):
    """Of `ledger` nobody knows where to begin as long as `crm` is away, which leads to it."""

    away = True

    def locate(self, identities: Identities) -> Mapping[str, Seeds | PlaceUnavailable]:
        seeds = Seeds({"rows.email": (identities["email"],)})
        return dict.fromkeys(self.places, seeds) | (
            {"ledger": PlaceUnavailable()} if self.away else {}
        )


def test_a_place_that_is_not_located_holds_up_no_other(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    crm = MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]})
    ledger = MemoryPlace("ledger", {EMAIL: [{"paid": 1}]})
    places = Leading({"crm": crm, "ledger": ledger})
    services.__dict__["places"] = places
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    assert by_staff(gateway, made, "approve").status == 200
    (locating,) = waiting(services)
    step(services, locating)
    assert crm.erasures == 0  # as long as it may still answer
    work(services, clock)
    found = tasks(services, made)
    assert (found["crm"].failure, crm.rows_of[EMAIL]) == (None, [])
    assert (found["ledger"].failure, ledger.rows_of[EMAIL]) == ("not_located", [{"paid": 1}])
    assert status(gateway, made) == "in_progress"
    places.away = False
    assert by_staff(gateway, made, "places/ledger/retry").status == 200
    work(services, clock)
    assert (ledger.rows_of[EMAIL], crm.erasures) == ([], 1)
    assert status(gateway, made) == "completed"


def test_of_two_planners_one_plans(
    gateway: Gateway, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    made = opened(gateway, services, type="deletion")
    request_id, locate = made.json()["request_id"], services.places.locate
    plan, others = services.worker._work[PLAN], [True]

    def located(identities: Identities) -> Mapping[str, Seeds | PlaceUnavailable]:
        if others:
            others.pop()
            plan(request_id, "")
        return locate(identities)

    monkeypatch.setattr(services.places, "locate", located)
    plan(request_id, "")
    progress = services.deciding.progress(request_id)
    assert progress is not None
    assert progress.plan.round == 1
    assert [each["kind"] for each in queued(services)].count("prepare") == 1
    assert actions(services, made).count("request.started") == 1


def test_a_place_that_kills_every_worker_is_given_up(
    gateway: Gateway, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]})
    equip(services, crm)
    tried: list[int] = []

    def erase(_seeds: Seeds, *, rehearse: bool) -> Outcome:
        tried.append(1)
        raise Killed

    monkeypatch.setattr(crm, "erase", erase)
    made = opened(gateway, services, type="deletion")
    for _ in range(2 * len(PAUSES)):
        for message_id in waiting(services):
            step(services, message_id)
        clock.advance(LEASE)
    assert tasks(services, made)["crm"].failure == "worker_died"
    assert len(tried) == len(PAUSES) + 1
    assert status(gateway, made) == "awaiting_approval"


def test_a_plan_that_was_buried_is_set_going(
    gateway: Gateway, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    with monkeypatch.context() as broken:

        def locate(_identities: Identities) -> Mapping[str, Seeds | PlaceUnavailable]:
            raise RuntimeError

        broken.setattr(services.places, "locate", locate)
        made = opened(gateway, services, type="deletion")
        work(services, clock)
    assert (status(gateway, made), waiting(services)) == ("open", [])
    assert [each["state"] for each in queued(services)] == ["dead"]
    clock.advance(LONGEST)
    assert by_staff(gateway, made, "set-going").status == 200
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"


@pytest.mark.parametrize("said", [{"type": "deletion"}, {"type": "correction", "details": "Dewi"}])
def test_where_nothing_is_connected_somebody_decides_all_the_same(
    gateway: Gateway, services: Services, clock: FixedClock, said: dict[str, Any]
) -> None:
    equip(services)
    made = opened(gateway, services, **said)
    work(services, clock)
    assert status(gateway, made) == "awaiting_approval"
    if said["type"] == "correction":
        values = {"corrections": {"user.name": "Dewi"}}
        assert by_staff(gateway, made, "corrections", values).status == 200
    assert by_staff(gateway, made, "approve").status == 200
    work(services, clock)
    assert status(gateway, made) == "completed"


def queued(services: Services) -> list[dict[str, Any]]:
    """The work in the outbox, whatever became of it."""
    found = records(services)
    return [each for each in found if each["et"] == "outbox_message" and each["channel"] == "work"]


def actions(services: Services, made: Answer) -> list[str]:
    chain = services.trail.history(Entity("request", made.json()["request_id"]))
    return [entry.action for entry in chain]
