"""Workers that die at any write, places that are away, repeated work: every request ends right."""

import random
from collections import Counter

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.requests.fulfilment.worker import PAUSES
from chalicelib.services import Services
from tests.contract.asking import look, withdraw
from tests.contract.killing import Killer
from tests.contract.people import EMAIL
from tests.contract.test_fulfilment import certificate_of, decide, status
from tests.contract.working import MemoryPlace, equip, opened, step, waiting, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway


def places(email: str = EMAIL) -> tuple[MemoryPlace, MemoryPlace]:
    crm = MemoryPlace("crm", {email: [{"email": email}]})
    return crm, MemoryPlace("ledger", {email: [{"paid": 1}, {"paid": 2}]})


def erase(
    gateway: Gateway, services: Services, clock: FixedClock, killer: Killer | None = None
) -> tuple[Answer, MemoryPlace, MemoryPlace]:
    """An erasure from the open request to its end, under a killer."""
    crm, ledger = places()
    equip(services, crm, ledger)
    made = opened(gateway, services, type="deletion")
    if killer:
        killer.watch(services)
        killer.armed = True
    work(services, clock)
    if killer:
        killer.armed = False
    assert status(gateway, made) == "awaiting_approval"
    assert decide(gateway, made, "approve").status == 200
    if killer:
        killer.armed = True
    work(services, clock)
    if killer:
        killer.armed = False
    return made, crm, ledger


def check_erased(
    gateway: Gateway, services: Services, made: Answer, crm: MemoryPlace, ledger: MemoryPlace
) -> None:
    assert status(gateway, made) == "completed"
    assert (crm.rows_of[EMAIL], ledger.rows_of[EMAIL]) == ([], [])
    found = {
        each["place"]: (each["verdict"], each["found"])
        for each in certificate_of(gateway, made)["places"]
    }
    assert found == {"crm": ("done", 1), "ledger": ("done", 2)}
    chain = services.trail.history(Entity("request", made.json()["request_id"]))
    told = Counter(entry.action for entry in chain)
    assert told == {
        "request.received": 1,
        "request.proved": 1,
        "request.started": 1,
        "request.place_prepared": 2,
        "request.approved": 1,
        "request.place_done": 2,
        "request.completed": 1,
    }


def writes_of_an_erasure(gateway: Gateway, services: Services, clock: FixedClock) -> int:
    killer = Killer(lambda _: None)
    erase(gateway, services, clock, killer)
    return killer.seen


# As many as an erasure of two places makes, and the test below says so if there are more.
WRITES = 27


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(WRITES))
def test_a_worker_that_dies_at_any_write_is_followed_by_one_that_ends_it(
    gateway: Gateway, services: Services, clock: FixedClock, number: int, when: str
) -> None:
    killer = Killer(lambda each: when if each == number else None)
    made, crm, ledger = erase(gateway, services, clock, killer)
    assert killer.kills == [number]
    check_erased(gateway, services, made, crm, ledger)


def test_those_are_all_its_writes(gateway: Gateway, services: Services, clock: FixedClock) -> None:
    assert writes_of_an_erasure(gateway, services, clock) == WRITES


def test_workers_killed_at_random_end_twenty_fulfilments(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    chance = random.Random(20)  # noqa: S311  # which workers die, nothing secret
    people = [f"person{number}@example.test" for number in range(20)]
    crm, ledger = MemoryPlace("crm"), MemoryPlace("ledger")
    equip(services, crm, ledger)
    made = []
    for number, email in enumerate(people):
        crm.rows_of[email], ledger.rows_of[email] = [{"email": email}], [{"paid": number}]
        made.append(
            opened(gateway, services, email=email, type=TYPES[number % len(TYPES)], **said(number))
        )
    killer = Killer(
        lambda _: chance.choice(["before", "after"]) if chance.random() < 0.15 else None
    )
    killer.watch(services)
    for _ in range(2):
        killer.armed = True
        work(services, clock, most=1000)
        killer.armed = False
        for each in made:
            if status(gateway, each) == "awaiting_approval":
                assert decide(gateway, each, "approve").status == 200
    killer.armed = True
    work(services, clock, most=1000)
    killer.armed = False
    assert len(killer.kills) > 20
    for number, (email, each) in enumerate(zip(people, made, strict=True)):
        assert status(gateway, each) == "completed", number
        match TYPES[number % len(TYPES)]:
            case "deletion":
                assert (crm.rows_of[email], ledger.rows_of[email]) == ([], [])
            case "correction":
                assert crm.rows_of[email] == [{"email": email, "user.name": "New"}]
            case "restriction":
                assert email in crm.restricted
                assert email in ledger.restricted
            case "access":
                assert look(gateway, each).json()["status"] == "completed"


TYPES = ("deletion", "access", "correction", "restriction")


def said(number: int) -> dict[str, object]:
    return (
        {"corrections": {"user.name": "New"}} if TYPES[number % len(TYPES)] == "correction" else {}
    )


def test_a_delivery_that_comes_twice_or_late_changes_nothing(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    crm, ledger = places()
    equip(services, crm, ledger)
    made = opened(gateway, services, type="deletion")
    seen: list[str] = []
    for _ in range(6):
        ids = waiting(services)
        for message_id in [*ids, *reversed(seen), *ids]:
            step(services, message_id)
        seen += ids
    decide(gateway, made, "approve")
    for _ in range(6):
        ids = waiting(services)
        for message_id in [*reversed(seen), *ids, *ids]:
            step(services, message_id)
        seen += ids
    check_erased(gateway, services, made, crm, ledger)


def test_a_place_that_is_away_for_a_while_is_waited_for(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    crm, ledger = places()
    equip(services, crm, ledger)
    ledger.down = len(PAUSES)
    made = opened(gateway, services)
    work(services, clock)
    shown = decide(gateway, made, "approve").json()["plan"]["places"]
    assert [each["failure"] for each in shown] == [None] * 3


def test_a_place_that_stays_away_is_a_person_s_and_blocks_no_other(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    crm, ledger = places()
    equip(services, crm, ledger)
    ledger.down = 10_000
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    approved = decide(gateway, made, "approve")
    assert approved.status == 200
    work(services, clock)
    shown = decide(gateway, made, "set-going").json()
    assert (shown["status"], shown["plan"]["stage"]) == ("in_progress", "carrying_out")
    assert {each["place"]: each["failure"] for each in shown["plan"]["places"]} == {
        "crm": None,
        "ledger": "place_unavailable",
    }
    assert crm.rows_of[EMAIL] == []
    ledger.down = 0
    assert decide(gateway, made, "places/ledger/retry").status == 200
    work(services, clock)
    assert status(gateway, made) == "completed"
    assert ledger.rows_of[EMAIL] == []


def test_what_failed_can_be_done_by_hand(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    crm, ledger = places()
    equip(services, crm, ledger)
    ledger.down = 10_000
    made = opened(gateway, services, type="deletion")
    work(services, clock)
    decide(gateway, made, "approve")
    work(services, clock)
    assert decide(gateway, made, "places/crm/resolve", BY_HAND).code == "impossible_now"
    assert decide(gateway, made, "places/none/resolve", BY_HAND).code == "unknown_place"
    for nonsense in (
        {"found": 1, "changed": 2},
        {
            "found": 1,
            "changed": 0,
            "kept": [{"collection": "rows", "rule": "tax_books", "rows": 2}],
        },
        {"found": 1, "changed": 0, "kept": [{"collection": "rows", "rule": "mine", "rows": 1}]},
    ):
        assert decide(gateway, made, "places/ledger/resolve", nonsense).status == 422
    assert decide(gateway, made, "places/ledger/resolve", BY_HAND).status == 200
    work(services, clock)
    assert status(gateway, made) == "completed"
    by_hand = {each["place"]: each["by_hand"] for each in certificate_of(gateway, made)["places"]}
    assert by_hand == {"crm": False, "ledger": True}


BY_HAND = {"found": 2, "changed": 2}


def test_what_was_withdrawn_is_not_carried_out(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    crm, ledger = places()
    equip(services, crm, ledger)
    made = opened(gateway, services, type="restriction")
    step(services, waiting(services)[0])
    token = made.json()["tracking_token"]

    assert withdraw(gateway, made, token).json()["status"] == "withdrawn"
    work(services, clock)
    assert (crm.restricted, ledger.restricted) == (set(), set())
